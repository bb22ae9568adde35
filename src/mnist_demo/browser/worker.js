// Runs a Reader beside the page's thread. Takes { id, rgba, width } and answers with { id, prediction };
// says { ready: true } once the weights are loaded, or { error } if they cannot be.

import { Reader } from "./reader.js";

const weights = new URL(self.name || "./browser.bin", self.location.href);
const loading = Reader.load(weights);
loading.then(
  () => self.postMessage({ ready: true }),
  (error) => self.postMessage({ error: String(error) }),
);

self.onmessage = async ({ data: { id, rgba, width } }) => {
  const reader = await loading;
  self.postMessage({ id, prediction: reader.read(rgba, width) });
};
