/** The page in the drawer: one run, or an experiment's runs, drawn by the same panel as everywhere.
 * By itself it lists the experiments: the way in where MLflow's own page does not show the badge. */

import { App } from "../panel/app.js";
import { Detail } from "../panel/detail.js";
import { h } from "../panel/dom.js";
import { learnTitles, plural } from "../panel/format.js";
import { Manual } from "../panel/manual.js";

const ROUTES = new URL("../../../", import.meta.url);
/** Milliseconds between questions while diagnoses are being made, and afterwards. */
const POLL_BUSY_MS = 1000;
const POLL_IDLE_MS = 10000;

const query = new URLSearchParams(location.search);
const run = query.get("run_id");
const experiment = query.get("experiment_id");
/** Ids of the runs that a page compares. */
const runs = query.get("runs") ?? "";
/** Which of MLflow's workspaces is asked, where it has any. @type {Record<string, string>} */
const headers = query.get("workspace") ? { "X-MLFLOW-WORKSPACE": query.get("workspace") ?? "" } : {};

/**
 * @param {string} name
 * @param {Record<string, string>} parameters
 */
async function get(name, parameters) {
  const address = new URL(name, ROUTES);
  address.search = new URLSearchParams(parameters).toString();
  const response = await fetch(address, { headers });
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(content.error ?? `MLflow answered ${response.status}`);
  return content;
}

const explain = async (/** @type {string} */ condition) => (await get("explain", { condition })).page;

/**
 * Follow MLflow between light and dark.
 * @param {HTMLElement} element
 * @param {() => void} recolor
 */
function follow(element, recolor) {
  const page = parent.document.body;
  const theme = () => {
    const dark = page.classList.contains("dark-mode");
    element.dataset.theme = dark ? "dark" : "light";
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    recolor();
  };
  new MutationObserver(theme).observe(page, { attributes: true, attributeFilter: ["class"] });
  theme();
}

async function one(/** @type {string} */ id) {
  const manual = new Manual(explain);
  const detail = new Detail({ explain: (name) => manual.open(name), condition: () => {} });
  const state = h("p", { class: "cd-state", role: "status" }, "Diagnosing…");
  const app = h("main", { class: "cd-app cd-one" }, state, detail.element, manual.dialog);
  document.body.append(app);
  follow(app, () => { for (const chart of detail.charts) chart.recolor(); });
  let shown = "";
  const look = async () => {
    let wait = POLL_IDLE_MS;
    try {
      const told = await get("run", { run_id: id });
      if (told.view) {
        const text = JSON.stringify(told.view);
        learnTitles(Object.fromEntries(told.view.findings.map((/** @type {{condition: string, title: string}} */ finding) => [finding.condition, finding.title])));
        if (text !== shown) detail.show(id, told.view, "");
        shown = text;
        state.remove();
      } else if (told.phase === "reading") {
        state.textContent = "Not yet judged…";
        wait = POLL_BUSY_MS;
      } else state.textContent = told.trouble ? `No diagnosis: ${told.trouble}` : "No diagnosis: nothing was logged, or the run is deleted.";
    } catch (error) {
      if (!shown) state.textContent = `No diagnosis: ${error instanceof Error ? error.message : error}`;
    }
    setTimeout(look, wait);
  };
  look();
}

async function many(/** @type {string} */ id) {
  let version = "";
  /** @type {any} */
  let overview = null;
  const store = {
    run: async (/** @type {string} */ key) => {
      const row = overview.rows.find((/** @type {{key: string}} */ item) => item.key === key);
      return (await get("run", { run_id: row.run_id })).view;
    },
    explain,
  };
  const place = {
    read: () => Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
    write: (/** @type {Record<string, string>} */ values) => history.replaceState(null, "", `#${new URLSearchParams(values)}`),
  };
  const app = new App(document.body, store, place);
  follow(app.element, () => app.recolor());
  const look = async () => {
    let wait = POLL_IDLE_MS;
    try {
      const told = await get("experiment", { experiment_id: id, runs, version });
      if (told.phase === "reading") wait = POLL_BUSY_MS;
      /** @returns {import("../panel/types.js").Status} */
      const state = (/** @type {number} */ count) => told.phase === "reading"
        ? { phase: "reading", text: `${plural(told.total, "run")} to diagnose${count ? `, ${count} shown so far` : ""}…` }
        : { phase: "ready", text: count ? plural(count, "run") : "No run with curves in this experiment", notices: told.trouble ? [told.trouble] : [] };
      if (told.overview) {
        overview = told.overview;
        version = String(told.version);
        app.update(overview);
      }
      app.tell(state(overview?.rows.length ?? 0));
    } catch (error) {
      app.tell({ phase: overview ? "ready" : "failed", text: `No diagnoses: ${error instanceof Error ? error.message : error}` });
    }
    setTimeout(look, wait);
  };
  look();
}

/** MLflow's own list, so that its own permissions hold. */
async function all() {
  const list = h("ul", { class: "cd-experiments" });
  const app = h("main", { class: "cd-app cd-one cd-message" }, h("h1", {}, "Diagnoses by experiment"), list);
  document.body.append(app);
  follow(app, () => {});
  const answer = await fetch(new URL("../../2.0/mlflow/experiments/search", ROUTES), {
    method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify({ max_results: 1000 }),
  });
  const found = (await answer.json()).experiments ?? [];
  const address = (/** @type {string} */ id) => `?${new URLSearchParams({ ...Object.fromEntries(query), experiment_id: id })}`;
  list.append(...found.map((/** @type {{experiment_id: string, name: string}} */ item) => h("li", {}, h("a", { class: "cd-small", href: address(item.experiment_id) }, item.name))));
}

// Escape closes the drawer, unless something here is open that it closes first
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && parent !== window && !event.defaultPrevented && !document.querySelector("dialog[open]")) parent.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
});

if (run) one(run);
else if (experiment) many(experiment);
else all();
