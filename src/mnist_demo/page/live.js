// Reads the drawing in the visitor's own browser at every move of the pen: the ten bars, the large
// digit and the picture of what the network sees follow. The server's answer comes after the stroke.
// This is the `js_on_load` of the element "live".
//
// The pen's way is painted on a canvas of our own. Reading the Sketchpad's pixels back from the
// graphics card at each move would stop the pen. They are read once, after the stroke.

const SIDE = 400; // pixels of the Sketchpad's image
const RADIUS = 14; // of its brush
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

  async function read() {
    const before = shownPicture();
    const prediction = await reader.read(canvas);
    if (!prediction) return;
    const isBlank = prediction.digit === null;
    for (const hint of root.querySelectorAll("#hint digit-hint")) hint.hidden = !isBlank;
    element.querySelector("digit-answer").prediction = prediction;
    // If the server was faster, its picture stays: it has a text for those who do not see it.
    const shown = shownPicture();
    if (shown && !isBlank && (shown === before || !shown.matches("img"))) {
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
    context.fillStyle = "white";
    context.fillRect(0, 0, SIDE, SIDE);
    context.drawImage(picture, 0, 0, SIDE, SIDE);
    read();
  });
}
