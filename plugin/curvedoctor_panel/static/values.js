/** Values of curves as text: at ticks, at the end, at the cursor, and of a whole chart for those who can't see it. */

import { number } from "./format.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").ChartData} ChartData */

/**
 * Labels with as many digits as it takes to tell neighbours apart.
 * @param {(number | null)[]} splits
 */
export function ticks(splits) {
  for (let digits = 3; ; digits++) {
    const labels = splits.map((v) => (v === null ? "" : number(v, digits)));
    const shown = labels.filter((label) => label !== "");
    if (digits >= 9 || new Set(shown).size === shown.length) return labels;
  }
}

/**
 * Places of values without a neighbour, which no line would show.
 * @param {ArrayLike<number | null | undefined>} ys undefined: nothing was logged there
 */
export function alone(ys) {
  const logged = Array.from(ys, (y, i) => (y === undefined ? -1 : i)).filter((i) => i >= 0);
  const empty = (/** @type {number | undefined} */ i) => i === undefined || ys[i] === null;
  return logged.filter((i, at) => !empty(i) && empty(logged[at - 1]) && empty(logged[at + 1]));
}

/**
 * The last value, in words where it is none.
 * @param {(number | null)[]} ys
 */
export function last(ys) {
  return ys.length && ys[ys.length - 1] === null ? "not finite" : number(ys[ys.length - 1]);
}

/**
 * @param {number[]} xs ascending
 * @param {(number | null)[]} ys
 * @param {number} x
 */
export function nearest(xs, ys, x) {
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
    return `${curve.label} from ${number(first)} to ${last(curve.y)}`;
  });
  const marks = chart.marks.filter((mark) => mark.label && mark.kind !== "band").map((mark) => mark.label);
  return `${chart.title} over ${chart.axis}: ${[...curves, ...marks].join("; ")}.`;
}
