// Draws every <figure data-chart> from its own table, so that picture and figures cannot differ.
// The table is the source: a column is a series (data-tone, data-side, data-panel), a row a step (data-tick), a cell
// a value (data-v; none is a gap). Without this script, or without ECharts, the table is what there is to read.
"use strict";

(() => {
  if (!window.echarts) return;
  const PANEL = { 0: 240, 1: 72 }, GAP = 48, TOP = 28, AXIS = 28, LEFT = 48, RIGHT = 8, NARROW = 520;
  // A flow's names stand beside it, never on it: room for three lines each way.
  const FLOW = { top: 48, bottom: 30, streams: 120, apart: 48, least: 90, most: 144, middle: 140 };
  const TONES = { sell: "--sun", own: "--sun", buy: "--sea", battery: "--battery", used: "--edge" };
  const charts = new Map();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const language = document.documentElement.lang || "es";
  const written = (value, digits) =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  // As everywhere: an energy has two decimals below 1 kWh, one up to 1,000 kWh, none above.
  const places = (wh) => (Math.abs(wh) < 1e3 ? 2 : Math.abs(wh) < 1e6 ? 1 : 0);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faded = (hex, alpha) => {
    const long = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(long.slice(at, at + 2), 16));
    return `rgba(${r}, ${g}, ${b}, ${alpha})`;
  };
  const hintOf = (figure) => (matchMedia("(pointer: coarse)").matches ? figure.dataset.touchHint : figure.dataset.hint);
  const text = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const font = () => ({ color: css("--soft"), fontSize: 13, fontFamily: getComputedStyle(document.body).fontFamily });

  // One hue a meaning; the retailer's part is paler, what stayed at home is an outline.
  function fill(tone) {
    const [name, rest] = tone.split(" ");
    const hue = css(TONES[name]);
    if (name === "own") return { color: faded(hue, 0.14), borderColor: hue, borderWidth: 1 };
    return { color: rest ? faded(hue, 0.4) : hue, borderWidth: 0 };
  }

  function readBars(figure) {
    const heads = [...figure.querySelectorAll("thead th[data-tone]")];
    const rows = [...figure.querySelectorAll("tbody tr")];
    const series = heads.map((head, at) => ({
      label: text(head),
      tone: head.dataset.tone,
      side: Number(head.dataset.side),
      panel: Number(head.dataset.panel),
      values: rows.map((row) => row.querySelectorAll("td")[at].dataset.v),
    }));
    const now = figure.dataset.now === undefined ? null : Number(figure.dataset.now);
    return { series, rows, now, panels: 1 + Math.max(...series.map((one) => one.panel)) };
  }

  const panelTop = (panel) => TOP + panel * (PANEL[0] + GAP);
  const bottom = (panels) => panelTop(panels - 1) + PANEL[panels - 1];

  // Round steps above and below nought, so that both sides share one scale and no label is crowded.
  function scale(series, rows, parts) {
    const sums = (side) => rows.map((_row, at) =>
      series.filter((one) => one.side === side).reduce((sum, one) => sum + Number(one.values[at] || 0), 0));
    const up = Math.max(...sums(1), 0), down = Math.max(...sums(-1), 0);
    const rough = (up + down || 1) / parts, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
    return { min: -Math.ceil(down / step) * step, max: Math.ceil(up / step) * step || step, interval: step,
      digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
  }

  function barsOption(figure, read, width) {
    const { series, rows, now, panels } = read;
    const narrow = width < NARROW, line = css("--line");
    const named = (at) => rows[at].dataset.tick && !(narrow && "minor" in rows[at].dataset);
    const shown = Array.from({ length: panels }, (_one, panel) => panel);
    const own = (panel) => series.filter((one) => one.panel === panel);
    return {
      animation: false,
      textStyle: font(),
      grid: shown.map((panel) => ({ left: LEFT, right: RIGHT, top: panelTop(panel), height: PANEL[panel] })),
      xAxis: shown.map((panel) => ({
        type: "category", gridIndex: panel, data: rows.map((row) => row.dataset.tick || ""),
        axisTick: { show: false }, axisLine: { onZero: true, lineStyle: { color: css("--edge") } },
        axisLabel: { show: panel === panels - 1, interval: named, ...font(), margin: 10, hideOverlap: true },
      })),
      yAxis: shown.map((panel) => {
        const { digits, ...range } = scale(own(panel), rows, panel ? 2 : narrow ? 6 : 7);
        return {
          type: "value", gridIndex: panel, ...range, name: panel ? "" : figure.dataset.unit,
          nameTextStyle: { ...font(), align: "right", padding: [0, 8, 0, 0] }, nameGap: 14,
          splitLine: { lineStyle: { color: line } }, axisLine: { show: false }, axisTick: { show: false },
          axisLabel: { ...font(), formatter: (value) => written(Math.abs(value), digits) },
        };
      }),
      series: series.map((one) => ({
        type: "bar", name: one.label, xAxisIndex: one.panel, yAxisIndex: one.panel,
        stack: `${one.panel} ${one.side}`, barGap: "-100%", barCategoryGap: rows.length > 40 ? "12%" : "28%",
        barMaxWidth: 40, itemStyle: fill(one.tone), emphasis: { disabled: true }, silent: true,
        data: one.values.map((value) => one.side * Number(value || 0) || "-"),
      })),
      graphic: [
        ...(now === null ? [] : nowLine(figure, LEFT + (width - LEFT - RIGHT) * (now / rows.length), width, panels)),
        ...(panels > 1 ? [{ type: "text", silent: true, x: LEFT, y: panelTop(1) - 22,
          style: { text: figure.dataset.panel, fill: css("--battery"), font: `600 13px ${font().fontFamily}` } }] : []),
      ],
    };
  }

  function nowLine(figure, x, width, panels) {
    const colour = css("--attention"), late = x > width - 60;
    return [
      { type: "line", silent: true, z: 90, shape: { x1: x, y1: 8, x2: x, y2: bottom(panels) },
        style: { stroke: colour, lineWidth: 1.5 } },
      { type: "text", silent: true, z: 90, x: late ? x - 6 : x + 6, y: 4,
        style: { text: figure.dataset.nowLabel, fill: colour, font: `600 13px ${font().fontFamily}`,
          align: late ? "right" : "left" } },
    ];
  }

  function readFlows(figure) {
    return [...figure.querySelectorAll("tbody tr")].map((row) => {
      const [source, target, cell] = row.querySelectorAll("td");
      return { source: text(source), target: text(target), value: Number(cell.dataset.v), tone: row.dataset.tone };
    });
  }

  // As high as the side with more names needs.
  function flowHeight(rows) {
    const most = Math.max(new Set(rows.map((row) => row.source)).size, new Set(rows.map((row) => row.target)).size);
    return FLOW.top + FLOW.streams + (most - 1) * FLOW.apart + FLOW.bottom;
  }

  function wrapped(name, room) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `13px ${font().fontFamily}`;
    const lines = [""];
    for (const word of name.split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (pen.measureText(longer).width <= room) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines.filter(Boolean).join("\n");
  }

  function streamColour(tone) {
    const [name, rest] = tone.split(" ");
    return faded(css(TONES[name]), name === "own" ? 0.14 : rest ? 0.2 : 0.36);
  }

  function flowOption(figure, width) {
    const rows = readFlows(figure), names = Math.min(Math.max((width - FLOW.middle) / 2, FLOW.least), FLOW.most);
    const sources = new Set(rows.map((row) => row.source)), targets = new Set(rows.map((row) => row.target));
    const total = (name) => Math.max(
      ...["source", "target"].map((end) => rows.filter((row) => row[end] === name).reduce((sum, row) => sum + row.value, 0)));
    const node = (name) => {
      // What lies between others is the home or its meter; ends bear the colour of their stream.
      const between = rows.some((row) => row.source === name && row.target !== name) && rows.some((row) => row.target === name);
      const hub = between || (!rows.some((row) => row.target === name) ? rows.filter((row) => row.source === name).length > 1
        : rows.filter((row) => row.target === name).length > 1);
      const tone = rows.find((row) => row.source === name || row.target === name).tone;
      const side = sources.has(name) ? "left" : "right";
      return {
        name, itemStyle: hub ? { color: css("--edge"), borderWidth: 0 } : fill(tone),
        label: { position: between ? "top" : side, align: between ? "center" : side === "left" ? "right" : "left",
          formatter: `${wrapped(name, between ? width : names - 8)}\n{figure|${written(total(name) / 1000, places(total(name)))}\u00a0kWh}` },
      };
    };
    return {
      animation: false,
      textStyle: font(),
      series: [{
        type: "sankey", left: names, right: names, top: FLOW.top, bottom: FLOW.bottom, nodeWidth: 10, nodeGap: FLOW.apart,
        draggable: false, silent: true, emphasis: { disabled: true }, layoutIterations: 0,
        label: { ...font(), color: css("--ink"), lineHeight: 18, rich: { figure: { fontSize: 13, fontWeight: 600, color: css("--ink") } } },
        data: [...new Set([...sources, ...targets])].map(node),
        links: rows.map((row) => ({
          source: row.source, target: row.target, value: row.value,
          lineStyle: { color: streamColour(row.tone), opacity: 1, curveness: 0.5 },
        })),
      }],
    };
  }

  // The pointer: one column at a time, told in the line below the picture.
  function point(figure, at) {
    const held = charts.get(figure);
    const { rows, series, panels } = held.read;
    held.at = at === null ? null : Math.min(Math.max(at, 0), rows.length - 1);
    const width = held.chart.getWidth(), step = (width - LEFT - RIGHT) / rows.length;
    held.chart.setOption({ graphic: [{
      id: "pointer", type: "rect", silent: true, z: -1, invisible: held.at === null,
      shape: { x: LEFT + step * (held.at ?? 0), y: TOP, width: step, height: bottom(panels) - TOP },
      style: { fill: faded(css("--ink"), 0.1) },
    }] });
    const readout = figure.querySelector(".readout");
    readout.replaceChildren();
    if (held.at === null) return readout.append(hintOf(figure));
    const row = rows[held.at], head = row.querySelector("th"), link = head.querySelector("a");
    const cells = [...row.querySelectorAll("td")];
    const said = series.map((one, column) => (Number(one.values[held.at] || 0) ? `${one.label} ${text(cells[column])}\u00a0${figure.dataset.unit}` : ""));
    readout.append(link ? link.cloneNode(true) : text(head.firstChild.nodeType === 3 ? head.firstChild : head));
    for (const part of [...head.querySelectorAll(".badge")].map(text).concat(said.filter(Boolean))) readout.append(` · ${part}`);
    held.host.setAttribute("aria-valuenow", String(held.at));
    held.host.setAttribute("aria-valuetext", text(readout));
  }

  function listen(figure, held) {
    const { host, read } = held;
    const last = () => Math.max(read.rows.findLastIndex((_row, at) => read.series.some((one) => one.values[at])), 0);
    const caption = figure.querySelector("figcaption");
    Object.assign(host, { tabIndex: 0 });
    for (const [name, value] of Object.entries({
      role: "slider", "aria-label": text(document.getElementById(figure.getAttribute("aria-labelledby"))) + (caption ? `. ${text(caption)}` : ""),
      "aria-valuemin": "0", "aria-valuemax": String(read.rows.length - 1), "aria-valuenow": "0", "aria-valuetext": hintOf(figure),
    })) host.setAttribute(name, value);
    host.addEventListener("keydown", (event) => {
      const at = held.at ?? (event.key === "ArrowRight" ? -1 : last() + 1);
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowDown: at - 1, ArrowUp: at + 1, Home: 0, End: last(), Escape: null }[event.key];
      if (event.key === "Enter" && held.at !== null) figure.querySelector(".readout a")?.click();
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      point(figure, to);
    });
    const under = (event) => {
      const part = (event.clientX - host.getBoundingClientRect().left - LEFT) / (host.clientWidth - LEFT - RIGHT);
      return part >= 0 && part < 1 ? Math.floor(part * read.rows.length) : null;
    };
    host.addEventListener("pointermove", (event) => {
      const at = under(event);
      if (at !== held.at && at !== null) point(figure, at);
    });
    host.addEventListener("pointerdown", (event) => point(figure, under(event)));
    host.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(figure, null));
    host.addEventListener("click", (event) => event.detail && event.pointerType === "mouse" && figure.querySelector(".readout a")?.click());
  }

  function redraw(figure) {
    const held = charts.get(figure);
    const width = held.host.clientWidth;
    if (!width) return;
    held.chart.resize({ width, height: held.height });
    held.chart.setOption(held.read ? barsOption(figure, held.read, width) : flowOption(figure, width), { notMerge: true });
    if (held.read) point(figure, held.at);
  }

  function draw(figure) {
    const host = figure.querySelector(".canvas"), bars = figure.dataset.chart === "bars";
    const read = bars ? readBars(figure) : null;
    const height = bars ? bottom(read.panels) + AXIS : flowHeight(readFlows(figure));
    for (const part of figure.querySelectorAll(".canvas, .readout, .legend")) part.hidden = false;
    // ECharts empties its element through innerHTML, which Trusted Types forbid: here it may only be emptied.
    Object.defineProperty(host, "innerHTML", { set: () => host.replaceChildren(), get: () => "" });
    const chart = echarts.init(host, null, { renderer: "canvas", width: host.clientWidth || 300, height });
    charts.set(figure, { chart, host, read, height, at: null });
    for (const details of figure.querySelectorAll("details")) details.open = false;
    if (bars) listen(figure, charts.get(figure));
    else {
      const caption = figure.querySelector("figcaption");
      host.setAttribute("role", "img");
      host.setAttribute("aria-label", text(document.getElementById(figure.getAttribute("aria-labelledby"))) + (caption ? `. ${text(caption)}` : ""));
    }
    redraw(figure);
    sizes.observe(host);
    if (!still.matches) host.classList.add("appears");
  }

  const sizes = new ResizeObserver((changed) => {
    for (const { target } of changed) {
      const figure = target.closest("figure");
      if (charts.get(figure)?.chart.getWidth() !== target.clientWidth) redraw(figure);
    }
  });

  function scan() {
    for (const [figure, { chart, host }] of charts) {
      if (figure.isConnected) continue;
      sizes.unobserve(host);
      chart.dispose();
      charts.delete(figure);
    }
    for (const figure of document.querySelectorAll("figure[data-chart]")) if (!charts.has(figure)) draw(figure);
  }

  const redrawAll = () => charts.forEach((_held, figure) => redraw(figure));
  dark.addEventListener("change", redrawAll);
  // A theme that is chosen on the page is an attribute of its root.
  new MutationObserver(redrawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme"] });
  document.addEventListener("htmx:afterSettle", scan);
  scan();
})();
