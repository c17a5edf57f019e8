/** What is typed into the search: words of what is shown, and comparisons such as `lr>0.01`. */

import { title } from "./format.js";

/** @typedef {import("./types.js").Row} Row */

/** Characters that are left out only where more of them are shared. */
const SHARED = 4;
const COMPARISON = /^([\w./-]+?)(>=|<=|!=|=|>|<)(.+)$/;
/** @type {Record<string, (a: number, b: number) => boolean>} */
const HOLDS = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b };

/**
 * A test of rows. Every word must hold; "quoted words" belong together; `final` and `best` are the outcome.
 * @param {string} query
 * @returns {(row: Row) => boolean}
 */
export function matcher(query) {
  const words = (query.toLowerCase().match(/"[^"]*"?|\S+/g) ?? []).map((word) => word.replaceAll('"', "")).filter(Boolean);
  const tests = words.map(test);
  return (row) => tests.every((holds) => holds(row));
}

/**
 * @param {string} word
 * @returns {(row: Row) => boolean}
 */
function test(word) {
  const [, name, sign, value] = COMPARISON.exec(word) ?? [];
  if (!sign) return (row) => shown(row).includes(word);
  const number = Number(value);
  return (row) => {
    const actual = read(row, name);
    if (actual === null || actual === undefined) return sign === "=" && shown(row).includes(word);
    if (value.trim() !== "" && !Number.isNaN(number) && typeof actual === "number") return HOLDS[sign](actual, number);
    const same = String(actual).toLowerCase() === value;
    return sign === "=" ? same : sign === "!=" && !same;
  };
}

/**
 * @param {Row} row
 * @param {string} name of a hyperparameter, or `final`, `best`
 */
export function read(row, name) {
  if (name === "final" || name === "last") return row.outcome?.last;
  if (name === "best") return row.outcome?.best;
  const key = Object.keys(row.params).find((param) => param.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : row.params[key];
}

/** @param {Row} row everything that the list shows of a run, as text */
function shown(row) {
  const params = Object.entries(row.params).map(([name, value]) => `${name}=${value}`);
  const found = row.conditions.flatMap((seen) => [seen.id, title(seen.id)]);
  return [row.run, row.source, row.state, row.first, ...found, ...params].join(" ").toLowerCase();
}

/**
 * Names without what all of them share, part by part between slashes: it tells nothing.
 * @param {string[]} names
 * @returns {(name: string) => string}
 */
export function shortener(names) {
  const split = names.map((name) => name.split("/"));
  const depth = split[0]?.length ?? 0;
  if (new Set(names).size < 2 || !split.every((parts) => parts.length === depth)) return (name) => name;
  const ends = Array.from({ length: depth }, (_, i) => common(split.map((parts) => parts[i])));
  const short = (/** @type {string} */ part, /** @type {number} */ i) => {
    const [start, end] = ends[i] ?? [0, 0];
    return `${start ? "…" : ""}${part.slice(start, part.length - end)}${end ? "…" : ""}`;
  };
  return (name) => name.split("/").map(short).join("/");
}

/**
 * What all names begin with and end with, cut at separators.
 * @param {string[]} names
 * @returns {[number, number]} characters at the start and at the end
 */
function common(names) {
  const [one] = names;
  if (names.every((name) => name === one)) return [one.length > SHARED ? one.length : 0, 0];
  const shortest = Math.min(...names.map((name) => name.length));
  let start = 0;
  while (start < shortest && names.every((name) => name[start] === one[start])) start++;
  while (start > 0 && !/[_,;\s-]/.test(one[start - 1])) start--;
  let end = 0;
  const last = (/** @type {string} */ name, /** @type {number} */ i) => name[name.length - 1 - i];
  while (end < shortest - start && names.every((name) => last(name, end) === last(one, end))) end++;
  while (end > 0 && !/[_,;\s-]/.test(last(one, end - 1))) end--;
  return [start > SHARED ? start : 0, end > SHARED ? end : 0];
}
