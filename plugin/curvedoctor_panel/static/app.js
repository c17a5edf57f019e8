/** The panel as a whole: what is shown, and how it hangs together. Hosts give it data, a place and a status. */

import { Detail } from "./detail.js";
import { h, keepingFocus } from "./dom.js";
import { learnTitles, plural } from "./format.js";
import { HeatMap } from "./heatmap.js";
import { RunList } from "./list.js";
import { Manual } from "./manual.js";
import { Scatter } from "./scatter.js";
import { Summary } from "./summary.js";

/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").Status} Status */

const HELP = "/ search · j k ↑ ↓ runs · 1 2 views · ? manual page · + − 0 zoom a chart";

export class App {
  /**
   * @param {HTMLElement} root
   * @param {import("./types.js").Store} store
   * @param {import("./types.js").Place} place
   */
  constructor(root, store, place) {
    this.store = store;
    this.place = place;
    /** @type {Overview | null} */
    this.overview = null;
    /** @type {Status} */
    this.status = { phase: "starting", text: "Starting…" };
    const link = place.read();
    this.view = link.view === "across" ? "across" : "runs";
    this.run = link.run ?? "";
    this.condition = link.condition ?? "";
    this.stamp = "";
    /** Counts what was asked for, so that a late answer does not overwrite a newer one. */
    this.asked = 0;
    /** The manual page that is open, and the zoom that the link asks for. */
    this.page = link.page ?? "";
    this.zoom = link.zoom ?? "";
    this.manual = new Manual((id) => store.explain(id), () => { this.page = ""; this.write(); });
    this.list = new RunList({ select: (key) => this.go({ run: key, condition: "", view: "runs" }), filter: () => { this.across(); if (this.overview) this.write(); } });
    this.list.ask(link);
    this.detail = new Detail({ explain: (id) => this.explain(id), condition: (id) => this.go({ condition: id }), zoom: (to) => { this.zoom = to; this.write(); }, native: store.native });
    this.summary = new Summary(store);
    const open = (/** @type {string} */ key, /** @type {string} */ condition) => this.go({ view: "runs", run: key, condition });
    this.heat = new HeatMap(open);
    this.scatter = new Scatter(open);
    this.tabs = ["runs", "across"].map((name) => h("button", { type: "button", class: "cd-tab", role: "tab", "data-view": name, "aria-controls": "cd-stage", onclick: () => this.go({ view: name }) }, name === "runs" ? "Runs" : "Across runs"));
    this.progress = h("progress", { class: "cd-progress", max: 1, value: 0, hidden: true, "aria-label": "Runs diagnosed" });
    this.say = h("p", { class: "cd-status", role: "status" });
    this.actions = h("span", { class: "cd-actions" });
    this.notices = h("div", { class: "cd-notices" });
    this.noticed = "";
    this.stage = h("div", { class: "cd-stage", id: "cd-stage", role: "tabpanel" });
    this.element = h(
      "div",
      { class: "cd-app" },
      h("header", { class: "cd-bar" }, h("div", { class: "cd-tabs", role: "tablist", "aria-label": "Views" }, this.tabs), this.say, this.progress, this.actions),
      this.notices,
      h("main", { class: "cd-body" }, this.list.element, this.stage),
      h("footer", { class: "cd-foot" }, HELP),
      this.manual.dialog,
    );
    root.append(this.element);
    document.addEventListener("keydown", (event) => this.key(event));
    this.render();
    if (this.page) this.manual.open(this.page);
  }

  /** @param {string} id of the condition whose manual page is to be read */
  explain(id) {
    this.page = id;
    this.write();
    this.manual.open(id);
  }

  /** @param {Overview} overview new data */
  update(overview) {
    const before = this.overview;
    this.overview = overview;
    learnTitles(overview.titles);
    keepingFocus(this.list.element, this.list.scroller, () => this.list.update(overview));
    if (before === null || !this.run) this.render();
    else this.load();
  }

  /** @param {Status} status */
  tell(status) {
    const phase = this.status.phase;
    this.status = status;
    this.say.textContent = status.text;
    this.progress.hidden = !status.total || status.phase !== "reading";
    this.progress.max = status.total ?? 1;
    this.progress.value = status.done ?? 0;
    const notices = status.notices ?? [];
    const told = (/** @type {boolean} */ note) => (this.overview?.problems ?? []).filter((item) => item.note === note).map((item) => `${item.where}: ${item.what}`);
    const [problems, notes] = [told(false), told(true)];
    const words = [...notices, "", ...problems, "", ...notes].join("\n");
    if (words !== this.noticed) {
      this.noticed = words;
      this.notices.replaceChildren(...notices.map(notice), ...unread(problems), ...read(notes));
    }
    if (!this.overview?.rows.length || phase !== status.phase) this.render();
  }

  /** Follow the place where the deep link is kept. */
  follow() {
    const link = this.place.read();
    // an address without a link (a host that came back to us) leaves everything as it was
    if (!Object.keys(link).length) return this.write();
    this.list.ask(link);
    this.go({ view: link.view === "across" ? "across" : "runs", run: link.run ?? this.run, condition: link.condition ?? "" });
  }

  /** @param {{view?: string, run?: string, condition?: string}} to */
  go(to) {
    const was = `${this.view} ${this.run}`;
    if (to.run !== undefined && to.run !== this.run) this.stamp = this.zoom = "";
    Object.assign(this, to);
    this.write();
    if (`${this.view} ${this.run}` !== was) this.render();
    else if (to.condition !== undefined) this.load();
  }

