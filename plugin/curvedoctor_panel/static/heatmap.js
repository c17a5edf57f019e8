/** Conditions × runs: which problems the runs share. Rows in sight only, so a thousand runs are quick. */

import { h, named } from "./dom.js";
import { percent, plural, title, SEVERITY } from "./format.js";
import { shortener } from "./query.js";

/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").Row} Row */

const ROW = 26;
const SPARE = 10;

export class HeatMap {
  /** @param {(key: string, condition: string) => void} open */
  constructor(open) {
    this.open = open;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {string[]} */
    this.names = [];
    this.short = shortener([]);
    this.cursor = [0, 0];
    this.sheet = h("div", { class: "cd-heat-sheet", role: "presentation" });
    this.head = h("div", { class: "cd-heat-head", role: "row" });
    this.scroller = h("div", { class: "cd-heat", role: "grid", tabindex: 0, "aria-label": "Conditions by run", onscroll: () => this.paint(), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) }, this.head, this.sheet);
    this.note = h("p", { class: "cd-count" });
    this.element = h("section", { class: "cd-card" }, h("h2", {}, "Conditions by run"), this.note, this.scroller);
    new ResizeObserver(() => this.paint()).observe(this.scroller);
  }

  /**
   * @param {Overview} overview
   * @param {Row[]} rows that pass the filters
   */
  update(overview, rows) {
    this.names = overview.heaviest;
    this.short = shortener(overview.rows.map((row) => row.run));
    this.rows = rows.filter((row) => row.conditions.length);
    const clear = rows.length - this.rows.length;
    this.note.textContent = this.rows.length ? `${plural(this.rows.length, "run")} with findings${clear ? `; ${plural(clear, "run")} without, not shown` : ""}. The stronger the colour, the surer the finding.` : "No run here has a finding.";
    this.scroller.hidden = !this.rows.length;
    this.element.style.flexBasis = `${330 + 34 * this.names.length}px`;
    this.scroller.setAttribute("aria-rowcount", String(this.rows.length + 1));
    this.head.replaceChildren(h("span", { class: "cd-heat-name", role: "columnheader" }, "Run"), ...this.names.map((name) => h("span", { class: "cd-heat-title", role: "columnheader", title: title(name) }, h("span", {}, title(name)))));
    this.paint();
  }

  paint() {
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    this.sheet.style.height = `${this.rows.length * ROW}px`;
    const lines = [];
    for (let i = first; i < last; i++) lines.push(this.line(this.rows[i], i));
    this.sheet.replaceChildren(...lines);
    const here = this.sheet.querySelector(".cd-cursor");
    if (here) this.scroller.setAttribute("aria-activedescendant", here.id);
    else this.scroller.removeAttribute("aria-activedescendant");
  }

  /**
   * @param {Row} row
   * @param {number} index
   */
  line(row, index) {
    const seen = new Map(row.conditions.map((found) => [found.id, found]));
    return h(
      "div",
      { class: "cd-heat-row", role: "row", "aria-rowindex": index + 2, vars: { top: `${index * ROW}px` } },
      named("span", { class: "cd-heat-name", role: "rowheader", title: row.run, onclick: () => this.open(row.key, "") }, this.short(row.run)),
      this.names.map((name, column) => {
        const found = seen.get(name);
        const at = this.cursor[0] === index && this.cursor[1] === column;
        const label = found ? `${title(name)}, ${SEVERITY[found.severity].toLowerCase()}, ${percent(found.confidence)}` : `no ${title(name).toLowerCase()}`;
        return h(
          "span",
          {
            class: `cd-cell${found ? ` cd-fill-${found.severity}` : ""}${at ? " cd-cursor" : ""}`, id: at ? "cd-heat-cursor" : null, role: "gridcell",
            "aria-label": label, title: found ? `${row.run}: ${label}` : null, vars: { "--sure": found ? 0.25 + 0.75 * (found.confidence ?? 0.5) : 0 },
            onclick: found ? () => this.open(row.key, name) : null,
          },
        );
      }),
    );
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    let [row, column] = this.cursor;
    if (event.key === "ArrowDown") row++;
    else if (event.key === "ArrowUp") row--;
    else if (event.key === "ArrowRight") column++;
    else if (event.key === "ArrowLeft") column--;
    else if (event.key === "Enter" && this.rows[row]) this.open(this.rows[row].key, this.names[column] ?? "");
    else return;
    event.preventDefault();
    row = Math.max(0, Math.min(this.rows.length - 1, row));
    this.cursor = [row, Math.max(0, Math.min(this.names.length - 1, column))];
    const { scrollTop, clientHeight } = this.scroller;
    const head = this.head.offsetHeight;
    if (row * ROW < scrollTop) this.scroller.scrollTop = row * ROW;
    else if ((row + 1) * ROW + head > scrollTop + clientHeight) this.scroller.scrollTop = (row + 1) * ROW + head - clientHeight;
    this.paint();
  }
}
