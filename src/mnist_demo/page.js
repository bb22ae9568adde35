// Ties the Sketchpad to Python. This is the `js_on_load` of the hidden element "pen": what
// `props.value` is set to becomes its value, and `trigger` makes Gradio send it.
//
// A listener in Python on the Sketchpad itself would also do, but Gradio 6.31 then uploads the
// background, the layer and the composite up to eight times a stroke, and while it does so, the
// answer to a later stroke or to Clear can be overtaken by the answer to an earlier one.

const root = element.getRootNode();

// The Sketchpad comes up without a tool, also after Clear: strokes would be lost until the brush is
// chosen. As long as there is no tool it holds a hint (.empty), and that makes us choose the brush.
function chooseBrush() {
  if (root.querySelector("#sketch .empty")) {
    root.querySelector("#sketch .toolbar-wrap button")?.click();
  }
}
new MutationObserver(chooseBrush).observe(root, { childList: true, subtree: true });

// Our buttons press the Sketchpad's own, which are hidden: undo, redo, clear, in this order.
root.addEventListener("click", (event) => {
  const button = event.target.closest("#undo, #clear");
  if (!button) return;
  const [undo, , clear] = root.querySelectorAll("#sketch .separator ~ button");
  (button.id === "undo" ? undo : clear).click();
});

// An example takes the place of the drawing: Clear makes the editor report a change, and what is
// sent then is the example.
let example = null;
root.addEventListener("click", (event) => {
  const button = event.target.closest("button.example");
  if (!button) return;
  example = button.querySelector("img").src;
  root.querySelector("#clear").click();
  setTimeout(() => example && pass(example), 300); // nothing was drawn, so nothing changed
});

function pass(url) {
  example = null;
  props.value = url;
  trigger("input");
}

// Answers are read out as they change.
root.querySelector("#verdict")?.setAttribute("aria-live", "polite");

// Gradio puts each editor that it makes into window.editor.
function watchEditor(editor) {
  const square = editor.target_element.closest("#sketch");
  if (!square) return;
  let touched = false; // before that, the editor reports changes that are its own
  square.addEventListener("pointerdown", () => (touched = true), { capture: true });
  editor.on("change", () => {
    if (touched) setTimeout(send, 0, editor);
  });
}

// The editor's composite, opaque and in the canvas's own size, whatever the screen's.
function send(editor) {
  const target = editor.image_container;
  const frame = target.getLocalBounds().rectangle.clone();
  const picture = editor.app.renderer.extract.canvas({ target, frame, resolution: 1 });
  pass(example ?? picture.toDataURL("image/png"));
}

let editor = window.editor;
Object.defineProperty(window, "editor", {
  configurable: true,
  get: () => editor,
  set: (made) => watchEditor((editor = made)),
});
if (editor) watchEditor(editor);
