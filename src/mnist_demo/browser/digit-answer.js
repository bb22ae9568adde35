// <digit-answer>: a large digit, ten bars and the 28x28 picture, for one prediction after the other.

import { attachStyled } from "./digit-hint.js";

/** @typedef {import("./reader.js").Prediction} Prediction */

export const CONFIDENCE_THRESHOLD = 0.8; // below it there is doubt, as in read/prediction.py
// As in page/html_parts.py: no network is certain.
export const MAX_SHOWN_PROBABILITY = 0.99;

const STYLE = `
:host {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: end; gap: 4px 16px;
  color: var(--ink, CanvasText); font-variant-numeric: tabular-nums; line-height: 1.2;
}
:host([hidden]) { display: none; }
output { display: grid; width: 4.2rem; text-align: center; }
.digit { font-size: 5rem; line-height: 1; font-weight: 600; min-height: 5rem; }
.sure { font-size: 0.9rem; min-height: 1.2em; }
:host(.doubt) .digit { opacity: 0.45; }
:host(.blank) .digit { opacity: 0.13; }
:host(.blank) canvas { visibility: hidden; }
ol {
  display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); gap: clamp(2px, 1%, 6px);
  margin: 0; padding: 0; list-style: none;
}
li { display: grid; gap: 2px; text-align: center; font-size: 0.9rem; }
li div {
  height: 5rem; border-radius: 4px; overflow: hidden; background: var(--line, #8883);
}
li div::after {
  content: ""; display: block; height: 100%; border-radius: inherit; background: var(--accent, #2457d6);
  transform: translateY(calc(100% - 100% * var(--share, 0)));
  transition: transform 90ms linear;
}
li.best { font-weight: 700; color: var(--accent, #2457d6); }
canvas {
  width: 5rem; height: 5rem; margin-bottom: calc(0.9rem * 1.2 + 2px); border-radius: 4px;
  background: black; image-rendering: pixelated;
}
:host([picture=off]) { grid-template-columns: auto minmax(0, 1fr); }
:host([picture=off]) canvas { display: none; }
@media (prefers-reduced-motion: reduce) { li div::after { transition: none; } }
`;

/** Attribute `picture="off"` leaves the 28x28 picture out; `for` is the id of a digit-pad to follow. */
export class DigitAnswer extends HTMLElement {
  constructor() {
    super();
    const root = attachStyled(this, STYLE);
    const bars = Array.from({ length: 10 }, (_, digit) => `<li><div></div>${digit}</li>`).join("");
    root.innerHTML =
      '<output part="answer"><span class="digit"></span><span class="sure"></span></output>' +
      `<ol part="bars" aria-hidden="true">${bars}</ol>` +
      '<canvas width="28" height="28" aria-hidden="true"></canvas>';
    this.digit = /** @type {HTMLElement} */ (root.querySelector(".digit"));
    this.sure = /** @type {HTMLElement} */ (root.querySelector(".sure"));
    this.bars = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("li"));
    this.picture = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
    this.follow = this.follow.bind(this);
    /** @type {Prediction | null} */
    this.shown = null;
  }

  connectedCallback() {
    const root = /** @type {Document | ShadowRoot} */ (this.getRootNode());
    this.pad = root.getElementById?.(this.getAttribute("for") ?? "");
    this.pad?.addEventListener("input", this.follow);
    this.prediction = this.shown;
  }

  disconnectedCallback() {
    this.pad?.removeEventListener("input", this.follow);
  }

  /** @param {Event} event */
  follow(event) {
    this.prediction = /** @type {CustomEvent<Prediction | null>} */ (event).detail;
  }

  /** @returns {Prediction | null} what is shown; null when nothing has been drawn */
  get prediction() {
    return this.shown;
  }

  set prediction(prediction) {
    this.shown = prediction;
    const digit = prediction?.digit ?? null;
    const isDigit = Boolean(prediction?.isDigit);
    this.digit.textContent = digit === null ? "?" : isDigit ? String(digit) : "–";
    this.digit.dataset.digit = isDigit ? String(digit) : "";
    this.classList.toggle("blank", digit === null);
    const confidence = prediction?.confidence ?? 0;
    const percent = Math.round(100 * Math.min(confidence, MAX_SHOWN_PROBABILITY));
    this.sure.textContent = isDigit ? `${percent}%` : "";
    this.classList.toggle("doubt", Boolean(prediction) && confidence < CONFIDENCE_THRESHOLD);
    this.bars.forEach((bar, k) => {
      bar.style.setProperty("--share", String(isDigit ? prediction?.probabilities[k] : 0));
      bar.classList.toggle("best", isDigit && k === digit);
    });
    paintInput(this.picture, prediction?.image ?? null);
  }
}

/**
 * Shows the image that the network sees.
 *
 * @param {HTMLCanvasElement} canvas 28 x 28 pixels
 * @param {Float32Array | null} image 28 x 28 values in [0, 1]; null for black
 */
export function paintInput(canvas, image) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) {
    pixels.data.fill(Math.round(255 * (image?.[i] ?? 0)), 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

if (!customElements.get("digit-answer")) customElements.define("digit-answer", DigitAnswer);
