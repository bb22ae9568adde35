// Sends requests again where Gradio gives up. Gradio's page drops an event that the queue refuses.
// When the stream of answers breaks, it reloads itself, and the drawing is lost. Here both requests
// are sent again after a moment, perhaps to another replica. To Gradio the answer is only late.
//
// Gradio also loses an answer if the server closes the stream, and the page sends the next event
// before it hears of that: it waits at the closed stream. Here the stream is then opened again.
(() => {
  const fetchOnce = window.fetch;
  const MAX_TRIES = 100; // two seconds apart on average; then Gradio gets the error
  const BUSY_AFTER = 3000; // milliseconds without an answer; then the page says that it is busy
  const unanswered = new Map(); // from an event's id to its request
  const firstIds = new Map(); // from a new id of an event to its first id, which Gradio knows
  const sending = new Set(); // requests of which nobody knows yet whether the queue accepts them
  let retrying = 0; // how many requests are being sent again

  function showBusy() {
    const now = Date.now();
    const late = [...unanswered.values()].some((sent) => now - sent.since >= BUSY_AFTER);
    document.documentElement.classList.toggle("busy", retrying > 0 || late);
  }
  const pause = () => new Promise((done) => setTimeout(done, 1000 + 2000 * Math.random()));

  // Sends an event until the queue accepts it; returns the last response.
  async function join(url, options) {
    document.dispatchEvent(new CustomEvent("sending", { detail: options.body }));
    let response;
    for (let i = 0; i < MAX_TRIES; i++) {
      response = await fetchOnce(url, options).catch(() => null);
      if (response && ![502, 503, 504].includes(response.status)) break;
      retrying += 1;
      showBusy();
      await pause();
      retrying -= 1;
    }
    showBusy();
    return response ?? Response.error();
  }

  function send(url, options) {
    const sent = sendNow(url, options).finally(() => sending.delete(sent));
    sending.add(sent);
    return sent;
  }

  async function sendNow(url, options) {
    const since = Date.now();
    const response = await join(url, options);
    if (response.ok) {
      const { event_id: id } = await response.clone().json();
      unanswered.set(id, { url, options, since });
      setTimeout(showBusy, Math.max(0, BUSY_AFTER - (Date.now() - since)) + 1);
    }
    return response;
  }

  // Passes on the messages of one stream. Returns "done" if no other stream is needed, "closed" if
  // an answer is still to come, and "broken" if its request is to be sent again.
  async function passOn(request, out) {
    const response = await fetchOnce(request);
    if (!response.ok) return "broken";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return "broken";
      const messages = (rest + value).split("\n\n");
      rest = messages.pop();
      for (const message of messages) {
        const event = JSON.parse(message.slice("data:".length));
        // This replica does not know the visitor, or it is stopping.
        if (event.msg === "unexpected_error" && !event.event_id) return "broken";
        event.event_id = firstIds.get(event.event_id) ?? event.event_id;
        if (event.msg === "process_completed") {
          unanswered.delete(event.event_id);
          showBusy();
        }
        if (event.msg === "close_stream") {
          await Promise.allSettled(sending);
          if (unanswered.size > 0) return "closed";
        }
        out.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
        if (event.msg === "close_stream") return "done";
      }
    }
  }

  // Returns a stream of answers that goes on when the connection breaks.
  function listen(request) {
    const start = async (out) => {
      for (let i = 0; i < MAX_TRIES; i++) {
        const end = await passOn(request, out).catch(() => "broken");
        if (end === "done") return out.close();
        if (request.signal.aborted) break;
        if (end === "closed") continue;
        retrying += 1;
        showBusy();
        await pause();
        for (const [id, sent] of unanswered) {
          const response = await join(sent.url, sent.options);
          if (response.ok) firstIds.set((await response.json()).event_id, id);
        }
        retrying -= 1;
      }
      out.error(new Error("the answer's stream broke"));
    };
    const headers = { "Content-Type": "text/event-stream" };
    return new Response(new ReadableStream({ start }), { headers });
  }

  window.fetch = (what, options) => {
    const url = String(what?.url ?? what);
    if (/\/queue\/join(\?|$)/.test(url)) return send(url, options);
    if (/\/queue\/data\?/.test(url)) return Promise.resolve(listen(new Request(what, options)));
    return fetchOnce.call(window, what, options);
  };
})();
