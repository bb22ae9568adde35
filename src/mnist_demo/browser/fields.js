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
    const [input] = inputs;
    if (layer.op === "conv" || layer.op === "maxpool") {
      const [count, before] = countWindows(layer, input.count);
      fields.push({
        step: input.step * layer.stride,
        start: input.start - before * input.step,
        size: input.size + (layer.size - 1) * input.step,
        count,
      });
    } else if (layer.op === "add") {
      const start = Math.min(...inputs.map((field) => field.start));
      const end = Math.max(...inputs.map((field) => field.start + field.size));
      fields.push({ ...input, start, size: end - start });
    } else break;
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
 * @param {import("./reader.js").Description["header"]} header
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
 * @param {import("./reader.js").Description["header"]} header
 * @param {number} stage its number
 * @returns {number} how many maps it has
 */
export function countMaps({ layers, stages }, stage) {
  let layer = layers[stages[stage].layer];
  while (!layer.filters) layer = layers[layer.inputs[0]];
  return layer.filters;
}
