/** In which order runs are listed, under which headings, and what stands in their columns. */

import { number } from "./format.js";
import { read } from "./query.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {{row: Row} | {head: string, count: number}} Item */

/** Columns that are offered at most. */
const OFFERED = 12;

/**
 * The columns that runs differ in: their hyperparameters, and how they ended.
 * @param {Overview} overview
 * @returns {string[]}
 */
export function columnsOf(overview) {
  const names = [...new Set(overview.siblings.flatMap((family) => family.params.map((param) => param.name)))];
  const ended = overview.rows.some((row) => row.outcome) ? ["final", "best"] : [];
  return [...ended, ...names.slice(0, OFFERED)];
}

/**
 * @param {Row} row
 * @param {string} column
 */
export function cell(row, column) {
  const value = read(row, column);
  return value === null || value === undefined ? "–" : typeof value === "number" ? number(value, 3) : String(value);
}

/**
 * Rows in the order that is asked for; `urgency` is the overview's own.
 * @param {Row[]} rows
 * @param {string} by a column, `name` or `urgency`; with a leading `-` the other way round
 * @returns {Row[]}
 */
export function sorted(rows, by) {
  const down = by.startsWith("-");
  const key = down ? by.slice(1) : by;
  if (key === "urgency" || !key) return down ? [...rows].reverse() : rows;
  const collator = new Intl.Collator("en", { numeric: true });
  const value = (/** @type {Row} */ row) => (key === "name" ? row.run : read(row, key));
  const known = rows.filter((row) => value(row) !== null && value(row) !== undefined);
  const rest = rows.filter((row) => !known.includes(row));
  known.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const order = typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
    return down ? -order : order;
  });
  return [...known, ...rest];
}

/**
 * Rows under the directories that they lie in.
 * @param {Row[]} rows
 * @returns {Item[]}
 */
export function grouped(rows) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return [...groups].flatMap(([head, members]) => [{ head: head || "(top)", count: members.length }, ...members.map((row) => ({ row }))]);
}
