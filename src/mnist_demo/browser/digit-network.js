// <digit-network>: the way of a drawing through the network, while it is drawn. See
// docs/digit-pad.md.

import "./digit-pad.js";
import { CHOSEN_STYLE, ChosenMap } from "./chosen-map.js";
import { attachStyled, pause, textsFor } from "./digit-hint.js";
import { countMaps, receptiveFields, SIDE } from "./fields.js";
import { paintMap, readInks } from "./network-paint.js";
import { fill, sentenceOf, stageName, TEXTS } from "./network-texts.js";
import { PLACES_STYLE, PlaceShares, SCORES_STYLE, ScoreList } from "./place-shares.js";
import { StageTiles, TILES_STYLE } from "./stage-tiles.js";

/** @import { DigitPad } from "./digit-pad.js" */
/** @import { Field } from "./fields.js" */
/** @import { Description, Inside } from "./reader.js" */

const STYLE = `
:host {
  display: block; container-type: inline-size; color: var(--ink, CanvasText);
  font-size: 0.875rem; line-height: 1.35; --red: #e11e14; --blue: #145aeb; --large: 160px;
}
:host([hidden]) { display: none; }
p { margin: 0; }
[hidden] { display: none !important; }
.bar { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; margin-bottom: 16px; }
.bar p { flex: 1 1 18rem; }
.order { display: flex; padding: 3px; border-radius: 10px; background: var(--line, #8883); }
button {
  min-height: 32px; padding: 0 12px; border: 0; border-radius: 8px; font: inherit; color: inherit;
  background: none; cursor: pointer;
}
button[aria-pressed=true] { background: var(--paper, Canvas); box-shadow: 0 1px 2px #0003; }
:focus-visible { outline: 3px solid var(--accent, #2457d6); outline-offset: 2px; }
.stages {
  display: flex; flex-wrap: wrap; gap: 20px 4px; justify-content: space-between;
  min-height: 356px;
}
.stage { display: grid; align-content: start; gap: 6px; width: min-content; }
.name { min-height: 1.35em; font-weight: 650; }
.about { color: var(--soft, inherit); font-size: 0.75rem; line-height: 1.3; }
.image { width: 104px; }
.cards { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-top: 20px; }
.card {
  align-content: start; padding: 14px 16px; border-radius: 12px; background: var(--paper, Canvas);
  box-shadow: inset 0 0 0 1px var(--line, #8884);
}
@container (max-width: 1099px) { .cards { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 599px) {
  .stage { width: 100%; }
  .cards { display: contents; }
  .card { margin-top: 16px; padding: 12px; }
}
${SCORES_STYLE}${TILES_STYLE}${CHOSEN_STYLE}${PLACES_STYLE}`;

const REST = 5; // times as long as it took to show the maps, until they are shown again

/** Attributes: `for`, the id of the digit-pad to follow, and `lang`. */
export class DigitNetwork extends HTMLElement {
  static observedAttributes = ["lang"];

  constructor() {
    super();
    const root = attachStyled(this, STYLE);
    root.innerHTML =
      '<div class="bar"><p></p><div class="order" role="group">' +
      '<button type="button" aria-pressed="true"></button>' +
      '<button type="button" aria-pressed="false"></button></div></div>' +
      '<div class="stages"><div class="stage"><p class="name"></p><div class="image">' +
      `<canvas class="tile" width="${SIDE}" height="${SIDE}" aria-hidden="true"></canvas></div></div>` +
      '<div class="stage"><p class="name"></p><ol></ol></div></div>' +
      '<div class="cards"><section></section><section></section></div>';
    this.hint = /** @type {HTMLElement} */ (root.querySelector(".bar p"));
    this.order = /** @type {HTMLElement} */ (root.querySelector(".order"));
    const [fixed, brightest] = this.order.querySelectorAll("button");
    this.fixed = fixed;
    this.brightest = brightest;
    const [first, last] = root.querySelectorAll(".stage");
    this.first = first;
    this.last = last;
    this.picture = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
    this.scores = new ScoreList(/** @type {HTMLElement} */ (root.querySelector("ol")));
    const [chosen, places] = root.querySelectorAll("section");
    /** @type {ChosenMap} */
    this.chosen = new ChosenMap(chosen, () => this.chosen.show(this));
    /** @type {PlaceShares} */
    this.places = new PlaceShares(places, () => this.places.show(this));
    /** @type {Description} */
    this.network = { header: /** @type {any} */ ({ layers: [], stages: [] }), kernels: [] };
    /** @type {Field[]} of the stages */
    this.fields = [];
    /** @type {StageTiles[]} */
    this.stages = [];
    /** @type {Inside | null} */
    this.inside = null;
    // The map that is shown large, and the one that is shown again when the pointer leaves that.
    this.shown = this.pinned = { stage: 0, map: 0 };
    this.isStale = this.isFollowing = false;
    this.texts = TEXTS.en;
    this.numbers = this.signed = new Intl.NumberFormat();
    this.follow = this.follow.bind(this);
    for (const button of [this.fixed, this.brightest]) {
      button.addEventListener("click", () => this.setOrder(button));
    }
    this.inks = readInks(this.picture, this.chosen.kernel);
    this.refresh = this.refresh.bind(this);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    // An element that comes into sight may have missed some drawings; so may one in a <details>.
    this.sight = new IntersectionObserver(this.refresh);
  }

