/** Colours come from CSS variables, so that canvases follow light and dark like everything else. */

/** @returns {Element} the element that carries the theme's variables */
const themed = () => document.querySelector(".cd-app") ?? document.documentElement;

/** @param {string} name of a CSS variable */
export const color = (name) => getComputedStyle(themed()).getPropertyValue(name).trim() || "#888";

/**
 * Training is blue and validation orange wherever both stand in one chart.
 * @param {{split: string}} curve
 * @param {number} place in its chart
 */
export function curveColor(curve, place) {
  const known = { train: 0, val: 1, test: 2 }[curve.split];
  return `--cd-c${known !== undefined && place < 2 ? known : place % 8}`;
}
