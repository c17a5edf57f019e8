/** The panel as a tab of TensorBoard: an ES module that TensorBoard imports into the tab's frame. */

import { App } from "./app.js";
import { h } from "./dom.js";
import { plural } from "./format.js";

/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {{version: string, status: {phase: string, done: number, total: number, trouble: string, changed: number}, overview?: Overview}} Runs */
/** @typedef {{writes: boolean, token: string | null, places: string[], interval: number, built: boolean}} About */

const TAB = "curvedoctor";
/** Milliseconds between two questions: until the first run is there, while more are being read, and afterwards. */
const POLL_BUSY_MS = 350;
const POLL_READING_MS = 1200;
const POLL_IDLE_MS = 5000;

/** @param {string} name of one of our routes; relative, so that it works behind any prefix */
const route = (name) => new URL(`../../${name}`, import.meta.url);

/**
 * @param {string} name
 * @param {Record<string, string>} [query]
 * @returns {Promise<any>}
 */
async function get(name, query = {}) {
  const url = route(name);
  url.search = new URLSearchParams(query).toString();
  const response = await fetch(url);
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(content.error ?? `TensorBoard answered ${response.status}`);
  return content;
}

const store = {
  run: (/** @type {string} */ key) => get("run", { key }),
  explain: (/** @type {string} */ condition) => get("explain", { condition }),
  compare: () => get("compare"),
  native: (/** @type {import("./types.js").RunView} */ view, /** @type {import("./types.js").ChartData} */ chart) => {
    const exactly = (/** @type {string} */ text) => `^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
    const tags = [...new Set(chart.curves.map((index) => view.curves[index].tag))].map(exactly).join("|");
    const query = new URLSearchParams({ tagFilter: tags, runFilter: exactly(view.run) });
    return `${parent.location.pathname}?${query}#timeseries`;
  },
};

/** The deep link stands in TensorBoard's own address: `#curvedoctor&run=NAME&condition=ID`. */
const place = {
  read: () => {
    const [tab, ...rest] = parent.location.hash.slice(1).split("&");
    return tab === TAB ? Object.fromEntries(new URLSearchParams(rest.join("&"))) : {};
  },
  write: (/** @type {Record<string, string>} */ values) => {
    if (parent.location.hash.slice(1).split("&")[0] !== TAB) return;
    const query = new URLSearchParams(values).toString();
    const hash = query ? `#${TAB}&${query}` : `#${TAB}`;
    if (parent.location.hash !== hash) parent.history.replaceState(parent.history.state, "", hash);
  },
};

