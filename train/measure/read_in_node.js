// Reads pictures in Node with the reader for the browser. train/measure/browser_reader.py calls it:
//
//     node read_in_node.js canvases|images BROWSER.BIN < pictures > answers
//
// Canvases are uint8, 280 x 280 greys each. Images are float32, 28 x 28 values in [0, 1] each: they
// are read by the network alone. An answer is 796 float32: 1 for ink or 0 for a blank canvas, the
// ten probabilities, the score of being a digit, and the 28 x 28 values that the network was given.

import { readFileSync } from "node:fs";
import { Network } from "../../src/mnist_demo/browser/network.js";
import { Reader } from "../../src/mnist_demo/browser/reader.js";

const CANVAS = 280;
const IMAGE = 28 * 28;

const [kind, weights] = process.argv.slice(2);
const wasm = new URL("../../src/mnist_demo/browser/convolve.wasm", import.meta.url);
const network = await Network.load(
  Uint8Array.from(readFileSync(weights)).buffer,
  readFileSync(wasm),
);
const bytes = Uint8Array.from(readFileSync(0));
const answers = [];
for (const answer of kind === "canvases" ? readCanvases() : readImages()) {
  const { image, probabilities, digitScore } = answer;
  const seen = image ?? new Float32Array(IMAGE);
  answers.push(image ? 1 : 0, ...probabilities, digitScore, ...seen);
}
process.stdout.write(new Uint8Array(Float32Array.from(answers).buffer));

function* readCanvases() {
  const reader = new Reader(network);
  const pixels = CANVAS * CANVAS;
  const rgba = new Uint8ClampedArray(4 * pixels).fill(255);
  for (let start = 0; start < bytes.length; start += pixels) {
    for (let i = 0; i < pixels; i++) rgba.fill(bytes[start + i], 4 * i, 4 * i + 3);
    yield reader.read(rgba, CANVAS);
  }
}

function* readImages() {
  const images = new Float32Array(bytes.buffer);
  for (let start = 0; start < images.length; start += IMAGE) {
    const image = images.subarray(start, start + IMAGE);
    yield { image, ...network.read(image) };
  }
}
