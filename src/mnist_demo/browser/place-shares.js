// Which places of the drawing spoke for a digit, in <digit-network>: exact shares of its score.

import { cellEdges, SIDE } from "./fields.js";
import { paintMap } from "./network-paint.js";
import { fill } from "./network-texts.js";
import { winner } from "./score-list.js";

/**
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./inside.js").Inside} Inside
 * @typedef {import("./network-texts.js").Texts} Texts
 * @typedef {HTMLElement & { value: number }} Place
 */

const DIGITS = [...Array(10).keys()];

export const PLACES_STYLE = `
.places { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 16px; }
.card.places { --large: 172px; }
.places .name { grid-column: 1 / -1; }
.places .large canvas { cursor: default; }
.places [data-place] {
  position: absolute; display: grid; place-items: center; font-size: 10px; font-weight: 600;
  border: 1px solid var(--line, #8884); background: color-mix(in srgb, var(--sign) var(--share), transparent);
}
.places [data-place] span { padding: 0 1px; border-radius: 3px; background: var(--paper, Canvas); }
.question { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px; margin: 0; }
.question label { display: contents; }
select {
  width: 7rem; min-height: 36px; padding: 0 4px; border: 1px solid var(--line, #8886); border-radius: 8px;
  font: inherit; color: inherit; background: var(--paper, Canvas);
}
@container (max-width: 339px) { .places { grid-template-columns: minmax(0, 1fr); } }
`;

export class PlaceShares {
  /**
   * @param {HTMLElement} place
   * @param {() => void} change is called when the visitor asks about other digits
   */
  constructor(place, change) {
    place.className = "card places";
    place.innerHTML =
      '<p class="name"></p><div class="large" role="img">' +
      '<canvas class="tile" width="28" height="28"></canvas></div>' +
      '<div class="words"><div class="question"><label><span></span><select></select></label>' +
      '<label><span></span><select></select></label></div><p class="colours"></p><p class="sum"></p></div>';
    this.place = place;
    /** @param {string} selector */
    const find = (selector) => /** @type {HTMLElement} */ (place.querySelector(selector));
    this.name = find(".name");
    this.sum = find(".sum");
    this.colours = find(".colours");
    this.over = find(".large");
    this.picture = /** @type {HTMLCanvasElement} */ (place.querySelector("canvas"));
    const [first, second] = place.querySelectorAll("select");
    this.first = first;
    this.second = second;
    const [of, rather] = place.querySelectorAll("label span");
    this.of = of;
    this.rather = rather;
    /** @type {Place[]} */
    this.cells = [];
    this.short = new Intl.NumberFormat();
    for (const select of [this.first, this.second]) {
      const options = DIGITS.map((digit) => `<option>${digit}</option>`).join("");
      select.innerHTML = `<option value=""></option>${options}`;
      select.addEventListener("change", change);
    }
  }

  /** @param {Field} field of the last stage */
  build(field) {
    for (const cell of this.cells) cell.remove();
    this.cells = [];
    layCells(field, (row, column) => {
      const cell = Object.assign(document.createElement("div"), { value: 0 });
      cell.dataset.place = `${row},${column}`;
      cell.append(document.createElement("span"));
      this.over.append(cell);
      this.cells.push(cell);
      return cell;
    });
  }

  /**
   * @param {Texts} texts
   * @param {string} language
   */
  translate(texts, language) {
    // A place is small.
    this.short = new Intl.NumberFormat(language, {
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
      signDisplay: "always",
    });
    this.name.textContent = texts.places;
    this.of.textContent = texts.of;
    this.rather.textContent = texts.rather;
    this.first.options[0].textContent = texts.winner;
    this.second.options[0].textContent = texts.nobody;
    this.colours.textContent = texts.colours;
  }

  /**
   * @param {Inside | null} inside
   * @param {Float32Array} image
   * @param {Texts} texts
   * @param {Intl.NumberFormat} numbers
   * @param {import("./network-paint.js").Inks} inks
   */
  show(inside, image, texts, numbers, { ink }) {
    paintMap(this.picture, image, 1, ink);
    const digit = inside ? Number(this.first.value || winner(inside)) : 0;
    const other = this.second.value === "" ? null : Number(this.second.value);
    const shares = this.cells.map((_, i) =>
      inside ? shareOfPlace(inside, i, this.cells.length, digit, other) : 0,
    );
    const most = Math.max(...shares.map(Math.abs), 1e-9);
    this.cells.forEach((cell, i) => {
      const value = shares[i];
      cell.value = value;
      cell.style.setProperty("--share", `${(70 * Math.abs(value)) / most}%`);
      cell.style.setProperty("--sign", value > 0 ? "var(--red)" : "var(--blue)");
      /** @type {HTMLElement} */ (cell.firstChild).textContent = inside
        ? this.short.format(value)
        : "";
    });
    const values = shares.map((share) => numbers.format(share));
    this.over.setAttribute("aria-label", [texts.places, ...values].join(" "));
    if (!inside) {
      this.sum.textContent = texts.blank;
      return;
    }
    /** @param {Float32Array} values of the ten digits */
    const of = (values) => values[digit] - (other === null ? 0 : values[other]);
    const figures = [shares.reduce((a, b) => a + b, 0), of(inside.bias), of(inside.logits)];
    const [places, start, score] = figures.map((figure) => numbers.format(figure));
    this.sum.textContent =
      other === null
        ? fill(texts.score, digit, places, start, score)
        : fill(texts.lead, digit, other, places, start, score);
  }
}

/**
 * @param {Inside} inside
 * @param {number} place
 * @param {number} places
 * @param {number} digit
 * @param {number | null} other
 * @returns {number} what the place adds to the digit's score, less what it adds to the other's
 */
function shareOfPlace({ terms }, place, places, digit, other) {
  const maps = terms.length / places / 10;
  let share = 0;
  for (let at = 10 * place * maps; at < 10 * (place + 1) * maps; at += 10) {
    share += terms[at + digit] - (other === null ? 0 : terms[at + other]);
  }
  return share;
}

/**
 * @param {Inside} inside
 * @param {number} map
 * @param {number} maps
 * @param {number} digit
 * @returns {number} what the map of the last stage adds to the digit's score
 */
export function shareOfMap({ terms }, map, maps, digit) {
  let share = 0;
  for (let at = map; at < terms.length / 10; at += maps) share += terms[10 * at + digit];
  return share;
}

/**
 * Puts an element over each pixel of a layer, as far as it lies in the image.
 *
 * @param {Field} field
 * @param {(row: number, column: number) => HTMLElement} make
 */
function layCells(field, make) {
  const edges = cellEdges(field);
  const share = (/** @type {number} */ pixels) => `${(100 * pixels) / SIDE}%`;
  for (let row = 0; row < field.count; row++) {
    for (let column = 0; column < field.count; column++) {
      const { style } = make(row, column);
      style.top = share(edges[row]);
      style.height = share(edges[row + 1] - edges[row]);
      style.left = share(edges[column]);
      style.width = share(edges[column + 1] - edges[column]);
    }
  }
}
