// Gradio's Sketchpad comes up without a tool, also after Clear: strokes would be lost until the
// brush is chosen. As long as no tool is chosen it holds a hint (.empty), and that makes us choose
// the brush, the only tool it has here.
function chooseBrush() {
  const hint = document.querySelector("#sketch .empty");
  if (hint) document.querySelector("#sketch .toolbar-wrap button")?.click();
}
new MutationObserver(chooseBrush).observe(document, { childList: true, subtree: true });
