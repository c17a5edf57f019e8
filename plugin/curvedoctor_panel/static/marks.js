/** The evidence in a chart: onset line, shaded span, best point, lr decays, noise band, extrapolation. */

import { h } from "./dom.js";
import { label, named, rowsOf, strength } from "./labels.js";
import { color } from "./theme.js";

/** @typedef {import("./types.js").Mark} Mark */
/** @typedef {import("./vendor/uPlot.esm.js")} uPlot */
/** @typedef {string[]} Colors of the curves */

/** @type {Record<string, string>} */
const NAMES = {
  onset: "onset",
  span: "affected span",
  best: "best",
  decay: "lr decay",
  band: "noise ± 2 σ",
  nonfinite: "NaN or infinite",
  extrapolation: "extrapolated",
};

/**
 * What the marks of a chart mean.
 * @param {Mark[]} marks
 * @param {number | null} active
 */
export function markKey(marks, active) {
  const shown = marks.filter((mark) => mark.finding === undefined || active === null || mark.finding === active);
  const kinds = [...new Set(shown.map((mark) => mark.kind))];
  return h(
    "div",
    { class: "cd-key" },
    kinds.map((kind) => h("span", { class: "cd-key-item" }, h("span", { class: `cd-glyph cd-glyph-${kind}`, "aria-hidden": "true" }), NAMES[kind])),
  );
}

/**
 * A mark on another axis.
 * @param {Mark} mark
 * @param {(x: number) => number} to
 * @returns {Mark}
 */
export function moved(mark, to) {
  const list = (/** @type {any} */ x) => (Array.isArray(x) ? x.map(to) : typeof x === "number" ? to(x) : x);
  return { ...mark, x: list(mark.x), from: list(mark.from), to: list(mark.to), end: list(mark.end), ranges: mark.ranges?.map(([a, b]) => [to(a), to(b)]) };
}

/** Pixels from a mark at which the cursor is told its title. */
const NEAR = 6;

/**
 * The title of the mark at the cursor.
 * @param {uPlot} u
 * @param {Mark[]} marks
 * @param {number} x
 */
export function place(u, marks, x) {
  const at = u.valToPos(x, "x");
  const near = marks.filter((mark) => mark.label && typeof mark.x === "number" && Math.abs(u.valToPos(mark.x, "x") - at) <= NEAR);
  return near.map((mark) => mark.label).join("; ");
}

/**
 * Spans and noise bands, behind the curves.
 * @param {uPlot} u
 * @param {Mark[]} marks
 * @param {number | null} active
 * @param {Colors} colors
 */
export function paintBehind(u, marks, active, colors) {
  clipped(u, (context) => {
    for (const mark of marks) {
      if (mark.kind === "span") {
        const from = u.valToPos(mark.from ?? 0, "x", true);
        const to = u.valToPos(mark.to ?? 0, "x", true);
        context.fillStyle = color(`--cd-${mark.severity}`);
        context.globalAlpha = 0.1 * strength(mark, active);
        context.fillRect(from, u.bbox.top, to - from, u.bbox.height);
      } else if (mark.kind === "band") {
        band(u, context, mark, color(colors[mark.curve ?? 0] ?? "--cd-muted"));
      }
    }
  });
}

/**
 * @param {uPlot} u
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {string} fill
 */
function band(u, context, mark, fill) {
  const { x = [], low = [], high = [] } = mark;
  if (!x.length) return;
  const floor = u.scales.y.min ?? 0;
  const at = (/** @type {number} */ value) => u.valToPos(Math.max(value, floor), "y", true);
  context.globalAlpha = 0.16;
  context.fillStyle = fill;
  context.beginPath();
  x.forEach((/** @type {number} */ step, /** @type {number} */ i) => context.lineTo(u.valToPos(step, "x", true), at(high[i])));
  for (let i = x.length - 1; i >= 0; i--) context.lineTo(u.valToPos(x[i], "x", true), at(low[i]));
  context.closePath();
  context.fill();
}

/**
 * Onset lines, lr decays and the best point, before the curves.
 * @param {uPlot} u
 * @param {Mark[]} marks
 * @param {number | null} active
 * @param {Colors} colors
 */