  async connectedCallback() {
    const root = /** @type {Document | ShadowRoot} */ (this.getRootNode());
    this.pad = /** @type {DigitPad | null} */ (root.getElementById(this.getAttribute("for") ?? ""));
    this.pad?.addEventListener("input", this.follow);
    document.addEventListener("toggle", this.refresh, { capture: true });
    this.dark.addEventListener("change", this.refresh);
    this.attributeChangedCallback();
    const network = await this.pad?.ready.catch(() => undefined);
    if (!network || !this.isConnected) return;
    if (!this.stages.length) this.build(network);
    this.sight.observe(this);
  }

  disconnectedCallback() {
    this.pad?.removeEventListener("input", this.follow);
    document.removeEventListener("toggle", this.refresh, { capture: true });
    this.dark.removeEventListener("change", this.refresh);
    this.sight.disconnect();
  }

  attributeChangedCallback() {
    const [language, texts] = textsFor(this, TEXTS);
    this.texts = texts;
    const form = { maximumFractionDigits: 2, minimumFractionDigits: 2 };
    this.numbers = new Intl.NumberFormat(language, { ...form, signDisplay: "auto" });
    this.signed = new Intl.NumberFormat(language, { ...form, signDisplay: "exceptZero" });
    this.hint.textContent = texts.hint;
    this.order.setAttribute("aria-label", texts.order);
    this.fixed.textContent = texts.fixed;
    this.brightest.textContent = texts.brightest;
    name(this.first, texts.picture);
    name(this.last, texts.scores);
    this.stages.forEach((_, number) => {
      this.translateStage(number);
    });
    this.chosen.translate(texts);
    this.places.translate(texts, language);
    this.show();
  }

  /** @param {Description} network */
  build(network) {
    this.network = network;
    const { header } = network;
    const fields = receptiveFields(header);
    this.fields = header.stages.map(({ layer }) => fields[layer]);
    this.stages = header.stages.map(({ name }, number) => {
      const count = countMaps(header, number);
      const side = this.fields[number].count;
      return new StageTiles(name, side, count, (map, pin) => this.choose(number, map, pin));
    });
    this.stages.forEach(({ element }, number) => {
      const section = document.createElement("div");
      section.className = "stage";
      section.innerHTML = '<p class="name"></p><p class="about"></p>';
      section.children[0].after(element);
      this.last.before(section);
      this.translateStage(number);
    });
    if (!this.stages.length) return;
    this.places.build(this.fields[this.fields.length - 1]);
    this.choose(0, 0, true);
  }

  /** @param {number} number */
  translateStage(number) {
    const { texts, stages } = this;
    const { header } = this.network;
    const stage = stageName(header.stages[number].name, texts);
    const { element, list } = stages[number];
    name(/** @type {HTMLElement} */ (element.parentElement), stage);
    list.setAttribute("aria-label", stage);
    stages[number].translate((map) => fill(texts.map, stage, map));
    const sentence = sentenceOf(header, this.fields[number], number, texts);
    /** @type {HTMLElement} */ (element.nextElementSibling).textContent = sentence;
  }

  refresh() {
    this.inks = readInks(this.picture, this.chosen.kernel);
    this.follow();
  }

  /** Shows what the network did with the newest drawing, as often as there is time for it. */
  async follow() {
    this.isStale = true;
    if (this.isFollowing) return;
    this.isFollowing = true;
    while (this.isStale && this.pad?.reader && this.stages.length && this.checkVisibility()) {
      this.isStale = false;
      this.inside = await this.pad.reader.inside();
      await new Promise(requestAnimationFrame);
      const began = performance.now();
      this.show();
      await pause(0); // until the browser has painted, too
      // The bars come first: the maps get a part of the page's time.
      await pause(REST * (performance.now() - began));
    }
    this.isFollowing = false;
  }

  show() {
    const { inside } = this;
    const { ink } = this.inks;
    paintMap(this.picture, this.image, 1, ink);
    this.stages.forEach((stage, number) => {
      stage.show(inside ? inside.stages[number] : null, this.isByLight, ink);
    });
    this.scores.show(this);
    this.places.show(this);
    this.chosen.show(this);
  }

  get image() {
    return this.inside?.image ?? new Float32Array(SIDE * SIDE);
  }

  get isByLight() {
    return this.brightest.getAttribute("aria-pressed") === "true";
  }

  /**
   * Shows a map large.
   *
   * @param {number} stage
   * @param {number} map -1 for the one that was chosen last
   * @param {boolean} pin whether it stays when the pointer leaves it
   */
  choose(stage, map, pin) {
    const chosen = map < 0 ? this.pinned : { stage, map };
    if (pin) this.pinned = chosen;
    this.shown = chosen;
    this.chosen.marked = null;
    if (pin) {
      this.stages.forEach((tiles, number) => {
        tiles.select(number === stage ? map : tiles.entry, number === stage);
      });
    }
    this.chosen.show(this);
  }

  /** @param {HTMLButtonElement} chosen */
  setOrder(chosen) {
    for (const button of [this.fixed, this.brightest]) {
      button.setAttribute("aria-pressed", String(button === chosen));
    }
    for (const stage of this.stages) stage.order(this.isByLight);
  }
}

/**
 * @param {Element} section
 * @param {string} text
 */
function name(section, text) {
  /** @type {HTMLElement} */ (section.querySelector(".name")).textContent = text;
}

if (!customElements.get("digit-network")) customElements.define("digit-network", DigitNetwork);
