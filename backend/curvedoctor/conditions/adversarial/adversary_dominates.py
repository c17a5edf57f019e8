"""One side of an adversarial pair wins for good: the other learns nothing from it any more.

Why it matters
    Generator and discriminator teach each other as long as neither is sure to win. A discriminator that is
    never wrong passes no gradient that helps; a generator that always passes is no longer told what is wrong
    with its pictures.

How it decides
    The two losses are read together, since neither has a direction of its own. The discriminator has won
    where its loss is next to nothing (a tenth of ln 2 or less; a fifth of a squared error's ¼) and the
    generator's is dozens of times higher, over all of the last quarter of the run, without a way back; or,
    where no two losses are logged for it, where it is right 98 times of a hundred. The generator has won
    where its loss is next to nothing while the discriminator's is twice that of a blind guess. A critic
    without a floor (its loss goes below zero) has run away where its loss grew a hundredfold over the second
    half. Both losses near that of a guess, or hovering apart, is an equilibrium. Where FID, KID or the
    Inception Score is logged and ends at its best, a discriminator that wins is worth knowing, no more.

What to try
    Regularize a discriminator: smoothed labels, dropout, spectral normalization or a gradient penalty. Hold a
    generator back: several steps of the discriminator to each of its own. Then the learning rates: a lower
    one for the winner, or, where the loser's is far below it, a higher one for the loser. In small pairs
    whose generator was slow, dropout and smoothed labels helped, and so did a higher rate for the generator;
    a lower one for the discriminator did not.

When it is wrong
    Beside a reconstruction loss of large weight (pix2pix, vocoders) a generator learns though its opponent
    wins. Losses say nothing of diversity: a generator that draws one picture only can look balanced.

References
    Goodfellow et al. (2014), Generative adversarial nets. Arjovsky and Bottou (2017), Towards principled
    methods for training GANs. Salimans et al. (2016), Improved techniques for training GANs. Heusel et al.
    (2017), GANs trained by a two time-scale update rule.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, percent, ramp, unjudged
from curvedoctor.conditions.examples import adversarial
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.pair import Pair
from curvedoctor.features.resample import GRID
from curvedoctor.model import Finding, Floats, Run, Severity, Unjudged

ID = "adversary-dominates"
#: points of the shorter loss
FEWEST = 12
#: the last part of the run, over which it must hold
STAYS = 0.25
#: loss of a blind guess
GUESS = math.log(2)
#: the loser's loss over the winner's that dozens of times means
APART = (20.0, 60.0)
#: the winner's loss as share of a guess's: next to nothing
NOTHING = (0.16, 0.08)
#: right answers of a discriminator that is never wrong
NEVER_WRONG = (0.965, 0.985)
#: how far above a guess's loss a discriminator is that has lost
LOST = (1.5, 2.0)
#: growth of a critic's loss without a floor over the second half
RUNS_AWAY = (30.0, 100.0)
#: the winner's loss must not have risen by this share within the last quarter, nor the loser's have come back
WAY_BACK = 1.5
#: a measure of what is made that ends within this share of its best is at its best
AT_BEST = 0.2
Bools = npt.NDArray[np.bool_]


class _Won(NamedTuple):
    """Who won a pair, how sure that is, and in which parts of the run it shows."""

    winner: str
    sure: float
    shows: Bools
    how: str


def check(case: Case) -> Finding | Unjudged | None:
    if not case.pairs:
        return unjudged(ID, "no losses of a generator and its discriminator are logged")
    known = [pair for pair in case.pairs if pair.points >= FEWEST]
    if not known:
        most = max(pair.points for pair in case.pairs)
        return unjudged(ID, f"{most:.0f} points are too few; {FEWEST} are needed")
    won, pair = max(((_won(pair), pair) for pair in known), key=lambda each: each[0].sure)
    return None if won.sure < REPORT_FROM else _say(case, pair, won)


def in_doubt(case: Case) -> str | None:
    """Why it can't be told from its losses that a pair is in equilibrium; None where it can."""
    fewest = min(pair.points for pair in case.pairs)
    if fewest < FEWEST:
        return f"{fewest:.0f} points of two losses are too few to tell an equilibrium; {FEWEST} are needed"
    unclear = [pair for pair in case.pairs if _won(pair).sure > 0 or _far_apart(pair)]
    return "the losses of the two sides lie far apart, but neither has won for good" if unclear else None


