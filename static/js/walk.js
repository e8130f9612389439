// A pointer through the pictures that the server draws (<figure data-walk>): one slot at a time, by mouse, finger or
// arrow keys, told in the line below from the row of the table beside the picture. Where a slot lies is told by times.
"use strict";

(() => {
  const text = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const walking = new WeakSet();

  function begin(figure) {
    walking.add(figure);
    const section = figure.closest("section");
    const rows = [...section.querySelectorAll("tbody tr[data-start]")];
    if (!rows.length) return;
    const heads = [...section.querySelectorAll("thead th")];
    const plot = figure.querySelector(".plot"), readout = figure.querySelector(".readout");
    const first = Date.parse(figure.dataset.first), last = Date.parse(figure.dataset.last);
    const starts = rows.map((row) => Date.parse(row.dataset.start)), length = Number(figure.dataset.minutes) * 60000;
    const hint = matchMedia("(pointer: coarse)").matches ? figure.dataset.touchHint : figure.dataset.hint;
    let at = null;

    // The picture itself is hidden from ears: what can be walked through lies over it and lets clicks through.
    const walker = document.createElement("div"), bar = document.createElement("div");
    walker.className = "walker";
    walker.tabIndex = 0;
    bar.hidden = true;
    walker.append(bar);
    figure.append(walker);
    readout.hidden = false;
    for (const [name, value] of Object.entries({
      role: "slider", "aria-label": text(document.getElementById(figure.getAttribute("aria-labelledby"))), "aria-valuemin": "0",
      "aria-valuemax": String(rows.length - 1), "aria-valuenow": "0", "aria-valuetext": hint,
    })) walker.setAttribute(name, value);

    function place() {
      const over = plot.getBoundingClientRect(), whole = figure.getBoundingClientRect();
      walker.style.left = `${over.left - whole.left}px`;
      walker.style.top = `${over.top - whole.top}px`;
      walker.style.width = `${over.width}px`;
      walker.style.height = `${over.height}px`;
    }

    function point(to) {
      at = to === null ? null : Math.min(Math.max(to, 0), rows.length - 1);
      bar.hidden = at === null;
      readout.replaceChildren();
      if (at === null) return readout.append(hint);
      bar.style.left = `${(100 * (starts[at] - first)) / (last - first)}%`;
      bar.style.width = `${(100 * length) / (last - first)}%`;
      const [head, ...cells] = rows[at].children, link = head.querySelector("a");
      readout.append(link ? link.cloneNode(true) : text(head));
      cells.forEach((cell, column) => {
        const named = heads[column + 1], unit = named.dataset.unit ? `\u00a0${named.dataset.unit}` : "";
        if (text(cell) !== "—") readout.append(` · ${text(named)} ${text(cell)}${unit}`);
      });
      walker.setAttribute("aria-valuenow", String(at));
      walker.setAttribute("aria-valuetext", text(readout));
    }

    walker.addEventListener("keydown", (event) => {
      // Backwards from the newest slot that has been, forwards from the day's first.
      const ahead = rows.findIndex((row) => row.classList.contains("planned"));
      const here = at ?? (event.key === "ArrowRight" ? -1 : ahead > 0 ? ahead : rows.length);
      const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: rows.length - 1, Escape: null }[event.key];
      if (event.key === "Enter" && at !== null) readout.querySelector("a")?.click();
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      point(to);
    });
    const under = (event) => {
      const over = plot.getBoundingClientRect(), time = first + ((event.clientX - over.left) / over.width) * (last - first);
      const found = starts.findIndex((start) => time >= start && time < start + length);
      return found < 0 ? null : found;
    };
    plot.addEventListener("pointermove", (event) => under(event) !== at && point(under(event)));
    plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(null));
    new ResizeObserver(place).observe(figure);
    place();
    point(null);
  }

  const scan = () => document.querySelectorAll("figure[data-walk]").forEach((figure) => walking.has(figure) || begin(figure));
  document.addEventListener("htmx:afterSettle", scan);
  scan();
})();
