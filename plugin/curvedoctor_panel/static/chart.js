/** One chart: curves by uPlot, the evidence drawn in by `marks.js`, and what a person can do with it. */

import uPlot from "./vendor/uPlot.esm.js";
import { axesOf, labelOf } from "./axes.js";
import { h } from "./dom.js";
import { named, ROW, rowsOf } from "./labels.js";
import { Legend, whereOf } from "./legend.js";
import { linesOf, seriesOf, vertical } from "./lines.js";
import { markKey, paintBehind, paintBefore, place } from "./marks.js";
import { color, curveColor } from "./theme.js";
import { describe, ticks } from "./values.js";
import { dragged, keyed, wheeled } from "./zoom.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").ChartData} ChartData */
/** @typedef {{x: [number, number], y: [number, number] | null}} Zoom */
/** @typedef {{log?: boolean, zoom?: Zoom | null, hidden?: Set<string>}} ChartState what survives a rebuild */
/** @typedef {{axis: string, smoothing: number, zoomed?: (chart: Chart, zoom: Zoom | null) => void}} Prefs what all charts of a surface share */
/** @typedef {import("./lines.js").Line} Line */

const HEIGHT = 280;
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
    this.legend = new Legend((label) => this.toggle(label));
    this.logButton = h("button", { type: "button", class: "cd-small", "aria-pressed": String(this.state.log), onclick: () => this.toggleLog() }, "log");
    this.resetButton = h("button", { type: "button", class: "cd-small", hidden: !this.state.zoom, onclick: () => this.reset() }, "reset zoom");
    this.tools = h("span", { class: "cd-tools" }, this.resetButton, this.logButton);
    this.element = h("figure", { class: "cd-chart" }, h("figcaption", {}, h("span", { class: "cd-chart-title" }, chart.title), this.tools), this.canvas, this.legend.element, markKey(chart.marks, this.active));
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
    const { data, series } = this.table();
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

  /** What uPlot draws: the curves and extrapolations on one x axis. */
  table() {
    const { lines, marks } = linesOf(this.view, this.chart, { axis: this.axis, log: Boolean(this.state.log), smoothing: this.prefs.smoothing });
    this.lines = lines;
    this.marks = marks;
    const data = lines.length ? uPlot.join(/** @type {any} */ (lines.map((line) => [line.x, line.y]))) : [[]];
    return { data: /** @type {any[][]} */ (data), series: [{}, ...lines.map((line) => seriesOf(line, !this.state.hidden?.has(line.label)))] };
  }

  /** Room above the plot, for as many rows of labels as there are: CSS pixels. */
  above() {
    const shown = named(this.marks, this.active);
    const ends = this.lines.flatMap((line) => [line.x[0], line.x[line.x.length - 1]]);
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    const width = Math.max(this.canvas.clientWidth - 70, 1);
    const at = (/** @type {import("./types.js").Mark} */ mark) => ((mark.x - first) / (last - first || 1)) * width;
    return 14 + ROW * Math.max(0, ...rowsOf(shown, at, 0, width, 1).map(({ row }) => row + 1));
  }

  /**
   * The vertical range of what is shown.
   * @param {uPlot} u
   */
  range(u) {
    const { min, max } = u.scales.x;
    const xs = u.data[0];
    const shown = this.lines.filter((line) => !line.ghost && !this.state.hidden?.has(line.label));
    const finding = this.active === null ? undefined : this.view.findings[this.active];
    const marks = this.marks.filter((mark) => mark.finding === this.active);
    return vertical(shown, [min ?? xs[0], max ?? xs[xs.length - 1]], { log: Boolean(this.state.log), zoomed: Boolean(this.state.zoom), named: finding?.curves ?? [], marks });
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
      padding: [() => this.above(), 18, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: true, uni: 24, setScale: false }, points: { size: 7 }, y: false, sync: { key: `cd-${this.axis}`, setSeries: false } },
      scales: { x: { time: wall }, y: { distr: this.state.log ? 3 : 1, range: (u) => this.range(u) } },
      series,
      axes: [
        { ...axis, ...(wall ? {} : { values, incrs }), label: labelOf(this.view, this.axis), labelSize: 18, labelFont: font, size: wall ? 40 : 26 },
        { ...axis, values, gap: 8, size: (_, shown) => 17 + 6.6 * Math.max(3, ...(shown ?? []).map((t) => String(t).length)) },
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

  renderLegend() {
    this.legend.draw(this.lines, this.state.hidden ?? new Set());
    this.renderValues();
  }

  /** The values at the cursor, else at the end. */
  renderValues() {
    const u = this.plot;
    const x = u && u.cursor.left !== undefined && u.cursor.left !== null && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null;
    this.legend.values(this.lines, x, whereOf(this.view, this.axis, x), u && x !== null ? place(u, this.marks, x) : "");
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
    this.plot?.redraw(false, true);
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
    const { data, series } = this.table();
    if (series.length !== this.plot.series.length) return this.redraw();
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
