"""Scores that stay where they are when nothing is learnt: Dice 0, AUC 0.5, R² 0, WER 1, one accuracy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from curvedoctor.conditions.base import number
from curvedoctor.conditions.measures.proportions import CROSS, any_proportion, entropy
from curvedoctor.conditions.measures.shape import MIN_POINTS, error_of_mean, lately, mean, name
from curvedoctor.conditions.measures.still import rests_from
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.roles import Kind, Measure, measure_of

#: hits and agreement up to here are none; a word error rate from here on has no word right
NONE, WRONG = 0.01, 0.97
#: hits of an untrained network, which are gone after a quarter of the run
BY_CHANCE = 0.1
#: how far the mean of a ranking may lie from one half, and its halves from each other; its highest value
HALF, HIGHEST = 0.02, 0.6
#: mean of a ranking's second half, and its highest value there, that are worse than chance
REVERSED, BELOW = 0.4, 0.45
#: R² that still rises by this, over the last quarter, is on its way
RISES = 0.02
#: share of wrong answers from which on one share of right ones for ever is poor
POOR = 0.25
#: share by which another score must have moved to say that something was learnt
MOVED = 0.05
#: places of progress after which a loss that learns on falls by a share of its level, and of all its fall
SINCE, ON, LATER = (0.2, 0.35), 0.03, 0.1
#: share of its start by which a loss falls that makes a score of nothing the metric's fault
FAR = 0.25
#: share of what one answer for every input costs, from which on a loss may be that
CHEAPER = 0.9


#: what it means
MEANS: dict[Kind, str] = {
    "hits": "nothing is found",
    "agreement": "there is none beyond chance",
    "ranking": "what chance gives",
    "explained": "the mean of the targets does as well",
    "mistakes": "nothing is right",
    "share": "one answer for every input",
}


class Nothing(NamedTuple):
    """A score at its value of nothing, and its best value as logged."""

    series: Series
    kind: Kind
    best: float

    @property
    def meaning(self) -> str:
        """What that value means."""
        if self.kind == "ranking" and reversed_ranking(self.series):
            return "worse than chance, as where labels or scores are the wrong way round"
        return "no answer is right" if self.kind == "share" and self.best <= 0 else MEANS[self.kind]

    @property
    def text(self) -> str:
        """'the validation Dice is 0 at all of its 40 points: nothing is found'."""
        points, level = f"{self.series.stats.n:.0f} points", number(self.best)
        never = "below" if self.series.ceiling is None else "above"
        still = rests_from(self.series.y) == 0
        how = f"is {level} at all of its {points}" if still else f"is never {never} {level} in {points}"
        around = f"stays around 0.5, {level} at most in {points}"
        if self.kind == "ranking" and reversed_ranking(self.series):
            around = f"ends at {number(self.series.logged(self.series.stats.end))}"
        return f"the {name(self.series)} {around if self.kind == 'ranking' else how}: {self.meaning}"


def of_nothing(case: Case) -> list[Nothing]:
    """Those of the held-out scores, else of training's; none where another score of the split moved."""
    for splits in (("val", "test"), ("train", "none")):
        scores = [
            (s, measure)
            for s in case.series.values()
            if s.curve.role.split in splits and s.stats.n >= MIN_POINTS and (measure := measure_of(s.curve))
        ]
        if scores:
            found = [(s, measure) for s, measure in scores if _at_nothing(s, measure)]
            learnt = any(s.stats.start - s.stats.low > MOVED for s, m in scores if (s, m) not in found)
            return (
                []
                if learnt
                else [Nothing(s, m.kind, s.logged(s.stats.low)) for s, m in sorted(found, key=_first)]
            )
    return []


def _first(pair: tuple[Series, Measure]) -> tuple[bool, int, str]:
    """A share of right answers says least; then the shortest name."""
    return pair[1].kind == "share", len(pair[0].curve.id), pair[0].curve.id


def _at_nothing(s: Series, measure: Measure) -> bool:
    """Whether it is no better than where nothing is learnt, at all of its points (hits: but the first)."""
    kind, value = measure.kind, s.y if s.ceiling is None else s.ceiling - s.y
    if kind == "hits":
        return float(value.max()) <= BY_CHANCE and float(value[len(value) // 4 :].max()) <= NONE
    if kind == "agreement":
        return abs(float(value.mean())) <= 2 * NONE and float(value.max()) <= 10 * NONE
    if kind == "ranking":
        first, second = (float(part.mean()) for part in np.array_split(s.grid, 2))
        near = abs(float(value.mean()) - 0.5) <= HALF and abs(first - second) <= HALF
        return (near and float(value.max()) <= HIGHEST) or reversed_ranking(s)
    if kind == "explained":
        return float(value.max()) <= NONE and lately(s) <= max(RISES, 3 * error_of_mean(s, 0.25))
    if kind == "mistakes":
        return float(value.min()) >= WRONG and s.ceiling is None
    return s.ceiling == 1.0 and s.stats.end >= POOR and rests_from(s.y) == 0


def reversed_ranking(s: Series) -> bool:
    """Whether a ranking ends clearly below chance and does not rise: one that does is being learnt, from a
    start that happened to lie below."""
    if s.ceiling is None:
        return False
    value = s.ceiling - s.y
    late = value[len(value) // 2 :]
    rises = mean(s, 0.0, 1 / 3) - mean(s, 2 / 3, 1.0)
    return bool(late.mean() <= REVERSED and late.max() <= BELOW and rises <= HALF)


def beside(case: Case, *said: Series | None) -> str:
    """What to add to a sentence on other curves: '; the validation AUC stays around 0.5, …', or nothing."""
    found = next((each for each in of_nothing(case) if each.series not in said), None)
    return "" if found is None else f"; {found.text}"


def loss_beside(case: Case, s: Series) -> Series | None:
    """The loss of the same split, else any."""
    losses = (case.coarsest_train, case.val)
    if s.curve.role.split in ("val", "test"):
        losses = losses[::-1]
    return next(
        (each for each in losses if each is not None and each.ceiling is None and each is not s), None
    )


def learns(case: Case, loss: Series) -> bool:
    """Whether a loss falls on after the first fifth of the run, rather than to one answer's alone; or is
    below what the answers of an accuracy beside it cost if they are always the same."""
    before, start, end = mean(loss, *SINCE), loss.stats.start, loss.stats.end
    if before - end > max(ON * abs(before), LATER * (start - end), 3 * error_of_mean(loss, 0.05)):
        return True
    accuracy = any_proportion(case, "val") or any_proportion(case, "train")
    if accuracy is None or case.word("loss") not in (None, *CROSS):
        return False
    return end < CHEAPER * entropy(min(accuracy.stats.end, 0.5))
