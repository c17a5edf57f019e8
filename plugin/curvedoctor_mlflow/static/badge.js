/** A badge and a drawer on MLflow's pages, in a shadow root of their own. Only the address tells what is shown. */

import { h } from "../panel/dom.js";
import { capital, kindOf } from "../panel/format.js";
import { icon } from "../panel/icons.js";

const ROUTES = new URL("../../../", import.meta.url);
const RUN = /\/experiments\/(\d+)\/runs\/([0-9a-f]{32})/;
const EXPERIMENT = /\/experiments\/(\d+)(?:\/|$)/;
/** In the address of a page: the drawer is open. */
const OPEN = "diagnosis";
/** Milliseconds between questions while a diagnosis is being made, and afterwards. */
const POLL_BUSY_MS = 1500;
const POLL_IDLE_MS = 20000;
/** What of MLflow's the badge must not cover. */
const CONTROLS = "a, button, input, select, textarea, label, summary, [contenteditable=true], [role=button], [role=tab], [role=link], [role=menuitem], [role=checkbox], [role=combobox], [role=switch]";
/** Places to try: pixels above the lower edge (the picture alone goes higher), shares of the width. */
const RISES = [14, 64, 110, 160, 210, 260];
const STEP = 24;
const SHARES = [0.5, 0.25, 0.75, 0.1, 0.9, 0, 1, 0.38, 0.62];
const EDGE = 8;
/** The panel's colours; what is not shared is where things are. */
const STYLE = `
:host { all: initial; }
.cd-over { display: contents; font: 13px/1.3 system-ui, sans-serif; }
.cd-over[hidden], .cd-over [hidden] { display: none !important; }
.cd-over .badge { position: fixed; z-index: 2147483000; display: flex; gap: 8px; align-items: center; cursor: pointer; max-width: min(60vw, 560px);
  padding: 9px 13px; border-radius: 999px; border: 1px solid var(--cd-line); background: var(--cd-surface); color: var(--cd-text);
  box-shadow: 0 2px 10px rgb(0 0 0 / 18%); font: 500 13px/1.3 system-ui, sans-serif; }
.cd-over .badge:hover { border-color: var(--cd-muted); background: var(--cd-hover); }
.cd-over .badge.small { padding: 8px; }
.cd-over .badge.small span { position: absolute; clip-path: inset(50%); }
.cd-over .badge span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.cd-over .drawer { position: fixed; inset: 0 0 0 auto; width: min(1080px, 92vw); z-index: 2147483001; display: flex; flex-direction: column;
  background: var(--cd-bg); border-left: 1px solid var(--cd-line); box-shadow: -6px 0 30px rgb(0 0 0 / 25%); }
.cd-over .drawer header { display: flex; gap: 8px; align-items: center; padding: 8px 12px; border-bottom: 1px solid var(--cd-line); background: var(--cd-surface); color: var(--cd-text); }
.cd-over .drawer h2 { flex: 1; margin: 0; font: 600 14px/1.2 system-ui, sans-serif; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.cd-over .tool { flex: none; border: 1px solid var(--cd-line); border-radius: 6px; background: transparent; color: var(--cd-text); padding: 5px 10px; font: 13px/1.3 system-ui, sans-serif; text-decoration: none; cursor: pointer; }
.cd-over .tool:hover { background: var(--cd-hover); }
.cd-over .badge:focus-visible, .cd-over .tool:focus-visible { outline: 2px solid var(--cd-accent); outline-offset: 2px; }
.cd-over iframe { flex: 1; border: 0; width: 100%; }
@media (max-width: 700px) { .cd-over .drawer { width: 100vw; } }
@media print { .cd-over .badge, .cd-over .drawer { display: none; } }
`;

