/** What many runs say, in sentences, before any picture: how many are how, what they share, what `compare` concludes. */

import { h } from "./dom.js";

/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").Conclusions} Conclusions */

export class Summary {
  /** @param {import("./types.js").Store} store */
  constructor(store) {
    this.store = store;
    this.asked = "";
    this.list = h("div");
    this.compared = h("div", { class: "cd-compared", hidden: true });
    this.element = h("section", { class: "cd-card cd-summary", "aria-label": "Summary" }, this.list, this.compared);
  }

  /** @param {Overview} overview */
  update(overview) {
    this.list.replaceChildren(h("h1", {}, overview.tally), h("ul", {}, overview.sentences.map((text) => h("li", {}, text))));
    // asked again only where runs ended otherwise
    const ends = JSON.stringify(overview.rows.map((row) => [row.key, row.state, row.outcome?.last]));
    if (ends !== this.asked && overview.rows.length > 1) this.compare(ends);
  }

  /** @param {string} ends */
  async compare(ends) {
    this.asked = ends;
    try {
      const found = await this.store.compare?.();
      if (found && this.asked === ends) this.conclude(found);
    } catch {
      this.asked = "";
    }
  }

  /** @param {Conclusions} found */
  conclude(found) {
    this.compared.hidden = !found.groups.length;
    this.compared.replaceChildren(h("h2", {}, "What they say together"), h("p", { class: "cd-next" }, `Next: ${found.next}`), ...found.groups.map((group) => h("details", { open: found.groups.length === 1 }, h("summary", {}, group.title), h("ul", {}, group.lines.map((line) => h("li", {}, line))))));
  }
}
