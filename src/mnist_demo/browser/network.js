// The network of weights/browser.bin, see train/fit/export_browser.py. Convolutions run in WebAssembly, the
// rest takes hardly any time.

import { countWindows, SIDE } from "./fields.js";

/**
 * @typedef {{ op: string, inputs: number[], size: number, stride: number, filters: number,
 *   padding?: "valid", values?: number, relu?: boolean, weights: number, bias: number }} Layer where its weights and
 *   biases begin in the memory is added when the network is loaded
 * @typedef {{ name: string, layer: number }} Stage a layer that is shown, see reader.js
 * @typedef {{ temperature: number, offset: number, shifts: number[][], digits: number,
 *   is_digit: number | null, bits?: number, layers: Layer[], stages?: Stage[], shrinks?: boolean,
 *   examples?: { digit: number, strokes: number[][][] }[], accuracy?: number | null,
 *   released_accuracy?: number | null }} Header the last four are those of weights/textbook.bin, see
 *   train/measure/textbook.py
 * @typedef {{ data: Float32Array, height: number, width: number, channels: number }} Features
 */

const PAGE = 65536; // bytes
const ROOM = 2 * 34 * 34 * 64; // values: a layer's padded input, and its output

/** Reads 28x28 images. */
export class Network {
  /**
   * @param {ArrayBuffer} file the content of browser.bin
   * @param {BufferSource} wasm the content of convolve.wasm
   * @returns {Promise<Network>}
   */
  static async load(file, wasm) {
    const length = new DataView(file).getUint32(0, true);
    const text = new TextDecoder().decode(new Uint8Array(file, 4, length));
    const header = /** @type {Header} */ (JSON.parse(text));
    const weighted = header.layers.filter((layer) => layer.values);
    const filters = weighted.reduce((sum, layer) => sum + layer.filters, 0);
    const floats = new Float32Array(file, 4 + length, 2 * filters);
    const Integers = header.bits === 8 ? Int8Array : Int16Array;
    const integers = new Integers(file, 4 + length + 8 * filters);
    const count = integers.length + filters;
    const pages = Math.ceil((4 * (count + ROOM)) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages });
    const values = new Float32Array(memory.buffer);
    let [at, float, integer] = [0, 0, 0];
    for (const layer of weighted) {
      const scales = floats.subarray(float, float + layer.filters);
      layer.bias = at;
      values.set(floats.subarray(float + layer.filters, float + 2 * layer.filters), at);
      layer.weights = at + layer.filters;
      for (let i = 0; i < Number(layer.values); i++) {
        values[layer.weights + i] = integers[integer + i] * scales[i % layer.filters];
      }
      float += 2 * layer.filters;
      integer += Number(layer.values);
      at = layer.weights + Number(layer.values);
    }
    const code = await WebAssembly.compile(wasm);
    const { exports } = await WebAssembly.instantiate(code, { env: { memory } });
    return new Network(header, values, count, /** @type {Function} */ (exports.convolve));
  }

  /**
   * @param {Header} header
   * @param {Float32Array} values the memory of WebAssembly, with the weights at its beginning
   * @param {number} free where the weights end in `values`
   * @param {Function} convolve
   */
  constructor(header, values, free, convolve) {
    this.header = header;
    this.values = values;
    this.free = Math.ceil(free / 4) * 4;
    this.convolve = convolve;
    /** @type {Features[][]} for each look at the image read last, the results of all layers */
    this.looks = [];
  }

  /**
   * @param {Float32Array} image 28 x 28 values in [0, 1], white ink on black
   * @returns {{ probabilities: number[], digitScore: number }} of the digits 0 to 9; and how much
   *   the image looks like a digit at all, from 0 to 1
   */
  read(image) {
    const { temperature, offset, shifts, digits, is_digit: isDigit } = this.header;
    this.looks = shifts.map(([down, right]) => this.look(shifted(image, down, right)));
    const logits = mean(this.looks.map((results) => results[digits]));
    const [score] = isDigit === null ? [Infinity] : mean(this.looks.map((all) => all[isDigit]));
    const most = Math.max(...logits);
    const powers = logits.map((value) => Math.exp((value - most) / temperature));
    const total = powers.reduce((sum, value) => sum + value, 0);
    return {
      probabilities: powers.map((value) => value / total),
      digitScore: 1 / (1 + Math.exp(offset - score)),
    };
  }

  /**
   * @param {Float32Array} image
   * @returns {Features[]} the results of all layers
   */
  look(image) {
    const first = { data: image, height: SIDE, width: SIDE, channels: 1 };
    /** @type {Features[]} */
    const results = [];
    for (const layer of this.header.layers) {
      const inputs = layer.inputs.map((number) => (number < 0 ? first : results[number]));
      results.push(this.run(layer, inputs));
    }
    return results;
  }

  /**
   * @param {Layer} layer
   * @param {Features[]} inputs
   * @returns {Features}
   */
  run(layer, inputs) {
    const [input] = inputs;
    let result;
    if (layer.op === "conv") result = this.convolution(layer, input);
    else if (layer.op === "dense") result = this.dense(layer, input);
    else if (layer.op === "maxpool") result = maxPool(layer, input);
    else if (layer.op === "add") result = add(inputs);
    else if (layer.op === "concatenate") result = concatenate(inputs);
    else result = pool(input, layer.op);
    const { data } = result;
    if (layer.relu) for (let i = 0; i < data.length; i++) if (data[i] < 0) data[i] = 0;
    return result;
  }

  /**
   * @param {Layer} layer
   * @param {Features} input
   * @returns {Features}
   */
  convolution(layer, input) {
    const { size, stride, filters } = layer;
    const { channels } = input;
    const [height, top] = countWindows(layer, input.height);
    const [width, left] = countWindows(layer, input.width);
    const rows = Math.max((height - 1) * stride + size, input.height);
    const columns = Math.max((width - 1) * stride + size, input.width);
    const row = columns * channels;
    const output = this.free + Math.ceil((rows * row) / 4) * 4;
    this.values.fill(0, this.free, output);
    for (let y = 0; y < input.height; y++) {
      const from = input.data.subarray(
        y * input.width * channels,
        (y + 1) * input.width * channels,
      );
      this.values.set(from, this.free + (y + top) * row + left * channels);
    }
    this.convolve(
      4 * this.free,
      row,
      channels,
      4 * layer.weights,
      4 * layer.bias,
      4 * output,
      height,
      width,
      filters,
      size,
      stride,
    );
    const data = this.values.slice(output, output + height * width * filters);
    return { data, height, width, channels: filters };
  }

  /**
   * @param {Layer} layer
   * @param {Features} input
   * @returns {Features}
   */
  dense(layer, input) {
    const { filters, weights, bias } = layer;
    const data = this.values.slice(bias, bias + filters);
    for (let i = 0; i < input.data.length; i++) {
      const value = input.data[i];
      if (value === 0) continue;
      const start = weights + i * filters;
      for (let f = 0; f < filters; f++) data[f] += value * this.values[start + f];
    }
    return { data, height: 1, width: 1, channels: filters };
  }
}

