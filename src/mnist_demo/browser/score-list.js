// The ten digits' scores as bars, in <digit-network>.

/** @typedef {import("./inside.js").Inside} Inside */

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

  /**
   * @param {Inside | null} inside
   * @param {Intl.NumberFormat} numbers
   */
  show(inside, numbers) {
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
