// <digit-textbook>: what the network of a textbook says to the same drawing. See docs/digit-pad.md.

import { DigitAnswer } from "./digit-answer.js";
import { attachStyled, pause, textsFor } from "./digit-hint.js";
import "./digit-pad.js";
import { LiveReader } from "./live-reader.js";

/**
 * @typedef {import("./digit-pad.js").DigitPad} DigitPad
 * @typedef {{ digit: number, strokes: number[][][] }} Example
 * @typedef {{ question: string, why: string, figures: string, examples: string, example: string,
 *   missing: string }} Texts
 */

/** @type {Record<string, Texts>} */
export const TEXTS = {
  en: {
    question: "What would a textbook network say?",
    why: "It has learned from MNIST's pictures alone, and your drawing is only shrunk for it: what stands elsewhere or is of another size is new to it.",
    figures:
      "Of digits by people whom no network here has learned from, it reads {0} right, this one {1}.",
    examples: "Here it is sure and wrong:",
    example: "Draw a {0} that it misreads",
    missing: "This network could not be loaded.",
  },
  de: {
    question: "Was sagte ein Netz aus dem Lehrbuch?",
    why: "Es hat nur von den Bildern von MNIST gelernt, und deine Zeichnung wird für es bloß verkleinert: was anderswo steht oder anders groß ist, kennt es nicht.",
    figures:
      "Von Ziffern von Menschen, von denen kein Netz hier gelernt hat, liest es {0} richtig, dieses hier {1}.",
    examples: "Hier ist es sicher und irrt sich:",
    example: "Zeichne eine {0}, die es falsch liest",
    missing: "Dieses Netz konnte nicht geladen werden.",
  },
  es: {
    question: "¿Qué diría una red de manual?",
    why: "Solo aprendió de las imágenes de MNIST, y tu dibujo únicamente se reduce para ella: lo que está en otro lugar o tiene otro tamaño le resulta nuevo.",
    figures:
      "De los dígitos de personas de las que ninguna red de aquí aprendió, acierta el {0}; esta, el {1}.",
    examples: "Aquí está segura y se equivoca:",
    example: "Dibuja un {0} que lee mal",
    missing: "No se pudo cargar esta red.",
  },
  fr: {
    question: "Que dirait un réseau de manuel ?",
    why: "Il n'a appris que des images de MNIST, et votre dessin est seulement réduit pour lui : ce qui est ailleurs ou d'une autre taille lui est inconnu.",
    figures:
      "Des chiffres de personnes dont aucun réseau ici n'a appris, il en lit {0}, celui-ci {1}.",
    examples: "Ici, il est sûr de lui et se trompe :",
    example: "Dessiner un {0} qu'il lit mal",
    missing: "Ce réseau n'a pas pu être chargé.",
  },
  ja: {
    question: "教科書のネットワークなら何と答える？",
    why: "MNIST の画像だけで学習し、絵はただ縮小されて渡されます。位置や大きさが違うものは、初めて見るものです。",
    figures:
      "どのネットワークの学習にも使われていない人の数字では、正解率は {0}、こちらのネットワークは {1} です。",
    examples: "自信を持って間違える例：",
    example: "読み間違える {0} を描く",
    missing: "このネットワークを読み込めませんでした。",
  },
  "zh-CN": {
    question: "教科书里的网络会怎么说？",
    why: "它只用 MNIST 的图片训练，你的手写只是被缩小后交给它：换了位置或大小，它就没见过。",
    figures: "对于任何网络都没学过的人写的数字，它认对 {0}，这里的网络认对 {1}。",
    examples: "在这些上它很自信，却错了：",
    example: "写一个会被它认错的 {0}",
    missing: "无法加载这个网络。",
  },
};
const SIDE = 400; // pixels of the square of an example's strokes
const RADIUS = 14; // of its brush
const REST = 2; // times as long as a reading took, until the next one
const STYLE = `
:host { display: block; container-type: inline-size; color: var(--ink, CanvasText); font-size: 0.875rem; line-height: 1.35; }
:host([hidden]) { display: none; }
p { margin: 0; }
label { display: flex; gap: 10px; align-items: center; min-height: 44px; font-size: 1rem; cursor: pointer; }
input {
  appearance: none; flex: none; width: 40px; height: 24px; margin: 0; padding: 3px; cursor: pointer;
  border-radius: 12px; background: var(--soft, #777); transition: background 120ms;
}
input::before {
  content: ""; display: block; width: 18px; height: 18px; border-radius: 50%;
  background: var(--paper, white); transition: transform 120ms;
}
input:checked { background: var(--accent, #2457d6); }
input:checked::before { transform: translateX(16px); }
:focus-visible { outline: 3px solid var(--accent, #2457d6); outline-offset: 2px; }
.answer { display: grid; gap: 10px; }
:host(:not([open])) .answer { display: none; }
/* What is said changes when the network is there. */
:host(:not(.loaded)) :is(.why, .examples) { visibility: hidden; }
.why { color: var(--soft, inherit); }
@container (max-width: 359px) {
  textbook-answer { grid-template-columns: minmax(0, 1fr) auto; align-items: start; }
  textbook-answer::part(bars) { grid-row: 2; grid-column: 1 / -1; }
  textbook-answer::part(answer) { justify-self: start; }
}
.examples { display: grid; grid-template-columns: repeat(3, 52px) 1fr; gap: 6px 8px; min-height: 77px; }
.examples span { grid-column: 1 / -1; }
button {
  height: 52px; padding: 0; border: 1px solid var(--line, #8886); border-radius: 10px;
  color: inherit; background: var(--paper, Canvas); cursor: pointer;
}
button:hover { border-color: var(--accent, #2457d6); }
svg { display: block; fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; }
@media (prefers-reduced-motion: reduce) { input, input::before { transition: none; } }
`;

