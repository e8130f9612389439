// "Tell me here": the browser is asked for leave and for the address at which the site may speak to it.
"use strict";

const form = document.querySelector("form[data-push-key]");
const refused = document.querySelector("[data-push-refused]");
if (form && "PushManager" in self && "serviceWorker" in navigator && "Notification" in self) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      // Rejected by somebody who does not want to, or by a browser without a push service.
      if ((await Notification.requestPermission()) !== "granted") throw new Error("not granted");
      const worker = await navigator.serviceWorker.ready;
      const wanted = { userVisibleOnly: true, applicationServerKey: form.dataset.pushKey };
      const found = await worker.pushManager.subscribe(wanted);
      form.elements.namedItem("subscription").value = JSON.stringify(found);
      form.submit();
    } catch {
      refused.hidden = false;
    }
  });
}