class Tab {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.app = new App(root, store, place);
    this.version = "";
    this.timer = 0;
    this.busy = false;
    /** @type {About | null} */
    this.about = null;
    this.follow();
    parent.addEventListener("hashchange", () => this.app.follow());
    document.addEventListener("visibilitychange", () => !document.hidden && this.look());
    this.begin();
  }

  async begin() {
    try {
      this.about = await get("status");
      if (this.about?.writes) this.app.actions.append(this.button(this.about));
    } catch {
      // the next question will say what is wrong
    }
    this.look();
  }

  /** Follow TensorBoard between light and dark: it has no API for it, only a class. */
  follow() {
    const theme = () => {
      const dark = parent.document.body.classList.contains("dark-mode");
      this.app.element.dataset.theme = dark ? "dark" : "light";
      document.documentElement.style.colorScheme = dark ? "dark" : "light";
      this.app.recolor();
    };
    new MutationObserver(theme).observe(parent.document.body, { attributes: true, attributeFilter: ["class"] });
    theme();
  }

  /** Ask for what is new, and show it. */
  async look() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    let wait = POLL_IDLE_MS;
    try {
      /** @type {Runs} */
      const runs = await get("runs", { version: this.version });
      this.version = runs.version;
      if (runs.overview) this.app.update(runs.overview);
      this.app.tell(this.status(runs));
      if (runs.status.phase !== "ready") wait = this.app.overview?.rows.length ? POLL_READING_MS : POLL_BUSY_MS;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.app.tell({ phase: this.app.overview ? "ready" : "failed", text: this.app.overview ? "not up to date" : text, notices: [`Diagnosing is interrupted: ${text}`] });
    } finally {
      this.busy = false;
      this.timer = setTimeout(() => !document.hidden && this.look(), wait);
    }
  }

  /**
   * @param {Runs} runs
   * @returns {import("./types.js").Status}
   */
  status({ status }) {
    const where = this.about?.places.join(", ") || "TensorBoard's data";
    const notices = status.trouble ? [status.trouble] : [];
    if (this.app.overview?.rows.some((row) => row.sampled)) notices.push("The event files can't be reached from here: these diagnoses rest on curves sampled to 1000 points.");
    const { done, total } = status;
    const count = this.app.overview?.rows.length ?? 0;
    if (status.phase === "starting") return { phase: "starting", text: `Looking for runs in ${where}…`, notices };
    if (status.phase === "reading") return { phase: "reading", text: `${done.toLocaleString("en")} of ${plural(total, "run")} diagnosed`, done, total, notices };
    if (!count) return { phase: status.trouble ? "failed" : "ready", text: status.trouble || `No run with scalars was found in ${where}. It is looked at again every few seconds.`, notices: [] };
    const time = new Date(status.changed * 1000).toLocaleTimeString("en", { hour12: false });
    return { phase: "ready", text: `${plural(count, "run")} · last change ${time}`, notices };
  }

  /** @param {About} about */
  button(about) {
    const button = h("button", { type: "button", class: "cd-small", title: "Write each diagnosis into RUN/curvedoctor/, for TensorBoards without this tab", onclick: async () => {
      button.disabled = true;
      button.textContent = "Writing…";
      try {
        const response = await fetch(route("annotate"), { method: "POST", headers: { "Content-Type": "application/json", "X-Curvedoctor-Token": about.token ?? "" }, body: "{}" });
        const answer = await response.json();
        if (!response.ok) throw new Error(answer.error);
        const written = answer.outcomes.filter((/** @type {{status: string}} */ item) => item.status === "written").length;
        const failed = answer.outcomes.filter((/** @type {{status: string}} */ item) => item.status === "failed" || item.status === "refused").length;
        button.textContent = `${written} written${failed ? `, ${failed} not` : ""}`;
      } catch (error) {
        button.textContent = `Not written: ${error instanceof Error ? error.message : String(error)}`;
      }
      setTimeout(() => { button.disabled = false; button.textContent = "Annotate runs"; }, 4000);
    } }, "Annotate runs");
    return button;
  }
}

/**
 * Listen to TensorBoard's reloads (its protocol for frames: JSON over a message channel).
 * @param {() => void} reloaded
 */
function listen(reloaded) {
  const channel = new MessageChannel();
  channel.port1.onmessage = (event) => {
    const message = typeof event.data === "string" ? JSON.parse(event.data) : event.data;
    if (message.isReply) return;
    channel.port1.postMessage(JSON.stringify({ type: message.type, id: message.id, payload: null, error: null, isReply: true }));
    if (String(message.type).endsWith("DataReloaded") || String(message.type).endsWith("RunsChanged")) reloaded();
  };
  parent.postMessage("experimental.bootstrap", "*", [channel.port2]);
}

/** Called by TensorBoard. */
export async function render() {
  document.documentElement.style.height = document.body.style.height = "100%";
  document.body.style.margin = "0";
  const sheets = ["vendor/uPlot.min.css", "panel.css"].map((name) => {
    const link = h("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href });
    document.head.append(link);
    return new Promise((done) => { link.onload = link.onerror = done; });
  });
  await Promise.all(sheets);
  const tab = new Tab(document.body);
  listen(() => tab.look());
}
