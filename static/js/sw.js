// The service worker. It keeps what pages are dressed in (CSS, scripts, icons) and one page for when there is no
// network, the same for everybody. No page and no figure of anybody's home is ever kept. The network comes first.
// `SHELL` stands before this text: {version, files, offline: {language: address}}.
"use strict";

const CACHE = `azotea-${SHELL.version}`;
const SEEN = "azotea-seen";
// An entry of its own kind, not an address of the site: when it answered last, and in which language.
const NOTE = "/~seen";

self.addEventListener("install", (event) => {
  const all = [...SHELL.files, ...Object.values(SHELL.offline)];
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    // Without cookies: what is kept must be what a stranger would get.
    await cache.addAll(all.map((address) => new Request(address, { credentials: "omit", cache: "no-cache" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("azotea-") && name !== CACHE && name !== SEEN);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(visit(event));
  else if (SHELL.files.includes(pathname)) event.respondWith(dress(request));
});

async function visit(event) {
  try {
    const answer = await fetch(event.request);
    event.waitUntil(noteSeen(answer.headers.get("Content-Language")));
    return answer;
  } catch {
    return without(event.request.url);
  }
}

async function dress(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.status === 200) await cache.put(request.url, answer.clone());
    return answer;
  } catch {
    return (await cache.match(request.url, { ignoreVary: true })) ?? Response.error();
  }
}

async function noteSeen(language) {
  const cache = await caches.open(SEEN);
  const note = { at: Date.now(), language: language in SHELL.offline ? language : "es" };
  await cache.put(NOTE, new Response(JSON.stringify(note)));
}

async function without(address) {
  const seen = await (await (await caches.open(SEEN)).match(NOTE))?.json();
  const language = seen?.language ?? "es";
  const kept = await (await caches.open(CACHE)).match(SHELL.offline[language], { ignoreVary: true });
  if (!kept) return Response.error();
  const url = new URL(address);
  const again = escaped(url.pathname + url.search);
  let text = (await kept.text()).replace('id="again" href=""', `id="again" href="${again}"`);
  if (seen) {
    // Spain's English readers count days before months, too.
    const style = {
      day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    };
    const said = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, style).format(seen.at);
    const time = `<time datetime="${new Date(seen.at).toISOString()}">${said}</time>`;
    text = text.replace('id="seen" hidden', 'id="seen"').replace("<time></time>", time);
  }
  return new Response(text, { headers: kept.headers });
}

function escaped(text) {
  const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (mark) => marks[mark]);
}

self.addEventListener("push", (event) => {
  const { title, body, tag, address } = event.data.json();
  const shown = { body, tag, data: { address }, icon: SHELL.files.find((name) => name.endsWith("icon-192.png")) };
  shown.badge = SHELL.files.find((name) => name.endsWith("badge-96.png"));
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { address } = event.notification.data;
  // A notice leads to a page of ours and nowhere else.
  const url = new URL(address, self.location.origin);
  if (url.origin === self.location.origin) event.waitUntil(self.clients.openWindow(url.href));
});
