// One map of <digit-network>, large: where each of its pixels looks, and what it looks for.

import { looksAt } from "./fields.js";
import { paintMap, paintSigned } from "./network-paint.js";
import { fill, stageName } from "./network-texts.js";
import { shareOfMap, winner } from "./place-shares.js";

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

  /** @param {import("./network-texts.js").Texts} texts */
  translate(texts) {
    this.looks.textContent = texts.pixel;
    this.map.setAttribute("aria-label", texts.pixel); // until there is a map
  }

  /** @param {import("./digit-network.js").DigitNetwork} view whose chosen map is shown */
  show({ shown: { stage, map }, stages, fields, network, inside, image, texts, signed, inks }) {
    if (!stages.length) return;
    const { tiles, most } = stages[stage];
    const { values } = tiles[map];
    const { count } = fields[stage];
    this.count = this.map.width = this.map.height = count;
    paintMap(this.map, values, most, inks.ink);
    paintMap(this.picture, image, 1, inks.ink);
    const name = fill(texts.map, stageName(network.header.stages[stage].name, texts), map);
    this.name.textContent = name;
    this.map.setAttribute("aria-label", `${name}. ${texts.pixel}`);
    const best = values.indexOf(Math.max(...values));
    const marked = this.marked ?? [Math.floor(best / count), best % count];
    const [row, column] = marked.map((i) => Math.min(i, count - 1));
    this.shown = [row, column];
    this.pixel.ownerSVGElement?.setAttribute("viewBox", `0 0 ${count} ${count}`);
    mark(this.pixel, [row, row + 1], [column, column + 1]);
    mark(this.frame, looksAt(fields[stage], row), looksAt(fields[stage], column));
    const kernel = network.kernels[stage]?.filter((_, i) => i % tiles.length === map);
    this.pattern.hidden = !kernel;
    if (kernel) {
      this.kernel.width = this.kernel.height = Math.sqrt(kernel.length);
      paintSigned(this.kernel, kernel, Math.max(...kernel.map(Math.abs)), inks.red, inks.blue);
      /** @type {HTMLElement} */ (this.kernel.nextElementSibling).textContent = texts.kernel;
    }
    this.adds.textContent = "";
    if (inside && stage === stages.length - 1) {
      const digit = winner(inside);
      const value = shareOfMap(inside, map, tiles.length, digit);
      this.adds.textContent = fill(texts.adds, digit, signed.format(value));
    }
  }
}

/**
 * Marks pixels of a picture.
 *
 * @param {SVGRectElement} rectangle
 * @param {number[]} rows from the first to before the last
 * @param {number[]} columns
 */
function mark(rectangle, [top, bottom], [left, right]) {
  const place = { x: left, y: top, width: right - left, height: bottom - top };
  for (const [name, value] of Object.entries(place)) rectangle.setAttribute(name, String(value));
}
