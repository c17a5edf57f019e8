/** Hyperparameter against outcome for runs that are siblings. */

import { h, svg } from "./dom.js";
import { capital, kindOf, number, plural, STATES, title } from "./format.js";

/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").Family} Family */
/** @typedef {import("./types.js").SiblingParam} SiblingParam */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {{row: Row, x: number, y: number, value: string | number | boolean}} Dot */

const HEIGHT = 340;
const LEFT = 64;
const RIGHT = 18;
const TOP = 16;
const BOTTOM = 46;

export class Scatter {
  /** @param {(key: string, condition: string) => void} open */
  constructor(open) {
    this.open = open;
    this.family = "";
    this.param = "";
    /** @type {Overview | null} */
    this.overview = null;
    /** @type {Set<string>} */
    this.shown = new Set();
    this.body = h("div");
    this.width = 0;
    new ResizeObserver(() => this.resize()).observe(this.body);
    this.element = h("section", { class: "cd-card" }, h("h2", {}, "Hyperparameter and outcome"), this.body);
  }

  /**
   * @param {Overview} overview
   * @param {Row[]} rows that pass the filters
   */
  update(overview, rows) {
    this.overview = overview;
    this.shown = new Set(rows.map((row) => row.key));
    this.render();
  }

  resize() {
    const width = Math.min(860, Math.max(340, this.body.clientWidth));
    if (width === this.width || !this.overview) return;
    this.width = width;
    this.render();
  }

