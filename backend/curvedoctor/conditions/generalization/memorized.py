"""Overfitting that needs no long curve: epochs that memorize, a second epoch far worse,
a score that decides."""

from __future__ import annotations

from curvedoctor.conditions.base import number, ramp
from curvedoctor.conditions.generalization.turned import (
    GO_ON,
    MATTERS,
    NOTABLE,
    PLAIN,
    RISE,
    Claim,
    course_of,
    say,
    turned_of,
)
from curvedoctor.conditions.measures.shape import name, relative
from curvedoctor.conditions.measures.staircase import staircase
from curvedoctor.conditions.measures.turn import SHORT, Turn, at, holds, untrained
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Severity

#: what helps a short fine-tuning that remembers its samples
BY_HEART = ("stop-early", "regularize", "lower-lr", "more-data")
#: what a second epoch that is worse by this share alone has to rise by, and what eases its steps
SECOND, EASE = 0.25, ("lower-lr", "decay-lr", "regularize", "bigger-batch")


def second_epoch(case: Case) -> Finding | None:
    """Two epochs, the second far worse in validation and better in training:
    what came after the first only memorized."""
    val, train = case.val, case.train
    if (
        val is None
        or train is None
        or val.stats.n != 2
        or train.stats.n != 2
        or case.judged_quantity != "loss"
    ):
        return None
    best, end = float(val.y[0]), float(val.y[1])
    rise, up = relative(end - best, best), end - best
    if rise < SECOND or up < MATTERS * untrained(case, val) or float(train.y[1]) > 0.9 * float(train.y[0]):
        return None
    if case.val_score is not None and holds(case.val_score, float(case.val_score.y[0])):
        return None
    turned = Turn(0, best, end, rise, True)
    return say(val, train, turned, Claim("warning", 0.6, f"{course_of(val, turned)}.", ("stop-early", *EASE)))


def by_score(case: Case, score: Series) -> Finding | None:
    """The score that the checkpoint is chosen by falls: whatever the loss terms do."""
    turned = turned_of(case, score, case.coarsest_train, NOTABLE)
    if turned is None:
        return None
    lost = (turned.end - turned.best) / max(1.0 - turned.best, 1e-9)
    text = (
        f"{score.curve.tag}, which the checkpoint is chosen by, is best "
        f"({number(score.logged(turned.best))}) at {score.at_step(turned.index)} and falls to "
        f"{number(score.logged(turned.end))} after it."
    )
    severity: Severity = "warning" if lost >= RISE else "info"
    return say(
        score, case.coarsest_train, turned, Claim(severity, 0.75 + 0.2 * ramp(lost, NOTABLE, PLAIN), text)
    )


def by_heart(case: Case, val: Series) -> Finding | None:
    """A short fine-tuning that remembers its samples: too few evaluations to see a turn,
    but the training loss tells."""
    best, end = float(val.y[val.best_index]), float(val.y[-1])
    rise = (end - best) / max(abs(best), 1e-300)
    if not 2 <= val.stats.n < SHORT or rise < NOTABLE or float(val.y[-1]) < float(val.y.max()):
        return None
    stairs = staircase(case)
    if stairs is None:
        return None
    turned, score = Turn(val.best_index, best, end, rise, True), case.val_score
    stays = score is not None and score is not val and holds(score, at(val, score, val.best_index))
    text = (
        f"{course_of(val, turned)}{', though its score holds' if stays else ''}, and the "
        f"{name(stairs.train)} steps down with each new epoch ({number(stairs.before)} → "
        f"{number(stairs.after)}): its samples are memorized."
    )
    claim = Claim("info", 0.7, text, GO_ON) if stays else Claim("warning", 0.85, text, BY_HEART)
    return say(val, stairs.train, turned, claim)
