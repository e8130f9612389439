// Small comforts; every page works without them.
"use strict";

// ← and → walk through the date bar, unless the keys are needed elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea, details, .table-wrap, [contenteditable]")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && document.querySelector(`.datebar a[rel=${rel}]`);
  if (link) link.click();
});

// "Now" pages ask for a fresh part once a minute while somebody looks and nothing is being read closely. Whoever comes
// back to a tab after a while sees it renewed at once.
const MINUTE = 60000;
let renewed = Date.now();
const renew = () => {
  if (document.hidden || !navigator.onLine) return;
  renewed = Date.now();
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const inUse = part.querySelector("details[open]") || part.contains(document.activeElement);
    if (!inUse) part.dispatchEvent(new Event("refresh"));
  }
};
setInterval(renew, MINUTE);
document.addEventListener("visibilitychange", () => Date.now() - renewed >= MINUTE && renew());

// A part that cannot be fetched is said so, and until when it is true.
const trouble = document.getElementById("trouble");
const say = (kind) => {
  trouble.hidden = !kind;
  trouble.textContent = kind ? trouble.dataset[kind] : "";
};
addEventListener("offline", () => say("offline"));
addEventListener("online", () => say(""));
document.addEventListener("htmx:sendError", () => say(navigator.onLine ? "error" : "offline"));
document.addEventListener("htmx:responseError", () => say("error"));
document.addEventListener("htmx:afterOnLoad", () => say(""));

// A form that is checked while it is filled in: whoever does not see it is told which field is wrong, as after saving.
document.addEventListener("htmx:afterOnLoad", () => {
  for (const errors of document.querySelectorAll("[data-errors]")) {
    const field = document.getElementById(errors.dataset.errors);
    if (!field) continue;
    const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== errors.id);
    const wrong = errors.childElementCount > 0;
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    const describing = wrong ? [...others, errors.id] : others;
    if (describing.length) field.setAttribute("aria-describedby", describing.join(" "));
    else field.removeAttribute("aria-describedby");
  }
});

// Whoever saves no longer waits for what was asked while the form was filled in, and nothing more is asked for.
let saving = false;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[hx-post]")) return;
  saving = true;
  form.dispatchEvent(new CustomEvent("htmx:abort", { bubbles: true, detail: { elt: form } }));
});
addEventListener("pageshow", () => (saving = false));
document.addEventListener("htmx:beforeRequest", (event) => saving && event.preventDefault());

// A slider says what it is set to.
document.addEventListener("input", (event) => {
  if (!event.target.matches("input[data-shown]")) return;
  const value = Number(event.target.value), tongue = document.documentElement.lang;
  for (const shown of document.querySelectorAll(`output[for="${event.target.id}"]`)) {
    // A battery's reserve in percent, or the hours that it lasts.
    const told = "hours" in shown.dataset ? Math.round((value * Number(shown.dataset.hours)) / 10) / 10 : value;
    shown.value = told.toLocaleString(tongue);
  }
});

// Who logs out of a device is told nothing there any more: the push service turns away whatever still comes.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-logout]") || !("serviceWorker" in navigator)) return;
  event.preventDefault();
  try {
    const worker = await navigator.serviceWorker.getRegistration();
    await (await worker?.pushManager?.getSubscription())?.unsubscribe();
  } catch {
    // A browser without a push service has nothing to end.
  }
  form.submit();
});

// The site as an app: its service worker keeps the shell for when there is no network. Under Trusted Types a script's
// address has to come from a policy; this one lets a single address through.
const WORKER = "/sw.js";
const ours = self.trustedTypes?.createPolicy("azotea", {
  createScriptURL(address) {
    if (address === WORKER) return address;
    throw new TypeError(`${address} is no script of ours`);
  },
});
if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    // A browser that keeps nothing (a private window) shows the same pages.
    navigator.serviceWorker.register(ours ? ours.createScriptURL(WORKER) : WORKER).catch(() => {});
  });
}
