"""From where on a curve answers the same for ever, what a constant answer scores,
and why there may be no other answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.rates import decades_below_usual
from curvedoctor.features.series import Series
from curvedoctor.features.statistics import FLOAT
from curvedoctor.model import Floats

#: a log with three significant digits or more may flicker in its last one
DIGIT = 5e-4
#: the same of a curve that never moved at all, where others beside it tell the digits
BESIDE = 2e-3
#: bits of a number in half precision; bfloat16 has fewer
HALF = 11
#: how far from a whole number of digits float32 may put a value, at most
ROOM = 0.02
#: relative distance up to which a constant loss is the one of a constant answer
NEAR = 0.001
#: share of right answers above a guess's, and above the first ones, that is no guess
BETTER = 0.1
#: decades above the customary learning rate from which on the rate is the first suspect
TOO_HIGH = 1.5
#: highest squared error that an output between −1 and 1 makes on targets within the same span
BOUNDED = 4.0
#: usual numbers of classes, of characters and bytes, and of tokens in the vocabularies of BERT, XLM, T5,
#: GPT, Llama, Qwen …
_CLASSES = (*range(2, 21), 26, 27, 30, 37, *range(40, 101, 10), 62, 65, 101, 200, 365, 500, 1000, 10_000)
_TOKENS = (*(2**k for k in range(5, 18)), 28_996, 30_522, 32_000, 50_257, 100_277, 128_256, 151_936, 250_002)
#: ln K of these, for a loss whose function and classes are unknown
USUAL = tuple(math.log(k) for k in sorted({*_CLASSES, *_TOKENS}))
#: losses that a constant answer leaves at the margin, and the margins in use
MARGINS = (0.1, 0.2, 0.25, 0.3, 0.5, 1.0, 2.0)
#: share of its highest below which a loss is nothing, and above which it still was two points before
NOTHING, SOMETHING = 1e-6, 1e-3
_SQUASHING = ("tanh", "sigmoid", "softmax", "softsign", "hard_sigmoid")


def gone_from(case: Case, s: Series) -> int | None:
    """Index of the point from which on a loss is nothing, at once and for good, beside a score that is zero:
    only what is found adds to such a loss (boxes), and nothing is found any more. None if it is not so."""
    score = case.val_score
    there = np.flatnonzero(s.y > NOTHING * s.y.max())
    at = int(there[-1]) + 1 if len(there) else 0
    if score is None or score.ceiling != 1.0 or not 2 <= at < len(s.y):
        return None
    at_once = float(s.y[at - 2 : at].max()) > SOMETHING * float(s.y.max())
    late = score.y[score.x >= s.x[at]]
    return at if at_once and len(late) and bool((late == 1.0).all()) else None


def rests_from(y: Floats) -> int:
    """Index of the first point from which on all are the same,
    to float noise or to the last digit that was logged."""
    if not len(y):
        return 0
    same, back = tolerance(y), y[::-1]
    if abs(float(y[-1] - y[-2:][0])) > same:
        return len(y) - 1
    spread = np.maximum.accumulate(back) - np.minimum.accumulate(back)
    moved = np.flatnonzero(spread > same)
    return len(y) - int(moved[0]) if len(moved) else 0


def tolerance(y: Floats) -> float:
    """By how much values may differ and still be the same, in their own unit."""
    level = abs(float(y[-1]))
    digit = _digit(y)
    return max(FLOAT * level, 1.01 * digit if digit <= DIGIT * level else 0.0)


def _digit(y: Floats) -> float:
    """The last decimal that is in use; 0 where float32 holds no more of them."""
    top, last = float(np.abs(y).max()), float(y[-1])
    for places in range(7):
        scale = 10.0**places
        room = 1e-9 + 1.2e-7 * top * scale
        if room > ROOM:
            break
        # mostly, one value tells already that it is not this one
        if abs(last * scale - round(last * scale)) <= room:
            scaled = y * scale
            if float(np.abs(scaled - np.round(scaled)).max()) <= room:
                return 10.0**-places
    return 0.0


def coarse(y: Floats) -> bool:
    """Whether so few digits were logged that equal values mean nothing."""
    return _digit(y) > DIGIT * abs(float(y[-1]))


def few_bits(y: Floats) -> bool:
    """Whether all values are numbers in half precision or bfloat16 (11 and 8 bits), of which many that differ
    are the same."""
    scaled = np.frexp(y)[0] * 2**HALF
    return bool((scaled == np.round(scaled)).all())


def too_coarse(y: Floats, beside: Sequence[Floats]) -> bool:
    """The same of one value again and again: how many digits it was logged with,
    the curves beside it tell."""
    return min(_digit(known) for known in (y, *beside)) > BESIDE * abs(float(y[-1]))


def constant_answer(case: Case, s: Series, level: float) -> float | None:
    """The loss of a constant answer that a level is: ln K, ln 2, a margin …;
    None if it is none that is known."""
    if s.curve.role.quantity != "loss":
        return None
    expected = expected_first_loss(case)
    untrained = () if expected is None else (expected,)
    # without its name, an untrained loss tells the number of classes only roughly
    known = (
        untrained if case.word("loss") is not None and untrained else (*untrained, *USUAL, *_margins(case, s))
    )
    answer = next((v for v in known if abs(level / v - 1) <= NEAR), None)
    return None if answer is None or _answers_better(case, answer) else answer


def _answers_better(case: Case, answer: float) -> bool:
    """Whether more answers are right than a guess at that loss has: the level is chance,
    the answers are not."""
    score = case.val_score or case.train_score
    return (
        score is not None
        and score.ceiling == 1.0
        and 1 - score.stats.end > math.exp(-answer) + BETTER
        and 1 - score.stats.end > 1 - score.stats.start + BETTER
    )


def _margins(case: Case, s: Series) -> tuple[float, ...]:
    named = f"{case.word('loss') or ''} {s.curve.tag}".lower()
    if any(word in named for word in ("triplet", "margin", "contrastive")):
        return MARGINS
    return (1.0,) if "hinge" in named else ()


def misfit(case: Case, s: Series) -> str | None:
    """Why output and loss don't fit, in words; None if nothing says so."""
    last = case.word("last_activation")
    if last == "softmax" and case.number("n_outputs") == 1:
        return "softmax over a single output unit is 1 for every input"
    far = case.word("loss") in ("mse", None) and s.stats.low > BOUNDED and s.curve.role.quantity != "accuracy"
    if last in _SQUASHING and far and case.number("n_classes") is None:
        return f"a {last} output can't reach targets so far from zero"
    return None


def rate_too_high(case: Case) -> bool:
    """Whether the learning rate is so far above custom that it is the first suspect."""
    below = decades_below_usual(case)
    return below is not None and below <= -TOO_HIGH


def rate_stays(case: Case) -> bool:
    """Whether the learning rate is known not to decay, or so high that it freezes a run without that."""
    return case.word("schedule") == "constant" or rate_too_high(case)


def rate_gone(case: Case, at: float) -> bool:
    """Whether the learning rate is next to zero from a place of progress on: then weights rest by right."""
    return case.schedule is not None and case.schedule.dead_from <= at + 0.02
