// What happens inside the network while it reads, for <digit-network>.

import { mean } from "./network.js";

/**
 * @typedef {import("./network.js").Features} Features
 * @typedef {import("./network.js").Header} Header
 * @typedef {import("./network.js").Network} Network
 * @typedef {import("./network.js").Stage} Stage
 */

/**
 * What is known of a network before it reads.
 *
 * @typedef {{ header: Header & { stages: Stage[] }, kernels: (Float32Array | null)[] }} Description
 *   `kernels` are those of each stage, as size x size x filters; null where a filter has several
 *
 * The way of one drawing through the network.
 *
 * @typedef {{ image: Float32Array, stages: Features[], terms: Float32Array, bias: Float32Array,
 *   logits: Float32Array }} Inside `stages` are of the look that is not shifted. `terms` has the
 *   shares of which the logits consist, as places x maps x digits of the last stage. They, the ten
 *   `bias` and the ten `logits` are means over all looks, before the temperature: the sum of a
 *   digit's terms and its bias is its logit.
 */

/**
 * @param {Network} network
 * @returns {Description}
 */
export function describe({ header, values }) {
  const stages = header.stages ?? []; // a file of an older version has none
  const kernels = stages.map(({ layer }) => {
    const { op, inputs, weights, values: count = 0 } = header.layers[layer];
    return op === "conv" && inputs[0] < 0 ? values.slice(weights, weights + count) : null;
  });
  return { header: { ...header, stages }, kernels };
}

/**
 * @param {Network} network
 * @param {Float32Array} image 28 x 28 values, that it has read last
 * @returns {Inside}
 */
export function lookInside({ header, values, looks }, image) {
  const { layers, stages = [], digits } = header;
  const { inputs, weights, bias } = layers[digits];
  const features = mean(looks.map((results) => results[inputs[0]]));
  const terms = new Float32Array(10 * features.length);
  for (let i = 0; i < features.length; i++) {
    for (let k = 0; k < 10; k++) terms[10 * i + k] = features[i] * values[weights + 10 * i + k];
  }
  const still = header.shifts.findIndex(([down, right]) => !down && !right);
  return {
    image,
    stages: stages.map(({ layer }) => looks[still][layer]),
    terms,
    bias: values.slice(bias, bias + 10),
    logits: Float32Array.from(mean(looks.map((results) => results[digits]))),
  };
}
