/** What stands below a run's diagnosis: hyperparameters, readings, what could not be judged or read, its curves. */

import { h } from "./dom.js";
import { capital, plural } from "./format.js";

/** @typedef {import("./types.js").RunView} RunView */

/** @param {([string, string] | [string, string, string])[]} entries name, value, meaning */
export function pairs(entries) {
  return h("dl", { class: "cd-pairs" }, entries.map(([name, value, meaning]) => h("div", { title: meaning || null }, h("dt", {}, name), h("dd", {}, value))));
}

/** @param {RunView} view */
export function facts(view) {
  if (!view.params.length && !view.readings.length) return null;
  return h(
    "section",
    { class: "cd-facts" },
    view.params.length ? h("div", {}, h("h2", {}, "Hyperparameters"), pairs(view.params)) : null,
    view.readings.map((reading) => h("div", {}, h("h2", {}, reading.title), reading.facts.filter(([name]) => !name).map(([, sentence]) => h("p", {}, sentence)), pairs(reading.facts.filter(([name]) => name)))),
  );
}

/** @param {RunView} view */
export function unjudged(view) {
  if (!view.unjudged.length) return null;
  const count = view.unjudged.reduce((sum, group) => sum + group.conditions.length, 0);
  return h(
    "details",
    { class: "cd-fold", open: view.state === "can't tell" },
    h("summary", { "data-focus": "unjudged" }, h("h2", {}, `${view.heads.unjudged} (${count})`)),
    h("ul", { class: "cd-unjudged" }, view.unjudged.map((group) => h("li", {}, h("strong", {}, capital(group.reason)), `: ${group.conditions.join(", ")}`))),
  );
}

/** @param {RunView} view */
export function curves(view) {
  const all = [...view.curves, ...view.others];
  if (!all.length) return null;
  const cells = (/** @type {import("./types.js").CurveData} */ curve) => [curve.label, curve.split === "none" ? "" : curve.split, curve.quantity.replace("_", " "), curve.better === "none" ? "" : `${curve.better} is better`, curve.points.toLocaleString("en"), curve.nonfinite ? `${curve.nonfinite.toLocaleString("en")} not finite` : ""];
  return h(
    "details",
    { class: "cd-fold" },
    h("summary", { "data-focus": "curves" }, h("h2", {}, `${plural(all.length, "curve")} and what each was taken for`)),
    h(
      "div",
      { class: "cd-scroll", tabindex: 0, role: "region", "aria-label": "Curves" },
      h(
        "table",
        { class: "cd-table" },
        h("thead", {}, h("tr", {}, ["Curve", "Split", "Quantity", "Direction", "Points", ""].map((name) => (name ? h("th", { scope: "col" }, name) : h("td", {}))))),
        h("tbody", {}, all.map((curve) => h("tr", { title: curve.why.join("; ") }, cells(curve).map((cell) => h("td", {}, cell))))),
      ),
    ),
  );
}

/**
 * What could not be read, and stands open; apart from it, how the rest was read.
 * @param {RunView} view
 */
export function problems(view) {
  return [false, true].flatMap((note) => {
    const items = view.problems.filter((item) => item.note === note);
    if (!items.length) return [];
    const more = note ? 0 : view.problem_count - items.length;
    return h(
      "details",
      { class: "cd-fold", open: !note },
      h("summary", { "data-focus": `problems ${note}` }, h("h2", {}, note ? "How it was read" : `What could not be read (${view.problem_count})`)),
      h("ul", { class: "cd-unjudged" }, items.map((item) => h("li", {}, h("code", {}, item.where), item.offset === null ? ": " : ` at byte ${item.offset.toLocaleString("en")}: `, item.what)), more > 0 ? h("li", {}, `and ${more} more`) : null),
    );
  });
}