// A page's own <digit-answer> stays the only one of that name.
class TextbookAnswer extends DigitAnswer {}
if (!customElements.get("textbook-answer")) {
  customElements.define("textbook-answer", TextbookAnswer);
}

/**
 * Attributes: `for`, the id of the digit-pad to follow; `open`, whether it answers; `lang`;
 * `weights`, the address of textbook.bin.
 */
export class DigitTextbook extends HTMLElement {
  static observedAttributes = ["lang", "open"];

  constructor() {
    super();
    const root = attachStyled(this, STYLE);
    root.innerHTML =
      '<label><input type="checkbox" role="switch"><span></span></label><div class="answer">' +
      '<textbook-answer></textbook-answer><p class="why"></p>' +
      '<div class="examples"><span></span></div></div>';
    this.toggle = /** @type {HTMLInputElement} */ (root.querySelector("input"));
    this.question = /** @type {HTMLElement} */ (root.querySelector("label span"));
    this.answer = /** @type {DigitAnswer} */ (root.querySelector("textbook-answer"));
    this.why = /** @type {HTMLElement} */ (root.querySelector(".why"));
    this.list = /** @type {HTMLElement} */ (root.querySelector(".examples"));
    /** @type {Example[]} */
    this.examples = [];
    /** @type {number[]} that this network and the other read right, in [0, 1] */
    this.shares = [];
    this.isMissing = this.isStale = this.isFollowing = false;
    /** @type {LiveReader | null} */
    this.reader = null;
    this.follow = this.follow.bind(this);
    this.toggle.addEventListener("change", () => this.toggleAttribute("open", this.toggle.checked));
  }

  connectedCallback() {
    const root = /** @type {Document | ShadowRoot} */ (this.getRootNode());
    this.pad = /** @type {DigitPad | null} */ (root.getElementById(this.getAttribute("for") ?? ""));
    this.pad?.addEventListener("input", this.follow);
    this.attributeChangedCallback();
  }

  disconnectedCallback() {
    this.pad?.removeEventListener("input", this.follow);
    this.reader?.close();
    this.reader = null;
  }

  attributeChangedCallback() {
    const isOpen = this.hasAttribute("open");
    this.toggle.checked = isOpen;
    this.showTexts();
    if (!isOpen || !this.isConnected) return;
    if (!this.reader) this.load();
    this.follow();
  }

  /** Fetches the network, which nobody needs who does not ask for it. */
  async load() {
    const weights = this.getAttribute("weights") ?? new URL("./textbook.bin", import.meta.url);
    this.reader = new LiveReader(weights);
    try {
      const { header } = await this.reader.ready;
      const { examples = [], accuracy, released_accuracy: ours } = header;
      this.examples = examples;
      if (accuracy && ours) this.shares = [accuracy, ours];
    } catch {
      this.isMissing = true;
    }
    this.showExamples();
    this.showTexts();
    this.classList.add("loaded");
  }

  /** Reads the newest drawing, as often as there is time for it. */
  async follow() {
    this.isStale = true;
    if (this.isFollowing) return;
    this.isFollowing = true;
    while (this.isStale && this.pad && this.reader && this.hasAttribute("open")) {
      this.isStale = false;
      const began = performance.now();
      const answer = await this.reader.read(this.pad.canvas);
      if (answer) this.answer.prediction = answer.digit === null ? null : answer;
      await pause(REST * (performance.now() - began)); // the page's own bars come first
    }
    this.isFollowing = false;
  }

  showExamples() {
    for (const button of this.list.querySelectorAll("button")) button.remove();
    for (const { strokes } of this.examples) {
      const button = document.createElement("button");
      const lines = strokes.map((points) => `M${points.map((point) => point.join(" ")).join("L")}`);
      button.innerHTML =
        `<svg viewBox="0 0 ${SIDE} ${SIDE}" aria-hidden="true">` +
        `<path stroke-width="${2 * RADIUS}" d="${lines.join("")}"/></svg>`;
      button.type = "button";
      button.addEventListener("click", () => this.pad?.draw(strokes));
      this.list.append(button);
    }
  }

  showTexts() {
    const [language, texts] = textsFor(this, TEXTS);
    this.question.textContent = texts.question;
    this.toggle.setAttribute("aria-label", texts.question);
    const form = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
    const figures = this.shares.reduce(
      (text, share, i) => text.replace(`{${i}}`, form.format(share)),
      texts.figures,
    );
    const why = this.shares.length ? `${texts.why} ${figures}` : texts.why;
    this.why.textContent = this.isMissing ? texts.missing : why;
    const [title, ...buttons] = this.list.children;
    title.textContent = texts.examples;
    buttons.forEach((button, i) => {
      const name = texts.example.replace("{0}", String(this.examples[i].digit));
      button.setAttribute("aria-label", name.replace(" a 8", " an 8"));
    });
  }
}

if (!customElements.get("digit-textbook")) customElements.define("digit-textbook", DigitTextbook);
