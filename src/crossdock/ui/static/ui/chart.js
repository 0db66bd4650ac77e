// Plots: [data-chart] holds a Plot as JSON; uPlot draws it in the page's own colors, again when the theme or the width changes.

const script = document.querySelector("script[data-uplot]");
const { default: UPlot } = await import(new URL(script.dataset.uplot, location.href).href);

const drawn = new Map();
const color = (name) => {
  // A custom property keeps `light-dark()` unresolved, a color property does not; and a canvas wants a color it knows.
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
};
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

const faint = (text, alpha) => `color-mix(in srgb, ${text} ${alpha}%, transparent)`;
const number = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: 1 });

/** A tip beside the cursor with every series' figure at that moment. */
function tip(holder, plot) {
  const box = document.createElement("div");
  box.className = "cd-chart-tip";
  box.hidden = true;
  const clock = new Intl.DateTimeFormat(document.documentElement.lang || "en", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
  return {
    hooks: {
      init: [(chart) => chart.over.append(box)],
      setCursor: [
        (chart) => {
          const { idx, left } = chart.cursor;
          if (idx == null || left < 0) {
            box.hidden = true;
            return;
          }
          box.replaceChildren(clock.format(plot.x[idx] * 1000));
          for (const series of plot.series) {
            const line = document.createElement("div");
            line.className = `tone-${series.tone}`;
            const value = document.createElement("b");
            value.textContent = series.values[idx] == null ? "–" : `${number.format(series.values[idx])} ${plot.unit}`.trim();
            line.append(document.createElement("i"), `${series.label} `, value);
            box.append(line);
          }
          box.hidden = false;
          const room = chart.over.clientWidth - box.offsetWidth - 12;
          box.style.left = `${left > room ? left - box.offsetWidth - 10 : left + 12}px`;
          box.style.top = "4px";
        },
      ],
    },
  };
}

function draw(holder) {
  const plot = JSON.parse(holder.dataset.chart);
  const isSpark = plot.kind === "spark";
  const axis = { stroke: color("--cd-ink-3"), font: '11px "Inter", sans-serif', grid: { stroke: color("--cd-line-soft"), width: 1 }, ticks: { show: false } };
  const most = Math.max(0, ...plot.series.flatMap((series) => series.values.map((value) => value ?? 0)));
  const options = {
    width: Math.max(holder.clientWidth, 60),
    height: Number(holder.dataset.height) || 160,
    padding: isSpark ? [2, 0, 2, 0] : [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: plot.kind === "bars" && plot.x.length > 1 ? { range: (_, from, to) => [from - (plot.x[1] - plot.x[0]) * 0.6, to + (plot.x[1] - plot.x[0]) * 0.6] } : {}, y: { range: [0, most > 0 ? most * 1.08 : 1] } },
    axes: isSpark ? [{ show: false }, { show: false }] : [
      { ...axis, grid: { show: false }, size: 24, space: 64, values: [[86400, "{MMM} {D}"], [3600, "{HH}:{mm}"], [60, "{HH}:{mm}"], [1, "{HH}:{mm}:{ss}"]].map(([every, text]) => [every, text, null, null, null, null, null, null, 1]) },
      { ...axis, size: 44, space: 34, values: (_, ticks) => ticks.map((tick) => number.format(tick)) },
    ],
    series: [
      {},
      ...plot.series.map((series) => {
        const stroke = color(`--cd-${series.tone}-mark`);
        const isBars = plot.kind === "bars";
        return {
          label: series.label,
          stroke,
          width: isBars ? 0 : 1.75,
          fill: isBars ? stroke : plot.series.length === 1 ? faint(stroke, 11) : undefined,
          points: { show: false },
          paths: isBars ? UPlot.paths.bars({ size: [0.7, 28], radius: 0.18 }) : undefined,
        };
      }),
    ],
    plugins: [tip(holder, plot)],
  };
  drawn.get(holder)?.destroy();
  drawn.set(holder, new UPlot(options, [plot.x, ...plot.series.map((series) => series.values)], holder));
}

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = drawn.get(target);
    if (chart && Math.abs(chart.width - target.clientWidth) > 1) chart.setSize({ width: Math.max(target.clientWidth, 60), height: chart.height });
  }
});

function drawAll(root = document) {
  for (const [holder, chart] of drawn) {
    if (!holder.isConnected) {
      chart.destroy();
      drawn.delete(holder);
      widths.unobserve(holder);
    }
  }
  for (const holder of root.querySelectorAll("[data-chart]")) {
    if (drawn.has(holder)) continue;
    holder.style.minHeight = `${holder.dataset.height}px`;
    draw(holder);
    widths.observe(holder);
  }
}
const again = () => {
  for (const holder of drawn.keys()) draw(holder);
};

await document.fonts.ready;
drawAll();
document.addEventListener("cd:theme", () => requestAnimationFrame(again));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
document.addEventListener("cd:swapped", () => drawAll());
document.addEventListener("htmx:afterSettle", () => drawAll());
