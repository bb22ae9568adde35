// Reads the drawing in the visitor's own browser at every move of the pen: the ten bars, the large
// digit, the picture of what the network sees and the view into the network follow. The server's
// answer comes after the stroke. This is the `js_on_load` of the element "live".
//
// The pen's way is painted on a canvas of our own. Reading the Sketchpad's pixels back from the
// graphics card at each move would stop the pen. They are read once, after the stroke.

const SIDE = 400; // pixels of the Sketchpad's image
const RADIUS = 14; // of its brush
// As in page.css: there is room for the network under the square, and for another beside it.
const WIDE = "(min-width: 1240px) and (min-height: 600px)";
const root = element.getRootNode();
const home = document.querySelector("gradio-app[src]")?.getAttribute("src") ?? gradio_config.root;
const load = (name) => import(`${home.replace(/\/$/, "")}/browser/${name}.js`);

Promise.all([load("live-reader"), load("digit-answer"), load("digit-pad")]).then(start);

function start([{ LiveReader }, { paintInput }, { passedPoints, paintStroke }]) {
  const reader = new LiveReader();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let pen = null; // the last place of a pen that is down
  let last = null; // the 28x28 image that was read last

  // What the elements that look into the network need of a <digit-pad>.
  const pad = Object.assign(element.querySelector("#pad"), { canvas, reader, ready: reader.ready });
  pad.draw = (strokes) => {
    const drawing = document.createElement("canvas");
    drawing.width = drawing.height = SIDE;
    for (const stroke of strokes) paintStroke(drawing.getContext("2d"), stroke, RADIUS);
    root.dispatchEvent(new CustomEvent("example", { detail: drawing.toDataURL() }));
  };
  reader.ready.then(lookInside, () => {});

  function lookInside() {
    const isWide = matchMedia(WIDE).matches;
    for (const part of root.querySelectorAll("#inside details, digit-textbook")) {
      part.toggleAttribute("open", isWide);
    }
    for (const part of root.querySelectorAll("digit-network, digit-textbook")) {
      part.lang = navigator.language;
    }
    for (const name of ["digit-network", "digit-textbook"]) load(name);
  }

  async function read() {
    const before = shownPicture();
    const prediction = await reader.read(canvas);
    if (!prediction) return;
    const isBlank = prediction.digit === null;
    for (const hint of root.querySelectorAll("#hint digit-hint")) hint.hidden = !isBlank;
    element.querySelector("digit-answer").prediction = prediction;
    pad.dispatchEvent(new CustomEvent("input", { detail: isBlank ? null : prediction }));
    // If the server was faster, its picture stays: it has a text for those who do not see it. So it
    // does if the Sketchpad reports the same drawing again, as it can after Undo.
    const isNew = !isBlank && !last?.every((value, i) => value === prediction.image[i]);
    last = prediction.image;
    const shown = shownPicture();
    if (shown && isNew && (shown === before || !shown.matches("img"))) {
      showPicture(prediction.image, shown);
    }
  }

  function shownPicture() {
    return root.querySelector("#seen figure > :first-child:not(.heat)");
  }

  // In the place of the server's picture, which then comes and shows the same.
  function showPicture(image, shown) {
    const picture = shown.matches("canvas") ? shown : document.createElement("canvas");
    picture.width = picture.height = 28;
    paintInput(picture, image);
    if (picture !== shown) shown.replaceWith(picture);
  }

  // An example's picture lies over the paper until something is drawn.
  function showOnPaper(url) {
    for (const picture of root.querySelectorAll("#hint img")) {
      picture.hidden = !url;
      picture.src = url;
    }
  }

  function move(event) {
    for (const here of passedPoints(event, root.querySelector("#sketch"), SIDE)) {
      paintStroke(context, [pen ?? here, here], RADIUS);
      pen = here;
    }
    read();
  }

  root.addEventListener(
    "pointerdown",
    (event) => {
      if (!event.isPrimary || event.button || !event.target.closest("#sketch canvas")) return;
      showOnPaper("");
      pen = null;
      move(event);
    },
    { capture: true },
  );
  root.addEventListener("pointermove", (event) => pen && event.isPrimary && move(event), {
    capture: true,
  });
  for (const type of ["pointerup", "pointercancel"]) {
    root.addEventListener(type, () => (pen = null), { capture: true });
  }
  // What the Sketchpad holds after a stroke, Undo or Clear, or the address of an example's picture.
  root.addEventListener("drawing", async ({ detail }) => {
    let picture = detail;
    if (typeof detail === "string") {
      picture = new Image();
      picture.src = detail;
      await picture.decode();
    }
    if (pen) return; // the next stroke has begun, and this canvas is ahead
    showOnPaper(typeof detail === "string" ? detail : "");
    context.clearRect(0, 0, SIDE, SIDE);
    context.drawImage(picture, 0, 0, SIDE, SIDE);
    read();
  });
}
