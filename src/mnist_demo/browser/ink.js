// From a drawing to the 28x28 image that the network expects: what read/preprocess.py does to a
// drawing, step by step, under the same names in camelCase. What a step is for, and why, is said there.
// tests/ compare the two on thousands of drawings.

import {
  areaResize,
  boundingBox,
  clamp,
  components,
  crop,
  distanceTransform,
  linearResize,
} from "./pixels.js";

/** @import { Box, Plane } from "./pixels.js" */

// preprocess.py says what these are, and how they were measured.
const MIN_STROKE_WIDTH = 1.6;
const MEDIAN_STROKE_WIDTH = 2.8;
const MAX_STROKE_WIDTH = 5.25;
const MAX_STROKE_WIDTH_LARGE = 3.5;
const LARGE_INK = 40;
const WORK_SIDE = 200;
const FAINT = 5;
const MIN_CONTRAST = 31;

/**
 * @param {Uint8ClampedArray} rgba pixels of a canvas, row by row
 * @param {number} width of the canvas in pixels
 * @returns {Float32Array | null} 28 x 28 values in [0, 1], white ink on black; null without ink
 */
export function preprocess(rgba, width) {
  const ink = findInk(rgba, width);
  return ink && normalize(normalizeStrokeWidth(ink));
}

/**
 * The whole canvas shrunk to 28x28, as textbook demos do it: a digit keeps its place and its size.
 *
 * @param {Uint8ClampedArray} rgba pixels of a canvas with dark ink, row by row
 * @param {number} width of the canvas in pixels
 * @returns {Float32Array | null} 28 x 28 values in [0, 1], white ink on black; null without ink
 */
export function shrink(rgba, width) {
  const plane = darkness(rgba, width, { left: 0, top: 0, width, height: rgba.length / 4 / width });
  if (!plane.data.some(Boolean)) return null;
  return areaResize(plane, 28, 28).data.map((value) => Math.round(value) / 255);
}

/**
 * @param {Uint8ClampedArray} rgba
 * @param {number} width
 * @param {Box} box
 * @returns {Plane} how far each pixel in the box is from white, from 0 to 255
 */
function darkness(rgba, width, { left, top, ...size }) {
  const data = new Float32Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    let p = 4 * ((top + y) * width + left);
    for (let i = y * size.width; i < (y + 1) * size.width; i++, p += 4) {
      const value = 255 - Math.min(rgba[p], rgba[p + 1], rgba[p + 2]);
      data[i] = Math.round((value * rgba[p + 3]) / 255);
    }
  }
  return { data, ...size };
}

/**
 * @param {Uint8ClampedArray} rgba
 * @param {number} width
 * @returns {Plane | null} values in [0, 1]; null without ink
 */
export function findInk(rgba, width) {
  if (isTransparent(rgba)) {
    const { buffer, byteOffset } = rgba.byteOffset % 4 ? rgba.slice() : rgba;
    const pixels = new Uint32Array(buffer, byteOffset, rgba.length / 4);
    return clean(darkness(rgba, width, boundingBox(pixels, width)), FAINT);
  }
  const height = rgba.length / 4 / width;
  const distance = new Float32Array(width * height);
  let noise = 0;
  for (let channel = 0; channel < 3; channel++) {
    const edges = frame(rgba, width, height, channel);
    const paper = median(edges);
    noise = Math.max(noise, median(edges.map((value) => Math.abs(value - paper))));
    for (let i = 0; i < distance.length; i++) {
      const value = Math.floor(Math.abs(rgba[4 * i + channel] - paper));
      if (value > distance[i]) distance[i] = value;
    }
  }
  return clean({ data: distance, width, height }, Math.max(FAINT, 9 * noise));
}

/** @param {Uint8ClampedArray} rgba */
function isTransparent(rgba) {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] < 255) return true;
  return false;
}

/**
 * The values of one channel along the canvas's four edges.
 *
 * @param {Uint8ClampedArray} rgba
 * @param {number} width
 * @param {number} height
 * @param {number} channel
 */
function frame(rgba, width, height, channel) {
  const values = [];
  for (let x = 0; x < width; x++) {
    values.push(rgba[4 * x + channel], rgba[4 * ((height - 1) * width + x) + channel]);
  }
  for (let y = 0; y < height; y++) {
    values.push(rgba[4 * y * width + channel], rgba[4 * (y * width + width - 1) + channel]);
  }
  return values;
}

/** @param {number[]} values */
function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {Plane} distance values in [0, 255]
 * @param {number} faint
 * @returns {Plane | null}
 */
function clean(distance, faint) {
  let peak = 0;
  for (let i = 0; i < distance.data.length; i++) peak = Math.max(peak, distance.data[i]);
  if (peak < Math.max(MIN_CONTRAST, 1.5 * faint)) return null;
  const least = Math.floor(faint - 1);
  for (let i = 0; i < distance.data.length; i++) {
    const value = distance.data[i];
    distance.data[i] = value > least ? value / peak : 0;
  }
  return crop(withoutSpecks(crop(distance)));
}

