/** What to try, the first in full, the rest folded; what only the odds suggest says so. */

import { h } from "./dom.js";
import { percent, tight, title } from "./format.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").Prescription} Prescription */

/** Prescriptions on paper. */
const PRINTED = 3;

/**
 * @param {RunView} view
 * @param {boolean} [brief] for paper: the first ones, nothing folded
 */
export function suggestions(view, brief = false) {
  const [first, ...others] = view.prescriptions;
  if (!first) return null;
  if (brief)
    return h(
      "section",
      { class: "cd-cures" },
      h("h2", {}, view.heads.suggested),
      look(view),
      h("ol", { class: "cd-printed" }, view.prescriptions.slice(0, PRINTED).map((cure) => h("li", {}, h("strong", {}, cure.text), tight(` ${[cure.place, cure.chance, cure.gain].filter(Boolean).join("; ")}.`)))),
    );
  return h(
    "section",
    { class: "cd-cures", "aria-label": view.heads.suggested },
    h("h2", {}, view.heads.suggested),
    look(view),
    h(
      "div",
      { class: "cd-first", "data-basis": first.basis },
      h("p", { class: "cd-first-text" }, tight(first.text)),
      beside(first, view),
      first.because.length ? h("details", {}, h("summary", { "data-focus": "because" }, "Why"), h("ul", { class: "cd-because" }, first.because.map((reason) => h("li", {}, reason)))) : null,
    ),
    others.length ? h("details", { class: "cd-then" }, h("summary", { "data-focus": "cures" }, `${others.length} further`), h("ol", { start: 2 }, others.map((cure) => h("li", { "data-basis": cure.basis }, h("span", { class: "cd-then-text" }, cure.text), beside(cure, view))))) : null,
  );
}

/**
 * What to look for before anything is trained again.
 * @param {RunView} view
 */
function look(view) {
  return view.look ? h("p", { class: "cd-look" }, tight(view.look)) : null;
}

/**
 * The numbers that explain why a prescription stands where it does.
 * @param {Prescription} cure
 * @param {RunView} view
 */
function beside(cure, view) {
  const share = cure.confidence ?? 0;
  return h(
    "div",
    { class: "cd-beside" },
    h("p", { class: "cd-chance" }, h("span", { class: "cd-meter", role: "img", "aria-label": percent(share), "data-basis": cure.basis }, h("span", { class: "cd-meter-fill", vars: { width: `${Math.round(share * 100)}%` } })), tight(cure.chance)),
    cure.gain ? h("p", {}, tight(cure.gain)) : null,
    h("p", { class: "cd-beside-foot" }, cure.change ? h("span", { class: "cd-change" }, cure.change) : null, cure.place ? h("span", { class: "cd-place" }, cure.place) : null, treats(cure, view)),
  );
}

/**
 * @param {Prescription} cure
 * @param {RunView} view
 */
function treats(cure, view) {
  // where there is but one thing to treat, saying so each time is noise
  if (!cure.treats.length || view.findings.length < 2) return null;
  return h("span", { class: "cd-treats" }, `for ${cure.treats.map(title).join(", ")}`);
}
