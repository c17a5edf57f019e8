/** The manual page of a condition, in a dialog. */

import { h, svg } from "./dom.js";
import { icon } from "./icons.js";
import { curveColor } from "./theme.js";

/** @typedef {import("./types.js").Page} Page */

export class Manual {
  /**
   * @param {(condition: string) => Promise<Page | null>} explain
   * @param {() => void} [closed]
   */
  constructor(explain, closed = () => {}) {
    this.explain = explain;
    this.body = h("div", { class: "cd-page" });
    this.dialog = h(
      "dialog",
      { class: "cd-dialog", "aria-label": "Manual page", onclose: closed, onclick: (/** @type {MouseEvent} */ e) => e.target === this.dialog && this.dialog.close() },
      h("button", { type: "button", class: "cd-small cd-close", onclick: () => this.dialog.close() }, "Close"),
      this.body,
    );
  }

  /** @param {string} condition */
  async open(condition) {
    this.body.replaceChildren(h("p", { class: "cd-empty" }, "Fetching the manual page…"));
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const page = await this.explain(condition);
      this.body.replaceChildren(...(page ? sheet(page) : [h("p", { class: "cd-empty" }, `There is no manual page for ${condition}.`)]));
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "cd-empty" }, `The manual page could not be fetched: ${String(error)}`));
    }
    this.dialog.scrollTop = 0;
  }
}

/** @param {Page} page */
export function sheet(page) {
  /** @type {HTMLElement[]} */
  const out = [h("p", { class: "cd-page-id" }, page.condition), h("h1", {}, page.title)];
  if (page.pictures?.length) out.push(h("div", { class: "cd-pictures" }, page.pictures.map(picture)));
  for (const section of page.sections) {
    if (section.heading) out.push(h("h2", {}, section.heading));
    /** @type {HTMLElement | null} */
    let list = null;
    for (const block of section.blocks) {
      if (block.kind === "li") {
        if (list === null) out.push((list = h("ul")));
        list.append(h("li", {}, spans(block.text)));
      } else {
        list = null;
        out.push(h("p", {}, spans(block.text)));
      }
    }
  }
  return out;
}

/**
 * A sick or a healthy example in small.
 * @param {import("./types.js").Picture} example
 */
function picture(example) {
  const [width, height] = [300, 120];
  const path = (/** @type {number[]} */ xs, /** @type {(number | null)[]} */ ys) => {
    let pen = "M";
    let d = "";
    xs.forEach((x, i) => {
      const y = ys[i];
      if (y === null) pen = "M";
      else {
        d += `${pen}${(4 + (x / 1000) * (width - 8)).toFixed(1)} ${(height - 6 - (y / 1000) * (height - 12)).toFixed(1)}`;
        pen = "L";
      }
    });
    return d;
  };
  const at = example.onset === null ? null : 4 + example.onset * (width - 8);
  return h(
    "figure",
    { class: "cd-picture" },
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": example.alt },
      at === null ? null : svg("line", { class: "cd-picture-onset", x1: at, x2: at, y1: 2, y2: height - 2 }),
      example.curves.map((curve, i) => svg("path", { d: path(curve.x, curve.y), fill: "none", "stroke-width": 1.75, style: `stroke: var(${curveColor(curve, i)})` })),
    ),
    h("figcaption", {}, icon(example.kind === "sick" ? "failed" : "fine"), example.kind === "sick" ? "Sick" : "Healthy", h("span", { class: "cd-picture-curves" }, example.curves.map((curve) => curve.label).join(", "))),
  );
}

/** @param {string} text with `code` and **bold** */
function spans(text) {
  return text.split(/(``[^`]+``|`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.replace(/^`+|`+$/g, ""));
    if (part.startsWith("**") && part.length > 4) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}
