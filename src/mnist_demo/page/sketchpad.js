// Ties a Sketchpad to Python. This is the `js_on_load` of the hidden element "pen", or "number_pen"
// for "number_sketch": what `props.value` is set to becomes its value, and `trigger` makes Gradio
// send it.
//
// A listener in Python on the Sketchpad itself would also do, but Gradio 6.31 then uploads the
// background, the layer and the composite up to eight times a stroke, and while it does so, the
// answer to a later stroke or to Clear can be overtaken by the answer to an earlier one.

const root = element.getRootNode();
const prefix = element.closest("[id$=pen]").id.replace("pen", "");

// The Sketchpad comes up without a tool, also after Clear: strokes would be lost until the brush is
// chosen. As long as there is no tool it holds a hint (.empty), and that makes us choose the brush.
function chooseBrush() {
  if (root.querySelector(`#${prefix}sketch .empty`)) {
    root.querySelector(`#${prefix}sketch .toolbar-wrap button`)?.click();
  }
}
new MutationObserver(chooseBrush).observe(root, { childList: true, subtree: true });

let ours = null; // the Sketchpad's editor
let example = null; // takes the place of the drawing, in what is sent when that is cleared
let sent = 0;

function pass(url) {
  sent += 1;
  example = null;
  props.value = url;
  trigger("input");
}

// Our buttons press the Sketchpad's own, which are hidden: undo, redo, clear, in this order.
root.addEventListener("click", (event) => {
  const examples = prefix ? "" : ", .example";
  const button = event.target.closest(`#${prefix}undo, #${prefix}clear${examples}`);
  if (!button) return;
  const [undo, , clear] = root.querySelectorAll(`#${prefix}sketch .separator ~ button`);
  if (button.id === `${prefix}undo`) return undo.click();
  example = button.querySelector("img")?.src ?? null;
  clear.click();
  // Where nothing was drawn, the editor has no change to report.
  const before = sent;
  setTimeout(() => sent === before && ours && send(ours), 300);
});

// What Gradio's own parts lack: reading answers out as they change, a role for a label, a way to
// scroll code by keyboard, and how sure the large digit is, which page.css puts beside it. And what
// Gradio translates only as the text of an element: the page's title, the drawn examples' names.
function mend() {
  for (const verdict of root.querySelectorAll("[id$=verdict]:not([aria-live])")) {
    verdict.setAttribute("aria-live", "polite");
  }
  for (const part of root.querySelectorAll("div[aria-label]:not([role])")) {
    part.setAttribute("role", "group");
  }
  for (const part of root.querySelectorAll(".cm-scroller:not([tabindex='0'])")) part.tabIndex = 0;
  const title = root.querySelector("gradio-app[control_page_title=true] h1")?.textContent;
  if (title && document.title !== title) document.title = title;
  const ways = root.querySelector("#ways")?.textContent.trim().split("; ") ?? [];
  root.querySelectorAll(".example:not([title^=MNIST])").forEach((button, i) => {
    if (ways[i] && button.title !== ways[i]) {
      button.title = ways[i];
      button.setAttribute("aria-label", ways[i]);
    }
  });
  for (const large of root.querySelectorAll("[data-testid=label-output-value]")) {
    const sure = large.parentElement.querySelector(".confidence")?.textContent ?? "";
    if (large.dataset.confidence !== sure) large.dataset.confidence = sure;
  }
}
if (!prefix) {  // once for the whole page
  const changes = { childList: true, characterData: true, subtree: true };
  new MutationObserver(mend).observe(root, changes);
  mend();
}

// Gradio puts each editor that it makes into window.editor.
function watchEditor(editor) {
  const square = editor.target_element.closest(`#${prefix}sketch`);
  if (!square) return;
  ours = editor;
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

const before = Object.getOwnPropertyDescriptor(window, "editor"); // perhaps another pen's
let editor = window.editor;
Object.defineProperty(window, "editor", {
  configurable: true,
  get: () => editor,
  set: (made) => {
    before?.set?.(made);
    watchEditor((editor = made));
  },
});
if (editor) watchEditor(editor);
