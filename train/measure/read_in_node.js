// Reads pictures in Node with the reader for the browser. train/measure/browser_reader.py calls it:
//
//     node read_in_node.js canvases|images BROWSER.BIN < pictures > answers
//
// Canvases are uint8, 280 x 280 greys each. Images are float32, 28 x 28 values in [0, 1] each: they
// are read by the network alone. An answer is 12 float32: 1 for ink or 0 for a blank canvas, the ten
// probabilities, and the score of being a digit.

import { readFileSync } from "node:fs";
import { Network } from "../../src/mnist_demo/browser/network.js";
import { Reader } from "../../src/mnist_demo/browser/reader.js";

const CANVAS = 280;
const IMAGE = 28 * 28;
const ANSWER = 12;

const [kind, weights] = process.argv.slice(2);
const wasm = new URL("../../src/mnist_demo/browser/convolve.wasm", import.meta.url);
const network = await Network.load(
  Uint8Array.from(readFileSync(weights)).buffer,
  readFileSync(wasm),
);
const pictures = Uint8Array.from(readFileSync(0));
const answers = kind === "canvases" ? readCanvases(pictures) : readImages(pictures);
process.stdout.write(new Uint8Array(answers.buffer));

/** @param {Uint8Array} greys */
function readCanvases(greys) {
  const reader = new Reader(network);
  const pixels = CANVAS * CANVAS;
  const answers = new Float32Array((ANSWER * greys.length) / pixels);
  const rgba = new Uint8ClampedArray(4 * pixels).fill(255);
  for (let n = 0; n < greys.length / pixels; n++) {
    for (let i = 0; i < pixels; i++) rgba.fill(greys[n * pixels + i], 4 * i, 4 * i + 3);
    const { digit, probabilities, digitScore } = reader.read(rgba, CANVAS);
    answers.set([Number(digit !== null), ...probabilities, digitScore], ANSWER * n);
  }
  return answers;
}

/** @param {Uint8Array} bytes */
function readImages(bytes) {
  const images = new Float32Array(bytes.buffer);
  const answers = new Float32Array((ANSWER * images.length) / IMAGE);
  for (let n = 0; n < images.length / IMAGE; n++) {
    const image = images.subarray(n * IMAGE, (n + 1) * IMAGE);
    const { probabilities, digitScore } = network.read(image);
    answers.set([1, ...probabilities, digitScore], ANSWER * n);
  }
  return answers;
}
