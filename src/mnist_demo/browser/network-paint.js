// Paints maps and kernels: ink on the page's paper, which shows through where a value is 0.

/** @typedef {Uint8ClampedArray} Colour of red, green, blue and alpha */

/**
 * Each value as ink that is the denser, the larger it is. Small values are raised, as most are small.
 *
 * @param {HTMLCanvasElement} canvas as many pixels wide and high as there are values
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
 * @param {HTMLCanvasElement} canvas as many pixels wide and high as there are values
 * @param {Float32Array} values
 * @param {number} most the size of a value of full ink
 * @param {Colour} above
 * @param {Colour} below
 */
export function paintSigned(canvas, values, most, above, below) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < values.length; i++) {
    const ink = values[i] > 0 ? above : below;
    pixels.data[4 * i] = ink[0];
    pixels.data[4 * i + 1] = ink[1];
    pixels.data[4 * i + 2] = ink[2];
    pixels.data[4 * i + 3] = most > 0 ? (255 * Math.abs(values[i])) / most : 0;
  }
  context.putImageData(pixels, 0, 0);
}

const swatch = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });

/**
 * @param {Element} element
 * @param {"color" | "outlineColor"} property of its style
 * @returns {Colour} in whatever form the style gives it
 */
export function colourOf(element, property = "color") {
  const context = swatch.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser has no canvas.");
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = getComputedStyle(element)[property];
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}
