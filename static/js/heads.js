// The browser is a witness: it keeps the last head that it saw of each log and demands that the log grew from it.
"use strict";

const sha = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(parts.flatMap((one) => [...one]))));
const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);
const KEPT = "azotea.head:";
const place = document.querySelector("[data-heads]");

function unbase64(text) {
  const raw = atob(text);
  if (btoa(raw) !== text) throw new Error("base64 with idle bits");
  return Uint8Array.from(raw, (one) => one.charCodeAt(0));
}

// A head's origin, size and root (C2SP tlog-checkpoint).
function headOf(note, key) {
  const [origin, size, root] = note.split("\n");
  if (!/^[1-9][0-9]*$/.test(size) || unbase64(root).length !== 32) throw new Error("no head");
  return { origin, size: Number(size), root, note, key, day: new Date().toISOString() };
}

// Whether the log's key signed the head. A browser without Ed25519 cannot tell, and still compares roots.
async function isSigned(head) {
  const [name, , ...rest] = head.key.split("+");
  const key = unbase64(rest.join("+"));
  let own;
  try {
    own = await crypto.subtle.importKey("raw", key.slice(1), { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return true;
  }
  const cut = head.note.indexOf("\n\n");
  const text = new TextEncoder().encode(head.note.slice(0, cut + 1));
  for (const line of head.note.slice(cut + 2).split("\n")) {
    const [, who, signature] = line.split(" ");
    if (who === name && head.origin === name && (await crypto.subtle.verify("Ed25519", own, unbase64(signature).slice(4), text))) return true;
  }
  return false;
}

// Whether a log of the second root begins with that of the first (RFC 9162 section 2.1.4.2).
async function grew(first, second, old, now, proof) {
  if (!(first > 0 && first < second)) return false;
  const steps = Math.log2(first) % 1 === 0 ? [old, ...proof] : [...proof];
  if (!steps.length || steps.some((one) => one.length !== 32)) return false;
  let fn = BigInt(first - 1), sn = BigInt(second - 1);
  while (fn & 1n) { fn >>= 1n; sn >>= 1n; }
  let before = steps[0], after = steps[0];
  for (const one of steps.slice(1)) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      before = await sha([1], one, before);
      after = await sha([1], one, after);
      while (!(fn & 1n) && fn) { fn >>= 1n; sn >>= 1n; }
    } else {
      after = await sha([1], after, one);
    }
    fn >>= 1n; sn >>= 1n;
  }
  return sn === 0n && same(before, old) && same(after, now);
}

async function fetched(url) {
  const answer = await fetch(url, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

// What became of the log since the head before: "first", "same", "grew" or "alarm"; and the proof asked for.
async function compared(before, now) {
  if (!(await isSigned(now))) return ["alarm", ""];
  if (!before) return ["first", ""];
  if (now.size < before.size) return ["alarm", ""];
  if (now.size === before.size) return [now.root === before.root ? "same" : "alarm", ""];
  const text = await fetched(place.dataset.consistency.replace("1/2", `${before.size}/${now.size}`));
  const lines = text.split("\n").filter(Boolean);
  try {
    const holds = await grew(before.size, now.size, unbase64(before.root), unbase64(now.root), lines.map(unbase64));
    return [holds ? "grew" : "alarm", text];
  } catch {
    return ["alarm", text];
  }
}

function words(kind, head) {
  const day = new Date(head.day).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
  return place.dataset[kind].replace("{day}", day).replace("{size}", head.size).replace("{root}", head.root).replace("{origin}", head.origin);
}

function raise(before, now, proof) {
  const part = (name) => place.querySelector(`[data-heads-${name}]`);
  part("words").textContent = words("alarm", before ?? now);
  part("before").textContent = before ? words("before", before) : "";
  part("now").textContent = words("now", now);
  part("evidence").href = "data:application/json," + encodeURIComponent(JSON.stringify({ before, now, proof }, null, 1));
  part("alarm").hidden = false;
}

// The newest head of another log that this browser saw at this site: a log that was given another name is one.
function another(name) {
  const kept = Object.keys(localStorage).filter((one) => one.startsWith(KEPT) && one !== name);
  const heads = kept.map((one) => JSON.parse(localStorage.getItem(one)));
  return heads.reduce((last, one) => (last && last.day > one.day ? last : one), null);
}

async function look() {
  const say = place.querySelector("[data-heads-say]");
  const now = headOf(await fetched(place.dataset.checkpoint), place.dataset.key);
  const name = KEPT + now.origin;
  const before = JSON.parse(localStorage.getItem(name)), other = another(name);
  let kind, proof;
  try {
    [kind, proof] = await compared(before, now);
  } catch {
    say.textContent = words("away", before);
    return;
  }
  if (kind === "alarm") return raise(before, now, proof);
  const isStrange = kind === "first" && other;
  say.textContent = words(isStrange ? "unknown" : kind, before ?? now);
  if (other) say.textContent += " " + words("other", other);
  if (isStrange) say.classList.add("notice", "attention");
  if (before && before.key !== now.key) say.textContent += " " + place.dataset.keyChanged;
  localStorage.setItem(name, JSON.stringify(now));
}

// Without a store, or offline, there is nothing to compare; the page says what it says.
if (place) look().catch(() => {});
