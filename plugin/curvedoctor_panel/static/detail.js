/** One run: what is seen in its curves, what to try, and what can't be known, in one glance. */

import { Chart } from "./chart.js";
import { Controls } from "./controls.js";
import { h, keepingFocus } from "./dom.js";
import { capital, kindOf, number, percent, SEVERITY, tight } from "./format.js";
import { icon } from "./icons.js";
import { curves, facts, pairs, problems, unjudged } from "./facts.js";
import { suggestions } from "./suggestions.js";

/** @typedef {import("./types.js").RunView} RunView */
/** @typedef {import("./types.js").Finding} Finding */

/** Height of the main chart, between these and what the window leaves. */
const LOW = 220;
const HIGH = 460;
/** Findings that are listed; more fold away. */
const LISTED = 3;
/** Height on paper. */
const PAPER = 190;
/** Pixels of a window that the header and the chart's own tools take. */
const AROUND = 310;

export class Detail {
  /**
   * @param {{explain: (condition: string) => void, condition: (id: string) => void, zoom?: (to: string) => void, native?: import("./types.js").Store["native"]}} on
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
    /** @type {import("./chart.js").Prefs} */
    this.prefs = { axis: "", smoothing: 0, zoomed: (chart, zoom) => chart === this.charts[this.lead] && this.on.zoom?.(zoom ? zoom.x.map((x) => Number(x.toPrecision(6))).join("~") : "") };
    /** @type {number | null} */
    this.active = null;
    /** The chart in the first place. */
    this.lead = 0;
    this.controls = new Controls(this);
    this.main = h("div", { class: "cd-main-chart" });
    this.more = h("section", { class: "cd-more-charts", "aria-label": "More curves" });
    this.element = h("article", { class: "cd-detail", tabindex: -1, "aria-label": "Diagnosis" });
    if (!brief) new ResizeObserver(() => this.charts[this.lead]?.tall(this.tall())).observe(this.element);
  }

  /** @param {Node} content */
  say(content) {
    keepingFocus(this.element, this.element, () => {
      this.dispose();
      this.view = null;
      this.element.replaceChildren(content);
    });
  }

  /**
   * @param {string} key
   * @param {RunView} view
   * @param {string} condition whose evidence stands out
   */
  show(key, view, condition) {
    const same = this.key === key && this.view !== null;
    if (!same) this.states = {};
    if (same && this.view && words(this.view) === words(view)) {
      this.view = view;
      this.charts.forEach((chart, i) => chart.update(view, view.charts[i]));
      return this.choose(condition);
    }
    const wanted = view.findings.findIndex((finding) => finding.condition === condition);
    this.active = wanted >= 0 ? wanted : view.findings.length ? 0 : null;
    const top = same ? this.element.scrollTop : 0;
    keepingFocus(this.element, this.element, () => this.rebuild(key, view));
    this.element.scrollTop = top;
  }

  /**
   * @param {string} key
   * @param {RunView} view
   */
  rebuild(key, view) {
    this.key = key;
    this.view = view;
    this.dispose();
    const drawn = this.brief ? view.charts.slice(0, 1) : view.charts;
    this.charts = drawn.map((chart, i) => new Chart(view, chart, { active: this.brief ? null : this.active, height: this.brief ? PAPER : undefined, state: (this.states[`${i} ${chart.title}`] ??= {}), prefs: this.prefs }));
    this.arrange();
    this.element.replaceChildren(...this.parts(view));
    for (const chart of this.charts) chart.resize();
  }

  dispose() {
    for (const chart of this.charts) chart.destroy();
    this.charts = [];
  }

  /** @param {string} zoom of the main chart, as a link says it: from~to */
  zoomTo(zoom) {
    const [from, to] = zoom.split("~").map(Number);
    if (to > from) this.charts[this.lead]?.show({ x: [from, to], y: null });
  }

  /** The main chart's height: what the window leaves. */
  tall() {
    return this.brief ? PAPER : Math.max(LOW, Math.min(HIGH, Math.min(this.element.clientHeight || 700, innerHeight) - AROUND));
  }

  /** Put the chart that the chosen finding rests on into the first place. */
  arrange() {
    if (!this.view) return;
    this.lead = lead(this.view, this.charts, this.active);
    const main = this.charts[this.lead];
    this.charts.forEach((chart, i) => chart.tall(i === this.lead ? this.tall() : this.brief ? PAPER : 240));
    this.controls.mount(this.brief ? null : main, this.view);
    this.main.replaceChildren(main ? main.element : h("p", { class: "cd-empty" }, "This run has no curve to draw."));
    this.more.replaceChildren(...this.charts.filter((chart) => chart !== main).map((chart) => chart.element));
    this.more.hidden = this.charts.length < 2;
  }

  /** @param {string} condition to choose, if it was found */
  choose(condition) {
    const wanted = this.view?.findings.findIndex((finding) => finding.condition === condition) ?? -1;
    if (wanted >= 0 && wanted !== this.active) this.mark(wanted);
  }

  /** @param {number} index of the finding that was picked */
  activate(index) {
    this.mark(index);
    if (this.view) this.on.condition(this.view.findings[index].condition);
  }

  /** @param {number} index of the finding whose card is open and whose mark is in sight */
  mark(index) {
    this.active = index;
    if (this.view && lead(this.view, this.charts, index) !== this.lead) keepingFocus(this.element, this.element, () => this.arrange());
    for (const chart of this.charts) chart.highlight(index, true);
    this.element.querySelectorAll(".cd-finding").forEach((card, i) => {
      card.classList.toggle("cd-chosen", i === index);
      card.querySelector(".cd-finding-pick")?.setAttribute("aria-expanded", String(i === index));
      /** @type {HTMLElement | null} */ (card.querySelector(".cd-finding-more"))?.toggleAttribute("hidden", i !== index);
    });
    if (index >= LISTED) this.element.querySelector(".cd-rest")?.setAttribute("open", "");
    this.main.scrollIntoView({ block: "nearest" });
  }

  /** @param {RunView} view */
  parts(view) {
    const glance = h("div", { class: "cd-glance" }, this.main, h("div", { class: "cd-side" }, this.seen(view), suggestions(view, this.brief)));
    if (this.brief) return [header(view), glance, h("p", { class: "cd-finding-foot" }, view.params.map(([name, value]) => `${name} ${value}`).join(" · "))];
    return [
      header(view),
      glance,
      this.charts.length > 1 ? this.more : null,
      facts(view),
      unjudged(view),
      curves(view),
      ...problems(view),
    ].filter((part) => part !== null);
  }

  /** @param {RunView} view */
  seen(view) {
    if (!view.findings.length) return null;
    return h("section", { class: "cd-findings", "aria-label": view.heads.seen }, h("h2", {}, view.heads.seen), ...this.cards(view));
  }

  /**
   * The first findings in sight, the rest folded: what to try must be seen beside them.
   * @param {RunView} view
   */
  cards(view) {
    const all = view.findings.map((finding, i) => this.finding(finding, i));
    if (this.brief || all.length <= LISTED + 1) return all;
    return [...all.slice(0, LISTED), h("details", { class: "cd-rest", open: (this.active ?? 0) >= LISTED }, h("summary", { "data-focus": "findings" }, `${all.length - LISTED} more`), all.slice(LISTED))];
  }

  /**
   * @param {Finding} finding
   * @param {number} index
   */
  finding(finding, index) {
    const chosen = index === this.active || this.brief;
    const where = finding.onset === null ? null : `from ${finding.axis ?? "step"} ${number(finding.onset)}`;
    return h(
      "div",
      { class: chosen ? "cd-finding cd-chosen" : "cd-finding", "data-severity": finding.severity },
      h(
        "button",
        { type: "button", class: "cd-finding-pick", "aria-expanded": String(chosen), "data-focus": `finding-${index}`, onclick: () => this.activate(index) },
        icon(finding.severity, SEVERITY[finding.severity]),
        h("span", { class: "cd-finding-title" }, finding.title),
        h("span", { class: "cd-sure", title: "the probability that this is true" }, percent(finding.confidence)),
      ),
      h(
        "div",
        { class: "cd-finding-more", hidden: !chosen },
        // the first one's sentence is the headline already
        index === 0 && this.view?.headline === finding.summary && !this.brief ? null : h("p", {}, finding.summary),
        h("p", { class: "cd-finding-foot" }, [where, finding.curves.join(", ")].filter(Boolean).join(" · ")),
        this.brief ? h("p", { class: "cd-finding-foot" }, finding.evidence.map(([name, value]) => `${name} ${value}`).join(" · ")) : null,
        finding.evidence.length && !this.brief ? h("details", {}, h("summary", { "data-focus": `evidence-${index}` }, "Evidence"), pairs(finding.evidence)) : null,
        h("button", { type: "button", class: "cd-link", "data-focus": `page-${index}`, onclick: () => this.on.explain(finding.condition) }, `About “${finding.title}”`),
      ),
    );
  }
}

