/** The report of one run: its diagnosis fills the page. */

import { Detail } from "./detail.js";
import { h } from "./dom.js";
import { embedded, origin } from "./embedded.js";
import { learnTitles } from "./format.js";
import { Manual } from "./manual.js";

const data = embedded();
const [row] = data.overview.rows;
learnTitles(data.overview.titles);

const manual = new Manual(async (condition) => data.pages[condition] ?? null);
const detail = new Detail({ explain: (id) => manual.open(id), condition: () => {} });
const app = h("main", { class: "cd-app cd-one" }, detail.element, h("footer", { class: "cd-foot" }, origin(data.made)), manual.dialog);
document.body.append(app);

const dark = matchMedia("(prefers-color-scheme: dark)");
/** @param {boolean} night */
function paint(night) {
  app.dataset.theme = night ? "dark" : "light";
  for (const chart of detail.charts) chart.recolor();
}
dark.addEventListener("change", () => paint(dark.matches));
addEventListener("beforeprint", () => paint(false));
addEventListener("afterprint", () => paint(dark.matches));
paint(dark.matches);
detail.show(row.key, data.views[row.key], "");