def _far_apart(pair: Pair) -> bool:
    """Whether either loss lies far above the other over the last quarter, where losses say so."""
    if min(s.stats.low for s in (*pair.judged_by, pair.maker)) < 0:
        return False
    over = median(_late(pair.generator) / np.maximum(_late(pair.discriminator), 1e-9))
    return not 1 / (APART[0] / 2) <= over <= 2 * APART[0]


def _won(pair: Pair) -> _Won:
    return max(
        (_by_losses(pair), _by_accuracy(pair), _generator(pair), _runs_away(pair)), key=lambda won: won.sure
    )


def _late(grid: Floats) -> Floats:
    return grid[-int(GRID * STAYS) :]


def _by_losses(pair: Pair) -> _Won:
    """The discriminator's loss next to nothing, the generator's dozens of times higher."""
    d, g = pair.discriminator, pair.generator
    if min(s.stats.low for s in pair.judged_by) < 0:
        return _none(pair)
    over = g / np.maximum(d, 1e-9)
    late, level = _late(over), median(_late(d))
    sure = 0.95 * _between(float(np.quantile(late, 0.1)), *APART) * ramp(level / GUESS, *NOTHING)
    sure *= float(_no_way_back(d) and _late(g)[-4:].mean() >= _late(g)[:4].mean() / WAY_BACK)
    how = (
        f"its loss ends at {number(float(d[-3:].mean()))}, the generator's at {number(float(g[-3:].mean()))}"
    )
    return _Won(pair.name, sure, (over >= APART[0]) & (d <= NOTHING[0] * GUESS), how)


def _by_accuracy(pair: Pair) -> _Won:
    """Right about everything; a loss that says otherwise is believed."""
    right = pair.right
    if right is None:
        return _none(pair)
    level = float(np.quantile(_late(right), 0.1))
    sure = 0.9 * ramp(level, *NEVER_WRONG)
    if min(s.stats.low for s in pair.judged_by) >= 0:
        sure *= ramp(median(_late(pair.discriminator)) / GUESS, 2 * NOTHING[0], NOTHING[0])
        sure *= float(_no_way_back(pair.discriminator))
    how = f"it is right in {percent(float(_late(right).mean()))} of the cases over the last quarter"
    return _Won(pair.name, sure, right >= NEVER_WRONG[0], how)


def _generator(pair: Pair) -> _Won:
    """The generator's loss next to nothing while the discriminator does far worse than a guess."""
    d, g = pair.discriminator, pair.generator
    if pair.maker.stats.low < 0 or min(s.stats.low for s in pair.judged_by) < 0:
        return _none(pair)
    over = d / np.maximum(g, 1e-9)
    late = float(np.quantile(_late(over), 0.1))
    sure = 0.9 * _between(late, APART[0] / 2, APART[0]) * ramp(median(_late(g)) / GUESS, *NOTHING)
    sure *= ramp(median(_late(d)) / GUESS, *LOST) * float(_no_way_back(g))
    how = (
        f"its loss ends at {number(float(g[-3:].mean()))}, the {pair.name}'s at "
        f"{number(float(d[-3:].mean()))}"
    )
    return _Won("generator", sure, (over >= APART[0] / 2) & (g <= NOTHING[0] * GUESS), how)


