// One map of <digit-network>, large: where each of its pixels looks, and what it looks for.

import { looksAt } from "./fields.js";
import { paintMap, paintSigned } from "./network-paint.js";
import { fill, stageName } from "./network-texts.js";

/**
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./network-texts.js").Texts} Texts
 */

/**
 * What is shown of a map: its stage's name, its number from 0, its field, its values and that of
 * full ink, the 28 x 28 picture, its kernel if it has only one, and what it adds to which digit.
 *
 * @typedef {{ stage: string, map: number, field: Field, values: Float32Array, most: number,
 *   image: Float32Array, kernel: Float32Array | null, adds: { digit: number, value: number } | null
 * }} Chosen
 */

export const CHOSEN_STYLE = `
.chosen { display: grid; grid-template-columns: auto auto minmax(0, 1fr); gap: 4px 16px; }
.chosen .name { grid-column: 1 / -1; }
.large { position: relative; width: var(--large); height: var(--large); }
.large canvas { width: 100%; height: 100%; cursor: crosshair; }
.large svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; overflow: visible; }
rect { fill: none; stroke: var(--red); stroke-width: 2px; vector-effect: non-scaling-stroke; }
.words { display: grid; align-content: start; gap: 8px; min-height: 11em; }
.chosen .words { grid-template-rows: minmax(4em, auto) auto; }
.kernel, .adds { grid-area: 2 / 1; }
.kernel { display: grid; justify-items: start; gap: 4px; }
.kernel canvas { width: 50px; height: 50px; color: var(--red); outline-color: var(--blue); }
@container (max-width: 599px) {
  .chosen { position: sticky; bottom: 0; column-gap: 10px; font-size: 0.75rem; z-index: 1; }
  .chosen .large { --large: 92px; }
  .chosen .words { grid-template-rows: auto auto; min-height: 112px; }
  .chosen:not(:has(.kernel[hidden])) .looks { display: none; }
}
`;

export class ChosenMap {
  /**
   * @param {HTMLElement} place
   * @param {() => void} change is called when another pixel is marked
   */
  constructor(place, change) {
    place.className = "card chosen";
    place.innerHTML =
      '<p class="name"></p>' +
      '<div class="large"><canvas class="tile" tabindex="0" role="img"></canvas>' +
      '<svg aria-hidden="true"><rect class="pixel"/></svg></div>' +
      '<div class="large"><canvas class="tile" width="28" height="28" aria-hidden="true"></canvas>' +
      '<svg aria-hidden="true" viewBox="0 0 28 28"><rect class="frame"/></svg></div>' +
      '<div class="words"><p class="looks"></p>' +
      '<div class="kernel"><canvas class="tile" aria-hidden="true"></canvas><p></p></div>' +
      '<p class="adds"></p></div>';
    this.place = place;
    /** @param {string} selector */
    const find = (selector) => /** @type {HTMLElement} */ (place.querySelector(selector));
    const [pixel, frame] = place.querySelectorAll("rect");
    this.pixel = pixel;
    this.frame = frame;
    const [map, picture, kernel] = place.querySelectorAll("canvas");
    this.map = map;
    this.picture = picture;
    this.kernel = kernel;
    this.name = find(".name");
    this.looks = find(".looks");
    this.adds = find(".adds");
    this.pattern = find(".kernel");
    /** @type {[number, number] | null} row and column of the pixel that the visitor has marked */
    this.marked = null;
    this.change = change;
    this.count = 1; // pixels of the map along a side
    this.listen();
  }

  listen() {
    this.map.addEventListener("pointermove", (event) => this.mark(event));
    this.map.addEventListener("pointerdown", (event) => this.mark(event));
    this.map.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const step = steps[/** @type {keyof typeof steps} */ (event.key)];
      if (!step) return;
      event.preventDefault();
      const [row, column] = this.marked ?? this.shown ?? [0, 0];
      this.moveTo(row + step[0], column + step[1]);
    });
  }

  /** @param {PointerEvent} event */
  mark(event) {
    const { left, top, width, height } = this.map.getBoundingClientRect();
    this.moveTo(
      Math.floor((this.count * (event.clientY - top)) / height),
      Math.floor((this.count * (event.clientX - left)) / width),
    );
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  moveTo(row, column) {
    /** @param {number} i */
    const inside = (i) => Math.min(Math.max(i, 0), this.count - 1);
    this.marked = [inside(row), inside(column)];
    this.change();
  }

  /** @param {Texts} texts */
  translate(texts) {
    this.looks.textContent = texts.pixel;
    this.map.setAttribute("aria-label", texts.pixel); // until there is a map
  }

  /**
   * @param {Chosen} chosen
   * @param {Texts} texts
   * @param {Intl.NumberFormat} numbers
   * @param {import("./network-paint.js").Inks} inks
   */
  show(chosen, texts, numbers, { ink, red, blue }) {
    const { field, values, image, kernel, adds } = chosen;
    this.count = field.count;
    this.map.width = this.map.height = field.count;
    paintMap(this.map, values, chosen.most, ink);
    paintMap(this.picture, image, 1, ink);
    this.name.textContent = fill(texts.map, stageName(chosen.stage, texts), chosen.map);
    this.showPixel(field, brightest(values, field.count));
    this.map.setAttribute("aria-label", `${this.name.textContent}. ${texts.pixel}`);
    this.pattern.hidden = !kernel;
    if (kernel) {
      const side = Math.sqrt(kernel.length);
      this.kernel.width = this.kernel.height = side;
      const most = kernel.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
      paintSigned(this.kernel, kernel, most, red, blue);
      /** @type {HTMLElement} */ (this.kernel.nextElementSibling).textContent = texts.kernel;
    }
    this.adds.textContent = adds ? fill(texts.adds, adds.digit, numbers.format(adds.value)) : "";
  }

  /**
   * @param {Field} field
   * @param {[number, number]} strongest
   */
  showPixel(field, strongest) {
    const marked = this.marked ?? strongest;
    /** @type {[number, number]} */
    this.shown = [Math.min(marked[0], field.count - 1), Math.min(marked[1], field.count - 1)];
    const [row, column] = this.shown;
    this.pixel.ownerSVGElement?.setAttribute("viewBox", `0 0 ${field.count} ${field.count}`);
    mark(this.pixel, [row, row + 1], [column, column + 1]);
    mark(this.frame, looksAt(field, row), looksAt(field, column));
  }
}

/**
 * @param {Float32Array} values
 * @param {number} count of them in a row
 * @returns {[number, number]} row and column of the largest
 */
function brightest(values, count) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return [Math.floor(best / count), best % count];
}

/**
 * Marks pixels of a picture.
 *
 * @param {SVGRectElement} rectangle
 * @param {number[]} rows from the first to before the last
 * @param {number[]} columns
 */
function mark(rectangle, rows, columns) {
  const place = { x: columns[0], width: columns[1] - columns[0] };
  const size = { y: rows[0], height: rows[1] - rows[0] };
  for (const [name, value] of Object.entries({ ...place, ...size })) {
    rectangle.setAttribute(name, String(value));
  }
}
