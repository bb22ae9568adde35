// Paints maps and kernels: ink on the page's paper, which shows through where a value is 0.

/** @typedef {Uint8ClampedArray} Colour of red, green, blue and alpha */

/**
 * The colours of a page: `ink` of maps, `red` of what speaks for something, `blue` against it.
 *
 * @typedef {{ ink: Colour, red: Colour, blue: Colour }} Inks
 */

/**
 * Each value as ink that is the denser, the larger it is. Small values are raised, as most are small.
 *
 * @param {HTMLCanvasElement} canvas a square of as many pixels as there are values
 * @param {Float32Array} values from 0 on
 * @param {number} most the value of full ink
 * @param {Colour} ink
 */
export function paintMap(canvas, values, most, ink) {
  paintSigned(canvas, values.map(Math.sqrt), Math.sqrt(most), ink, ink);
}

/**
 * Each value as ink: of one colour above 0, of another below.
 *
 * @param {HTMLCanvasElement} canvas a square of as many pixels as there are values
 * @param {Float32Array} values
 * @param {number} most the size of a value of full ink
 * @param {Colour} above
 * @param {Colour} below
 */
export function paintSigned(canvas, values, most, above, below) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < values.length; i++) {
    const strength = most > 0 ? Math.abs(values[i]) / most : 0;
    setInk(pixels.data, i, values[i] > 0 ? above : below, strength);
  }
  context.putImageData(pixels, 0, 0);
}

const swatch = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });

/**
 * @param {Uint8ClampedArray} pixels
 * @param {number} i number of a pixel
 * @param {Colour} ink
 * @param {number} strength from 0 to 1
 */
function setInk(pixels, i, ink, strength) {
  pixels[4 * i] = ink[0];
  pixels[4 * i + 1] = ink[1];
  pixels[4 * i + 2] = ink[2];
  pixels[4 * i + 3] = 255 * strength;
}

/**
 * Many maps at once, side by side. A canvas for each would be a layer of the page for each, which
 * the browser puts together anew at every frame.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLCanvasElement} atlas that is not shown: as high as a map, as wide as all of them
 * @param {{ values: Float32Array, left: number, top: number, width: number }[]} maps each from 0 on,
 *   and where it is shown in pixels of `canvas`
 * @param {number} most the value of full ink
 * @param {Colour} ink
 */
export function paintMaps(canvas, atlas, maps, most, ink) {
  const from = /** @type {CanvasRenderingContext2D} */ (atlas.getContext("2d"));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const side = atlas.height;
  const pixels = from.createImageData(atlas.width, side);
  maps.forEach(({ values }, k) => {
    for (let i = 0; i < values.length; i++) {
      const at = Math.floor(i / side) * atlas.width + k * side + (i % side);
      setInk(pixels.data, at, ink, most > 0 ? Math.sqrt(values[i] / most) : 0);
    }
  });
  from.putImageData(pixels, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  maps.forEach(({ left, top, width }, k) => {
    context.drawImage(atlas, k * side, 0, side, side, left, top, width, width);
  });
}

/**
 * The browser computes the style of the page for it, which takes time.
 *
 * @param {HTMLElement} map
 * @param {HTMLElement} kernel
 * @returns {Inks} as the style of both is now
 */
export function readInks(map, kernel) {
  const options = { willReadFrequently: true };
  const context = /** @type {CanvasRenderingContext2D} */ (swatch.getContext("2d", options));
  const { color, outlineColor } = getComputedStyle(kernel);
  const [ink, red, blue] = [getComputedStyle(map).color, color, outlineColor].map((colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data; // in whatever form the style gives it
  });
  return { ink, red, blue };
}
