/** The data that a report carries in itself. */

/** @typedef {{by: string, date: string | null, command: string | null, sources: string[], more: number}} Made */
/** @typedef {{overview: import("./types.js").Overview, views: Record<string, import("./types.js").RunView>, pages: Record<string, import("./types.js").Page>, compared: import("./types.js").Conclusions | null, made: Made}} Embedded */

/** @returns {Embedded} */
export function embedded() {
  const { shared = [], ...rest } = JSON.parse(document.getElementById("curvedoctor-data")?.textContent ?? "{}");
  /** @type {Embedded} */
  const data = unfolded(rest, shared);
  for (const view of Object.values(data.views))
    for (const curve of view.curves) {
      // evenly spaced steps travel as first, distance, count
      const every = curve.every;
      if (every) curve.x = Array.from({ length: every[2] }, (_, i) => every[0] + i * every[1]);
    }
  return data;
}

/**
 * Where the report comes from, in a line.
 * @param {Made} made
 */
export function origin(made) {
  const sources = made.sources.join(", ") + (made.more ? ` and ${made.more} more` : "");
  return [sources, made.date, made.command, made.by].filter(Boolean).join(" · ");
}

/**
 * What repeats is said once, in `shared`, and stands elsewhere as {$: place}.
 * @param {any} value
 * @param {any[]} shared
 * @returns {any}
 */
function unfolded(value, shared) {
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$ === "number") return shared[value.$];
  for (const key of Object.keys(value)) value[key] = unfolded(value[key], shared);
  return value;
}
