/** The curves of a chart as lines: placed on its axis, smoothed, with what is extrapolated; and the range they need. */

import { mover, placed } from "./axes.js";
import { moved } from "./marks.js";
import { fitted, smoothed, widened } from "./smooth.js";
import { color, curveColor } from "./theme.js";
import { alone } from "./values.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").ChartData} ChartData */
/** @typedef {import("./types.js").Mark} Mark */
/** @typedef {import("./vendor/uPlot.esm.js")} uPlot */
/** @typedef {{label: string, color: string, dash: boolean, ghost: boolean, faint: boolean, curve: number, x: number[], y: (number | null)[]}} Line */
/** @typedef {[number, number]} Range */

/** Values beyond this are drawn as gaps: axes can't be divided there. */
const HUGE = 1e30;
/** How much of its height a finding's curve gives to others in the same chart. */
const BESIDE = 1.7;
/** Points from which a curve with a noise band steps back behind its running median. */
const DENSE = 300;

/**
 * Curves, as logged and smoothed, and extrapolations; and the marks, moved to the same axis.
 * @param {RunView} view
 * @param {ChartData} chart
 * @param {{axis: string, log: boolean, smoothing: number}} how
 */
export function linesOf(view, chart, { axis, log, smoothing }) {
  const usable = (/** @type {number | null} */ y) => (y !== null && Math.abs(y) < HUGE && (!log || y > 1 / HUGE) ? y : null);
  const banded = new Set(chart.marks.filter((mark) => mark.kind === "band").map((mark) => mark.curve));
  /** @type {Line[]} */
  const lines = [];
  chart.curves.forEach((index, curve) => {
    const { label, y, ...rest } = view.curves[index];
    const base = { label, color: curveColor(rest, curve), curve, dash: false, x: placed(view, view.curves[index], axis) };
    if (smoothing) lines.push({ ...base, ghost: true, faint: true, y: y.map(usable) });
    lines.push({ ...base, ghost: false, faint: !smoothing && banded.has(curve) && base.x.length > DENSE, y: smoothed(y.map(usable), smoothing) });
  });
  const to = mover(view, view.curves[chart.curves[0]], axis);
  const marks = chart.marks.map((mark) => moved(mark, to));
  for (const mark of marks) {
    if (mark.kind !== "extrapolation") continue;
    const of = lines.find((line) => line.curve === (mark.curve ?? 0)) ?? lines[0];
    lines.push({ label: mark.label ?? "extrapolated", color: of.color, curve: of.curve, dash: true, ghost: false, faint: false, x: mark.x, y: mark.y.map(usable) });
  }
  return { lines, marks };
}

/**
 * A line as uPlot takes it.
 * @param {Line} line
 * @param {boolean} show
 * @returns {any}
 */
export function seriesOf(line, show) {
  return {
    label: line.label,
    show,
    stroke: () => color(line.color),
    width: line.dash ? 1.5 : line.x.length > 400 ? 1 : 1.75,
    alpha: line.ghost ? 0.28 : line.faint ? 0.4 : 1,
    dash: line.dash ? [5, 5] : undefined,
    points: line.dash || line.ghost ? { show: false } : { size: 5, filter: (/** @type {uPlot} */ u, /** @type {number} */ at, /** @type {boolean} */ shown) => (shown ? null : alone(u.data[at])) },
  };
}

/**
 * The vertical range: of the curves that the chosen finding rests on, as far as they are shown.
 * @param {Line[]} shown
 * @param {Range} across
 * @param {{log: boolean, zoomed: boolean, named: string[], marks: Mark[]}} how names of the finding's curves, and its marks
 * @returns {Range}
 */
export function vertical(shown, across, { log, zoomed, named, marks }) {
  const own = shown.filter((line) => !line.dash && named.includes(line.label));
  const start = across[0] + 0.05 * (across[1] - across[0]);
  const early = marks.some((mark) => (mark.kind === "onset" ? mark.x <= start : mark.kind === "span" && (mark.from ?? 0) <= start));
  const fit = (/** @type {Line[]} */ lines) => {
    const range = fitted(lines, across, log, early || zoomed);
    return log || zoomed ? range : widened(range);
  };
  if (!own.length || own.length === shown.length) return fit(shown);
  const [near, all] = [fit(own), fit(shown)];
  const size = (/** @type {Range} */ [low, high]) => (log ? Math.log(high / low) : high - low);
  // curves beside it are cut off only where they would flatten it
  return size(all) <= BESIDE * size(near) ? all : near;
}
