/** One chart: curves by uPlot, the evidence drawn in by `marks.js`. */

import uPlot from "./vendor/uPlot.esm.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { markKey, paintBehind, paintBefore } from "./marks.js";
import { color, curveColor } from "./theme.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").ChartData} ChartData */
/** @typedef {{log?: boolean, zoom?: [number, number] | null}} ChartState what survives a rebuild */

const HEIGHT = 280;
/** Values beyond this are drawn as gaps: axes can't be divided there. */
const HUGE = 1e30;
/** Distances of ticks between whole numbers. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

export class Chart {
  /**
   * @param {RunView} view
   * @param {ChartData} chart
   * @param {{active: number | null, state: ChartState, height?: number}} options
   */
  constructor(view, chart, options) {
    this.view = view;
    this.chart = chart;
    this.active = options.active;
    this.state = options.state;
    this.state.log ??= chart.log;
    this.height = options.height ?? HEIGHT;
    /** @type {uPlot | null} */
    this.plot = null;
    this.canvas = h("div", { class: "cd-canvas", tabindex: 0, role: "img", "aria-label": describe(view, chart), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) });
    this.legend = h("div", { class: "cd-legend" });
    this.logButton = h("button", { type: "button", class: "cd-small", "aria-pressed": String(this.state.log), onclick: () => this.toggleLog() }, "log");
    this.resetButton = h("button", { type: "button", class: "cd-small", hidden: !this.state.zoom, onclick: () => this.reset() }, "reset zoom");
    this.element = h(
      "figure",
      { class: "cd-chart" },
      h("figcaption", {}, h("span", { class: "cd-chart-title" }, chart.title), h("span", { class: "cd-tools" }, this.resetButton, this.logButton)),
      this.canvas,
      this.legend,
      markKey(chart.marks, this.active),
    );
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.canvas);
  }

  /** Called once the element has a width. */
  resize() {
    const width = Math.floor(this.canvas.clientWidth);
    if (width < 40) return;
    if (this.plot === null) this.draw(width);
    else if (this.plot.width !== width) this.plot.setSize({ width, height: this.height });
  }

  /** @param {number} width CSS pixels */
  draw(width) {
    this.plot?.destroy();
    this.plot = null;
    this.canvas.replaceChildren();
    const { data, series, lines } = this.table();
    this.lines = lines;
    if (data[0].length === 0 || !data.slice(1).some((ys) => ys.some((y) => y !== null && y !== undefined))) {
      this.canvas.append(h("p", { class: "cd-empty" }, "No finite value to draw."));
      this.renderLegend(null);
      return;
    }
    this.plot = new uPlot(this.options(width, series), /** @type {any} */ (data), this.canvas);
    if (this.state.zoom) this.plot.setScale("x", { min: this.state.zoom[0], max: this.state.zoom[1] });
    this.renderLegend(null);
  }

  /** Curves and extrapolations on one x axis. */
  table() {
    const usable = (/** @type {number | null} */ y) =>
      y !== null && Math.abs(y) < HUGE && (!this.state.log || y > 1 / HUGE) ? y : null;
    const tables = [];
    /** @type {any[]} */
    const series = [{}];
    /** @type {{label: string, color: string, dash: boolean, faint: boolean, x: number[], y: (number | null)[]}[]} */
    const lines = [];
    // a dense noisy curve steps back behind its running median
    const banded = new Set(this.chart.marks.filter((mark) => mark.kind === "band").map((mark) => mark.curve));
    this.chart.curves.forEach((index, place) => {
      const curve = this.view.curves[index];
      lines.push({ label: curve.label, color: curveColor(curve, place), dash: false, faint: banded.has(place) && curve.x.length > 300, x: curve.x, y: curve.y });
    });
    for (const mark of this.chart.marks) {
      if (mark.kind !== "extrapolation") continue;
      const of = lines[mark.curve ?? 0];
      lines.push({ label: mark.label ?? "extrapolated", color: of.color, dash: true, faint: false, x: mark.x, y: mark.y });
    }
    for (const line of lines) {
      tables.push([line.x, line.y.map(usable)]);
      series.push({
        label: line.label,
        stroke: () => color(line.color),
        width: line.dash ? 1.5 : line.x.length > 400 ? 1 : 1.75,
        alpha: line.faint ? 0.4 : 1,
        dash: line.dash ? [5, 5] : undefined,
        points: line.dash ? { show: false } : { size: 5 },
      });
    }
    const data = tables.length ? uPlot.join(/** @type {any} */ (tables)) : [[]];
    return { data: /** @type {any[][]} */ (data), series, lines };
  }

  /**
   * @param {number} width
   * @param {any[]} series
   * @returns {uPlot.Options}
   */
  options(width, series) {
    const axis = {
      stroke: () => color("--cd-muted"),
      grid: { stroke: () => color("--cd-grid"), width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    const values = (/** @type {any} */ _, /** @type {(number | null)[]} */ splits) => ticks(splits);
    // steps and epochs are whole
    const incrs = this.chart.axis === "time" ? undefined : WHOLE;
    return {
      width,
      height: this.height,
      padding: [14, 10, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 7 }, y: false, sync: { key: `cd-${this.chart.axis}`, setSeries: false } },
      scales: { x: { time: false }, y: this.state.log ? { distr: 3 } : {} },
      series,
      axes: [
        { ...axis, values, incrs, label: this.chart.axis, labelSize: 18, labelFont: "11px system-ui, sans-serif", size: 26 },
        { ...axis, values, size: (_, ticks) => 14 + 6.6 * Math.max(3, ...(ticks ?? []).map((t) => String(t).length)) },
      ],
      hooks: {
        drawClear: [(u) => paintBehind(u, this.chart.marks, this.active, this.lines ?? [])],
        draw: [(u) => paintBefore(u, this.chart.marks, this.active, this.lines ?? [])],
        setCursor: [(u) => this.renderLegend(u.cursor.left !== undefined && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null)],
        setScale: [(u, key) => key === "x" && this.zoomed(u)],
      },
    };
  }

  /** @param {uPlot} u */
  zoomed(u) {
    const { min, max } = u.scales.x;
    const xs = u.data[0];
    if (min === undefined || max === undefined || min === null || max === null || !xs.length) return;
    const whole = min <= xs[0] && max >= xs[xs.length - 1];
    this.state.zoom = whole ? null : [min, max];
    this.resetButton.hidden = whole;
  }

  /** @param {number | null} x where the cursor is, or null */
  renderLegend(x) {
    const items = (this.lines ?? []).map((line) => {
      const value = x === null ? last(line.y) : nearest(line.x, line.y, x);
      return h(
        "span",
        { class: "cd-legend-item", title: line.label },
        h("span", { class: line.dash ? "cd-swatch cd-dashed" : "cd-swatch", vars: { "--swatch": `var(${line.color})` } }),
        h("span", { class: "cd-legend-label" }, line.label),
        line.dash && x === null ? null : h("span", { class: "cd-legend-value" }, number(value)),
      );
    });
    const where = x === null ? "at the end" : `${this.chart.axis} ${number(this.chart.axis === "time" ? x : Math.round(x))}`;
    this.legend.replaceChildren(...items, h("span", { class: "cd-legend-where" }, where));
  }

  toggleLog() {
    this.state.log = !this.state.log;
    this.logButton.setAttribute("aria-pressed", String(this.state.log));
    this.draw(Math.floor(this.canvas.clientWidth));
  }

  reset() {
    const xs = this.plot?.data[0];
    if (xs?.length) this.plot?.setScale("x", { min: xs[0], max: xs[xs.length - 1] });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const u = this.plot;
    if (!u || event.ctrlKey || event.metaKey || event.altKey) return;
    const { min = 0, max = 1 } = /** @type {{min: number, max: number}} */ (u.scales.x);
    const width = max - min;
    const to = {
      ArrowLeft: [min - width / 8, max - width / 8],
      ArrowRight: [min + width / 8, max + width / 8],
      "+": [min + width / 5, max - width / 5],
      "=": [min + width / 5, max - width / 5],
      "-": [min - width / 3, max + width / 3],
    }[event.key];
    if (to) u.setScale("x", { min: Math.max(to[0], u.data[0][0]), max: Math.min(to[1], u.data[0][u.data[0].length - 1]) });
    else if (event.key === "0") this.reset();
    else if (event.key === "l") this.toggleLog();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number | null} active the finding whose evidence stands out */
  highlight(active) {
    this.active = active;
    this.element.lastElementChild?.replaceWith(markKey(this.chart.marks, active));
    this.plot?.redraw(false);
  }

  /** The same chart with new points: nothing is rebuilt, so nothing flickers.
   * @param {RunView} view
   * @param {ChartData} chart
   */
  update(view, chart) {
    this.view = view;
    this.chart = chart;
    this.canvas.setAttribute("aria-label", describe(view, chart));
    if (this.plot === null) return this.resize();
    const { data, series, lines } = this.table();
    if (series.length !== this.plot.series.length) return this.draw(Math.floor(this.canvas.clientWidth));
    this.lines = lines;
    this.plot.setData(/** @type {any} */ (data), !this.state.zoom);
    if (this.state.zoom) this.plot.redraw();
    this.renderLegend(null);
    this.highlight(this.active);
  }

  recolor() {
    this.plot?.redraw(false);
  }

  destroy() {
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }
}

