// The few operations on pictures that ink.js needs. Each gives what OpenCV gives, which Python calls.

/**
 * A picture of one channel, row by row.
 *
 * @typedef {{ data: Float32Array, width: number, height: number }} Plane
 */

/**
 * The smallest box around all values above 0: cv2.boundingRect.
 *
 * @param {ArrayLike<number>} data row by row
 * @param {number} width of a row
 * @returns {Box} its width and height are 0 if no value is above 0
 *
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */
export function boundingBox(data, width) {
  let [left, top, right, bottom] = [width, 0, 0, 0]; // the last two are one further
  for (let y = 0, row = 0; row < data.length; y++, row += width) {
    let first = 0;
    while (first < width && !(data[row + first] > 0)) first++;
    if (first === width) continue;
    let end = width;
    while (!(data[row + end - 1] > 0)) end--;
    if (!bottom) top = y;
    bottom = y + 1;
    left = Math.min(left, first);
    right = Math.max(right, end);
  }
  return { left, top, width: Math.max(right - left, 0), height: bottom - top };
}

/**
 * The plane without the empty rows and columns around what is above 0.
 *
 * @param {Plane} plane
 * @returns {Plane}
 */
export function crop(plane) {
  const { left, top, width, height } = boundingBox(plane.data, plane.width);
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * plane.width + left;
    data.set(plane.data.subarray(from, from + width), y * width);
  }
  return { data, width, height };
}

/**
 * The parts that hang together, also by corners: cv2.connectedComponentsWithStats.
 *
 * @param {Plane} plane of which what is above 0 counts
 * @returns {{ runs: Run[], areas: Map<number, number> }} the pieces of rows that the parts consist of;
 *   and how many pixels each part has
 *
 * @typedef {{ start: number, end: number, part: number }} Run from one pixel to before another
 */
export function components({ data, width }) {
  /** @type {Run[]} */
  const runs = [];
  /** @type {number[]} of each part, one that it hangs together with, or itself */
  const joined = [];
  const find = (/** @type {number} */ part) => {
    while (joined[part] !== part) part = joined[part];
    return part;
  };
  let above = 0; // the first run of the row above
  for (let row = 0; row < data.length; row += width) {
    const first = runs.length;
    for (let end = row; end < row + width; end++) {
      if (!(data[end] > 0)) continue;
      const start = end;
      while (end < row + width && data[end] > 0) end++;
      const part = joined.push(joined.length) - 1;
      for (let i = above; i < first; i++) {
        if (runs[i].start + width <= end && runs[i].end + width >= start) {
          joined[find(runs[i].part)] = find(part);
        }
      }
      runs.push({ start, end, part });
    }
    above = first;
  }
  /** @type {Map<number, number>} */
  const areas = new Map();
  for (const run of runs) {
    run.part = find(run.part);
    areas.set(run.part, (areas.get(run.part) ?? 0) + run.end - run.start);
  }
  return { runs, areas };
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
  const narrow = averageRows(plane.data, plane.width, width);
  // The columns are now rows.
  return { data: averageRows(narrow, plane.height, height), width, height };
}

/**
 * Each row of `from` values as `to` averages, in columns.
 *
 * @param {Float32Array} data
 * @param {number} from
 * @param {number} to
 */
function averageRows(data, from, to) {
  const rows = data.length / from;
  const scale = from / to;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  /** @type {number[]} of each value that an average covers, one average after another */
  const shares = [];
  for (let j = 0; j < to; j++) {
    const [start, end] = [j * scale, Math.min((j + 1) * scale, from)];
    const last = Math.min(Math.ceil(end - 1e-9), from);
    starts[j] = Math.floor(start + 1e-9);
    counts[j] = last - starts[j];
    for (let i = starts[j]; i < last; i++) {
      shares.push((Math.min(i + 1, end) - Math.max(i, start)) / (end - start));
    }
  }
  const result = new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) {
    for (let j = 0, share = 0; j < to; j++) {
      let total = 0;
      const first = row * from + starts[j];
      for (let i = first; i < first + counts[j]; i++) total += shares[share++] * data[i];
      result[j * rows + row] = total;
    }
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