def _runs_away(pair: Pair) -> _Won:
    """A critic's loss below zero that grows without bound."""
    d = pair.discriminator
    if min(s.stats.low for s in pair.judged_by) >= 0:
        return _none(pair)
    size = np.abs(d)
    middle = median(size[GRID // 4 : GRID // 2])
    end = median(_late(size))
    growth = end / max(middle, 1e-9, 0.01 * float(size[:3].mean()))
    steady = float(size[-3:].mean()) >= end
    how = (
        f"its loss grows from {number(float(d[GRID // 2]))} to {number(float(d[-3:].mean()))} "
        "over the second half"
    )
    return _Won(
        pair.name, 0.85 * _between(growth, *RUNS_AWAY) * float(steady), size >= 10 * max(middle, 1e-9), how
    )


def _none(pair: Pair) -> _Won:
    return _Won(pair.name, 0.0, np.zeros(GRID, bool), "")


def _between(value: float, low: float, high: float) -> float:
    """`ramp` for factors."""
    return ramp(math.log(max(value, 1e-9)), math.log(low), math.log(high))


def _no_way_back(winner: Floats) -> bool:
    """Whether the winner's loss does not rise again within the last quarter."""
    late = _late(winner)
    return bool(late[-4:].mean() <= WAY_BACK * late[:4].mean() + 0.01 * GUESS)


def _say(case: Case, pair: Pair, won: _Won) -> Finding:
    first = _since(won.shows)
    better = _at_its_best(case) if won.winner != "generator" else None
    severity: Severity = "info" if better is not None else "error"
    though = f", though {better} is at its best at the end" if better is not None else ""
    lead = pair.maker if won.winner == "generator" else pair.judged_by[0]
    others = [s for s in (*pair.judged_by, pair.maker, pair.accuracy) if s is not lead]
    at = int(np.searchsorted(lead.x, first / GRID))
    right = pair.right
    return finding(
        ID, severity, won.sure, lead,
        f"The {won.winner} wins from {lead.curve.axis} "
        f"{lead.step_at(min(at, len(lead.y) - 1)):g} on: {won.how}{though}.",
        others=tuple(others), actions=("regularize", "lower-lr"), at=min(at, len(lead.y) - 1),
        winner=won.winner,
        discriminator=float(pair.discriminator[-3:].mean()), generator=float(pair.generator[-3:].mean()),
        right=None if right is None else float(_late(right).mean()),
    )  # fmt: skip


def _since(shows: Bools) -> int:
    """The first cell from which on it shows nearly always."""
    share = np.cumsum(shows[::-1]) / np.arange(1, len(shows) + 1)
    held = np.flatnonzero((share[::-1] >= 0.9) & shows)
    return int(held[0]) if len(held) else len(shows) - int(GRID * STAYS)


def _at_its_best(case: Case) -> str | None:
    """A measure of what is made (FID, KID, Inception Score) that ends at its best; None where none does."""
    for s in case.series.values():
        role = s.curve.role
        measures = role.quantity in ("error", "accuracy") and role.split in ("val", "test")
        if not (measures and role.better != "none" and s.stats.n >= FEWEST / 2):
            continue
        fell, since = s.stats.start - s.stats.best, s.stats.end - s.stats.best
        if fell > 3 * s.stats.noise and since <= min(0.1 * fell, AT_BEST * abs(s.stats.best)):
            return s.curve.tag
    return None


def _wins(rng: np.random.Generator) -> Run:
    """The discriminator is never wrong from a fifth of the run on."""
    t = np.linspace(0, 1, 120)
    d = 0.004 + 0.6 * np.exp(-14 * t)
    g = 0.8 + 9 * (1 - np.exp(-5 * t))
    return adversarial(_shaken(rng, d, 0.3), _shaken(rng, g, 0.1))


def _squares(rng: np.random.Generator) -> Run:
    """Of least squares: the generator's error goes beyond that of being told apart."""
    t = np.arange(40)
    return adversarial(
        _shaken(rng, 0.02 + 0.4 * np.exp(-t / 2), 0.1),
        _shaken(rng, 3.5 + 4 * (1 - np.exp(-t / 5)), 0.06),
        ("mse_disc", "mse_gen"),
    )


def _passes(rng: np.random.Generator) -> Run:
    """The generator always passes."""
    t = np.linspace(0, 1, 100)
    return adversarial(
        _shaken(rng, 0.8 + 2.5 * (1 - np.exp(-8 * t)), 0.05), _shaken(rng, 0.004 + 0.7 * np.exp(-12 * t), 0.2)
    )


def _even(rng: np.random.Generator) -> Run:
    """Both near ln 2."""
    n = int(rng.integers(40, 200))
    return adversarial(
        _shaken(rng, np.full(n, 0.69), 0.04), _shaken(rng, np.full(n, 0.75), 0.08), right=np.full(n, 0.53)
    )


def _hovers(rng: np.random.Generator) -> Run:
    """DCGAN as most people see it: the discriminator ahead, now more, now less."""
    n = 200
    swing = np.cumsum(rng.standard_normal(n)) / 12
    swing -= np.linspace(0, swing[-1], n)
    return adversarial(_shaken(rng, 0.3 * np.exp(-swing), 0.3), _shaken(rng, 2.6 * np.exp(0.6 * swing), 0.25))


def _shaken(rng: np.random.Generator, y: Floats, noise: float) -> Floats:
    return np.asarray(y * np.exp(noise * rng.standard_normal(len(y))))


CONDITION = Condition(
    id=ID,
    title="one side of the pair wins",
    severity="error",
    actions=("lower-lr", "regularize"),
    check=check,
    evidence={
        "winner": "discriminator, critic or generator",
        "discriminator": "the discriminator's loss at the end, mean of its parts, in its unit",
        "generator": "the generator's loss at the end, in its unit",
        "right": "the discriminator's share of right answers over the last quarter; null if not logged",
    },
    sick=(_wins, _squares, _passes),
    special=True,
    healthy=(_even, _hovers),
    scale_free=False,
    stage="preview",
)