export function paintBefore(u, marks, active, colors) {
  const scale = devicePixelRatio;
  const ink = (/** @type {Mark} */ mark) => color(colors[mark.curve ?? 0] ?? "--cd-text");
  clipped(u, (context) => {
    for (const mark of marks) {
      if (mark.kind === "decay") tick(u, context, mark, scale);
      else if (mark.kind === "nonfinite") gaps(u, context, mark, scale);
      else if (mark.kind === "band") median(u, context, mark, ink(mark), scale);
      else if (mark.kind === "onset") onset(u, context, mark, active, scale);
    }
  });
  // not clipped: the best point often is the last one, on the edge, and labels stand above
  for (const mark of marks) if (mark.kind === "best" && visible(u, mark)) best(u, u.ctx, mark, ink(mark), scale);
  const { left, width } = u.bbox;
  const at = (/** @type {Mark} */ mark) => Math.round(u.valToPos(mark.x, "x", true)) + 0.5;
  const shown = named(marks, active).filter((mark) => at(mark) >= left && at(mark) <= left + width);
  for (const placed of rowsOf(shown, at, left, left + width, scale)) label(u, placed, scale);
}

/**
 * A strip at the lower edge where a curve has no number: a gap alone is easily missed.
 * @param {uPlot} u
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {number} scale
 */
function gaps(u, context, mark, scale) {
  const height = 5 * scale;
  const bottom = u.bbox.top + u.bbox.height;
  context.globalAlpha = 0.9;
  context.fillStyle = color("--cd-error");
  for (const [from, to] of mark.ranges ?? []) {
    const left = u.valToPos(from, "x", true);
    context.fillRect(left - scale, bottom - height, Math.max(2 * scale, u.valToPos(to, "x", true) - left + 2 * scale), height);
  }
}

/**
 * @param {uPlot} u
 * @param {Mark} mark
 */
function visible(u, mark) {
  const { x, y } = u.scales;
  return mark.x >= (x.min ?? 0) && mark.x <= (x.max ?? 0) && mark.y >= (y.min ?? 0) && mark.y <= (y.max ?? 0);
}

/**
 * The middle of a noise band, where the curve itself is too noisy to be read.
 * @param {uPlot} u
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {string} stroke
 * @param {number} scale
 */
function median(u, context, mark, stroke, scale) {
  const { x = [], low = [], high = [] } = mark;
  context.globalAlpha = 1;
  context.strokeStyle = stroke;
  context.lineWidth = 1.75 * scale;
  context.beginPath();
  x.forEach((/** @type {number} */ step, /** @type {number} */ i) => context.lineTo(u.valToPos(step, "x", true), u.valToPos((low[i] + high[i]) / 2, "y", true)));
  context.stroke();
}

/**
 * @param {uPlot} u
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {number} scale
 */
function tick(u, context, mark, scale) {
  const x = Math.round(u.valToPos(mark.x, "x", true)) + 0.5;
  context.globalAlpha = 0.8;
  context.strokeStyle = color("--cd-muted");
  context.lineWidth = scale;
  context.setLineDash([2 * scale, 4 * scale]);
  line(context, x, u.bbox.top, u.bbox.top + u.bbox.height);
  context.setLineDash([]);
  context.fillStyle = color("--cd-muted");
  const y = u.bbox.top + u.bbox.height;
  context.beginPath();
  context.moveTo(x - 4 * scale, y);
  context.lineTo(x + 4 * scale, y);
  context.lineTo(x, y - 6 * scale);
  context.fill();
}

/**
 * @param {uPlot} u
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {string} fill
 * @param {number} scale
 */
function best(u, context, mark, fill, scale) {
  context.save();
  context.setLineDash([]);
  const x = u.valToPos(mark.x, "x", true);
  const y = u.valToPos(mark.y, "y", true);
  context.globalAlpha = 1;
  context.fillStyle = fill;
  context.strokeStyle = color("--cd-surface");
  context.lineWidth = 2 * scale;
  context.beginPath();
  const r = 6 * scale;
  context.moveTo(x, y - r);
  context.lineTo(x + r, y);
  context.lineTo(x, y + r);
  context.lineTo(x - r, y);
  context.closePath();
  context.stroke();
  context.fill();
  context.restore();
}

/**
 * @param {uPlot} u
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {number | null} active
 * @param {number} scale
 */
function onset(u, context, mark, active, scale) {
  const x = Math.round(u.valToPos(mark.x, "x", true)) + 0.5;
  context.globalAlpha = strength(mark, active);
  context.strokeStyle = color(`--cd-${mark.severity}`);
  context.lineWidth = 1.5 * scale;
  line(context, x, u.bbox.top, u.bbox.top + u.bbox.height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} top
 * @param {number} bottom
 */
function line(context, x, top, bottom) {
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
}

/**
 * @param {uPlot} u
 * @param {(context: CanvasRenderingContext2D) => void} paint inside the plotting area only
 */
function clipped(u, paint) {
  const context = u.ctx;
  context.save();
  context.beginPath();
  context.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  context.clip();
  context.setLineDash([]);
  paint(context);
  context.restore();
}