/** @param {Plane} ink */
function withoutSpecks(ink) {
  const { runs, areas } = components(ink);
  if (areas.size <= 1) return ink;
  const dot = 0.25 * meanWidth(distanceTransform(threshold(ink, 0.4), 1)) ** 2;
  for (const { start, end, part } of runs) {
    if (Number(areas.get(part)) < dot) ink.data.fill(0, start, end);
  }
  return ink;
}

/** @param {Plane} ink cut to its bounding box */
export function normalizeStrokeWidth(ink) {
  const mask = workMask(ink);
  if (!mask.data.some(Boolean)) return ink;
  const side = Math.max(mask.width, mask.height);
  const depth = distanceTransform(mask, 1);
  let width = meanWidth(depth);
  const thickest =
    Math.max(ink.width, ink.height) > LARGE_INK ? MAX_STROKE_WIDTH_LARGE : MAX_STROKE_WIDTH;
  const share = (20 * width) / side;
  if (MIN_STROKE_WIDTH <= share && share <= thickest) return ink;
  if (share > thickest) {
    width = Math.min(width, thinWidth(depth));
    if ((20 * width) / side <= MEDIAN_STROKE_WIDTH) return ink;
  }
  let r = (MEDIAN_STROKE_WIDTH * side - 20 * width) / (2 * (20 - MEDIAN_STROKE_WIDTH));
  r = Math.max(r, -0.35 * width);
  let moved;
  if (r < 0) {
    moved = depth;
    for (let i = 0; i < moved.data.length; i++) moved.data[i] = clamp(moved.data[i] + r, 1);
  } else {
    moved = distanceTransform(mask, Math.ceil(r) + 2, true);
    for (let i = 0; i < moved.data.length; i++) moved.data[i] = clamp(1 + r - moved.data[i], 1);
  }
  return crop(moved);
}

/**
 * @param {Plane} plane
 * @param {number} level
 * @returns {Plane} 1 above `level`, else 0
 */
function threshold(plane, level) {
  const data = new Float32Array(plane.data.length);
  for (let i = 0; i < data.length; i++) data[i] = plane.data[i] > level ? 1 : 0;
  return { ...plane, data };
}

/** @param {Plane} depth */
function meanWidth({ data }) {
  let total = 0;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] > 0) {
      total += data[i] - 0.5;
      count += 1;
    }
  }
  return (4 * total) / count;
}

/** @param {Plane} depth */
function thinWidth(depth) {
  const { data, width, height } = depth;
  const middle = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const value = data[y * width + x];
      if (value > 1.4 && isHighest(data, width, y * width + x)) middle.push(value);
    }
  }
  if (!middle.length) return Infinity;
  const sorted = Float64Array.from(middle).sort();
  const place = 0.1 * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return 2 * (sorted[low] + (place - low) * (sorted[high] - sorted[low])) - 1;
}

/**
 * @param {Float32Array} data
 * @param {number} width
 * @param {number} i
 */
function isHighest(data, width, i) {
  const least = data[i] + 1e-4;
  for (const row of [i - width, i, i + width]) {
    if (data[row - 1] > least || data[row] > least || data[row + 1] > least) return false;
  }
  return true;
}

/** @param {Plane} ink */
function workMask(ink) {
  const scale = WORK_SIDE / Math.max(ink.width, ink.height);
  const width = Math.max(1, Math.round(ink.width * scale));
  const height = Math.max(1, Math.round(ink.height * scale));
  if (scale >= 1) return threshold(linearResize(ink, width, height), 0.4);
  return threshold(areaResize(threshold(ink, 0.4), width, height), 0.05);
}

/**
 * @param {Plane} ink cut to its bounding box
 * @returns {Float32Array} 28 x 28 values in [0, 1]
 */
export function normalize(ink) {
  // The ink in the middle of a square of at least 20 pixels a side.
  const side = Math.max(ink.width, ink.height);
  let times = 1;
  while (side * times < 20) times *= 2;
  const wide = side * times;
  const corner = ((side - ink.height) >> 1) * times * wide + ((side - ink.width) >> 1) * times;
  const data = new Float32Array(wide ** 2);
  for (let y = 0; y < ink.height * times; y++) {
    for (let x = 0; x < ink.width * times; x++) {
      const value = ink.data[Math.floor(y / times) * ink.width + Math.floor(x / times)];
      data[corner + y * wide + x] = value;
    }
  }
  const small = areaResize({ data, width: wide, height: wide }, 20, 20).data;
  const peak = Math.max(...small);
  let total = 0;
  let right = 0;
  let down = 0;
  for (let i = 0; i < 400; i++) {
    const value = Math.floor(small[i] * (255 / peak) + 0.5) / 255;
    small[i] = value;
    total += value;
    right += value * ((i % 20) + 0.5);
    down += value * (Math.floor(i / 20) + 0.5);
  }
  const x = Math.trunc(15 - right / total);
  const y = Math.trunc(15 - down / total);
  const image = new Float32Array(28 * 28);
  for (let row = Math.max(0, -y); row < 20 && row + y < 28; row++) {
    for (let column = Math.max(0, -x); column < 20 && column + x < 28; column++) {
      image[(row + y) * 28 + column + x] = small[row * 20 + column];
    }
  }
  return image;
}