  write() {
    const all = { view: this.view === "across" ? "across" : "", run: this.run, condition: this.condition, zoom: this.zoom, page: this.page, ...this.list.asked() };
    this.place.write(Object.fromEntries(Object.entries(all).filter(([, value]) => value)));
  }

  render() {
    for (const tab of this.tabs) {
      const chosen = tab.dataset.view === this.view;
      tab.setAttribute("aria-selected", String(chosen));
    }
    const rows = this.overview?.rows ?? [];
    this.element.classList.toggle("cd-none", !rows.length);
    if (!rows.length) return this.stage.replaceChildren(state(this.status));
    if (this.view === "across") {
      if (!this.stage.contains(this.heat.element)) this.stage.replaceChildren(h("div", { class: "cd-across" }, this.summary.element, this.heat.element, this.scatter.element));
      return this.across();
    }
    if (!this.stage.contains(this.detail.element)) this.stage.replaceChildren(this.detail.element);
    // the top of the list, even where it draws nothing: the list and what stands beside it begin with the same run
    if (!this.run) this.run = (this.list.rows[0] ?? rows[0]).key;
    this.list.mark(this.run);
    this.load();
  }

  across() {
    if (this.view !== "across" || !this.overview) return;
    this.summary.update(this.overview);
    this.heat.update(this.overview, this.list.rows);
    this.scatter.update(this.overview, this.list.rows);
  }

  /** Fetch and show the chosen run, if it changed. */
  async load() {
    if (this.view !== "runs" || !this.overview) return this.across();
    const row = this.overview.rows.find((item) => item.key === this.run);
    if (!row) {
      this.stamp = "";
      const waiting = this.status.phase !== "ready";
      this.detail.say(message(waiting ? "Not read yet" : "No such run", waiting ? `“${this.run}” will appear here as soon as it has been read.` : `There is no run called “${this.run}” here. It may have been renamed or removed.`));
      return;
    }
    const stamp = `${row.key} ${row.stamp ?? ""}`;
    // the same run: only what stands out in it may have changed
    if (stamp === this.stamp) return this.detail.choose(this.condition);
    this.stamp = stamp;
    const ticket = ++this.asked;
    // a moment's wait needs no words, and words for a moment would flicker
    const slow = setTimeout(() => this.detail.key !== row.key && this.detail.say(message("Fetching…", row.run)), 400);
    if (this.detail.key !== row.key) this.element.setAttribute("aria-busy", "true");
    try {
      const view = await this.store.run(row.key);
      if (ticket !== this.asked) return;
      if (view) {
        const zoom = this.detail.key === row.key && this.detail.view ? "" : this.zoom;
        this.detail.show(row.key, view, this.condition);
        if (zoom) this.detail.zoomTo(zoom);
      }
      else this.detail.say(message(row.run, this.store.absent?.(row) ?? "There is no more to say of this run."));
    } catch (error) {
      if (ticket !== this.asked) return;
      this.stamp = "";
      this.detail.say(message("This run could not be fetched", String(error instanceof Error ? error.message : error)));
    } finally {
      clearTimeout(slow);
      this.element.removeAttribute("aria-busy");
    }
  }

  recolor() {
    for (const chart of this.detail.charts) chart.recolor();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = event.target;
    const typing = target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
    if (event.ctrlKey || event.metaKey || event.altKey || typing || event.defaultPrevented || this.manual.dialog.open) return;
    if (event.key === "/") this.list.search.focus();
    else if (event.key === "1") this.go({ view: "runs" });
    else if (event.key === "2") this.go({ view: "across" });
    else if (event.key === "?" && this.detail.view?.findings.length) this.explain(this.detail.view.findings[this.detail.active ?? 0].condition);
    else if (event.key === "j" || event.key === "k") this.list.key(event);
    // a button that was just clicked has no use for arrows, what scrolls has
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (target === document.body || target instanceof HTMLButtonElement)) this.list.key(event);
    else return;
    event.preventDefault();
  }
}

/** @param {string} text */
const notice = (text) => h("p", { class: "cd-notice", role: "note" }, text);

/**
 * What could not be used, on one line: a folder full of damaged files must not push the runs away.
 * @param {string[]} problems
 */
function unread(problems) {
  if (problems.length < 2) return problems.map(notice);
  return [folded("cd-notice", `${plural(problems.length, "file")} could not be used, such as ${problems[0]}`, problems)];
}

/**
 * How files were read of which nothing is missing.
 * @param {string[]} notes
 */
function read(notes) {
  return notes.length ? [folded("cd-notice cd-calm", `How files were read (${notes.length})`, notes)] : [];
}

/**
 * @param {string} name of the class
 * @param {string} summary
 * @param {string[]} texts
 */
function folded(name, summary, texts) {
  return h("details", { class: name }, h("summary", {}, summary), h("ul", {}, texts.map((text) => h("li", {}, text))));
}

/** @param {Status} status */
function state(status) {
  if (status.phase === "failed") return message("Nothing to diagnose", status.text);
  if (status.phase === "ready") return message("No runs yet", status.text);
  return message(status.total ? `Reading ${plural(status.total, "run")}…` : "Looking for runs…", status.text);
}

/**
 * @param {string} head
 * @param {string} text
 */
function message(head, text) {
  return h("div", { class: "cd-message" }, h("h1", {}, head), h("p", {}, text));
}
