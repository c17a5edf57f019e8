/** The manual page of a condition, in a dialog. */

import { h } from "./dom.js";

/** @typedef {import("./types.js").Page} Page */

export class Manual {
  /** @param {(condition: string) => Promise<Page | null>} explain */
  constructor(explain) {
    this.explain = explain;
    this.body = h("div", { class: "cd-page" });
    this.dialog = h(
      "dialog",
      { class: "cd-dialog", "aria-label": "Manual page", onclick: (/** @type {MouseEvent} */ e) => e.target === this.dialog && this.dialog.close() },
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

/** @param {string} text with `code` and **bold** */
function spans(text) {
  return text.split(/(``[^`]+``|`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.replace(/^`+|`+$/g, ""));
    if (part.startsWith("**") && part.length > 4) return h("strong", {}, part.slice(2, -2));
    return part;
  });
}
