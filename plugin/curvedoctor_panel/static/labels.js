/** The labels of onsets, in rows above the plot. */

import { color } from "./theme.js";

/** @typedef {import("./types.js").Mark} Mark */
/** @typedef {import("./vendor/uPlot.esm.js")} uPlot */

/** Height of a row of labels above the plot, CSS pixels, and how many rows there are at most. */
export const ROW = 19;
const ROWS = 3;

/** @type {CanvasRenderingContext2D | null} measures texts before there is a plot */
let measuring = null;

/**
 * How much of a mark is seen: those of other findings than the chosen one step back.
 * @param {Mark} mark
 * @param {number | null} active
 */
export const strength = (mark, active) => (active === null || mark.finding === active ? 1 : 0.25);

/**
 * The onsets whose label is shown.
 * @param {Mark[]} marks
 * @param {number | null} active
 */
export const named = (marks, active) => marks.filter((mark) => mark.kind === "onset" && mark.label && strength(mark, active) === 1);

/**
 * Where the labels of onsets stand, above the plot: none covers another, a curve, or a number of an axis.
 * @param {Mark[]} marks
 * @param {(mark: Mark) => number} at
 * @param {number} from left edge of the plot
 * @param {number} to right edge
 * @param {number} scale canvas pixels in a CSS pixel
 */
export function rowsOf(marks, at, from, to, scale) {
  measuring ??= document.createElement("canvas").getContext("2d");
  if (measuring) measuring.font = font(scale);
  /** @type {number[]} right ends of labels, row by row */
  const taken = [];
  return marks.map((mark) => {
    const width = measuring?.measureText(mark.label ?? "").width ?? 0;
    const left = Math.max(from, Math.min(at(mark) - 2 * scale, to - width));
    let row = 0;
    while (taken[row] !== undefined && left < taken[row] && row < ROWS - 1) row++;
    taken[row] = left + width + 8 * scale;
    return { mark, left, row };
  });
}

/** @param {number} scale */
const font = (scale) => `600 ${11 * scale}px system-ui, sans-serif`;

/**
 * One label, where `rowsOf` has placed it.
 * @param {uPlot} u
 * @param {{mark: Mark, left: number, row: number}} placed
 * @param {number} scale
 */
export function label(u, { mark, left, row }, scale) {
  const context = u.ctx;
  context.save();
  context.font = font(scale);
  context.fillStyle = color(`--cd-${mark.severity}`);
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(mark.label ?? "", left, Math.max(u.bbox.top - (row + 0.55) * ROW * scale, 6 * scale));
  context.restore();
}