class Badge {
  constructor() {
    this.host = document.createElement("curvedoctor-badge");
    const root = this.host.attachShadow({ mode: "open" });
    this.text = h("span", {}, "");
    this.picture = h("i", { "aria-hidden": "true" });
    this.badge = h("button", { class: "badge", type: "button", "aria-haspopup": "dialog" }, this.picture, this.text);
    this.title = h("h2", {}, "Diagnosis");
    this.charts = h("a", { class: "tool charts" }, "Charts");
    this.link = h("a", { class: "tool link", title: "The address of this page with the diagnosis open" }, "Copy link");
    this.close = h("button", { class: "tool close", type: "button" }, "Close");
    this.frame = /** @type {HTMLIFrameElement} */ (h("iframe", { title: "Diagnosis" }));
    this.drawer = h("section", { class: "drawer", role: "dialog", "aria-label": "Diagnosis", hidden: true }, h("header", {}, this.title, this.charts, this.link, this.close), this.frame);
    this.layer = h("div", { class: "cd-app cd-over", hidden: true }, this.badge, this.drawer);
    root.append(h("link", { rel: "stylesheet", href: new URL("../panel/panel.css", import.meta.url).href }), h("style", {}, STYLE), this.layer);
    document.body.append(this.host);
    this.place = "";
    this.path = "";
    this.workspace = "";
    this.timer = 0;
    this.badge.addEventListener("click", () => this.open());
    this.close.addEventListener("click", () => this.shut());
    this.link.addEventListener("click", (event) => this.copy(event));
    this.charts.addEventListener("click", () => this.shut(false));
    addEventListener("keydown", (event) => event.key === "Escape" && !this.drawer.hidden && this.shut());
    addEventListener("hashchange", () => this.follow());
    addEventListener("popstate", () => this.follow());
    addEventListener("resize", () => this.settle());
    // MLflow's router may change the address, and its page what lies below the badge, without an event
    setInterval(() => { this.follow(); this.settle(); }, 700);
    const theme = () => { this.layer.dataset.theme = document.body.classList.contains("dark-mode") ? "dark" : "light"; };
    new MutationObserver(theme).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    theme();
    this.follow();
  }

  /** What the address shows: a run, an experiment, some of its runs side by side, or nothing of ours. */
  follow() {
    const [path, query] = location.hash.slice(1).split("?");
    const asked = new URLSearchParams(query);
    const run = RUN.exec(path);
    const experiment = EXPERIMENT.exec(path)?.[1] ?? compared(path, asked);
    this.workspace = asked.get("workspace") ?? "";
    const told = new URLSearchParams(run ? { run_id: run[2] } : experiment ? { experiment_id: experiment } : {});
    if (!run && experiment && /compare/.test(path)) told.set("runs", (asked.get("runs") ?? "").replace(/[^0-9a-f,]/g, ""));
    if (this.workspace && (run || experiment)) told.set("workspace", this.workspace);
    const place = told.toString();
    if (place === this.place) return;
    this.place = place;
    this.path = run ? `/experiments/${run[1]}/runs/${run[2]}` : path;
    this.charts.hidden = !run;
    this.charts.setAttribute("href", `#${this.path}/model-metrics`);
    this.link.setAttribute("href", this.address(asked));
    this.shut(false);
    this.layer.hidden = true;
    clearTimeout(this.timer);
    if (place) this.ask();
    if (place && asked.get(OPEN) === "open") this.open();
  }

  /** @param {URLSearchParams} asked this page's own questions, which a link keeps */
  address(asked) {
    const kept = new URLSearchParams(asked);
    kept.set(OPEN, "open");
    return `${location.href.split("#")[0]}#${this.path}?${kept}`;
  }

  async ask() {
    const place = this.place;
    let wait = POLL_IDLE_MS;
    if (!document.hidden) {
      try {
        const route = place.startsWith("run_id") ? "brief" : "counts";
        const response = await fetch(new URL(`${route}?${place}`, ROUTES), { headers: this.workspace ? { "X-MLFLOW-WORKSPACE": this.workspace } : {} });
        // MLflow's own refusals are plain text
        const said = await response.text();
        if (place !== this.place) return;
        // not for this user, or gone: nothing of ours belongs on this page
        if (response.status === 403 || response.status === 404) this.say("", "");
        else if (!response.ok) throw new Error(said.startsWith("{") ? JSON.parse(said).error : said || `${response.status}`);
        else {
          const told = JSON.parse(said);
          if (told.phase === "reading") wait = POLL_BUSY_MS;
          this.say(...(route === "brief" ? ofRun(told) : ofMany(told)));
        }
      } catch (error) {
        if (place !== this.place) return;
        this.say("cant-tell", `No diagnosis: ${error instanceof Error ? error.message : error}`);
      }
    }
    this.timer = setTimeout(() => this.ask(), wait);
  }

  /**
   * @param {string} kind of picture
   * @param {string} text nothing: there is nothing to say on this page
   */
  say(kind, text) {
    this.layer.hidden = !text && this.drawer.hidden;
    if (this.badge.dataset.kind === kind && this.text.textContent === text) return;
    this.badge.dataset.kind = kind;
    this.picture.replaceChildren(kind ? icon(kind) : "");
    this.text.textContent = text;
    this.badge.title = text;
    this.settle();
  }

