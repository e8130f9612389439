// Text becomes elements only in documents of their own, where nothing runs: that is how htmx reads an answer.
// Every other way (innerHTML, the text or the address of a script) the browser refuses.
"use strict";

if (window.trustedTypes) {
  const inert = ["Document parseHTMLUnsafe", "DOMParser parseFromString"];
  trustedTypes.createPolicy("default", {
    createHTML: (text, kind, sink) => (inert.includes(sink) ? text : null),
  });
}
