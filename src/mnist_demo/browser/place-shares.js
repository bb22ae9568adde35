// What <digit-network> says of the answer: the scores of the ten digits, and how much each place of
// the drawing adds to one of them.

import { SIDE } from "./fields.js";
import { paintMap } from "./network-paint.js";
import { fill } from "./network-texts.js";

/**
 * @import { Field } from "./fields.js"
 * @import { Inside } from "./reader.js"
 * @import { Texts } from "./network-texts.js"
 * @typedef {HTMLElement & { value: number }} Place
 */

const DIGITS = [...Array(10).keys()];

export const SCORES_STYLE = `
ol { display: grid; gap: 3px; width: 104px; margin: 0; padding: 0; list-style: none; }
li {
  display: grid; grid-template-columns: 1ch minmax(0, 1fr) 6ch; gap: 6px; align-items: center;
  font-size: 0.75rem; line-height: 17px; font-variant-numeric: tabular-nums;
}
li div { height: 8px; border-radius: 2px; overflow: hidden; background: var(--line, #8883); }
li div::after {
  content: ""; display: block; height: 100%; background: var(--accent, #2457d6);
  transform-origin: left; transform: translateX(var(--from, 0)) scaleX(var(--length, 0));
}
li.best { color: var(--accent, #2457d6); }
li.best span:first-child { font-weight: 700; }
@container (max-width: 599px) { ol { width: 100%; } }
`;

export class ScoreList {
  /** @param {HTMLElement} list */
  constructor(list) {
    list.innerHTML = Array.from({ length: 10 }, (_, digit) => {
      return `<li><span>${digit}</span><div></div><span data-logit="${digit}"></span></li>`;
    }).join("");
    this.rows = list.querySelectorAll("li");
  }

  /** @param {import("./digit-network.js").DigitNetwork} view */
  show({ inside, numbers }) {
    const logits = inside?.logits ?? new Float32Array(10);
    const least = Math.min(0, ...logits);
    const range = Math.max(0, ...logits) - least || 1;
    this.rows.forEach((row, digit) => {
      const value = logits[digit];
      // Spaces as wide as digits, so that no number begins at another place than before.
      const text = inside ? numbers.format(value).padStart(6, "\u2007") : "";
      Object.assign(row.children[2], { value, textContent: text });
      row.classList.toggle("best", inside !== null && digit === winner(inside));
      row.style.setProperty("--from", `${(100 * (Math.min(value, 0) - least)) / range}%`);
      row.style.setProperty("--length", String(Math.abs(value) / range));
    });
  }
}

/**
 * @param {Inside} inside
 * @returns {number} the digit with the highest score
 */
export function winner({ logits }) {
  return logits.indexOf(Math.max(...logits));
}

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
  build({ step, start, size, count }) {
    // The image is shared among the layer's pixels, each next to what it looks at.
    const middle = start + (size - 1) / 2 + 0.5;
    const inner = Array.from({ length: count - 1 }, (_, i) => middle + (i + 0.5) * step);
    const edges = [0, ...inner, SIDE];
    const share = (/** @type {number} */ pixels) => `${(100 * pixels) / SIDE}%`;
    this.cells = Array.from({ length: count ** 2 }, (_, i) => {
      const [row, column] = [Math.floor(i / count), i % count];
      const cell = Object.assign(document.createElement("div"), { value: 0 });
      cell.dataset.place = `${row},${column}`;
      cell.append(document.createElement("span"));
      cell.style.top = share(edges[row]);
      cell.style.height = share(edges[row + 1] - edges[row]);
      cell.style.left = share(edges[column]);
      cell.style.width = share(edges[column + 1] - edges[column]);
      return cell;
    });
    this.over.append(...this.cells);
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

  /** @param {import("./digit-network.js").DigitNetwork} view */
  show({ inside, image, texts, signed, inks }) {
    paintMap(this.picture, image, 1, inks.ink);
    const digit = inside ? Number(this.first.value || winner(inside)) : 0;
    const other = this.second.value === "" ? null : Number(this.second.value);
    /** @type {(values: Float32Array, at?: number) => number} the digit's value, less the other's */
    const of = (values, at = 0) => values[at + digit] - (other === null ? 0 : values[at + other]);
    const terms = inside?.terms ?? new Float32Array(0);
    const shares = this.cells.map(() => 0);
    for (let at = 0; at < terms.length; at += 10) {
      shares[Math.floor((at * shares.length) / terms.length)] += of(terms, at);
    }
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
    const values = shares.map((share) => signed.format(share));
    this.over.setAttribute("aria-label", [texts.places, ...values].join(" "));
    if (!inside) {
      this.sum.textContent = texts.blank;
      return;
    }
    const figures = [shares.reduce((a, b) => a + b, 0), of(inside.bias), of(inside.logits)];
    const [places, start, score] = figures.map((figure) => signed.format(figure));
    this.sum.textContent =
      other === null
        ? fill(texts.score, digit, places, start, score)
        : fill(texts.lead, digit, other, places, start, score);
  }
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