  /** Move the badge to where it covers no control of the page's; if there is no room, only its picture stays,
   * anywhere; if there is none at all, the page is left alone. */
  settle() {
    if (this.layer.hidden || this.badge.hidden || this.badge.matches(":hover, :focus-visible")) return;
    const taken = controls();
    for (const small of [false, true]) {
      this.badge.classList.toggle("small", small);
      const { width, height } = this.badge.getBoundingClientRect();
      const rises = small ? Array.from({ length: Math.max(1, Math.floor((innerHeight - height - RISES[0]) / STEP)) }, (_, i) => RISES[0] + i * STEP) : RISES;
      for (const rise of rises) {
        for (const share of SHARES) {
          const left = EDGE + share * Math.max(0, innerWidth - width - 2 * EDGE);
          const top = innerHeight - rise - height;
          if (taken.some((it) => it.left < left + width && it.right > left && it.top < top + height && it.bottom > top)) continue;
          this.badge.style.left = `${left}px`;
          this.badge.style.top = `${top}px`;
          this.badge.style.visibility = "visible";
          return;
        }
      }
    }
    this.badge.style.visibility = "hidden";
  }

  open() {
    const address = new URL(`page?${this.place}`, ROUTES).href;
    if (this.frame.src !== address) this.frame.src = address;
    this.title.textContent = this.place.startsWith("run_id") ? "Diagnosis" : this.place.includes("runs=") ? "Diagnoses of these runs" : "Diagnoses of this experiment";
    this.layer.hidden = false;
    this.drawer.hidden = false;
    this.badge.hidden = true;
    this.close.focus();
  }

  /** @param {boolean} [refocus] not where the page itself went on */
  shut(refocus = true) {
    if (this.drawer.hidden) return;
    this.drawer.hidden = true;
    this.badge.hidden = false;
    this.layer.hidden = !this.text.textContent;
    this.settle();
    if (refocus) this.badge.focus();
  }

  /** @param {Event} event */
  async copy(event) {
    if (!navigator.clipboard) return; // the link itself is followed, and stands in the address bar
    event.preventDefault();
    await navigator.clipboard.writeText(/** @type {HTMLAnchorElement} */ (this.link).href);
    this.link.textContent = "Copied";
    setTimeout(() => { this.link.textContent = "Copy link"; }, 2000);
  }
}

/** Where the page's controls are that can be seen; what is as large as a quarter of the page is none. */
function controls() {
  return [...document.querySelectorAll(CONTROLS)]
    .map((element) => element.getBoundingClientRect())
    .filter((it) => it.width > 0 && it.height > 0 && it.bottom > 0 && it.top < innerHeight && it.width * it.height < (innerWidth * innerHeight) / 4);
}

/**
 * The experiment of a page that compares runs; nothing where they belong to several.
 * @param {string} path
 * @param {URLSearchParams} asked
 */
function compared(path, asked) {
  if (!/\/compare-runs$/.test(path)) return undefined;
  const ids = (asked.get("experiments") ?? "").match(/\d+/g) ?? [];
  return ids.length === 1 ? ids[0] : undefined;
}

/**
 * @param {any} told
 * @returns {[string, string]}
 */
function ofRun(told) {
  if (told.state && told.curves) return [kindOf(told.state), `${capital(told.state)}: ${told.headline}`];
  if (told.phase === "reading") return ["cant-tell", "Not yet judged…"];
  if (told.trouble) return ["cant-tell", `No diagnosis: ${told.trouble}`];
  // a fit, an evaluation, a trace: nothing of ours belongs on its page
  return told.running ? ["cant-tell", "No curve was logged so far"] : ["", ""];
}

/**
 * @param {any} told
 * @returns {[string, string]}
 */
function ofMany(told) {
  const states = Object.entries(told.states);
  if (!states.length) return told.trouble ? ["cant-tell", `No diagnoses: ${told.trouble}`] : ["", ""];
  const more = told.phase === "reading" ? " so far…" : "";
  const counts = states.map(([state, count]) => `${count} ${count === 1 ? state : state.replace(/^needs/, "need")}`);
  return [kindOf(states[0][0]), counts.join(", ") + more];
}

try {
  new Badge();
} catch (error) {
  // MLflow's page goes on without us
  console.debug("curvedoctor:", error);
}
