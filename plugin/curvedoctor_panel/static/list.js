/** The list of runs: search, filters, and only those rows in the page that are in sight. */

import { h, named, slug } from "./dom.js";
import { capital, kindOf, percent, plural, STATES, title } from "./format.js";
import { icon, spark } from "./icons.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Overview} Overview */

const ROW = 58;
const SPARE = 6;
/** Chips shown before the rest folds away. */
const CHIPS = 3;

export class RunList {
  /**
   * @param {{select: (key: string) => void, filter: () => void}} on what the list tells the app
   */
  constructor(on) {
    this.on = on;
    /** @type {Overview | null} */
    this.overview = null;
    /** @type {Row[]} rows that pass the filters */
    this.rows = [];
    this.selected = "";
    this.query = "";
    /** @type {Set<string>} */
    this.states = new Set();
    this.condition = "";
    this.unfolded = false;
    this.search = h("input", {
      type: "search", class: "cd-search", placeholder: "Search runs, conditions, parameters", "aria-label": "Search runs", "aria-keyshortcuts": "/",
      oninput: () => { this.query = this.search.value; this.refilter(); },
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.searchKey(e),
    });
    this.chips = h("div", { class: "cd-chips", role: "group", "aria-label": "Filter by state" });
    this.conditions = h("div", { class: "cd-chips cd-chips-small", role: "group", "aria-label": "Filter by condition" });
    this.count = h("p", { class: "cd-count", role: "status" });
    this.sheet = h("div", { class: "cd-sheet", role: "presentation" });
    this.scroller = h(
      "div",
      { class: "cd-rows", role: "listbox", tabindex: 0, "aria-label": "Runs, those that need somebody first", onscroll: () => this.paint(), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) },
      this.sheet,
    );
    this.element = h("section", { class: "cd-list", "aria-label": "Runs" }, h("div", { class: "cd-filters" }, this.search, this.chips, this.conditions, this.count), this.scroller);
    new ResizeObserver(() => this.paint()).observe(this.scroller);
  }

  /** @param {Overview} overview */
  update(overview) {
    this.overview = overview;
    this.refilter(true);
  }

  /** @param {boolean} [quiet] keep the scroll position */
  refilter(quiet = false) {
    const all = this.overview?.rows ?? [];
    this.rows = all.filter((row) => this.passes(row));
    this.renderChips();
    this.count.textContent = this.rows.length === all.length ? plural(all.length, "run") : `${this.rows.length.toLocaleString("en")} of ${plural(all.length, "run")}`;
    if (!quiet) this.scroller.scrollTop = 0;
    this.paint();
    this.on.filter();
  }

  /** @param {Row} row */
  passes(row) {
    if (this.states.size && !this.states.has(row.state)) return false;
    if (this.condition && !row.conditions.some((seen) => seen.id === this.condition)) return false;
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return true;
    const params = Object.entries(row.params).map(([name, value]) => `${name}=${value}`);
    const text = [row.run, row.source, ...row.conditions.map((seen) => seen.id), ...params].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  }

  renderChips() {
    const overview = this.overview;
    if (!overview) return;
    this.chips.replaceChildren(
      ...STATES.filter((state) => overview.states[/** @type {"fine"} */ (state)]).map((state) =>
        chip([icon(kindOf(state)), capital(state)], overview.states[/** @type {"fine"} */ (state)], this.states.has(state), `state-${kindOf(state)}`, () => {
          if (!this.states.delete(state)) this.states.add(state);
          this.refilter();
        }),
      ),
    );
    const shown = this.unfolded ? overview.conditions : overview.conditions.slice(0, CHIPS);
    const more = overview.conditions.length - shown.length;
    this.conditions.replaceChildren(
      ...shown.map(({ id, count }) =>
        chip([title(id)], count, this.condition === id, `condition-${id}`, () => {
          this.condition = this.condition === id ? "" : id;
          this.refilter();
        }),
      ),
    );
    this.conditions.classList.toggle("cd-unfolded", this.unfolded);
    const fold = () => {
      this.unfolded = !this.unfolded;
      this.renderChips();
    };
    if (more > 0 || this.unfolded) this.conditions.append(h("button", { type: "button", class: "cd-chip cd-more", "aria-expanded": String(this.unfolded), "data-focus": "fold", onclick: fold }, this.unfolded ? "fewer" : `${more} more`));
  }

  /** Draw the rows in sight. */
  paint() {
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    this.sheet.style.height = `${this.rows.length * ROW}px`;
    const items = [];
    for (let i = first; i < last; i++) items.push(this.row(this.rows[i], i));
    this.sheet.replaceChildren(...items);
    const selected = this.rows.findIndex((row) => row.key === this.selected);
    if (selected >= first && selected < last) this.scroller.setAttribute("aria-activedescendant", slug(this.selected));
    else this.scroller.removeAttribute("aria-activedescendant");
    if (!this.rows.length && this.overview?.rows.length) this.sheet.replaceChildren(h("p", { class: "cd-empty" }, "No run passes these filters."));
  }

  /**
   * @param {Row} row
   * @param {number} index
   */
  row(row, index) {
    const chosen = row.key === this.selected;
    const kind = kindOf(row.state);
    return h(
      "div",
      {
        class: chosen ? "cd-row cd-chosen" : "cd-row", role: "option", id: slug(row.key), "aria-selected": String(chosen),
        "aria-setsize": this.rows.length, "aria-posinset": index + 1, title: row.run, vars: { top: `${index * ROW}px` },
        onclick: () => this.choose(index),
      },
      icon(kind, capital(row.state)),
      h(
        "div",
        { class: "cd-row-text" },
        named("div", { class: "cd-row-name" }, row.run),
        h("div", { class: "cd-row-what" }, said(row)),
      ),
      h("div", { class: `cd-row-spark cd-is-${kind}` }, spark(row.spark)),
    );
  }

  /** @param {number} index */
  choose(index) {
    const row = this.rows[Math.max(0, Math.min(this.rows.length - 1, index))];
    if (!row) return;
    this.mark(row.key);
    this.on.select(row.key);
  }

  /** @param {string} key select without telling the app */
  mark(key) {
    this.selected = key;
    const index = this.rows.findIndex((row) => row.key === key);
    if (index >= 0) {
      const top = index * ROW;
      const { scrollTop, clientHeight } = this.scroller;
      if (top < scrollTop) this.scroller.scrollTop = top;
      else if (clientHeight && top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW - clientHeight;
    }
    this.paint();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const now = this.rows.findIndex((row) => row.key === this.selected);
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 1);
    const to = { ArrowDown: now + 1, j: now + 1, ArrowUp: now - 1, k: now - 1, Home: 0, End: this.rows.length - 1, PageDown: now + page, PageUp: now - page }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.choose(to);
  }

  /** @param {KeyboardEvent} event */
  searchKey(event) {
    if (event.key === "Escape" && this.search.value) {
      this.search.value = this.query = "";
      this.refilter();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      this.scroller.focus();
      this.choose(0);
    } else return;
    event.preventDefault();
  }
}

/**
 * @param {(Node | string)[]} label
 * @param {number} count
 * @param {boolean} pressed
 * @param {string} name to find it again after a redraw
 * @param {() => void} onclick
 */
function chip(label, count, pressed, name, onclick) {
  return h("button", { type: "button", class: "cd-chip", "aria-pressed": String(pressed), "data-focus": name, onclick }, label, h("span", { class: "cd-chip-count" }, count.toLocaleString("en")));
}

/** @param {Row} row */
function said(row) {
  const [first, ...more] = row.conditions;
  const what = first ? `${title(first.id)} · ${percent(first.confidence)}${more.length ? ` · +${more.length}` : ""}` : "";
  if (row.verdict === "sick") return what;
  return row.state === "can't tell" ? row.summary : [capital(row.state), row.state === "could improve" ? row.first : what].filter(Boolean).join(" · ");
}
