/** One run: its diagnosis in plain words, the curves it rests on, what to do, and what can't be known. */

import { Chart } from "./chart.js";
import { h } from "./dom.js";
import { number, percent, plural, title, VERDICT, SEVERITY } from "./format.js";
import { icon } from "./icons.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").Finding} Finding */
/** @typedef {import("./types.js").Prescription} Prescription */

/** Prescriptions shown after the first; the rest folds away. */
const SHOWN = 2;

export class Detail {
  /**
   * @param {{explain: (condition: string) => void, condition: (id: string) => void}} on
   * @param {boolean} [brief] only the charts that findings rest on, and smaller: for paper
   */
  constructor(on, brief = false) {
    this.on = on;
    this.brief = brief;
    this.key = "";
    /** @type {RunView | null} */
    this.view = null;
    /** @type {Chart[]} */
    this.charts = [];
    /** @type {Record<string, import("./chart.js").ChartState>} */
    this.states = {};
    /** @type {number | null} */
    this.active = null;
    this.element = h("article", { class: "cd-detail", tabindex: -1, "aria-label": "Diagnosis" });
  }

  /** @param {Node} content */
  say(content) {
    this.dispose();
    this.view = null;
    this.element.replaceChildren(content);
  }

  /**
   * @param {string} key
   * @param {RunView} view
   * @param {string} condition whose evidence stands out
   */
  show(key, view, condition) {
    const same = this.key === key && this.view !== null;
    if (!same) this.states = {};
    const wanted = view.findings.findIndex((finding) => finding.condition === condition);
    this.active = wanted >= 0 ? wanted : view.findings.length ? 0 : null;
    if (same && this.view && words(this.view) === words(view)) {
      this.view = view;
      this.charts.forEach((chart, i) => chart.update(view, view.charts[i]));
      return;
    }
    const top = same ? this.element.scrollTop : 0;
    const focus = document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    this.key = key;
    this.view = view;
    this.dispose();
    const drawn = this.brief ? view.charts.filter((chart, i) => i === 0 || chart.findings.length) : view.charts;
    const height = this.brief ? 200 : undefined;
    this.charts = drawn.map((chart, i) => new Chart(view, chart, { active: this.brief ? null : this.active, height, state: (this.states[`${i} ${chart.title}`] ??= {}) }));
    this.element.replaceChildren(...this.parts(view));
    for (const chart of this.charts) chart.resize();
    this.element.scrollTop = top;
    if (focus) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-focus="${CSS.escape(focus)}"]`))?.focus();
  }

  dispose() {
    for (const chart of this.charts) chart.destroy();
    this.charts = [];
  }

  /** @param {number} index */
  activate(index) {
    this.active = index;
    for (const chart of this.charts) chart.highlight(index);
    this.element.querySelectorAll(".cd-finding").forEach((card, i) => {
      card.classList.toggle("cd-chosen", i === index);
      card.querySelector(".cd-finding-pick")?.setAttribute("aria-pressed", String(i === index));
    });
    if (this.view) this.on.condition(this.view.findings[index].condition);
  }

  /** @param {RunView} view */
  parts(view) {
    const main = this.charts.slice(0, 1).map((chart) => chart.element);
    const rest = this.charts.slice(1).map((chart) => chart.element);
    return [
      header(view),
      view.prescriptions.length ? prescriptions(view.prescriptions) : null,
      h(
        "section",
        { class: view.findings.length ? "cd-evidence" : "cd-evidence cd-alone", "aria-label": "Findings and evidence" },
        view.findings.length ? h("div", { class: "cd-findings" }, h("h2", {}, "What was found"), view.findings.map((finding, i) => this.finding(finding, i))) : null,
        h("div", { class: "cd-main-chart" }, main.length ? main : h("p", { class: "cd-empty" }, "This run has no curve to draw.")),
      ),
      rest.length ? h("section", { class: "cd-more-charts", "aria-label": "More curves" }, rest) : null,
      facts(view),
      unjudged(view),
      curves(view),
      problems(view),
    ].filter((part) => part !== null);
  }

  /**
   * @param {Finding} finding
   * @param {number} index
   */
  finding(finding, index) {
    const chosen = index === this.active;
    const where = finding.onset === null ? null : `from ${finding.axis ?? "step"} ${number(finding.onset)}`;
    return h(
      "div",
      { class: chosen ? "cd-finding cd-chosen" : "cd-finding", "data-severity": finding.severity },
      h(
        "button",
        { type: "button", class: "cd-finding-pick", "aria-pressed": String(chosen), "data-focus": `finding-${index}`, onclick: () => this.activate(index) },
        icon(finding.severity, SEVERITY[finding.severity]),
        h("span", { class: "cd-finding-title" }, finding.title),
        h("span", { class: "cd-sure", title: "the probability that this is true" }, percent(finding.confidence)),
      ),
      h("p", {}, finding.summary),
      h("p", { class: "cd-finding-foot" }, [where, finding.curves.join(", ")].filter(Boolean).join(" · ")),
      finding.evidence.length ? h("details", {}, h("summary", { "data-focus": `evidence-${index}` }, "Evidence"), pairs(finding.evidence)) : null,
      h("button", { type: "button", class: "cd-link", "data-focus": `page-${index}`, onclick: () => this.on.explain(finding.condition) }, `About “${finding.title}”`),
    );
  }
}

/** What decides whether a view can be followed without rebuilding: all but the points.
 * @param {RunView} view
 */
function words(view) {
  const charts = view.charts.map((chart) => [chart.title, chart.curves, chart.findings]);
  return JSON.stringify([view.verdict, view.headline, view.findings, view.prescriptions, view.readings, view.unjudged, view.problems, view.params, charts, view.others.length]);
}

/** @param {RunView} view */
function header(view) {
  const worst = view.findings[0]?.severity;
  const kind = view.verdict === "sick" && worst ? worst : view.verdict;
  return h(
    "header",
    { class: "cd-head" },
    h("p", { class: `cd-verdict cd-is-${kind}` }, icon(kind), VERDICT[view.verdict]),
    h("h1", {}, view.run),
    h("p", { class: "cd-headline" }, view.headline),
    view.sampled ? h("p", { class: "cd-note" }, view.sampled) : null,
  );
}

/** @param {Prescription[]} list */
function prescriptions(list) {
  const [first, ...others] = list;
  return h(
    "section",
    { class: "cd-cures", "aria-label": "What to try" },
    h(
      "div",
      { class: "cd-first" },
      h("h2", {}, "Try this first"),
      h("p", { class: "cd-first-text" }, first.text),
      h("p", { class: "cd-first-foot" }, first.change ? h("span", { class: "cd-change" }, first.change) : null, meter(first), treats(first, list)),
      first.because.length ? h("ul", { class: "cd-because", "aria-label": "because" }, first.because.map((reason) => h("li", {}, reason))) : null,
    ),
    others.length
      ? h(
          "div",
          { class: "cd-then" },
          h("h2", {}, "Then consider"),
          h(
            "ol",
            { start: 2 },
            others.slice(0, SHOWN).map((cure) => another(cure, list)),
          ),
          others.length > SHOWN
            ? h("details", {}, h("summary", { "data-focus": "cures" }, `${others.length - SHOWN} more`), h("ol", { start: 2 + SHOWN }, others.slice(SHOWN).map((cure) => another(cure, list))))
            : null,
        )
      : null,
  );
}

/**
 * @param {Prescription} cure
 * @param {Prescription[]} list
 */
function another(cure, list) {
  return h("li", {}, h("span", { class: "cd-then-text" }, cure.text), h("span", { class: "cd-then-foot" }, cure.change ? h("span", { class: "cd-change" }, cure.change) : null, meter(cure), treats(cure, list)));
}

/** @param {Prescription} cure */
function meter(cure) {
  const share = cure.confidence ?? 0;
  return h(
    "span",
    { class: "cd-meter-line", title: "the probability that this helps" },
    h("span", { class: "cd-meter", "aria-hidden": "true" }, h("span", { class: "cd-meter-fill", vars: { width: `${Math.round(share * 100)}%` } })),
    `${percent(cure.confidence)} likely to help`,
  );
}

/**
 * @param {Prescription} cure
 * @param {Prescription[]} all
 */
function treats(cure, all) {
  // where all treat the same, saying so each time is noise
  const same = all.every((other) => other.treats.join() === all[0].treats.join());
  if (!cure.treats.length || (same && cure !== all[0])) return null;
  return h("span", { class: "cd-treats" }, `for ${cure.treats.map(title).join(", ")}`);
}

/** @param {([string, string] | [string, string, string])[]} entries name, value, meaning */
function pairs(entries) {
  return h("dl", { class: "cd-pairs" }, entries.map(([name, value, meaning]) => h("div", { title: meaning || null }, h("dt", {}, name), h("dd", {}, value))));
}

/** @param {RunView} view */
function facts(view) {
  if (!view.params.length && !view.readings.length) return null;
  return h(
    "section",
    { class: "cd-facts" },
    view.params.length ? h("div", {}, h("h2", {}, "Hyperparameters"), pairs(view.params)) : null,
    view.readings.map((reading) => h("div", {}, h("h2", {}, reading.title), pairs(reading.facts))),
  );
}

/** @param {RunView} view */
function unjudged(view) {
  if (!view.unjudged.length) return null;
  return h(
    "details",
    { class: "cd-fold", open: view.unjudged.length <= 3 },
    h("summary", { "data-focus": "unjudged" }, h("h2", {}, `What could not be judged (${view.unjudged.length})`)),
    h("ul", { class: "cd-unjudged" }, view.unjudged.map((item) => h("li", {}, h("strong", {}, item.title), `: ${item.reason}`))),
  );
}

/** @param {RunView} view */
function curves(view) {
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

/** @param {RunView} view */
function problems(view) {
  if (!view.problems.length) return null;
  const more = view.problem_count - view.problems.length;
  return h(
    "details",
    { class: "cd-fold", open: true },
    h("summary", { "data-focus": "problems" }, h("h2", {}, `What could not be read (${view.problem_count})`)),
    h("ul", { class: "cd-unjudged" }, view.problems.map((item) => h("li", {}, h("code", {}, item.where), item.offset === null ? ": " : ` at byte ${item.offset.toLocaleString("en")}: `, item.what)), more > 0 ? h("li", {}, `and ${more} more`) : null),
  );
}
