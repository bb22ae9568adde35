// Reads a drawing in the browser: ink, then network. A worker runs it, see worker.js.

import { preprocess, shrink } from "./ink.js";
import { mean, Network } from "./network.js";

/** @import { Features, Header, Stage } from "./network.js" */

/**
 * The answer to one drawing; `digit` is null and the rest 0 when the drawing is blank.
 *
 * @typedef {{ digit: number | null, confidence: number, top: Guess[], probabilities: number[],
 *   digitScore: number, isDigit: boolean, image: Float32Array | null }} Prediction
 * @typedef {{ digit: number, probability: number }} Guess
 *
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

export const DIGIT_THRESHOLD = 0.5; // as in read/prediction.py

export class Reader {
  /**
   * @param {string | URL} weights address of browser.bin
   * @returns {Promise<Reader>}
   */
  static async load(weights) {
    const wasm = new URL("./convolve.wasm", import.meta.url);
    const [file, code] = await Promise.all([weights, wasm].map(fetchBytes));
    return new Reader(await Network.load(file, code));
  }

  /** @param {Network} network */
  constructor(network) {
    this.network = network;
    /** @type {Float32Array | null} what the network has read last; null for a blank drawing */
    this.image = null;
  }

  /**
   * @param {Uint8ClampedArray} rgba pixels of a canvas, row by row
   * @param {number} width of the canvas in pixels
   * @returns {Prediction}
   */
  read(rgba, width) {
    const { shrinks } = this.network.header;
    const image = shrinks ? shrink(rgba, width) : preprocess(rgba, width);
    this.image = image;
    if (!image) {
      const none = { confidence: 0, top: [], digitScore: 0, isDigit: false, image: null };
      return { digit: null, probabilities: new Array(10).fill(0), ...none };
    }
    const { probabilities, digitScore } = this.network.read(image);
    const confidence = Math.max(...probabilities);
    const digit = probabilities.indexOf(confidence);
    const guesses = probabilities.map((probability, k) => ({ digit: k, probability }));
    const top = guesses.sort((a, b) => b.probability - a.probability).slice(0, 3);
    const isDigit = digitScore >= DIGIT_THRESHOLD;
    return { digit, confidence, top, probabilities, digitScore, isDigit, image };
  }

  /** @returns {Description} */
  describe() {
    const { header, values } = this.network;
    const stages = header.stages ?? []; // a file of an older version has none
    const kernels = stages.map(({ layer }) => {
      const { op, inputs, weights, values: count = 0 } = header.layers[layer];
      return op === "conv" && inputs[0] < 0 ? values.slice(weights, weights + count) : null;
    });
    return { header: { ...header, stages }, kernels };
  }

  /** @returns {Inside | null} of the drawing read last; null if it is blank */
  inside() {
    const { image, network } = this;
    if (!image) return null;
    const { header, values, looks } = network;
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
}

/**
 * @param {string | URL} address
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchBytes(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: status ${response.status}`);
  return response.arrayBuffer();
}
