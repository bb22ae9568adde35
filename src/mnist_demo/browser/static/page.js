// The page of the static edition: texts in the reader's language, the verdict, Undo and Clear.

import { CONFIDENCE_THRESHOLD } from "./digit-answer.js";

/** @typedef {import("./reader.js").Prediction} Prediction */
/** @typedef {import("./digit-pad.js").DigitPad} DigitPad */
/** @typedef {import("./digit-answer.js").DigitAnswer} DigitAnswer */
/** @typedef {Record<string, string>} Texts */

// As in page.css: there is room for the network under the square, and for another beside it.
const WIDE = "(min-width: 1240px) and (min-height: 600px)";
const SLOW = 1000; // milliseconds after which the reader is told that the network is on its way

const pad = /** @type {DigitPad} */ (document.getElementById("pad"));
const answer = /** @type {DigitAnswer} */ (document.getElementById("answer"));
const verdict = /** @type {HTMLElement} */ (document.getElementById("verdict"));
const texts = chooseTexts();
// Before the page is shown for the first time, so that nothing moves.
for (const id of ["inside", "textbook"]) {
  document.getElementById(id)?.toggleAttribute("open", matchMedia(WIDE).matches);
}

/**
 * Puts the texts of the first of the reader's languages that the page has into it.
 *
 * @returns {Texts}
 */
function chooseTexts() {
  const block = document.getElementById("texts")?.textContent ?? "";
  /** @type {Record<string, Texts>} */
  const languages = JSON.parse(block);
  const wanted = navigator.languages.map(primary);
  const known = wanted.map((tag) => Object.keys(languages).find((name) => primary(name) === tag));
  const language = known.find(Boolean) ?? "en";
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("digit-pad, digit-network, digit-textbook")) {
    /** @type {HTMLElement} */ (element).lang = language;
  }
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = languages[language][element.getAttribute("data-text") ?? ""];
  }
  return languages[language];
}

/** @param {string} tag of a language */
function primary(tag) {
  return tag.split("-")[0].toLowerCase();
}

/**
 * One sentence about `prediction`.
 *
 * @param {Prediction | null} prediction
 * @returns {string}
 */
function sentence(prediction) {
  if (!prediction) return texts.blank;
  const { confidence, isDigit, top } = prediction;
  const [first, second] = top.map(({ digit }) => String(digit));
  if (!isDigit) return `${texts.not_a_digit} ${first}, ${second}`;
  const form = confidence < CONFIDENCE_THRESHOLD ? texts.unsure : texts.sure;
  return form.replace("{0}", first).replace("{1}", second).replaceAll(" a 8", " an 8");
}

/** @param {string} text */
function say(text) {
  // A screen reader repeats a text that is set again.
  if (verdict.textContent !== text) verdict.textContent = text;
}

async function start() {
  const slow = setTimeout(() => say(texts.loading), SLOW);
  try {
    await pad.ready;
    say(sentence(pad.prediction));
  } catch {
    say(texts.not_loaded);
    return;
  } finally {
    clearTimeout(slow);
  }
  // Only now, so that the page does not wait for it. Where a browser forbids it, the page still works.
  await navigator.serviceWorker?.register("service-worker.js").catch(() => {});
}

pad.addEventListener("input", () => {
  answer.prediction = pad.prediction;
  if (pad.pen) say(""); // the sentence was about the drawing before
});
pad.addEventListener("change", () => say(sentence(pad.prediction)));
document.getElementById("undo")?.addEventListener("click", () => pad.undo());
document.getElementById("clear")?.addEventListener("click", () => pad.clear());
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  pad.undo();
});
start();
