// Reads a canvas over and over while somebody draws on it, beside the page's thread.

/**
 * @import { Description, Inside, Prediction } from "./reader.js"
 * @typedef {{ prediction?: Prediction, inside?: Inside | null }} Answer
 */

export class LiveReader {
  /** @param {string | URL} weights address of browser.bin */
  constructor(weights = new URL("./browser.bin", import.meta.url)) {
    const script = new URL("./worker.js", import.meta.url);
    const options = /** @type {WorkerOptions} */ ({ type: "module", name: String(weights) });
    // A page may start a worker from its own origin only. A module may be imported from anywhere.
    const code = new Blob([`import ${JSON.stringify(script)};`], { type: "text/javascript" });
    const isOurs = script.origin === location.origin;
    this.worker = new Worker(isOurs ? script : URL.createObjectURL(code), options);
    /** @type {((answer: Answer) => void)[]} of those who wait for the worker, in its order */
    this.asked = [];
    /** @type {Promise<Answer> | null} the drawing that was sent last */
    this.reading = null;
    this.calls = 0; // of `read`
    /** @type {Promise<Description>} Resolved when the weights are loaded. */
    this.ready = new Promise((resolve, reject) => {
      this.worker.onerror = () => reject(new Error("The reader's modules could not be loaded."));
      this.worker.onmessage = ({ data }) => {
        if (data.error) reject(new Error(data.error));
        else if (data.ready) resolve(data.ready);
        else this.asked.shift()?.(data);
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
  async read(canvas) {
    const call = ++this.calls;
    if (this.reading) await this.reading;
    if (call !== this.calls) return null;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const { data: rgba, width } = context.getImageData(0, 0, canvas.width, canvas.height);
    this.reading = this.ask({ rgba, width }, [rgba.buffer]);
    return (await this.reading).prediction ?? null;
  }

  /**
   * The way through the network of the drawing that has been read last.
   *
   * @returns {Promise<Inside | null>} null if it is blank
   */
  async inside() {
    return (await this.ask({})).inside ?? null;
  }

  /**
   * @param {object} message to the worker
   * @param {Transferable[]} transfer
   * @returns {Promise<Answer>}
   */
  ask(message, transfer = []) {
    return new Promise((answer) => {
      this.asked.push(answer);
      this.worker.postMessage(message, transfer);
    });
  }

  /** Ends the worker. */
  close() {
    this.worker.terminate();
    this.calls += 1; // no drawing is sent any more
    for (const answer of this.asked.splice(0)) answer({});
  }
}
