/** What a chart's horizontal axis counts: steps or epochs as logged, or the time since the start, or the clock. */

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").CurveData} CurveData */
/** @typedef {import("./types.js").ChartData} ChartData */

/**
 * The axes that a chart can have, its own first.
 * @param {RunView} view
 * @param {ChartData} chart
 * @returns {string[]}
 */
export function axesOf(view, chart) {
  const own = chart.axis;
  const out = [own];
  if (own === "step" && view.epochs) out.push("epoch");
  if (view.started !== null && chart.curves.every((index) => view.curves[index].t?.length)) out.push("relative", "wall");
  return out;
}

/**
 * Seconds per unit in which relative times are read, and its name.
 * @param {RunView} view
 * @returns {[number, string]}
 */
export function unitOf(view) {
  const longest = Math.max(0, ...view.curves.map((curve) => curve.t?.[curve.t.length - 1] ?? 0));
  return longest > 7200 ? [3600, "h"] : longest > 240 ? [60, "min"] : [1, "s"];
}

/**
 * The axis in words.
 * @param {RunView} view
 * @param {string} axis
 */
export const labelOf = (view, axis) => (axis === "relative" ? `relative (${unitOf(view)[1]})` : axis === "wall" ? "wall time" : axis);

/**
 * Where a curve's points stand on an axis; ascending, as charts need it.
 * @param {RunView} view
 * @param {CurveData} curve
 * @param {string} axis
 */
export function placed(view, curve, axis) {
  if (axis === "relative") return ascending((curve.t ?? []).map((t) => t / unitOf(view)[0]));
  if (axis === "wall") return ascending((curve.t ?? []).map((t) => (view.started ?? 0) + t));
  if (axis === "epoch" && curve.axis === "step" && view.epochs) {
    const { x, y } = view.epochs;
    return ascending(curve.x.map((step) => between(x, y, step)));
  }
  return curve.x;
}

/**
 * A function from logged steps to places on an axis, for marks.
 * @param {RunView} view
 * @param {CurveData | undefined} curve that the marks belong to
 * @param {string} axis
 */
export function mover(view, curve, axis) {
  if (!curve || axis === curve.axis) return (/** @type {number} */ x) => x;
  const to = placed(view, curve, axis);
  return to === curve.x ? (/** @type {number} */ x) => x : (/** @type {number} */ x) => between(curve.x, to, x);
}

/**
 * Linear interpolation, flat beyond the first point and straight on after the last.
 * @param {number[]} xs ascending
 * @param {number[]} ys
 * @param {number} x
 */
export function between(xs, ys, x) {
  const n = xs.length;
  if (n < 2 || x <= xs[0]) return ys[0] ?? x;
  let high = xs.findIndex((value) => value >= x);
  if (high < 0) high = n - 1;
  const share = (x - xs[high - 1]) / (xs[high] - xs[high - 1]);
  return ys[high - 1] + share * (ys[high] - ys[high - 1]);
}

/**
 * Points logged at one moment stand a hair apart.
 * @param {number[]} values
 */
function ascending(values) {
  const hair = Math.max(1e-9, ((values[values.length - 1] ?? 0) - (values[0] ?? 0)) * 1e-9);
  let before = -Infinity;
  return values.map((value) => (before = value > before ? value : before + hair));
}
