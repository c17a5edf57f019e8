/** The main chart's controls: what its axis counts, smoothing, and the host's own view of the same curves. */

import { axesOf } from "./axes.js";
import { h } from "./dom.js";

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./types.js").RunView} RunView */

const NAMES = { step: "step", epoch: "epoch", time: "time", relative: "relative", wall: "wall time" };

export class Controls {
  /** @param {import("./detail.js").Detail} detail whose charts follow */
  constructor(detail) {
    this.detail = detail;
    this.axis = h("select", { "aria-label": "Horizontal axis", "data-focus": "axis", onchange: () => this.set({ axis: this.axis.value }) });
    this.slider = h("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: 0, "aria-label": "Smoothing", "data-focus": "smoothing", oninput: () => this.set({ smoothing: Number(this.slider.value) }) });
    this.amount = h("output", { class: "cd-amount" }, "0");
    this.link = h("a", { class: "cd-small", target: "_blank", rel: "noopener", hidden: true, "data-focus": "native" }, "open in Time Series");
    this.element = h("span", { class: "cd-controls" }, this.link, h("label", { class: "cd-smooth" }, "smoothing ", this.slider, this.amount), this.axis);
  }

  /** @param {Partial<import("./chart.js").Prefs>} to */
  set(to) {
    const { prefs, charts } = this.detail;
    if (to.axis !== undefined) for (const chart of charts) chart.state.zoom = null;
    Object.assign(prefs, to);
    this.amount.textContent = String(prefs.smoothing);
    for (const chart of charts) chart.redraw();
  }

  /**
   * Stand in a chart's head.
   * @param {Chart | null | undefined} chart
   * @param {RunView} view
   */
  mount(chart, view) {
    if (!chart) return this.element.remove();
    const { prefs, on } = this.detail;
    const axes = axesOf(view, chart.chart);
    this.axis.replaceChildren(...axes.map((name) => h("option", { value: name, selected: name === chart.axis }, NAMES[/** @type {"step"} */ (name)] ?? name)));
    this.axis.hidden = axes.length < 2;
    this.slider.value = String(prefs.smoothing);
    this.amount.textContent = String(prefs.smoothing);
    const address = on.native?.(view, chart.chart) ?? null;
    this.link.hidden = address === null;
    if (address !== null) this.link.href = address;
    chart.tools.prepend(this.element);
  }
}
