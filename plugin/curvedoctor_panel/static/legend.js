/** Names, colours and values of a chart's curves; a click hides or shows one. */

import { labelOf } from "./axes.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { last, nearest } from "./values.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./lines.js").Line} Line */

/**
 * A place on an axis, in words.
 * @param {RunView} view
 * @param {string} axis
 * @param {number | null} x
 */
export function whereOf(view, axis, x) {
  if (x === null) return "at the end";
  if (axis === "wall") return new Date(x * 1000).toLocaleTimeString("en", { hour12: false });
  return `${labelOf(view, axis)} ${number(["step", "epoch"].includes(axis) ? Math.round(x) : x)}`;
}

export class Legend {
  /** @param {(label: string) => void} toggle */
  constructor(toggle) {
    this.toggle = toggle;
    this.element = h("div", { class: "cd-legend" });
    this.where = h("span", { class: "cd-legend-where" });
  }

  /**
   * @param {Line[]} lines
   * @param {Set<string>} hidden
   */
  draw(lines, hidden) {
    const items = lines.filter((line) => !line.ghost).map((line) => {
      const off = hidden.has(line.label);
      return h(
        "button",
        { type: "button", class: "cd-legend-item", "aria-pressed": String(!off), title: `${off ? "Show" : "Hide"} ${line.label}`, onclick: () => this.toggle(line.label) },
        h("span", { class: line.dash ? "cd-swatch cd-dashed" : "cd-swatch", vars: { "--swatch": `var(${line.color})` } }),
        h("span", { class: "cd-legend-label" }, line.label),
        h("span", { class: "cd-legend-value" }),
      );
    });
    this.element.replaceChildren(...items, this.where);
  }

  /**
   * @param {Line[]} lines
   * @param {number | null} x null: at the end
   * @param {string} at in words
   * @param {string} near the title of a mark there
   */
  values(lines, x, at, near) {
    const shown = lines.filter((line) => !line.ghost);
    this.element.querySelectorAll(".cd-legend-value").forEach((cell, i) => {
      const line = shown[i];
      if (line) cell.textContent = x !== null ? number(nearest(line.x, line.y, x)) : line.dash ? "" : last(line.y);
    });
    this.where.textContent = near ? `${at} · ${near}` : at;
  }
}
