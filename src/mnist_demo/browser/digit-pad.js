// <digit-pad>: a square that reads the digit drawn in it, at every move of the pen. See
// docs/digit-pad.md.

import "./digit-answer.js";
import { attachStyled, textsFor } from "./digit-hint.js";
import { LiveReader } from "./live-reader.js";

/** @typedef {import("./reader.js").Prediction} Prediction */

const SIDE = 400; // pixels of the canvas
const RADIUS = 14; // of the brush, as on the Gradio page
/** @type {Record<string, string[]>} the names of the square, Undo, Clear, and what is missing */
const TEXTS = {
  en: ["Your drawing", "Undo", "Clear", "Draw a digit from 0 to 9 in the square."],
  de: [
    "Deine Zeichnung",
    "Rückgängig",
    "Löschen",
    "Zeichne eine Ziffer von 0 bis 9 in das Quadrat.",
  ],
  es: ["Tu dibujo", "Deshacer", "Borrar", "Dibuja un dígito del 0 al 9 en el cuadrado."],
  fr: ["Votre dessin", "Annuler", "Effacer", "Dessinez un chiffre de 0 à 9 dans le carré."],
  ja: ["あなたの絵", "元に戻す", "消す", "四角の中に 0 から 9 の数字を一つ描いてください。"],
  "zh-CN": ["你的手写", "撤销", "清除", "请在方框里写一个 0 到 9 的数字。"],
};
const STYLE = `
:host {
  display: inline-grid; width: 100%; max-width: 400px; color-scheme: light;
  --pad-paper: var(--paper, white); --pad-line: var(--line, #8886);
}
:host([hidden]) { display: none; }
:host(.dark) { color-scheme: dark; --pad-paper: var(--paper, #17181c); }
.square {
  position: relative; aspect-ratio: 1; border-radius: 12px; overflow: hidden; cursor: crosshair;
  background: var(--pad-paper); box-shadow: inset 0 0 0 1px var(--pad-line);
  touch-action: none; user-select: none; -webkit-user-select: none;
}
.square:focus-visible { outline: 3px solid var(--accent, #2457d6); outline-offset: 2px; }
canvas, digit-hint { position: absolute; inset: 0; width: 100%; height: 100%; }
:host(.dark) canvas { filter: invert(1); }
:host(.drawn) digit-hint { display: none; }
.tools { display: none; gap: 8px; margin-top: 8px; }
:host([controls]) .tools { display: flex; }
button {
  flex: 1; min-height: 44px; border: 1px solid var(--pad-line); border-radius: 8px; font: inherit;
  background: var(--pad-paper); color: inherit; cursor: pointer;
}
`;

/**
 * Attributes: `lang`, `theme` ("light", "dark", else as the reader's system), `size` in CSS pixels,
 * `brush` (its radius, where the square is 400 wide), `controls` (shows Undo and Clear), `weights`
 * (address of browser.bin), and those of a form's field: `name`, `required`, `disabled`.
 * Events: `input` at every move, `change` after a stroke, with the prediction as `detail`.
 */
