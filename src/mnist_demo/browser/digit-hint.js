// <digit-hint>: a faint digit that draws itself once, over a square that nobody has drawn in yet.

// A 3, as a hand that shows what to do would draw it, in a square of 400.
const HINT =
  "M128 128C150 76 272 70 268 146C265 196 214 200 186 198C250 194 296 226 278 282C256 342 142 336 120 276";

const STYLE = `
:host { display: block; pointer-events: none; }
:host([hidden]) { display: none; }
svg { display: block; width: 100%; height: 100%; }
path {
  fill: none; stroke: currentColor; opacity: 0.13; stroke-width: 26;
  stroke-linecap: round; stroke-linejoin: round;
  stroke-dasharray: 1; animation: draw 1.6s ease-in-out 0.3s backwards;
}
@keyframes draw { from { stroke-dashoffset: 1; } to { stroke-dashoffset: 0; } }
@media (prefers-reduced-motion: reduce) { path { animation: none; } }
`;

/**
 * Gives an element a shadow root with a style, in a way that needs no exception of a
 * Content-Security-Policy.
 *
 * @param {HTMLElement} element
 * @param {string} style
 * @param {boolean} delegatesFocus
 * @returns {ShadowRoot}
 */
export function attachStyled(element, style, delegatesFocus = false) {
  const root = element.attachShadow({ mode: "open", delegatesFocus });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  return root;
}

/**
 * The texts in the language of an element, or of what it stands in; English if there are none.
 *
 * @template T
 * @param {HTMLElement} element
 * @param {Record<string, T>} texts by language
 * @returns {[string, T]} the language and its texts
 */
export function textsFor(element, texts) {
  const wanted = element.lang || element.closest("[lang]")?.getAttribute("lang") || "en";
  const known = Object.keys(texts).find((name) => name.split("-")[0] === wanted.split("-")[0]);
  return [known ?? "en", texts[known ?? "en"]];
}

/** @param {number} time in milliseconds */
export function pause(time) {
  return new Promise((done) => setTimeout(done, time));
}

export class DigitHint extends HTMLElement {
  constructor() {
    super();
    const root = attachStyled(this, STYLE);
    root.innerHTML = `<svg viewBox="0 0 400 400" aria-hidden="true"><path pathLength="1" d="${HINT}"/></svg>`;
  }
}

if (!customElements.get("digit-hint")) customElements.define("digit-hint", DigitHint);
