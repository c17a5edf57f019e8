/** The list of runs: search, filters, order, columns; only those rows are in the page that are in sight. */

import { h, named, slug } from "./dom.js";
import { capital, kindOf, percent, plural, STATES, title } from "./format.js";
import { icon, spark } from "./icons.js";
import { cell, columnsOf, grouped, sorted } from "./order.js";
import { matcher, shortener } from "./query.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./order.js").Item} Item */

const ROW = 58;
const SPARE = 6;
/** Chips shown before the rest folds away. */
const CHIPS = 3;
/** Width of the list, in pixels, as far as it can be drawn. */
const NARROW = 200;
const WIDE = 900;

export class RunList {
  /**
   * @param {{select: (key: string) => void, filter: () => void}} on what the list tells the app
   */
  constructor(on) {
    this.on = on;
    /** @type {Overview | null} */
    this.overview = null;
    /** @type {Row[]} rows that pass the filters, in their order */
    this.rows = [];
    /** @type {Item[]} what is listed: rows, and headings where they are grouped */
    this.items = [];
    this.selected = "";
    this.query = "";
    /** @type {Set<string>} */
    this.states = new Set();
    this.condition = "";
    this.sort = "urgency";
    this.group = false;
    /** @type {string[]} */
    this.columns = [];
    this.unfolded = false;
    this.short = shortener([]);
    this.search = h("input", {
      type: "search", class: "cd-search", placeholder: "Search: overfitting, lr>0.01, final<0.3", "aria-label": "Search runs", "aria-keyshortcuts": "/",
      oninput: () => { this.query = this.search.value; this.refilter(); },
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.searchKey(e),
    });
    this.chips = h("div", { class: "cd-chips", role: "group", "aria-label": "Filter by state" });
    this.conditions = h("div", { class: "cd-chips cd-chips-small", role: "group", "aria-label": "Filter by condition" });
    this.count = h("p", { class: "cd-count", role: "status" });
    this.order = h("select", { "aria-label": "Sort by", "data-focus": "sort", onchange: () => { this.sort = this.order.value; this.refilter(); } });
    this.grouping = h("button", { type: "button", class: "cd-small", "aria-pressed": "false", "data-focus": "group", onclick: () => { this.group = !this.group; this.refilter(); } }, "by directory");
    this.choice = h("details", { class: "cd-columns" });
    this.heads = h("div", { class: "cd-heads" });
    this.sheet = h("div", { class: "cd-sheet", role: "presentation" });
    this.scroller = h(
      "div",
      { class: "cd-rows", role: "listbox", tabindex: 0, "aria-label": "Runs", onscroll: () => this.paint(), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) },
      this.sheet,
    );
    this.handle = h("div", { class: "cd-handle", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of the list", "aria-valuemin": NARROW, "aria-valuemax": WIDE, "aria-valuenow": 320, onpointerdown: (/** @type {PointerEvent} */ e) => this.pull(e), onkeydown: (/** @type {KeyboardEvent} */ e) => this.push(e) });
    const tools = h("div", { class: "cd-list-tools" }, this.count, this.choice, this.grouping, this.order);
    this.element = h("section", { class: "cd-list", "aria-label": "Runs" }, h("div", { class: "cd-filters" }, this.search, this.chips, this.conditions, tools), this.heads, this.scroller, this.handle);
    new ResizeObserver(() => this.paint()).observe(this.scroller);
  }

  /** @param {Overview} overview */
  update(overview) {
    this.overview = overview;
    this.short = shortener(overview.rows.map((row) => row.run));
    this.refilter(true);
  }

  /** What is asked for, as it stands in the address. @returns {Record<string, string>} */
  asked() {
    const all = { q: this.query, show: [...this.states].map(kindOf).join(","), only: this.condition, sort: this.sort === "urgency" ? "" : this.sort, group: this.group ? "1" : "", cols: this.columns.join(",") };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
  }

  /** @param {Record<string, string>} link as `asked` gave it */
  ask(link) {
    this.query = this.search.value = link.q ?? "";
    const kinds = (link.show ?? "").split(",");
    this.states = new Set(STATES.filter((state) => kinds.includes(kindOf(state))));
    this.condition = link.only ?? "";
    this.sort = link.sort ?? "urgency";
    this.group = link.group === "1";
    this.columns = (link.cols ?? "").split(",").filter(Boolean);
    if (this.overview) this.refilter(true);
  }

  /** @param {boolean} [quiet] keep the scroll position */
  refilter(quiet = false) {
    const all = this.overview?.rows ?? [];
    const found = matcher(this.query);
    this.rows = sorted(all.filter((row) => (!this.states.size || this.states.has(row.state)) && (!this.condition || row.conditions.some((seen) => seen.id === this.condition)) && found(row)), this.sort);
    this.items = this.group ? grouped(this.rows) : this.rows.map((row) => ({ row }));
    this.rows = this.items.flatMap((item) => ("row" in item ? [item.row] : []));
    this.renderChips();
    this.renderTools();
    this.count.textContent = this.rows.length === all.length ? plural(all.length, "run") : `${this.rows.length.toLocaleString("en")} of ${plural(all.length, "run")}`;
    if (!quiet) this.scroller.scrollTop = 0;
    this.paint();
    this.on.filter();
  }

  renderTools() {
    const offered = this.overview ? columnsOf(this.overview) : [];
    const by = ["urgency", "name", ...offered].flatMap((name) => [name, `-${name}`]);
    this.order.replaceChildren(...by.map((name) => h("option", { value: name, selected: name === this.sort }, name.startsWith("-") ? `${name.slice(1)} ↓` : `${name} ↑`)));
    this.order.value = this.sort;
    this.grouping.setAttribute("aria-pressed", String(this.group));
    this.choice.hidden = !offered.length;
    this.choice.replaceChildren(
      h("summary", { class: "cd-small", "data-focus": "columns" }, "columns"),
      h("div", { class: "cd-menu" }, offered.map((name) => h("label", {}, h("input", { type: "checkbox", checked: this.columns.includes(name), "data-focus": `column-${name}`, onchange: () => this.column(name) }), ` ${name}`))),
    );
    this.heads.hidden = !this.columns.length;
    const head = (/** @type {string} */ name) => h("button", { type: "button", class: "cd-head-cell", "data-focus": `head ${name}`, title: `Sort by ${name}`, onclick: () => { this.sort = this.sort === name ? `-${name}` : name; this.refilter(); } }, this.sort === name ? `${name} ↑` : this.sort === `-${name}` ? `${name} ↓` : name);
    this.heads.replaceChildren(h("span", { class: "cd-row-text" }, head("name")), ...this.columns.map(head));
  }

  /** @param {string} name of a column to show or hide */
  column(name) {
    this.columns = this.columns.includes(name) ? this.columns.filter((other) => other !== name) : [...this.columns, name];
    this.refilter(true);
    this.choice.open = true;
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
    const last = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    this.sheet.style.height = `${this.items.length * ROW}px`;
    const lines = [];
    for (let i = first; i < last; i++) {
      const item = this.items[i];
      lines.push("row" in item ? this.row(item.row, i) : h("div", { class: "cd-row cd-row-head", role: "presentation", vars: { top: `${i * ROW}px` } }, h("span", { class: "cd-row-name", title: item.head }, item.head), h("span", { class: "cd-count" }, plural(item.count, "run"))));
    }
    this.sheet.replaceChildren(...lines);
    const selected = this.place(this.selected);
    if (selected >= first && selected < last) this.scroller.setAttribute("aria-activedescendant", slug(this.selected));
    else this.scroller.removeAttribute("aria-activedescendant");
    if (!this.rows.length && this.overview?.rows.length) this.sheet.replaceChildren(h("p", { class: "cd-empty" }, "No run passes these filters."));
  }

  /** @param {string} key of a run; where it is listed, or -1 */
  place(key) {
    return this.items.findIndex((item) => "row" in item && item.row.key === key);
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
        "aria-setsize": this.rows.length, "aria-posinset": this.rows.indexOf(row) + 1, title: row.run, vars: { top: `${index * ROW}px` },
        onclick: () => this.choose(this.rows.indexOf(row)),
      },
      icon(kind, capital(row.state)),
      h("div", { class: "cd-row-text" }, named("div", { class: "cd-row-name" }, this.short(row.run)), h("div", { class: "cd-row-what" }, said(row))),
      this.columns.map((column) => h("span", { class: "cd-row-cell", title: column }, cell(row, column))),
      this.columns.length ? null : h("div", { class: `cd-row-spark cd-is-${kind}` }, spark(row.spark)),
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
    const index = this.place(key);
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

  /** @param {number} width of the list */
  wide(width) {
    const kept = Math.round(Math.max(NARROW, Math.min(WIDE, width, innerWidth - 320)));
    this.element.parentElement?.style.setProperty("--cd-list", `${kept}px`);
    this.handle.setAttribute("aria-valuenow", String(kept));
  }

  /** @param {PointerEvent} event */
  pull(event) {
    const from = this.element.clientWidth - event.clientX;
    const move = (/** @type {PointerEvent} */ e) => this.wide(from + e.clientX);
    this.handle.setPointerCapture(event.pointerId);
    this.handle.addEventListener("pointermove", move);
    this.handle.addEventListener("pointerup", () => this.handle.removeEventListener("pointermove", move), { once: true });
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  push(event) {
    const by = { ArrowLeft: -24, ArrowRight: 24 }[event.key];
    if (by === undefined) return;
    this.wide(this.element.clientWidth + by);
    event.preventDefault();
    event.stopPropagation();
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
