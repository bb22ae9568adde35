// What can be known of a network's stages from its layers alone: where they look, and at what.

/** @typedef {import("./network.js").Header} Header */

/**
 * Along one side of the image, what a layer's pixel i looks at: the pixels from `start + i * step`
 * on, `size` of them. Some of them may lie beyond the image's edge.
 *
 * @typedef {{ step: number, start: number, size: number, count: number }} Field `count` is the
 *   number of the layer's own pixels
 */

export const SIDE = 28;

/**
 * @param {Header} header
 * @returns {Field[]} of each layer up to the first that has no pixels any more
 */
export function receptiveFields({ layers }) {
  const image = { step: 1, start: 0, size: 1, count: SIDE };
  /** @type {Field[]} */
  const fields = [];
  for (const layer of layers) {
    const inputs = layer.inputs.map((number) => (number < 0 ? image : fields[number]));
    if (inputs.includes(/** @type {any} */ (undefined))) break;
    if (layer.op === "conv" || layer.op === "maxpool") fields.push(windows(layer, inputs[0]));
    else if (layer.op === "add") fields.push(union(inputs));
    else break;
  }
  return fields;
}

/**
 * The windows of a convolution or of pooling along one side of its input.
 *
 * @param {{ size: number, stride: number, padding?: string }} layer
 * @param {number} pixels of its input
 * @returns {[number, number]} how many windows there are, and how many pixels of padding come before
 *   the first; all as TensorFlow counts
 */
export function countWindows({ size, stride, padding }, pixels) {
  if (padding === "valid") return [Math.floor((pixels - size) / stride) + 1, 0];
  const count = Math.ceil(pixels / stride);
  return [count, Math.max((count - 1) * stride + size - pixels, 0) >> 1];
}

/**
 * @param {{ size: number, stride: number, padding?: string }} layer
 * @param {Field} input
 * @returns {Field}
 */
function windows(layer, input) {
  const [count, before] = countWindows(layer, input.count);
  return {
    step: input.step * layer.stride,
    start: input.start - before * input.step,
    size: input.size + (layer.size - 1) * input.step,
    count,
  };
}

/**
 * @param {Field[]} inputs
 * @returns {Field}
 */
function union(inputs) {
  const start = Math.min(...inputs.map((field) => field.start));
  const end = Math.max(...inputs.map((field) => field.start + field.size));
  return { ...inputs[0], start, size: end - start };
}

/**
 * @param {Field} field
 * @param {number} i number of a pixel
 * @returns {[number, number]} the first pixel of the image that it looks at, and the one after the
 *   last
 */
export function looksAt({ step, start, size }, i) {
  const first = start + i * step;
  return [Math.max(first, 0), Math.min(first + size, SIDE)];
}

/**
 * Shares the image among the pixels of a layer, each next to what it looks at.
 *
 * @param {Field} field
 * @returns {number[]} the edges between them along one side, from 0 to SIDE
 */
export function cellEdges({ step, start, size, count }) {
  const middle = start + (size - 1) / 2 + 0.5;
  const inner = Array.from({ length: count - 1 }, (_, i) => middle + (i + 0.5) * step);
  return [0, ...inner, SIDE];
}

/**
 * @param {import("./inside.js").Description["header"]} header
 * @param {number} stage its number
 * @returns {number[]} the numbers of the stages that it is computed from; -1 for the image
 */
export function sources({ layers, stages }, stage) {
  /** @type {Set<number>} */
  const found = new Set();
  /** @param {number} number of a layer */
  const visit = (number) => {
    for (const input of layers[number].inputs) {
      const known = stages.findIndex(({ layer }) => layer === input);
      if (input < 0 || known >= 0) found.add(known);
      else visit(input);
    }
  };
  visit(stages[stage].layer);
  return [...found].sort((a, b) => a - b);
}

/**
 * @param {import("./inside.js").Description["header"]} header
 * @param {number} stage its number
 * @returns {number} how many maps it has
 */
export function countMaps({ layers, stages }, stage) {
  let layer = layers[stages[stage].layer];
  while (!layer.filters) layer = layers[layer.inputs[0]];
  return layer.filters;
}
