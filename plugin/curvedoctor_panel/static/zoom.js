/** Zooming a chart: by dragging, by wheel, by keys. */

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./vendor/uPlot.esm.js")} uPlot */

/**
 * What was dragged over fills the chart; a flat stroke zooms across only.
 * @param {Chart} chart
 * @param {uPlot} u
 */
export function dragged(chart, u) {
  const { left, top, width, height } = u.select;
  if (width < 4 && height < 4) return;
  const full = height >= u.over.clientHeight - 2;
  /** @type {[number, number]} */
  const x = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
  chart.show({ x, y: full ? null : [u.posToVal(top + height, "y"), u.posToVal(top, "y")] });
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/**
 * With Alt, for without it the page is scrolled: at the cursor, in both directions; with Shift upwards only.
 * @param {Chart} chart
 * @param {WheelEvent} event
 */
export function wheeled(chart, event) {
  const u = chart.plot;
  if (!u || !(event.altKey || event.ctrlKey)) return;
  event.preventDefault();
  const factor = (event.deltaY || event.deltaX) < 0 ? 0.8 : 1.25;
  const box = u.over.getBoundingClientRect();
  const x = event.shiftKey ? ends(u, "x") : around(u, "x", event.clientX - box.left, factor);
  const y = around(u, "y", event.clientY - box.top, factor);
  chart.show(within(u, x) ? { x: clamp(u, x), y } : null);
}

/**
 * @param {Chart} chart
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key means something here
 */
export function keyed(chart, event) {
  const u = chart.plot;
  if (!u) return false;
  if (event.key === "0") {
    chart.reset();
    return true;
  }
  const [min, max] = ends(u, "x");
  const width = max - min;
  /** @type {Record<string, [number, number]>} */
  const across = { ArrowLeft: [min - width / 8, max - width / 8], ArrowRight: [min + width / 8, max + width / 8], "+": [min + width / 5, max - width / 5], "=": [min + width / 5, max - width / 5], "-": [min - width / 3, max + width / 3] };
  const [low, high] = ends(u, "y");
  const height = high - low;
  /** @type {Record<string, [number, number]>} */
  const up = { ArrowUp: [low + height / 8, high + height / 8], ArrowDown: [low - height / 8, high - height / 8], "*": [low + height / 5, high - height / 5], _: [low - height / 3, high + height / 3] };
  if (across[event.key]) chart.show({ x: clamp(u, across[event.key]), y: chart.state.zoom?.y ?? null });
  else if (up[event.key]) chart.show({ x: [min, max], y: up[event.key] });
  else return false;
  return true;
}

/**
 * @param {uPlot} u
 * @param {string} scale
 * @returns {[number, number]}
 */
const ends = (u, scale) => [u.scales[scale].min ?? 0, u.scales[scale].max ?? 1];

/**
 * @param {uPlot} u
 * @param {string} scale
 * @param {number} pixel that stays where it is
 * @param {number} factor
 * @returns {[number, number]}
 */
function around(u, scale, pixel, factor) {
  const length = scale === "x" ? u.over.clientWidth : u.over.clientHeight;
  const at = (/** @type {number} */ p) => u.posToVal(p, scale);
  const edges = [at(pixel - pixel * factor), at(pixel + (length - pixel) * factor)];
  return [Math.min(...edges), Math.max(...edges)];
}

/**
 * @param {uPlot} u
 * @param {[number, number]} x
 */
const within = (u, x) => x[0] > u.data[0][0] || x[1] < u.data[0][u.data[0].length - 1];

/**
 * @param {uPlot} u
 * @param {[number, number]} x
 * @returns {[number, number]} nothing is beyond the first and the last point
 */
const clamp = (u, x) => [Math.max(x[0], u.data[0][0]), Math.min(x[1], u.data[0][u.data[0].length - 1])];
