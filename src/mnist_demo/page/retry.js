// Between Gradio's page and the queue of its server. Gradio gives up what the queue refuses, and
// reloads the page, with the drawing on it, when an answer's stream breaks. Here both are sent
// again after a moment, if need be to another replica, and Gradio only finds the answer late.
(() => {
  const ask = window.fetch;
  const TRIES = 100; // of two seconds each; then Gradio is told
  const LONG = 3000; // milliseconds after which the page says that it is busy
  const waiting = new Map(); // by the event's id: what was sent, until it is answered
  const renamed = new Map(); // what was sent again has a new id, which Gradio does not know
  let refused = 0; // how many are being sent again

  function show() {
    const now = Date.now();
    const late = [...waiting.values()].some((sent) => now - sent.since >= LONG);
    document.documentElement.classList.toggle("busy", refused > 0 || late);
  }
  const pause = () => new Promise((done) => setTimeout(done, 1000 + 2000 * Math.random()));

  // The queue's acceptance, or what the last try gave.
  async function join(url, options) {
    let response;
    for (let i = 0; i < TRIES; i++) {
      response = await ask(url, options).catch(() => null);
      if (response && ![502, 503, 504].includes(response.status)) break;
      refused += 1;
      show();
      await pause();
      refused -= 1;
    }
    show();
    return response ?? Response.error();
  }

  async function send(url, options) {
    const since = Date.now();
    const response = await join(url, options);
    if (response.ok) {
      const { event_id: id } = await response.clone().json();
      waiting.set(id, { url, options, since });
      setTimeout(show, Math.max(0, LONG - (Date.now() - since)) + 1);
    }
    return response;
  }

  // Pass on one stream's messages; true if that was the last stream that is needed.
  async function pass(request, out) {
    const response = await ask(request);
    if (!response.ok) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return false;
      const messages = (rest + value).split("\n\n");
      rest = messages.pop();
      for (const message of messages) {
        const event = JSON.parse(message.slice("data:".length));
        // This replica does not know the visitor, or it is stopping.
        if (event.msg === "unexpected_error" && !event.event_id) return false;
        event.event_id = renamed.get(event.event_id) ?? event.event_id;
        if (event.msg === "process_completed") {
          waiting.delete(event.event_id);
          show();
        }
        out.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
        if (event.msg === "close_stream") return true;
      }
    }
  }

  function listen(request) {
    const start = async (out) => {
      for (let i = 0; i < TRIES; i++) {
        if (await pass(request, out).catch(() => false)) return out.close();
        if (request.signal.aborted) break;
        refused += 1;
        show();
        await pause();
        for (const [id, sent] of waiting) {
          const response = await join(sent.url, sent.options);
          if (response.ok) renamed.set((await response.json()).event_id, id);
        }
        refused -= 1;
      }
      out.error(new Error("the answer's stream broke"));
    };
    const headers = { "Content-Type": "text/event-stream" };
    return new Response(new ReadableStream({ start }), { headers });
  }

  window.fetch = function (what, options) {
    const url = String(what?.url ?? what);
    if (/\/queue\/join(\?|$)/.test(url)) return send(url, options);
    if (/\/queue\/data\?/.test(url)) return Promise.resolve(listen(new Request(what, options)));
    return ask.call(window, what, options);
  };
})();
