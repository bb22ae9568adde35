// Runs a Reader beside the page's thread. Its name is the address of browser.bin. It takes
// { rgba, width } and answers with { prediction }, or anything else and answers with { inside } about
// the drawing read last, in order. It says { ready } with a description of the network once the
// weights are loaded, or { error } if they cannot be.

import { Reader } from "./reader.js";

const loading = Reader.load(self.name || new URL("./browser.bin", import.meta.url));
loading.then(
  (reader) => self.postMessage({ ready: reader.describe() }),
  (error) => self.postMessage({ error: String(error) }),
);

self.onmessage = async ({ data: { rgba, width } }) => {
  const reader = await loading;
  let answer = {}; // if reading fails, as answers are told apart by their order
  try {
    answer = rgba ? { prediction: reader.read(rgba, width) } : { inside: reader.inside() };
  } finally {
    self.postMessage(answer);
  }
};