  render() {
    const families = this.overview?.siblings ?? [];
    if (!families.length) {
      this.body.replaceChildren(h("p", { class: "cd-count" }, "No runs of one group differ in a logged hyperparameter, so there is nothing to compare."));
      return;
    }
    const family = families.find((item) => name(item) === this.family) ?? families[0];
    const param = family.params.find((item) => item.name === this.param) ?? family.params[0];
    const dots = this.dots(family, param);
    const choose = (/** @type {string} */ label, /** @type {string[]} */ values, /** @type {string} */ now, /** @type {(value: string) => void} */ set) =>
      h("label", { class: "cd-pick" }, `${label} `, h("select", { onchange: (/** @type {Event} */ e) => { set(/** @type {HTMLSelectElement} */ (e.target).value); this.render(); } }, values.map((value) => h("option", { value, selected: value === now }, value))));
    this.body.replaceChildren(
      h("p", { class: "cd-picks" }, choose("Runs of", families.map(name), name(family), (value) => (this.family = value)), choose("Hyperparameter", family.params.map((item) => item.name), param.name, (value) => (this.param = value))),
      dots.length ? this.picture(family, param, dots) : h("p", { class: "cd-count" }, "No run that passes the filters has both numbers."),
      h("p", { class: "cd-scatter-key" }, STATES.filter((state) => dots.some((dot) => dot.row.state === state)).map((state) => h("span", {}, svg("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" }, glyph(state, false)), capital(state)))),
      h("details", {}, h("summary", {}, "As a table"), table(param, family, dots)),
    );
  }

  /**
   * @param {Family} family
   * @param {SiblingParam} param
   * @returns {Dot[]} best first
   */
  dots(family, param) {
    const rows = new Map((this.overview?.rows ?? []).map((row) => [row.key, row]));
    /** @type {Dot[]} */
    const out = [];
    for (const key of family.runs) {
      const row = rows.get(key);
      const value = row?.params[param.name];
      const y = row?.outcome?.last ?? row?.outcome?.best;
      if (!row || !this.shown.has(key) || value === null || value === undefined || y === null || y === undefined) continue;
      const x = param.numeric ? Number(value) : param.values.indexOf(String(value) === "true" ? "True" : String(value) === "false" ? "False" : String(value));
      out.push({ row, x, y, value });
    }
    return out.sort((a, b) => (family.better === "lower" ? a.y - b.y : b.y - a.y));
  }

  /**
   * @param {Family} family
   * @param {SiblingParam} param
   * @param {Dot[]} dots
   */
  picture(family, param, dots) {
    const WIDTH = this.width || 720;
    const xs = param.numeric ? dots.map((dot) => dot.x) : param.values.map((_, i) => i);
    const logX = param.numeric && param.log;
    const ys = dots.map((dot) => dot.y);
    const logY = Math.min(...ys) > 0 && Math.max(...ys) / Math.min(...ys) > 30;
    const x = scale(xs, LEFT, WIDTH - RIGHT, logX, param.numeric ? 0.06 : 0.5 / Math.max(1, param.values.length - 1));
    const y = scale(ys, HEIGHT - BOTTOM, TOP, logY, 0.08);
    const ticks = param.numeric ? x.ticks.map((v) => ({ at: x.to(v), text: number(v, 3) })) : param.values.map((text, i) => ({ at: x.to(i), text: text.slice(0, 14) }));
    const best = dots[0];
    return h(
      "div",
      { class: "cd-scroll" },
      svg(
        "svg",
        { class: "cd-scatter", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": `${family.outcome} against ${param.name} for ${plural(dots.length, "run")}; the best is ${best.row.run} with ${number(best.y)} at ${String(best.value)}.` },
        y.ticks.map((v) => svg("g", {}, svg("line", { class: "cd-gridline", x1: LEFT, x2: WIDTH - RIGHT, y1: y.to(v), y2: y.to(v) }), svg("text", { x: LEFT - 8, y: y.to(v) + 4, "text-anchor": "end" }, number(v, 3)))),
        ticks.map((tick) => svg("text", { x: tick.at, y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, tick.text)),
        svg("text", { class: "cd-axis", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, `${param.name}${logX ? " (log)" : ""}`),
        svg("text", { class: "cd-axis", transform: `translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, `end of ${family.outcome}`.slice(0, 40)),
        [...dots].reverse().map((dot) => {
          const mark = glyph(dot.row.state, dot === best);
          mark.setAttribute("transform", `translate(${x.to(dot.x).toFixed(1)} ${y.to(dot.y).toFixed(1)})`);
          mark.append(svg("title", {}, `${dot.row.run}\n${param.name} = ${String(dot.value)}\n${family.outcome} = ${number(dot.y)}${dot.row.conditions[0] ? `\n${title(dot.row.conditions[0].id)}` : ""}`));
          mark.addEventListener("click", () => this.open(dot.row.key, ""));
          return mark;
        }),
      ),
    );
  }
}

/** @param {Family} family */
const name = (family) => `${family.group || "(top)"} · ${family.outcome}`;

/**
 * @param {SiblingParam} param
 * @param {Family} family
 * @param {Dot[]} dots
 */
function table(param, family, dots) {
  return h(
    "table",
    { class: "cd-table" },
    h("thead", {}, h("tr", {}, ["Run", param.name, family.outcome, "State"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, dots.slice(0, 200).map((dot) => h("tr", {}, [dot.row.run, typeof dot.value === "number" ? number(dot.value) : String(dot.value), number(dot.y), capital(dot.row.state)].map((text) => h("td", {}, text))))),
  );
}

/** A shape for each state. @type {Record<string, string>} */
const SHAPES = {
  failed: "M0-6L6 5H-6z",
  "needs attention": "M0-6L6 0L0 6L-6 0z",
  "can't tell": "M-5-5H5V5H-5z",
  "could improve": "M0-6L5 0H2V6H-2V0H-5z",
  fine: "M-6 0A6 6 0 106 0A6 6 0 10-6 0z",
};

/**
 * @param {string} state
 * @param {boolean} best
 */
function glyph(state, best) {
  return svg("g", { class: `cd-dot cd-dot-${kindOf(state)}` }, best ? svg("circle", { class: "cd-dot-best", r: 11 }) : null, svg("path", { d: SHAPES[state] ?? SHAPES.fine }));
}

/**
 * @param {number[]} values
 * @param {number} from pixel
 * @param {number} to pixel
 * @param {boolean} log
 * @param {number} margin as share of the range
 */
function scale(values, from, to, log, margin) {
  const f = log ? Math.log10 : (/** @type {number} */ v) => v;
  const low = f(Math.min(...values));
  const high = f(Math.max(...values));
  const width = high - low || Math.abs(low) || 1;
  const start = low - margin * width;
  const end = (high === low ? low + width : high) + margin * width;
  const ticks = [];
  if (log) {
    const every = Math.max(1, Math.ceil((end - start) / 6));
    for (let p = Math.ceil(start); p <= end; p += every) ticks.push(10 ** p);
  }
  if (ticks.length < 2) {
    ticks.length = 0;
    const [a, b] = log ? [10 ** start, 10 ** end] : [start, end];
    const raw = (b - a) / 5;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = ([1, 2, 5, 10].find((m) => m * unit >= raw) ?? 10) * unit;
    for (let v = Math.ceil(a / step) * step; v <= b && ticks.length < 12; v += step) if (!log || v > 0) ticks.push(Math.abs(v) < step / 1e6 ? 0 : v);
  }
  return { to: (/** @type {number} */ v) => from + ((f(v) - start) / (end - start)) * (to - from), ticks };
}
