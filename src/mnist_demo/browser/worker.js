// Runs a Reader beside the page's thread. Its name is the address of browser.bin. It takes
// { rgba, width } and answers with { prediction }, in order. It says { ready: true } once the weights
// are loaded, or { error } if they cannot be.

import { Reader } from "./reader.js";

const loading = Reader.load(self.name || new URL("./browser.bin", import.meta.url));
loading.then(
  () => self.postMessage({ ready: true }),
  (error) => self.postMessage({ error: String(error) }),
);

self.onmessage = async ({ data: { rgba, width } }) => {
  const reader = await loading;
  self.postMessage({ prediction: reader.read(rgba, width) });
};