/**
 * @param {Features[]} looks of the same shape
 * @returns {number[]} the mean of each value
 */
export function mean(looks) {
  return Array.from(looks[0].data, (_, i) =>
    looks.reduce((sum, { data }) => sum + data[i] / looks.length, 0),
  );
}

/**
 * @param {Features[]} inputs of the same shape
 * @returns {Features}
 */
function add([first, ...others]) {
  const data = first.data.slice();
  for (const other of others) for (let i = 0; i < data.length; i++) data[i] += other.data[i];
  return { ...first, data };
}

/**
 * @param {Features[]} inputs
 * @returns {Features}
 */
function concatenate(inputs) {
  const data = Float32Array.from(inputs.flatMap((input) => [...input.data]));
  return { data, height: 1, width: 1, channels: data.length };
}

/**
 * The largest value in each window.
 *
 * @param {Layer} layer
 * @param {Features} input
 * @returns {Features}
 */
function maxPool(layer, input) {
  const { size, stride } = layer;
  const { channels } = input;
  const [height, top] = countWindows(layer, input.height);
  const [width, left] = countWindows(layer, input.width);
  const data = new Float32Array(height * width * channels).fill(-Infinity);
  for (let place = 0; place < height * width; place++) {
    const y = Math.floor(place / width) * stride - top;
    const x = (place % width) * stride - left;
    for (let v = Math.max(y, 0); v < Math.min(y + size, input.height); v++) {
      for (let u = Math.max(x, 0); u < Math.min(x + size, input.width); u++) {
        const from = (v * input.width + u) * channels;
        const to = place * channels;
        for (let c = 0; c < channels; c++) {
          if (input.data[from + c] > data[to + c]) data[to + c] = input.data[from + c];
        }
      }
    }
  }
  return { data, height, width, channels };
}

/**
 * @param {Features} input
 * @param {string} op "average" or "maximum" of each channel
 * @returns {Features}
 */
function pool(input, op) {
  const { channels } = input;
  const places = input.height * input.width;
  const data = new Float32Array(channels).fill(op === "maximum" ? -Infinity : 0);
  for (let i = 0; i < input.data.length; i++) {
    const value = input.data[i];
    if (op === "average") data[i % channels] += value / places;
    else if (value > data[i % channels]) data[i % channels] = value;
  }
  return { data, height: 1, width: 1, channels };
}

/**
 * The image as it is seen from some pixels further down and right.
 *
 * @param {Float32Array} image
 * @param {number} down
 * @param {number} right
 */
function shifted(image, down, right) {
  if (!down && !right) return image;
  return image.map((_, i) => {
    const [y, x] = [Math.floor(i / SIDE) + down, (i % SIDE) + right];
    return y >= 0 && y < SIDE && x >= 0 && x < SIDE ? image[y * SIDE + x] : 0;
  });
}
