// Sends the drawing on a Sketchpad to Python after every stroke. This is the `js_on_load` of the
// hidden element "pen", or of "number_pen" for "number_sketch". What is assigned to `props.value`
// becomes the element's value, and `trigger` makes Gradio send it.
//
// A listener in Python on the Sketchpad itself would also work. But Gradio 6.31 then uploads the
// background, the layer and the composite up to eight times for a stroke. Meanwhile the answer to
// an earlier stroke can arrive after the answer to a later one, or after Clear.

const root = element.getRootNode();
const prefix = element.closest("[id$=pen]").id.replace("pen", "");

// At first, and after Clear, the Sketchpad has no tool, and strokes are lost until the brush is
// chosen. As long as there is no tool, it shows a hint (.empty). Then this chooses the brush.
function chooseBrush() {
  if (root.querySelector(`#${prefix}sketch .empty`)) {
    root.querySelector(`#${prefix}sketch .toolbar-wrap button`)?.click();
  }
}
new MutationObserver(chooseBrush).observe(root, { childList: true, subtree: true });

let sketchEditor = null;
let example = null; // the picture that is sent in place of the drawing when that is cleared
let sent = 0;
let offered = []; // the pictures that Gradio was given since its last request; the newest is last
let again = 0; // a timer

function sendToPython(url) {
  sent += 1;
  example = null;
  offered.push(url);
  props.value = url;
  if (offered.length === 1) offer();
}

// Gives Gradio one picture at a time. Of two that it gets at once, the older may be answered last.
// Rarely, on a slow machine, Gradio loses the event, or sends the value from before. So the picture
// is offered again as long as no request has had it; retry.js tells.
function offer() {
  props.value = offered.at(-1);
  trigger("input");
  clearTimeout(again);
  again = setTimeout(offer, 2000);
}
document.addEventListener("sending", ({ detail }) => {
  const had = offered.findLastIndex((url) => String(detail).includes(url));
  if (had < 0) return;
  clearTimeout(again);
  // Soon Gradio knows of its own request, and keeps the next one back until this one is answered.
  setTimeout(() => {
    offered = offered.slice(had + 1);
    if (offered.length) offer();
  }, 50);
});

// Our buttons press the Sketchpad's own, hidden buttons: undo, redo, clear, in this order.
root.addEventListener("click", (event) => {
  const examples = prefix ? "" : ", .example";
  const button = event.target.closest(`#${prefix}undo, #${prefix}clear${examples}`);
  if (!button) return;
  if (button.id === `${prefix}undo`) toolbar()[0].click();
  else clear(button.querySelector("img")?.src ?? null);
});
// From live.js: an example that <digit-textbook> was asked for.
if (!prefix) root.addEventListener("example", ({ detail }) => clear(detail));

function toolbar() {
  return root.querySelectorAll(`#${prefix}sketch .separator ~ button`);
}

function clear(picture) {
  example = picture;
  toolbar()[2].click();
  // The editor reports no change if nothing was drawn.
  const before = sent;
  setTimeout(() => sent === before && sketchEditor && send(sketchEditor), 300);
}

// Adds what Gradio's components lack. Screen readers read answers out when they change, labelled
// groups have a role, and code can be scrolled by keyboard. Gradio translates only texts of
// elements, so the page's title and the names of the drawn examples are copied from such texts.
function completePage() {
  for (const verdict of root.querySelectorAll("[id$=verdict]:not([aria-live])")) {
    verdict.setAttribute("aria-live", "polite");
  }
  for (const part of root.querySelectorAll("div[aria-label]:not([role])")) {
    part.setAttribute("role", "group");
  }
  for (const part of root.querySelectorAll(".cm-scroller:not([tabindex='0'])")) part.tabIndex = 0;
  const title = root.querySelector("gradio-app[control_page_title=true] h1")?.textContent;
  if (title && document.title !== title) document.title = title;
  const names = root.querySelector("#example_names")?.textContent.trim().split("; ") ?? [];
  root.querySelectorAll(".example:not([title^=MNIST])").forEach((button, i) => {
    if (names[i] && button.title !== names[i]) {
      button.title = names[i];
      button.setAttribute("aria-label", names[i]);
    }
  });
}
// Once for the whole page.
if (!prefix) {
  const changes = { childList: true, characterData: true, subtree: true };
  new MutationObserver(completePage).observe(root, changes);
  completePage();
}

// Fits the editor to its square. It does so itself, but not if it is shown or resized while it is
// still starting, as in a frame that is hidden at first: then it keeps a size of zero.
async function layOut(editor) {
  await editor.ready;
  const { clientWidth, clientHeight } = editor.target_element;
  if (!clientWidth) return;
  editor.resize_canvas(clientWidth, clientHeight);
  editor.tools.get("zoom").set_zoom("fit");
}

// Gradio assigns each editor that it makes to window.editor.
function watchEditor(editor) {
  const square = editor.target_element.closest(`#${prefix}sketch`);
  if (!square) return;
  sketchEditor = editor;
  editor.ready.then(() => {
    // A faint shadow around the paper, outside the square. Without a graphics card it takes a third
    // of the time that a frame needs.
    editor.outline_graphics.filters = [];
  });
  new ResizeObserver(() => layOut(editor)).observe(editor.target_element);
  let touched = false; // before the first touch, the editor reports changes that it made itself
  square.addEventListener("pointerdown", () => (touched = true), { capture: true });
  editor.on("change", () => {
    if (touched) setTimeout(send, 0, editor);
  });
}

// Sends the drawing on opaque paper, in pixels of the canvas, not of the screen. The event tells
// live.js what is on the paper now.
function send(editor) {
  const target = editor.image_container;
  const frame = target.getLocalBounds().rectangle.clone();
  const picture = editor.app.renderer.extract.canvas({ target, frame, resolution: 1 });
  const url = example ?? picture.toDataURL("image/png");
  root.dispatchEvent(new CustomEvent(`${prefix}drawing`, { detail: example ?? picture }));
  sendToPython(url);
}

const before = Object.getOwnPropertyDescriptor(window, "editor"); // of the other Sketchpad
let editor = window.editor;
Object.defineProperty(window, "editor", {
  configurable: true,
  get: () => editor,
  set: (made) => {
    before?.set?.(made);
    editor = made;
    watchEditor(made);
  },
});
if (editor) watchEditor(editor);
