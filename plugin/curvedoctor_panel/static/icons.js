/** Small pictures with a shape of their own each, so that colour alone never carries the meaning. */

import { svg } from "./dom.js";

/** @type {Record<string, string>} paths on a 16 × 16 grid */
const PATHS = {
  error: "M5 1h6l4 4v6l-4 4H5l-4-4V5zM7.1 3.8l.3 5.4h1.2l.3-5.4zM8 10.4a1 1 0 100 2.1 1 1 0 000-2.1z",
  warning: "M8 1.2L15.4 14.5H.6zM7.2 5.9l.3 4h1l.3-4zM8 10.9a.9.9 0 100 1.8.9.9 0 000-1.8z",
  info: "M8 1a7 7 0 110 14A7 7 0 018 1zM7.2 7v5h1.6V7zM8 3.9a1 1 0 100 2 1 1 0 000-2z",
  fine: "M8 1a7 7 0 110 14A7 7 0 018 1zM4.1 8.3l2.9 3 5-5.6-1.1-1-3.9 4.4-1.8-1.9z",
  "could-improve": "M8 1a7 7 0 110 14A7 7 0 018 1zM8 3.400L4.300 7.500h2.600v4.700h2.200V7.500h2.600z",
  "cant-tell": "M8 1a7 7 0 110 14A7 7 0 018 1zm0 1.6a5.4 5.4 0 100 10.8A5.4 5.4 0 008 2.600zM4.600 7.200h6.8v1.600H4.600z",
};

/**
 * @param {string} kind a severity or a state (see `kindOf`)
 * @param {string} [label] for screen readers; without one the picture is decoration
 */
export function icon(kind, label) {
  const name = { failed: "error", "needs-attention": "warning" }[kind] ?? kind;
  const props = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return svg(
    "svg",
    { class: `cd-icon cd-is-${kind}`, viewBox: "0 0 16 16", width: 16, height: 16, ...props },
    svg("path", { d: PATHS[name] ?? PATHS.info, "fill-rule": "evenodd", fill: "currentColor" }),
  );
}

/**
 * A curve in small.
 * @param {(number | null)[]} values 0..100
 */
export function spark(values) {
  const width = 64;
  const height = 22;
  const step = values.length > 1 ? (width - 2) / (values.length - 1) : 0;
  let path = "";
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    path += `${pen ? "L" : "M"}${(1 + i * step).toFixed(1)} ${(height - 2 - (value / 100) * (height - 4)).toFixed(1)}`;
    pen = true;
  });
  return svg(
    "svg",
    { class: "cd-spark", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    path && svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.25 }),
  );
}
