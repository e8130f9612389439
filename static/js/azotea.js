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

// "Now" pages ask for a fresh part once a minute while somebody looks and nothing is being read closely.
setInterval(() => {
  if (document.hidden || !navigator.onLine) return;
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const inUse = part.querySelector("details[open]") || part.contains(document.activeElement);
    if (!inUse) part.dispatchEvent(new Event("refresh"));
  }
}, 60000);

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

// A slider says what it is set to.
document.addEventListener("input", (event) => {
  const shown = event.target.matches("input[data-shown]") && document.querySelector(`output[for="${event.target.id}"]`);
  if (shown) shown.value = Number(event.target.value).toLocaleString(document.documentElement.lang);
});
