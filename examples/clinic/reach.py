"""How far what was learnt reaches: examples that stand for it,
and the trust that held-out runs warrant far from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curvedoctor.advice.familiar import Familiar, apart
from curvedoctor.model import Floats

#: shares of a feature's values below its cuts
CUTS = (0.002, *(k / 12 for k in range(1, 12)), 0.998)
#: examples that are kept, chosen among so many rows
EXAMPLES, AMONG = 256, 4000
#: shares of the held-out runs that are nearer than a knot (see `Familiar.strange`)
KNOTS = (0.0, 0.5, 0.8, 0.95, 0.99, 1.0)


def familiar_with(rows: Floats) -> Familiar:
    """Examples from rows (n, features), each the farthest from those before; everything is trusted."""
    with np.errstate(all="ignore"):
        cuts = np.nanquantile(rows, CUTS, axis=0).T
    cuts = np.where(np.isnan(cuts), np.inf, cuts).astype(np.float32)
    nothing = np.zeros(0, np.float32)
    known = Familiar(cuts, np.zeros((0, rows.shape[1]), np.int8), nothing, nothing, nothing)
    at = np.random.default_rng(0).permutation(len(rows))[:AMONG]
    ranks = known.ranks(rows[at])
    chosen, far = [0], apart(ranks[0], ranks, len(CUTS))
    while len(chosen) < min(EXAMPLES, len(ranks)):
        chosen.append(int(np.argmax(far)))
        far = np.minimum(far, apart(ranks[chosen[-1]], ranks, len(CUTS)))
    return replace(known, examples=ranks[chosen])


def trusted(known: Familiar, odds: Floats, distance: Floats, labels: Floats, weight: Floats) -> Familiar:
    """Average odds, and the trust by distance with which held-out log-odds (n,
    outcomes) are most probable."""
    from scipy.optimize import minimize

    scored = np.isfinite(labels) & np.isfinite(odds)
    there = np.where(scored, weight, 0.0)
    share = (there * np.where(scored, labels, 0.0)).sum(0) / np.maximum(there.sum(0), 1e-9)
    share = np.clip(share, 1e-3, 1 - 1e-3)
    average = np.log(share / (1 - share))
    knots = np.quantile(distance, KNOTS)
    row, column = np.nonzero(scored)
    z, y, w, d = odds[row, column], labels[row, column], weight[row, column], distance[row]
    base = average[column]

    def trust(steps: Floats) -> Floats:
        return np.exp(-np.cumsum([0.0, *np.abs(steps)]))

    def loss(steps: Floats) -> float:
        moved = base + np.interp(d, knots, trust(steps)) * (z - base)
        return float(np.sum(w * (np.logaddexp(0, moved) - y * moved)) / w.sum()) + 1e-4 * float(
            np.abs(steps).sum()
        )

    found = minimize(loss, np.full(len(KNOTS) - 1, 0.1), method="Nelder-Mead", options={"maxfev": 250}).x
    # farther than any run that was held out nothing is known: twice as far, nothing is left
    knots, kept = np.append(knots, 2 * knots[-1]), np.append(trust(found), 0.0)
    return replace(known, knots=knots.astype(np.float32), trust=kept.astype(np.float32),
                   average=average.astype(np.float32))  # fmt: skip
