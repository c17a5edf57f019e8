/** Numbers and names as people write them. */

/**
 * @param {number | null | undefined} value
 * @param {number} [digits] significant digits
 */
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return value.toLocaleString("en");
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(Math.max(0, digits - 2)).replace(/\.?0*e\+?/, "e");
  return String(Number(value.toPrecision(digits)));
}

/** @param {number | null | undefined} value probability 0..1 */
export function percent(value) {
  return value === null || value === undefined ? "–" : `${Math.round(value * 100)} %`;
}

/** @type {Record<string, string>} titles that the view model sent */
const titles = {};

/** @param {Record<string, string>} known condition → title */
export function learnTitles(known) {
  Object.assign(titles, known);
}

/** @param {string} id `lr-too-high` → Learning rate too high */
export function title(id) {
  if (Object.hasOwn(titles, id)) return titles[id];
  const words = id.replaceAll("-", " ").replace(/\blr\b/g, "learning rate");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** The five words for a run, what needs somebody first. */
export const STATES = ["failed", "needs attention", "can't tell", "could improve", "fine"];

/** @param {string} state as part of a class or a picture's name */
export const kindOf = (state) => state.replaceAll(" ", "-").replaceAll("'", "");

/** A number and its sign on one line. @param {string} text */
export const tight = (text) => text.replaceAll(" %", "\u00a0%");

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @type {Record<string, string>} */
export const SEVERITY = { error: "Error", warning: "Warning", info: "Info" };