/**
 * Labels with as many digits as it takes to tell neighbours apart.
 * @param {(number | null)[]} splits
 */
function ticks(splits) {
  for (let digits = 3; ; digits++) {
    const labels = splits.map((v) => (v === null ? "" : number(v, digits)));
    const shown = labels.filter((label) => label !== "");
    if (digits >= 9 || new Set(shown).size === shown.length) return labels;
  }
}

/** @param {(number | null)[]} ys */
function last(ys) {
  for (let i = ys.length - 1; i >= 0; i--) if (ys[i] !== null) return ys[i];
  return null;
}

/**
 * @param {number[]} xs ascending
 * @param {(number | null)[]} ys
 * @param {number} x
 */
function nearest(xs, ys, x) {
  if (!xs.length || x < xs[0] || x > xs[xs.length - 1]) return null;
  let low = 0;
  let high = xs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  return ys[x - xs[low] <= xs[high] - x ? low : high];
}

/**
 * The chart in words.
 * @param {RunView} view
 * @param {ChartData} chart
 */
export function describe(view, chart) {
  const curves = chart.curves.map((index) => {
    const curve = view.curves[index];
    const first = curve.y.find((y) => y !== null);
    return `${curve.label} from ${number(first)} to ${number(last(curve.y))}`;
  });
  const marks = chart.marks.filter((mark) => mark.label && mark.kind !== "band").map((mark) => mark.label);
  return `${chart.title} over ${chart.axis}: ${[...curves, ...marks].join("; ")}.`;
}
