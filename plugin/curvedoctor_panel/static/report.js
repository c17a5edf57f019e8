/** The self-contained report: the same panel over data that are embedded in the page. Works offline and sandboxed. */

import { App } from "./app.js";
import { Detail } from "./detail.js";
import { h } from "./dom.js";
import { embedded, origin } from "./embedded.js";
import { capital, plural, title } from "./format.js";

/** Runs printed in full; the table lists all of them. */
const PRINTED = 30;

const data = embedded();

/** @type {import("./types.js").Store} */
const store = {
  run: async (/** @type {string} */ key) => data.views[key],
  explain: async (/** @type {string} */ condition) => data.pages[condition] ?? null,
  compare: data.compared ? async () => /** @type {import("./types.js").Conclusions} */ (data.compared) : undefined,
  absent: (/** @type {import("./types.js").Row} */ row) => `${capital(row.state)}: ${row.summary} This report tells in full only the runs that need somebody; for this one: curvedoctor diagnose '${row.source}' -o one.html`,
};

const place = {
  read: () => Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
  write: (/** @type {Record<string, string>} */ values) => {
    try {
      history.replaceState(null, "", `#${new URLSearchParams(values)}`);
    } catch {
      // a sandboxed frame has no history of its own; the report works without links into it
    }
  },
};

const app = new App(document.body, store, place);
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  app.element.dataset.theme = dark.matches ? "dark" : "light";
  app.recolor();
};
dark.addEventListener("change", follow);
follow();
app.tell({ phase: "ready", text: `${plural(data.overview.rows.length, "run")} · ${data.made.by}` });
app.update(data.overview);
app.tell({ phase: "ready", text: `${plural(data.overview.rows.length, "run")} · ${data.made.by}` });
app.element.querySelector(".cd-foot")?.prepend(h("p", { class: "cd-origin", title: origin(data.made) }, origin(data.made)));
addEventListener("hashchange", () => app.follow());

/** @type {Detail[]} */
let printed = [];
/** @type {HTMLElement | null} */
let paper = null;

/** Everything on paper: a table of all runs, then the sick ones in full. */
addEventListener("beforeprint", () => {
  app.element.dataset.theme = "light";
  const rows = data.overview.rows;
  const full = rows.length === 1 ? rows : rows.filter((row) => row.verdict === "sick" && data.views[row.key]).slice(0, PRINTED);
  printed = full.map(() => new Detail({ explain: () => {}, condition: () => {} }, true));
  paper = h("div", { class: "cd-paper" }, rows.length > 1 ? summary(rows) : null, printed.map((detail) => detail.element));
  app.element.append(paper);
  full.forEach((row, i) => printed[i].show(row.key, data.views[row.key], ""));
});

addEventListener("afterprint", () => {
  for (const detail of printed) detail.dispose();
  paper?.remove();
  follow();
});

/** @param {import("./types.js").Row[]} rows */
function summary(rows) {
  const cells = (/** @type {import("./types.js").Row} */ row) => [row.run, capital(row.state), row.conditions.map((seen) => title(seen.id)).join(", "), row.state === "fine" ? "" : row.first + (row.suggested ? " (suggested)" : "")];
  return h(
    "section",
    { class: "cd-paper-summary" },
    h("h1", {}, "Diagnoses"),
    h("p", { class: "cd-count" }, `${plural(rows.length, "run")} · ${origin(data.made)}`),
    h("table", { class: "cd-table" }, h("thead", {}, h("tr", {}, ["Run", "State", "Seen in the curves", "To try first"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows.map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, cell)))))),
  );
}
