// Reads a canvas over and over while somebody draws on it, beside the page's thread.

/**
 * @typedef {import("./reader.js").Prediction} Prediction
 * @typedef {import("./inside.js").Description} Description
 * @typedef {import("./inside.js").Inside} Inside
 */

export class LiveReader {
  /** @param {string | URL} weights address of browser.bin */
  constructor(weights = new URL("./browser.bin", import.meta.url)) {
    this.worker = startWorker(new URL("./worker.js", import.meta.url), weights);
    /** @type {{ canvas: HTMLCanvasElement, answer: (prediction: Prediction | null) => void } | null} */
    this.next = null;
    /** @type {((prediction: Prediction | null) => void) | null} */
    this.answer = null;
    /** @type {((inside: Inside | null) => void)[]} */
    this.curious = [];
    /** @type {Promise<Description>} Resolved when the weights are loaded. */
    this.ready = new Promise((resolve, reject) => {
      this.worker.onerror = () => reject(new Error("The reader's modules could not be loaded."));
      this.worker.onmessage = ({ data }) => {
        if (data.error) reject(new Error(data.error));
        else if (data.ready) resolve(data.ready);
        else if (data.prediction) this.finish(data.prediction);
        else this.curious.shift()?.(data.inside);
      };
    });
    // Whoever waits for `ready` gets the error. Nobody has to.
    this.ready.catch(() => {});
  }

  /**
   * Reads what is on `canvas` as soon as the drawing before it has been read.
   *
   * @param {HTMLCanvasElement} canvas
   * @returns {Promise<Prediction | null>} null if a later call came before this one's turn
   */
  read(canvas) {
    return new Promise((answer) => {
      this.next?.answer(null);
      this.next = { canvas, answer };
      if (!this.answer) this.send();
    });
  }

  /**
   * The way through the network of the drawing that has been read last.
   *
   * @returns {Promise<Inside | null>} null if it is blank
   */
  inside() {
    return new Promise((answer) => {
      this.curious.push(answer);
      this.worker.postMessage({});
    });
  }

  /** Ends the worker. */
  close() {
    this.worker.terminate();
    for (const answer of this.curious.splice(0)) answer(null);
    this.next?.answer(null);
    this.answer?.(null);
  }

  send() {
    if (!this.next) return;
    const { canvas, answer } = this.next;
    this.next = null;
    this.answer = answer;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const { data: rgba, width } = context.getImageData(0, 0, canvas.width, canvas.height);
    this.worker.postMessage({ rgba, width }, [rgba.buffer]);
  }

  /** @param {Prediction} prediction */
  finish(prediction) {
    const answer = this.answer;
    this.answer = null;
    this.send();
    answer?.(prediction);
  }
}

/**
 * @param {URL} script
 * @param {string | URL} weights
 */
function startWorker(script, weights) {
  const options = /** @type {WorkerOptions} */ ({ type: "module", name: String(weights) });
  if (script.origin === location.origin) return new Worker(script, options);
  // A page may start a worker from its own origin only. A module may be imported from anywhere.
  const code = `import ${JSON.stringify(script)};`;
  return new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), options);
}