/**
 * The chart in which a finding's mark is drawn, else one of its curves, else the first.
 * @param {RunView} view
 * @param {Chart[]} charts
 * @param {number | null} active
 */
function lead(view, charts, active) {
  if (active === null) return 0;
  const first = view.findings[active]?.curves[0];
  const marked = charts.findIndex(({ chart }) => chart.marks.some((mark) => mark.finding === active) && chart.curves.some((i) => view.curves[i].label === first));
  const named = charts.findIndex(({ chart }) => chart.curves.some((i) => view.curves[i].label === first));
  return Math.max(0, marked >= 0 ? marked : named);
}

/** What decides whether a view can be followed without rebuilding: all but the points.
 * @param {RunView} view
 */
function words(view) {
  const charts = view.charts.map((chart) => [chart.title, chart.curves]);
  return JSON.stringify([view.state, view.headline, view.asides, view.findings, view.prescriptions, view.look, view.readings, view.unjudged, view.problems, view.params, charts, view.others.length]);
}

/** @param {RunView} view */
function header(view) {
  const kind = kindOf(view.state);
  return h(
    "header",
    { class: "cd-head" },
    h("p", { class: "cd-head-line" }, h("span", { class: `cd-verdict cd-is-${kind}` }, icon(kind), capital(view.state))),
    h("h1", {}, view.run),
    h("p", { class: "cd-headline" }, tight(view.headline)),
    view.asides.map((aside) => h("p", { class: "cd-aside" }, aside)),
    view.sampled ? h("p", { class: "cd-note" }, view.sampled) : null,
  );
}
