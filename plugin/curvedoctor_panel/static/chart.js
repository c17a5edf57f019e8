/** One chart: curves by uPlot, the evidence drawn in by `marks.js`, and what a person can do with it. */

import uPlot from "./vendor/uPlot.esm.js";
import { axesOf, labelOf, mover, placed } from "./axes.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { markKey, moved, paintBehind, paintBefore, place } from "./marks.js";
import { fitted, smoothed } from "./smooth.js";
import { color, curveColor } from "./theme.js";
import { alone, describe, last, nearest, ticks } from "./values.js";
import { dragged, keyed, wheeled } from "./zoom.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").ChartData} ChartData */
/** @typedef {{x: [number, number], y: [number, number] | null}} Zoom */
/** @typedef {{log?: boolean, zoom?: Zoom | null, hidden?: Set<string>}} ChartState what survives a rebuild */
/** @typedef {{axis: string, smoothing: number, zoomed?: (chart: Chart, zoom: Zoom | null) => void}} Prefs what all charts of a surface share */
/** @typedef {{label: string, color: string, dash: boolean, ghost: boolean, faint: boolean, curve: number, x: number[], y: (number | null)[]}} Line */

const HEIGHT = 280;
/** Values beyond this are drawn as gaps: axes can't be divided there. */
const HUGE = 1e30;
/** How much of its height a finding's curve gives to others in the same chart. */
const BESIDE = 1.7;
/** Distances of ticks between whole numbers. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
const HINT = "Drag to zoom in both directions, Alt + wheel to zoom at the cursor; + − 0 arrows when focused";

export class Chart {
  /**
   * @param {RunView} view
   * @param {ChartData} chart
   * @param {{active: number | null, state: ChartState, prefs: Prefs, height?: number}} options
   */
  constructor(view, chart, options) {
    this.view = view;
    this.chart = chart;
    this.active = options.active;
    this.state = options.state;
    this.state.log ??= chart.log;
    this.state.hidden ??= new Set();
    this.prefs = options.prefs;
    this.height = options.height ?? HEIGHT;
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {Line[]} */
    this.lines = [];
    this.marks = chart.marks;
    this.canvas = h("div", { class: "cd-canvas", tabindex: 0, "data-focus": `chart ${chart.title}`, role: "img", title: HINT, "aria-label": describe(view, chart), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) });
    this.legend = h("div", { class: "cd-legend" });
    this.where = h("span", { class: "cd-legend-where" });
    this.logButton = h("button", { type: "button", class: "cd-small", "aria-pressed": String(this.state.log), onclick: () => this.toggleLog() }, "log");
    this.resetButton = h("button", { type: "button", class: "cd-small", hidden: !this.state.zoom, onclick: () => this.reset() }, "reset zoom");
    this.tools = h("span", { class: "cd-tools" }, this.resetButton, this.logButton);
    this.element = h("figure", { class: "cd-chart" }, h("figcaption", {}, h("span", { class: "cd-chart-title" }, chart.title), this.tools), this.canvas, this.legend, markKey(chart.marks, this.active));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.canvas);
  }

  /** The axis that is drawn: the one asked for, where this chart has it. */
  get axis() {
    return axesOf(this.view, this.chart).includes(this.prefs.axis) ? this.prefs.axis : this.chart.axis;
  }

  /** Called once the element has a width. */
  resize() {
    const width = Math.floor(this.canvas.clientWidth);
    if (width < 40) return;
    if (this.plot === null) this.draw(width);
    else if (this.plot.width !== width || this.plot.height !== this.height) this.plot.setSize({ width, height: this.height });
  }

  /** @param {number} height CSS pixels */
  tall(height) {
    if (height === this.height) return;
    this.height = height;
    this.resize();
  }

  redraw() {
    this.draw(Math.floor(this.canvas.clientWidth));
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
      this.renderLegend();
      return;
    }
    this.plot = new uPlot(this.options(width, series), /** @type {any} */ (data), this.canvas);
    this.plot.over.addEventListener("wheel", (event) => wheeled(this, event), { passive: false });
    if (this.state.zoom) this.show(this.state.zoom);
    this.renderLegend();
  }

  /** Curves, as logged and smoothed, and extrapolations on one x axis. */
  table() {
    const usable = (/** @type {number | null} */ y) => (y !== null && Math.abs(y) < HUGE && (!this.state.log || y > 1 / HUGE) ? y : null);
    const { axis, prefs } = this;
    // a dense noisy curve steps back behind its running median
    const banded = new Set(this.chart.marks.filter((mark) => mark.kind === "band").map((mark) => mark.curve));
    /** @type {Line[]} */
    const lines = [];
    this.chart.curves.forEach((index, curve) => {
      const { label, y, ...rest } = this.view.curves[index];
      const base = { label, color: curveColor(rest, curve), curve, dash: false, x: placed(this.view, this.view.curves[index], axis) };
      if (prefs.smoothing) lines.push({ ...base, ghost: true, faint: true, y: y.map(usable) });
      lines.push({ ...base, ghost: false, faint: !prefs.smoothing && banded.has(curve) && base.x.length > 300, y: smoothed(y.map(usable), prefs.smoothing) });
    });
    const to = mover(this.view, this.view.curves[this.chart.curves[0]], axis);
    this.marks = this.chart.marks.map((mark) => moved(mark, to));
    for (const mark of this.marks) {
      if (mark.kind !== "extrapolation") continue;
      const of = lines.find((line) => line.curve === (mark.curve ?? 0)) ?? lines[0];
      lines.push({ label: mark.label ?? "extrapolated", color: of.color, curve: of.curve, dash: true, ghost: false, faint: false, x: mark.x, y: mark.y.map(usable) });
    }
    const data = lines.length ? uPlot.join(/** @type {any} */ (lines.map((line) => [line.x, line.y]))) : [[]];
    return { data: /** @type {any[][]} */ (data), series: [{}, ...lines.map((line) => this.series(line))], lines };
  }

  /**
   * @param {Line} line
   * @returns {any}
   */
  series(line) {
    return {
      label: line.label,
      show: !this.state.hidden?.has(line.label),
      stroke: () => color(line.color),
      width: line.dash ? 1.5 : line.x.length > 400 ? 1 : 1.75,
      alpha: line.ghost ? 0.28 : line.faint ? 0.4 : 1,
      dash: line.dash ? [5, 5] : undefined,
      points: line.dash || line.ghost ? { show: false } : { size: 5, filter: (/** @type {uPlot} */ u, /** @type {number} */ at, /** @type {boolean} */ shown) => (shown ? null : alone(u.data[at])) },
    };
  }

  /**
   * @param {number} width
   * @param {any[]} series
   * @returns {uPlot.Options}
   */
  options(width, series) {
    const font = "11px system-ui, sans-serif";
    const axis = { stroke: () => color("--cd-muted"), grid: { stroke: () => color("--cd-grid"), width: 1 }, ticks: { show: false }, font };
    const values = (/** @type {any} */ _, /** @type {(number | null)[]} */ splits) => ticks(splits);
    const wall = this.axis === "wall";
    // steps and epochs are whole
    const incrs = ["step", "epoch"].includes(this.axis) ? WHOLE : undefined;
    return {
      width,
      height: this.height,
      padding: [14, 18, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: true, uni: 24, setScale: false }, points: { size: 7 }, y: false, sync: { key: `cd-${this.axis}`, setSeries: false } },
      scales: { x: { time: wall }, y: { distr: this.state.log ? 3 : 1, range: (u) => this.range(u) } },
      series,
      axes: [
        { ...axis, ...(wall ? {} : { values, incrs }), label: labelOf(this.view, this.axis), labelSize: 18, labelFont: font, size: wall ? 40 : 26 },
        { ...axis, values, size: (_, shown) => 14 + 6.6 * Math.max(3, ...(shown ?? []).map((t) => String(t).length)) },
      ],
      hooks: {
        drawClear: [(u) => paintBehind(u, this.marks, this.active, this.colors())],
        draw: [(u) => paintBefore(u, this.marks, this.active, this.colors())],
        setCursor: [() => this.renderValues()],
        setSelect: [(u) => dragged(this, u)],
      },
    };
  }

  /** The colour of each curve, for its marks. */
  colors() {
    return this.chart.curves.map((index, curve) => curveColor(this.view.curves[index], curve));
  }

  /**
   * The vertical range: of the curves that the chosen finding rests on, as far as they are shown.
   * @param {uPlot} u
   * @returns {[number, number]}
   */
  range(u) {
    const { min, max } = u.scales.x;
    const xs = u.data[0];
    /** @type {[number, number]} */
    const across = [min ?? xs[0], max ?? xs[xs.length - 1]];
    const shown = this.lines.filter((line) => !line.ghost && !this.state.hidden?.has(line.label));
    const finding = this.active === null ? undefined : this.view.findings[this.active];
    const named = shown.filter((line) => !line.dash && finding?.curves.includes(line.label));
    const start = across[0] + 0.05 * (across[1] - across[0]);
    const early = this.marks.some((mark) => mark.finding === this.active && (mark.kind === "onset" ? mark.x <= start : mark.kind === "span" && (mark.from ?? 0) <= start));
    const fit = (/** @type {Line[]} */ lines) => fitted(lines, across, Boolean(this.state.log), early || Boolean(this.state.zoom));
    if (!named.length || named.length === shown.length) return fit(shown);
    const [own, all] = [fit(named), fit(shown)];
    const size = (/** @type {[number, number]} */ [low, high]) => (this.state.log ? Math.log(high / low) : high - low);
    // curves beside it are cut off only where they would flatten it
    return size(all) <= BESIDE * size(own) ? all : own;
  }

  /** @param {Zoom | null} zoom null: all of it */
  show(zoom) {
    const u = this.plot;
    if (!u?.data[0].length) return;
    const xs = u.data[0];
    const [min, max] = zoom?.x ?? [xs[0], xs[xs.length - 1]];
    const whole = min <= xs[0] && max >= xs[xs.length - 1] && !zoom?.y;
    this.state.zoom = whole ? null : zoom;
    this.resetButton.hidden = whole;
    this.prefs.zoomed?.(this, this.state.zoom ?? null);
    u.batch(() => {
      u.setScale("x", { min, max });
      if (zoom?.y) u.setScale("y", { min: zoom.y[0], max: zoom.y[1] });
    });
  }

  reset() {
    this.show(null);
  }

  /** Names, colours and values of the curves; a click hides or shows one. */
  renderLegend() {
    const items = this.lines.filter((line) => !line.ghost).map((line) => {
      const hidden = this.state.hidden?.has(line.label) ?? false;
      return h(
        "button",
        { type: "button", class: "cd-legend-item", "aria-pressed": String(!hidden), title: `${hidden ? "Show" : "Hide"} ${line.label}`, onclick: () => this.toggle(line.label) },
        h("span", { class: line.dash ? "cd-swatch cd-dashed" : "cd-swatch", vars: { "--swatch": `var(${line.color})` } }),
        h("span", { class: "cd-legend-label" }, line.label),
        h("span", { class: "cd-legend-value" }),
      );
    });
    this.legend.replaceChildren(...items, this.where);
    this.renderValues();
  }

  /** The values at the cursor, else at the end. */
  renderValues() {
    const u = this.plot;
    const x = u && u.cursor.left !== undefined && u.cursor.left !== null && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null;
    const shown = this.lines.filter((line) => !line.ghost);
    this.legend.querySelectorAll(".cd-legend-value").forEach((cell, i) => {
      const line = shown[i];
      if (line) cell.textContent = line.dash && x === null ? "" : number(x === null ? last(line.y) : nearest(line.x, line.y, x));
    });
    const near = u && x !== null ? place(u, this.marks, x) : null;
    const at = x === null ? "at the end" : this.axis === "wall" ? new Date(x * 1000).toLocaleTimeString("en", { hour12: false }) : `${labelOf(this.view, this.axis)} ${number(["step", "epoch"].includes(this.axis) ? Math.round(x) : x)}`;
    this.where.textContent = near ? `${at} · ${near}` : at;
  }

  /** @param {string} label */
  toggle(label) {
    if (!this.state.hidden?.delete(label)) this.state.hidden?.add(label);
    this.redraw();
  }

  toggleLog() {
    this.state.log = !this.state.log;
    if (this.state.zoom) this.state.zoom.y = null;
    this.logButton.setAttribute("aria-pressed", String(this.state.log));
    this.redraw();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.plot || event.target !== this.canvas || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "l") this.toggleLog();
    else if (!keyed(this, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * @param {number | null} active the finding whose evidence stands out
   * @param {boolean} [reveal] bring its mark into view
   */
  highlight(active, reveal = false) {
    this.active = active;
    const zoom = this.state.zoom;
    const own = this.marks.filter((mark) => mark.finding === active && mark.kind === "onset");
    this.element.lastElementChild?.replaceWith(markKey(this.chart.marks, active));
    if (reveal && zoom && (zoom.y || own.some((mark) => mark.x < zoom.x[0] || mark.x > zoom.x[1]))) this.reset();
    else if (!zoom && this.plot) this.show(null);
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
    if (series.length !== this.plot.series.length) return this.redraw();
    this.lines = lines;
    this.plot.setData(/** @type {any} */ (data), !this.state.zoom);
    if (this.state.zoom) this.plot.redraw();
    this.renderLegend();
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
