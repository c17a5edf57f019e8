/** Smoothing as TensorBoard's slider does it, and the range of a chart's vertical axis. */

/**
 * An exponential moving average, unbiased at its start; gaps stay gaps.
 * @param {(number | null)[]} ys
 * @param {number} weight 0: as logged … below 1
 */
export function smoothed(ys, weight) {
  let sum = 0;
  let count = 0;
  return ys.map((y) => {
    if (y === null) return null;
    count++;
    sum = sum * weight + (1 - weight) * y;
    return sum / (1 - weight ** count);
  });
}

/** Share of a chart's width in which a start may tower over all that follows. */
const START = 0.04;

/**
 * The vertical range in which the curves that matter are seen: a first value that towers over the rest is cut off.
 * @param {{x: number[], y: (number | null)[]}[]} lines
 * @param {[number, number]} across the range of x in sight
 * @param {boolean} log
 * @param {boolean} whole nothing may be cut off
 * @returns {[number, number]}
 */
export function fitted(lines, across, log, whole) {
  const from = across[0] + START * (across[1] - across[0]);
  /** @type {number[]} */
  const early = [];
  /** @type {number[]} */
  const late = [];
  for (const { x, y } of lines)
    x.forEach((at, i) => {
      const value = y[i];
      if (value === null || value === undefined || at < across[0] || at > across[1] || (log && value <= 0)) return;
      (at < from ? early : late).push(log ? Math.log10(value) : value);
    });
  let [low, high] = ends([...early, ...late]);
  if (!whole && late.length > 8) {
    const [calm, top] = ends(late);
    const span = top - calm || Math.abs(top) || 1;
    if (high - top > 2 * span) high = top + span / 4;
    if (calm - low > 2 * span) low = calm - span / 4;
  }
  if (!Number.isFinite(low)) return log ? [0.1, 1] : [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.07;
  return log ? [10 ** (low - room), 10 ** (high + room)] : [low - room, high + room];
}

/** Share of its level that an axis holds at least, as in the terminal's pictures. */
const FLAT = 0.02;

/**
 * A range in which a flat curve looks flat.
 * @param {[number, number]} range linear
 * @returns {[number, number]}
 */
export function widened([low, high]) {
  const lacking = Math.max(0, FLAT * Math.max(Math.abs(low), Math.abs(high)) - (high - low));
  return [low - lacking / 2, high + lacking / 2];
}

/** @param {number[]} values */
function ends(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
