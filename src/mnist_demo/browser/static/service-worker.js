// Keeps the page for the time without a network. The build puts in the release and its files.

const RELEASE = "RELEASE";
const FILES = ["FILES"];
const PATIENCE = 3000; // milliseconds for the network to answer before the kept page is shown

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const scope = worker.registration.scope;
// Another copy of the page may lie in another folder of the same host, with caches of its own.
const cacheName = `${scope} ${RELEASE}`;

worker.addEventListener("install", (event) => {
  worker.skipWaiting();
  event.waitUntil(keepRelease());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(forgetOtherReleases().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET") return;
  if (url.startsWith(`${scope}release-`)) event.respondWith(file(event.request));
  else if (mode === "navigate" && [scope, `${scope}index.html`].includes(origin + pathname)) {
    event.respondWith(page(event.request));
  }
});

/** What the page has fetched already comes out of the browser's own cache: `force-cache`. */
async function keepRelease() {
  const cache = await caches.open(cacheName);
  const files = FILES.map((name) => new Request(`${RELEASE}/${name}`, { cache: "force-cache" }));
  await Promise.all([cache.addAll(files), keepPage(cache)]);
}

/** @param {Cache} cache */
async function keepPage(cache) {
  // The page has the same address in every release, so the browser may have an older one.
  for (const mode of /** @type {RequestCache[]} */ (["force-cache", "reload"])) {
    const answer = await fetch(scope, { cache: mode });
    if (answer.ok && (await answer.clone().text()).includes(RELEASE)) {
      return cache.put(scope, answer);
    }
  }
  throw new Error(`The page at ${scope} is not that of ${RELEASE} yet.`);
}

async function forgetOtherReleases() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`${scope} `) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/**
 * The server's page, so that a new release shows at once; else the one that was kept.
 *
 * @param {Request} request
 */
async function page(request) {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  // A page out of the browser's cache may ask for a release that is gone: `no-cache` compares first.
  const current = fetch(request.url, { cache: "no-cache" });
  const answer = await Promise.race([current, late]).catch(() => undefined);
  if (answer?.ok && !answer.redirected) return answer;
  return (await caches.match(scope)) ?? fetch(request);
}

/** @param {Request} request */
async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}
