// The few operations on pictures that ink.js needs. Each gives what OpenCV gives, which Python calls.

/**
 * A picture of one channel, row by row.
 *
 * @typedef {{ data: Float32Array, width: number, height: number }} Plane
 */

/**
 * The plane without the empty rows and columns around what is above 0.
 *
 * @param {Plane} plane
 * @returns {Plane}
 */
export function crop(plane) {
  const { data, width, height } = plane;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] > 0) {
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        bottom = y;
      }
    }
  }
  if (right < 0) return { data: new Float32Array(0), width: 0, height: 0 };
  const cut = new Float32Array((right - left + 1) * (bottom - top + 1));
  for (let y = top; y <= bottom; y++) {
    const row = data.subarray(y * width + left, y * width + right + 1);
    cut.set(row, (y - top) * (right - left + 1));
  }
  return { data: cut, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * Numbers the parts that hang together, also by corners: cv2.connectedComponentsWithStats.
 *
 * @param {Plane} plane
 * @returns {{ labels: Int32Array, areas: number[] }} a number for each pixel, 0 where the plane is
 *   not above 0; and how many pixels have each number
 */
export function components(plane) {
  const { data, width, height } = plane;
  const labels = new Int32Array(data.length);
  const areas = [0];
  const stack = new Int32Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (!(data[start] > 0)) {
      areas[0] += 1;
      continue;
    }
    if (labels[start]) continue;
    const label = areas.length;
    let count = 0;
    let depth = 0;
    labels[start] = label;
    stack[depth++] = start;
    while (depth) {
      const i = stack[--depth];
      count += 1;
      const x = i % width;
      const y = (i - x) / width;
      for (let ny = Math.max(0, y - 1); ny <= y + 1 && ny < height; ny++) {
        for (let nx = Math.max(0, x - 1); nx <= x + 1 && nx < width; nx++) {
          const j = ny * width + nx;
          if (data[j] > 0 && !labels[j]) {
            labels[j] = label;
            stack[depth++] = j;
          }
        }
      }
    }
    areas.push(count);
  }
  return { labels, areas };
}

// The steps of the 5x5 chamfer distance: straight, diagonal and like a knight (Borgefors, "Distance
// transformations in digital images", 1986; the values are OpenCV's).
const STRAIGHT = 1;
const DIAGONAL = 1.4;
const KNIGHT = 2.1969;

/**
 * How far each pixel that is not 0 is from the nearest that is 0: cv2.distanceTransform(DIST_L2, 5).
 *
 * @param {Plane} mask of 0 and 1
 * @param {number} margin pixels of paper that are put around the mask first
 * @param {boolean} inverted whether 1 - mask is meant, whose margin is 1
 * @returns {Plane} larger than the mask by the margin on each side
 */
export function distanceTransform(mask, margin, inverted = false) {
  const width = mask.width + 2 * margin;
  const height = mask.height + 2 * margin;
  // Two more pixels on each side, out of reach, so that no step needs to ask for the edge.
  const stride = width + 4;
  const far = new Float32Array(stride * (height + 4)).fill(1e6);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const my = y - margin;
      const mx = x - margin;
      const inside = mx >= 0 && my >= 0 && mx < mask.width && my < mask.height;
      const ink = inside && mask.data[my * mask.width + mx] > 0;
      if (ink === inverted) far[(y + 2) * stride + x + 2] = 0;
    }
  }
  const near = [-1, -stride, -stride - 1, -stride + 1];
  const knights = [-2 * stride - 1, -2 * stride + 1, -stride - 2, -stride + 2];
  for (const sign of [1, -1]) {
    const [s0, s1, s2, s3, s4, s5, s6, s7] = [...near, ...knights].map((step) => sign * step);
    for (let row = 0; row < height; row++) {
      const y = sign > 0 ? row : height - 1 - row;
      for (let column = 0; column < width; column++) {
        const x = sign > 0 ? column : width - 1 - column;
        const i = (y + 2) * stride + x + 2;
        let nearest = far[i];
        if (nearest === 0) continue;
        nearest = Math.min(nearest, far[i + s0] + STRAIGHT, far[i + s1] + STRAIGHT);
        nearest = Math.min(nearest, far[i + s2] + DIAGONAL, far[i + s3] + DIAGONAL);
        nearest = Math.min(nearest, far[i + s4] + KNIGHT, far[i + s5] + KNIGHT);
        far[i] = Math.min(nearest, far[i + s6] + KNIGHT, far[i + s7] + KNIGHT);
      }
    }
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (y + 2) * stride + 2;
    data.set(far.subarray(from, from + width), y * width);
  }
  return { data, width, height };
}

/**
 * Scales down by averaging over areas: cv2.resize(INTER_AREA).
 *
 * @param {Plane} plane at least as wide and as high as the result
 * @param {number} width
 * @param {number} height
 * @returns {Plane}
 */
export function areaResize(plane, width, height) {
  const narrow = areaRows(plane.data, plane.height, plane.width, width);
  // The columns are rows of the transposed plane.
  const turned = transpose(narrow, plane.height, width);
  const small = areaRows(turned, width, plane.height, height);
  return { data: transpose(small, width, height), width, height };
}

/**
 * Each row of `from` values as `to` averages.
 *
 * @param {Float32Array} data
 * @param {number} rows
 * @param {number} from
 * @param {number} to
 */
function areaRows(data, rows, from, to) {
  const result = new Float32Array(rows * to);
  const scale = from / to;
  for (let j = 0; j < to; j++) {
    const start = j * scale;
    const end = Math.min(start + scale, from);
    const first = Math.floor(start + 1e-9);
    const last = Math.min(Math.ceil(end - 1e-9), from);
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let i = first; i < last; i++) {
        const share = Math.min(i + 1, end) - Math.max(i, start);
        total += share * data[row * from + i];
      }
      result[row * to + j] = total / (end - start);
    }
  }
  return result;
}

/**
 * @param {Float32Array} data
 * @param {number} rows
 * @param {number} columns
 */
function transpose(data, rows, columns) {
  const result = new Float32Array(data.length);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) result[x * rows + y] = data[y * columns + x];
  }
  return result;
}

/**
 * Scales up between the nearest pixels: cv2.resize(INTER_LINEAR).
 *
 * @param {Plane} plane
 * @param {number} width
 * @param {number} height
 * @returns {Plane}
 */
export function linearResize(plane, width, height) {
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const v = clamp(((y + 0.5) * plane.height) / height - 0.5, plane.height - 1);
    const top = Math.floor(v);
    const bottom = Math.min(top + 1, plane.height - 1);
    for (let x = 0; x < width; x++) {
      const u = clamp(((x + 0.5) * plane.width) / width - 0.5, plane.width - 1);
      const left = Math.floor(u);
      const right = Math.min(left + 1, plane.width - 1);
      const upper = mix(plane.data, top * plane.width, left, right, u - left);
      const lower = mix(plane.data, bottom * plane.width, left, right, u - left);
      data[y * width + x] = upper + (v - top) * (lower - upper);
    }
  }
  return { data, width, height };
}

/**
 * @param {number} value
 * @param {number} most
 */
export function clamp(value, most) {
  return Math.min(Math.max(value, 0), most);
}

/**
 * @param {Float32Array} data
 * @param {number} row
 * @param {number} left
 * @param {number} right
 * @param {number} part
 */
function mix(data, row, left, right, part) {
  return data[row + left] + part * (data[row + right] - data[row + left]);
}
