// Reads a drawing in the browser: ink, then network. A worker runs it, see worker.js.

import { preprocess, shrink } from "./ink.js";
import { lookInside } from "./inside.js";
import { Network } from "./network.js";

/**
 * The answer to one drawing; `digit` is null and the rest 0 when the drawing is blank.
 *
 * @typedef {{ digit: number | null, confidence: number, top: Guess[], probabilities: number[],
 *   digitScore: number, isDigit: boolean, image: Float32Array | null }} Prediction
 * @typedef {{ digit: number, probability: number }} Guess
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

  /** @returns {import("./inside.js").Inside | null} of the drawing read last; null if it is blank */
  inside() {
    return this.image && lookInside(this.network, this.image);
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