export class DigitPad extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ["lang", "theme", "size", "required"];

  constructor() {
    super();
    this.internals = this.attachInternals();
    const root = attachStyled(this, STYLE, true);
    root.innerHTML =
      '<div class="square" tabindex="0" role="img"><canvas></canvas>' +
      "<digit-hint></digit-hint></div>" +
      '<div class="tools"><button type="button"></button><button type="button"></button></div>';
    this.square = /** @type {HTMLElement} */ (root.querySelector(".square"));
    this.canvas = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
    this.canvas.width = this.canvas.height = SIDE;
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.context = /** @type {CanvasRenderingContext2D} */ (context);
    const [undo, clear] = root.querySelectorAll("button");
    this.undoButton = undo;
    this.clearButton = clear;
    /** @type {number[][][]} strokes of points [x, y] in pixels of the canvas */
    this.strokes = [];
    /** @type {Prediction | null} */
    this.prediction = null;
    this.pen = 0; // id of the pointer that draws
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.showTheme = this.showTheme.bind(this);
    this.ready = new Promise((resolve, reject) => {
      this.started = { resolve, reject };
    });
    this.ready.catch(() => {});
    this.listen();
  }

  connectedCallback() {
    this.reader = new LiveReader(this.getAttribute("weights") ?? undefined);
    this.reader.ready.then(this.started?.resolve, this.started?.reject);
    this.dark.addEventListener("change", this.showTheme);
    this.attributeChangedCallback();
    this.paint();
    if (this.strokes.length) this.read("change");
  }

  disconnectedCallback() {
    this.reader?.close();
    this.dark.removeEventListener("change", this.showTheme);
  }

  attributeChangedCallback() {
    const [, [name, undo, clear, missing]] = textsFor(this, TEXTS);
    this.square.setAttribute("aria-label", name);
    this.undoButton.textContent = undo;
    this.clearButton.textContent = clear;
    this.missing = missing;
    const size = this.getAttribute("size");
    this.style.maxWidth = size ? `${Number.parseFloat(size)}px` : "";
    this.showTheme();
    this.report();
  }

  formResetCallback() {
    this.clear();
  }

  /** @returns {string} the digit that a form sends; empty when there is none */
  get value() {
    return this.prediction?.isDigit ? String(this.prediction.digit) : "";
  }

  /** Takes back the last stroke. */
  undo() {
    this.strokes.pop();
    this.redraw();
  }

  /** Takes back all strokes. */
  clear() {
    this.strokes = [];
    this.redraw();
  }

  /**
   * Puts other strokes in the place of what is drawn.
   *
   * @param {number[][][]} strokes
   */
  draw(strokes) {
    this.strokes = strokes.map((stroke) => [...stroke]);
    this.redraw();
  }

  redraw() {
    this.paint();
    this.read("change");
  }

  listen() {
    const { square } = this;
    square.addEventListener("pointerdown", (event) => {
      if (this.pen || event.button || this.matches(":disabled")) return;
      this.pen = event.pointerId;
      try {
        square.setPointerCapture(this.pen);
      } catch {} // a pointer that a script made up
      this.strokes.push([]);
      this.extend(event);
    });
    square.addEventListener("pointermove", (event) => {
      if (event.pointerId === this.pen) this.extend(event);
    });
    for (const type of ["pointerup", "pointercancel"]) {
      square.addEventListener(type, (event) => {
        if (/** @type {PointerEvent} */ (event).pointerId !== this.pen) return;
        this.pen = 0;
        this.read("change");
      });
    }
    square.addEventListener("keydown", (event) => {
      if (event.key === "Delete" || event.key === "Escape") this.clear();
      else if (
        event.key === "Backspace" ||
        (event.key === "z" && (event.ctrlKey || event.metaKey))
      ) {
        this.undo();
      } else return;
      event.preventDefault();
    });
    this.undoButton.addEventListener("click", () => this.undo());
    this.clearButton.addEventListener("click", () => this.clear());
  }

  /**
   * Adds the pen's way since the last event to the stroke.
   *
   * @param {PointerEvent} event
   */
  extend(event) {
    const stroke = this.strokes[this.strokes.length - 1];
    for (const point of passedPoints(event, this.square, SIDE)) {
      stroke.push(point);
      paintStroke(this.context, stroke.slice(-2), this.radius);
    }
    this.classList.add("drawn");
    this.read("input");
  }

  get radius() {
    return Number.parseFloat(this.getAttribute("brush") ?? "") || RADIUS;
  }

  paint() {
    this.context.clearRect(0, 0, SIDE, SIDE);
    for (const stroke of this.strokes) paintStroke(this.context, stroke, this.radius);
    this.classList.toggle("drawn", this.strokes.length > 0);
  }

  /**
   * Reads the drawing and says so by `input`, then `change` if that is the `type`.
   *
   * @param {"input" | "change"} type
   */
  async read(type) {
    const answer = await this.reader?.read(this.canvas);
    if (!answer) return;
    this.prediction = answer.digit === null ? null : answer;
    this.report();
    for (const name of type === "change" ? ["input", "change"] : ["input"]) {
      const detail = this.prediction;
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    }
  }

  /** Tells the form. */
  report() {
    this.internals.setFormValue(this.value || null);
    const isMissing = this.hasAttribute("required") && !this.value;
    this.internals.setValidity({ valueMissing: isMissing }, this.missing, this.square);
  }

  showTheme() {
    const theme = this.getAttribute("theme");
    const isDark = theme === "dark" || (theme !== "light" && this.dark.matches);
    this.classList.toggle("dark", isDark);
  }
}

/**
 * The points that a pen has passed since its last event.
 *
 * @param {PointerEvent} event
 * @param {Element} square that is drawn in
 * @param {number} side of the square's canvas in pixels
 * @returns {number[][]} points [x, y] in pixels of the canvas
 */
export function passedPoints(event, square, side) {
  const { left, top, width, height } = square.getBoundingClientRect();
  const passed = event.getCoalescedEvents?.() ?? [];
  return (passed.length ? passed : [event]).map(({ clientX, clientY }) => [
    (side * (clientX - left)) / width,
    (side * (clientY - top)) / height,
  ]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number[][]} points
 * @param {number} radius
 */
export function paintStroke(context, points, radius) {
  context.lineWidth = 2 * radius;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(points[0][0], points[0][1]);
  // A line without length is not painted, so a pen that has not moved would leave no dot.
  context.lineTo(points[0][0] + 0.01, points[0][1]);
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

if (!customElements.get("digit-pad")) customElements.define("digit-pad", DigitPad);
