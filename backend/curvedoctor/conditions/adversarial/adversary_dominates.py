"""One side of an adversarial pair wins for good: the other learns nothing from it any more.

Why it matters
    Generator and discriminator teach each other as long as neither is sure to win. A discriminator that is
    never wrong passes no gradient that helps; a generator that always passes is no longer told what is wrong
    with its pictures.

How it decides
    The two losses are read together, since neither has a direction of its own. The discriminator has won
    where its loss is next to nothing (a tenth of ln 2 or less; a fifth of a squared error's ¼) and the
    generator's is dozens of times higher, over all of the last quarter of the run, without a way back; or,
    where no two losses are logged for it, where it is right 98 times of a hundred; smoothed labels leave it a
    loss that it rests at, while the generator's stays above 5. The generator has won where its loss is next
    to nothing while the discriminator's is twice that of a blind guess; or where both rest, the
    discriminator's above the sum of two guesses. A critic without a floor (its loss goes below zero) has run
    away where its loss grew a hundredfold over the second half. Both losses near that of a guess, or hovering
    apart, is an equilibrium. Where FID, KID or the Inception Score is logged and ends at its best, a
    discriminator that wins is worth knowing, no more.

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

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, too_few, unjudged
from curvedoctor.conditions.examples import adversarial
from curvedoctor.conditions.measures import contest
from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.pair import Pair
from curvedoctor.features.resample import GRID
from curvedoctor.model import Finding, Floats, Run, Severity, Unjudged

ID = "adversary-dominates"
#: points of the shorter loss
MIN_POINTS = 12
#: a measure of what is made that ends within this share of its best is at its best
AT_BEST = 0.2


def check(case: Case) -> Finding | Unjudged | None:
    if not case.pairs:
        return unjudged(ID, "no losses of a generator and its discriminator are logged")
    known = [pair for pair in case.pairs if pair.points >= MIN_POINTS]
    if not known:
        most = max(pair.points for pair in case.pairs)
        return too_few(ID, most, MIN_POINTS)
    won, pair = max(((contest.won(pair), pair) for pair in known), key=lambda each: each[0].confidence)
    return None if won.confidence < REPORT_FROM else _say(case, pair, won)


def in_doubt(case: Case) -> str | None:
    """Why it can't be told from its losses that a pair is in equilibrium; None where it can."""
    fewest = min(pair.points for pair in case.pairs)
    if fewest < MIN_POINTS:
        return (
            f"{fewest:.0f} points of two losses are too few to tell an equilibrium; {MIN_POINTS} are needed"
        )
    unclear = [pair for pair in case.pairs if contest.won(pair).confidence > 0 or _far_apart(pair)]
    return "the losses of the two sides lie far apart, but neither has won for good" if unclear else None


def _far_apart(pair: Pair) -> bool:
    """Whether either loss lies far above the other over the last quarter, where losses say so."""
    if min(s.stats.low for s in (*pair.judged_by, pair.maker)) < 0:
        return False
    over = median(contest.quarter(pair.generator) / np.maximum(contest.quarter(pair.discriminator), 1e-9))
    return not 1 / (contest.APART[0] / 2) <= over <= 2 * contest.APART[0]


def _say(case: Case, pair: Pair, won: contest.Won) -> Finding:
    first = contest.since(won.shows)
    better = _at_its_best(case) if won.winner != "generator" else None
    severity: Severity = "info" if better is not None else "error"
    though = f", though {better} is at its best at the end" if better is not None else ""
    lead = pair.maker if won.winner == "generator" else pair.judged_by[0]
    others = [s for s in (*pair.judged_by, pair.maker, pair.accuracy) if s is not lead]
    at = int(np.searchsorted(lead.x, first / GRID))
    right = pair.right
    return finding(
        ID,
        severity,
        won.confidence,
        lead,
        f"The {won.winner} wins from {lead.curve.axis} {lead.step_at(min(at, len(lead.y) - 1)):g} on: "
        f"{won.how}{though}.",
        others=tuple(others),
        actions=("regularize", "lower-lr"),
        at=min(at, len(lead.y) - 1),
        winner=won.winner,
        discriminator=float(pair.discriminator[-3:].mean()),
        generator=float(pair.generator[-3:].mean()),
        right=None if right is None else float(contest.quarter(right).mean()),
    )


def _at_its_best(case: Case) -> str | None:
    """A measure of what is made (FID, KID, Inception Score) that ends at its best; None where none does."""
    for s in case.series.values():
        role = s.curve.role
        measures = role.quantity in ("error", "accuracy") and role.split in ("val", "test")
        if not (measures and role.better != "none" and s.stats.n >= MIN_POINTS / 2):
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
