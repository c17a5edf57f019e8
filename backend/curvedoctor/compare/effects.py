"""How much worse one value of a hyperparameter is, over pairs of runs that differ in nothing else.

Pairs share all other hyperparameters and, where seeds are logged, the seed. The effect is the ratio
of final losses. From six pairs on: the Hodges–Lehmann estimate with the interval that inverts
Wilcoxon's signed-rank test (Hollander & Wolfe 1999, 3.2–3.3), which a run that did not stay finite
enters as the worst rank. With fewer: a t interval whose variance is moderated by that of
repetitions, or by the noise of the curves (Smyth 2004), so that one pair says something, but little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curvedoctor.compare.grid import Grid, typical
from curvedoctor.compare.types import Effect, Outcome, Sure
from curvedoctor.model import Floats, ParamValue
from curvedoctor.params.repeats import REPEATS

#: from so many pairs on, ranks decide
RANKS_FROM = 6
#: σ of a final loss between seeds (as a ratio) where nothing says it, and the pairs that this guess is worth
GUESS, WORTH = 0.05, 2.0
#: differences below this do not matter (the remedies' own threshold)
MATTERS = 0.05
#: factor between the ends of an interval beyond which nothing is likely
LOOSE = 10.0
#: what says which of two values is better
SURE = frozenset({"clear", "likely"})
#: score difference that stands for "did not stay finite"
HUGE = 50.0


def pairs(g: Grid, name: str, a: ParamValue | None, b: ParamValue | None, free: str | None) -> Floats:
    """score(a) − score(b) over all settings of the other hyperparameters (and seeds) that have both, shape
    (n,).

    With `free` each side is taken at its own best value of that hyperparameter.
    """
    others = [n for n in g.varied if n not in (name, free)]
    ratios: list[float] = []
    for members in g.cells(others).values():
        left = [o for o in members if g.value(o, name) == a]
        right = [o for o in members if g.value(o, name) == b]
        if left and right:
            ratios += _matched(g, left, right, free)
    return np.array(ratios)


def _matched(g: Grid, left: Sequence[Outcome], right: Sequence[Outcome], free: str | None) -> list[float]:
    """Differences repeat by repeat (seed, fold) where both sides have it, else of the typical scores."""
    if free is not None:
        left, right = _at_best(g, left, free), _at_best(g, right, free)
    names = sorted(REPEATS.intersection(*(o.params for o in (*left, *right))))
    if names:
        a, b = _by_repeat(left, names), _by_repeat(right, names)
        if common := [repeat for repeat in a if repeat in b]:
            return [_minus(typical(a[repeat]), typical(b[repeat])) for repeat in common]
    return [_minus(typical(left), typical(right))]


def _at_best(g: Grid, members: Sequence[Outcome], free: str) -> list[Outcome]:
    """The runs at the value of `free` whose typical score is lowest."""
    by_value: dict[ParamValue | None, list[Outcome]] = {}
    for o in members:
        by_value.setdefault(g.value(o, free), []).append(o)
    return min(by_value.values(), key=typical)


def at_their_best(g: Grid, members: Sequence[Outcome], name: str, free: str) -> list[Outcome]:
    """Of runs of one value those at the best value of `free`, in each setting of all others."""
    others = [n for n in g.varied if n not in (name, free)]
    settings: dict[tuple[ParamValue | None, ...], list[Outcome]] = {}
    for o in members:
        settings.setdefault(tuple(g.value(o, n) for n in others), []).append(o)
    return [o for same in settings.values() for o in _at_best(g, same, free)]


def _by_repeat(members: Sequence[Outcome], names: Sequence[str]) -> dict[object, list[Outcome]]:
    by_repeat: dict[object, list[Outcome]] = {}
    for o in members:
        by_repeat.setdefault(tuple(o.params.get(n) for n in names), []).append(o)
    return by_repeat


def _minus(a: float, b: float) -> float:
    """Difference of scores, both-infinite counting as equal."""
    if math.isinf(a) or math.isinf(b):
        return HUGE * (math.isinf(a) - math.isinf(b))
    return a - b


def against_best(
    g: Grid, name: str, free: str | None, noise: float | None
) -> tuple[ParamValue | None, list[Effect]]:
    """The best value of a hyperparameter, and what all others are against it.

    It is that of the lowest typical score in any setting of the others, unless another one ends clearly lower
    where nothing else differs: then that one. Where values go round in circles, none is clear.
    """
    values, seen = g.values(name), list[ParamValue | None]()
    best = _lowest(g, name, values)
    while True:
        against = (effect(v, best, pairs(g, name, v, best, free), noise) for v in values if v != best)
        found = [one for one in against if one is not None]
        better = [one for one in found if one.sure in SURE and one.ratio < 1]
        if not better:
            return best, found
        seen.append(best)
        best = min(better, key=lambda one: one.ratio).value
        if best in seen:
            return best, [replace(one, sure="not clear") if one.sure in SURE else one for one in found]


def _lowest(g: Grid, name: str, values: Sequence[ParamValue | None]) -> ParamValue | None:
    lowest: dict[ParamValue | None, float] = {}
    at = g.varied.index(name)
    for key, members in g.cells(g.varied).items():
        lowest[key[at]] = min(lowest.get(key[at], math.inf), typical(members))
    return min(values, key=lambda v: lowest.get(v, math.inf))


def effect(
    value: ParamValue | None, best: ParamValue | None, d: Floats, noise: float | None
) -> Effect | None:
    """What the differences `d` = score(value) − score(best) say; None without a pair.

    `noise`: σ of a score between seeds; None if it is not known.
    """
    n = len(d)
    if n == 0:
        return None
    ranks = n >= RANKS_FROM
    center, low, high, p = _signed_rank(d) if ranks else _moderated(d, noise)
    return Effect(
        value=value,
        best=best,
        ratio=_exp(center),
        low=_exp(low),
        high=_exp(high),
        pairs=n,
        wins=int(np.count_nonzero(d > 0)),
        p=p,
        sure=_sure(center, low, high),
        method="signed-rank" if ranks else "moderated t",
    )


def _sure(center: float, low: float, high: float) -> Sure:
    small = math.log1p(MATTERS)
    if low > 0 or high < 0:
        return "clear" if abs(center) >= small else "no difference"
    if -small <= low and high <= small:
        return "no difference"
    if high - low > math.log(LOOSE):
        return "not clear"
    return "likely" if abs(center) >= small and min(-low, high) < 0.5 * max(-low, high) else "not clear"


def _signed_rank(d: Floats) -> tuple[float, float, float, float]:
    """Hodges–Lehmann center, 95 % interval and p of the signed-rank test."""
    from scipy import stats

    n = len(d)
    i, j = np.triu_indices(n)
    walsh = np.sort((d[i] + d[j]) / 2)
    mean, sd = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    k = max(int(mean - 1.96 * sd), 0)
    moved = d[d != 0]
    p = float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0
    return float(np.median(walsh)), float(walsh[k]), float(walsh[len(walsh) - 1 - k]), p


def _moderated(d: Floats, noise: float | None) -> tuple[float, float, float, float]:
    """Mean, 95 % interval and p of a t test with a variance that leans on what seeds do elsewhere."""
    from scipy import stats

    n = len(d)
    prior, worth = (2 * GUESS**2, WORTH) if noise is None else (2 * noise**2, 2 * WORTH)
    d = np.clip(d, -HUGE, HUGE)
    own = float(np.var(d, ddof=1)) if n > 1 else 0.0
    freedom = worth + n - 1
    error = math.sqrt(max((worth * prior + (n - 1) * own) / freedom, 1e-12) / n)
    reach = float(stats.t.ppf(0.975, freedom)) * error
    center = float(d.mean())
    return center, center - reach, center + reach, float(2 * stats.t.sf(abs(center) / error, freedom))


def _exp(x: float) -> float:
    """A log-ratio as a ratio; beyond what a sound run can give, 0 or inf."""
    if x > HUGE / 2:
        return math.inf
    return 0.0 if x < -HUGE / 2 else math.exp(x)
