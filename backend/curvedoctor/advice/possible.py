"""What can be done for a run at all, what would contradict its findings,
and what comes last whatever the odds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curvedoctor.actions import NETWORKS_ONLY, OF_AGENTS
from curvedoctor.conditions.measures.codes import codes_beside
from curvedoctor.features.case import Case
from curvedoctor.features.language import of_language
from curvedoctor.features.rates import highest, logged_lr, trained_before, tuned
from curvedoctor.features.selects import selects
from curvedoctor.model import Finding
from curvedoctor.readings.overfit_check import is_overfit_check

#: a data set this large, or so many steps where its size is not logged, is not short of data
LARGE_SET, MANY_STEPS = 100_000, 20_000
#: no "stop" at or near the end: share of the points by which the best must have been logged
NEAR_END = 0.9
#: an epoch has no fewer steps; else it is epochs that are counted
FEWEST_STEPS = 3
#: a rate that can't be doubled within what is customary is not to be raised
ROOM = 2.0
#: share of its start by which a run must have got better for its best checkpoint to be worth going back to
LEARNT = 0.1
#: evaluations that can't tell a plateau from a fall, and share by which the last must be lower to fall
FEW, FALLS = 8, 0.02
#: a curve that says how many epochs have passed, as Hugging Face's trainer and Lightning log it
_EPOCHS = re.compile(r"(^|[/_.])epoch$", re.IGNORECASE)
#: of generalization nothing can be said without held-out data
_NEEDS_VALIDATION = {"more-data", "regularize", "smaller-model", "stop-early"}
#: finding → actions that would make it worse
_WORSE = {
    "overfitting": {"bigger-model", "train-longer", "reduce-regularization"},
    "generalization-gap": {"bigger-model", "reduce-regularization"},
    "wasted-training": {"train-longer"},
    "dataset-too-small": {"bigger-model", "reduce-regularization"},
    "underfitting": {"smaller-model", "regularize", "stop-early"},
    "undertrained": {"stop-early", "smaller-model"},
    "lr-too-high": {"raise-lr"},
    "lr-too-low": {"lower-lr"},
    "divergence": {"raise-lr", "train-longer", "decay-later"},
    "non-finite": {"raise-lr", "train-longer", "decay-later", "more-data"},
    "collapsed": {"train-longer", "more-data"},
    "over-regularized": {"regularize"},
    "reward-collapse": {"raise-lr", "train-longer", "decay-later"},
    "reward-flat": {"stop-early", "decay-lr"},
    "critic-divergence": {"raise-lr", "train-longer"},
}
#: findings by which training has not yet fitted the data that there are
_UNFITTED = {
    "undertrained", "lr-too-low", "not-learning", "collapsed", "non-finite", "divergence", "initial-loss-off",
    "inputs-unscaled", "bad-initialization",
}  # fmt: skip
#: action → the setting and its words with which there is nothing to change
_ALREADY = {
    "normalize-input": ("input_scaling", frozenset({"standard"})),
    "fix-init": ("init", frozenset({"he", "xavier"})),
}
#: what holds weights back
_REGULARIZES = ("weight_decay", "dropout", "l1")
#: adaptive optimizers, without which transformers hardly train
_ADAPTIVE = ("adam", "lamb", "lion", "adafactor", "novograd")


def possible(case: Case, action: str) -> bool:
    """Whether the action makes sense for this kind of run."""
    if case.boosting and action in NETWORKS_ONLY:
        return False
    if trained_before(case) and not _for_tuning(case, action):
        return False
    if action == "raise-lr" and not case.boosting and not _room_above(case):
        return False
    if action == "decay-later" and _constant(case):
        return False
    if case.agent:
        return action in OF_AGENTS and not (
            action == "change-optimizer" and (case.word("optimizer") is None or _adaptive(case))
        )
    if case.pairs and action == "regularize":
        return True  # one side is held back: nothing needs held-out data
    if action == "change-optimizer":
        fixed = case.word("model") == "transformer" or of_language(case) or tuned(case) is not None
        fixed = fixed or codes_beside(case)  # autoencoders with codes are trained by nothing else
        return not case.pairs and not is_overfit_check(case) and not (fixed and _adaptive(case))
    if action == "restore-checkpoint":
        return _learnt(case)
    if _done(case, action):
        return False
    if action in _NEEDS_VALIDATION:
        held_out = selects(case) or case.val or case.val_score
        early = action == "stop-early"
        return held_out is not None and not (
            early and held_out.best_index >= NEAR_END * (len(held_out.y) - 1)
        )
    return True


def _done(case: Case, action: str) -> bool:
    """Whether the settings say that it is so already."""
    if action == "reduce-regularization":
        known = [value for name in _REGULARIZES if (value := case.number(name)) is not None]
        return bool(known) and not any(known)
    if action == "shuffle":
        return case.params.get("shuffle") is True
    setting, words = _ALREADY.get(action, (None, frozenset()))
    return setting is not None and case.word(setting) in words


def _for_tuning(case: Case, action: str) -> bool:
    """Whether weights that were trained before leave room for it: their size and their start are given."""
    if action in ("bigger-model", "smaller-model"):
        return tuned(case) == "adapter"
    return action not in ("fix-init", "fix-activation")


def _room_above(case: Case) -> bool:
    """Whether the learning rate can be raised within what is customary."""
    lr, top = logged_lr(case), highest(case)
    return lr is None or top is None or top >= ROOM * lr


def _constant(case: Case) -> bool:
    """Whether the learning rate is known never to decay."""
    return (case.word("schedule") if case.schedule is None else case.schedule.kind) == "constant"


def _learnt(case: Case) -> bool:
    """Whether the run was once clearly better than where it began."""
    s = selects(case) or case.val or case.primary
    return s is not None and bool(s.y[s.best_index] <= s.y[0] - LEARNT * abs(s.y[0]))


def _adaptive(case: Case) -> bool:
    return any(name in (case.word("optimizer") or "") for name in _ADAPTIVE)


def contradicts(case: Case, findings: Sequence[Finding], action: str) -> bool:
    """Whether the action would make worse what was found, grave or not."""
    return any(action in _WORSE.get(finding.condition, ()) for finding in findings)


def last_resorts(case: Case, findings: Sequence[Finding]) -> set[str]:
    """What costs most, where data are plenty or training has not yet fitted what it has; a bigger model also
    where nothing is held out to tell what it gains."""
    n, steps = samples(case), steps_of(case)
    plenty = n >= LARGE_SET if n is not None else steps is not None and steps >= MANY_STEPS
    unfitted = any(finding.condition in _UNFITTED and finding.severity != "info" for finding in findings)
    if plenty or unfitted:
        return {"more-data", "bigger-model"}
    if young(case):
        return {"bigger-model"}
    blind = case.val is None and case.val_score is None and selects(case) is None
    return {"bigger-model"} if blind else set()


def young(case: Case) -> bool:
    """Whether the log ends after a few evaluations, the last of them still clearly the lowest: nothing is
    known of where it would end, and going on tells it."""
    s = case.outcome
    if s is None or case.boosting or not 2 <= len(s.y) < FEW:
        return False
    return float(s.y[-1]) <= (1.0 - FALLS) * float(s.y[:-1].min())


def unknown(case: Case, action: str) -> bool:
    """Whether it is not known what the action would change: how many data there are, which optimizer."""
    if action == "more-data":
        return samples(case) is None
    return action == "change-optimizer" and case.word("optimizer") is None


def samples(case: Case) -> float | None:
    """How many samples there are to train on: as logged, or as many as an epoch passes."""
    known, size, (steps, epochs) = case.number("n_train"), case.number("batch_size"), _passed(case)
    if known is not None or not size or not steps or not epochs or steps < FEWEST_STEPS * epochs:
        return known
    return steps * size * (case.number("grad_accumulation") or 1.0) / epochs


def _passed(case: Case) -> tuple[float | None, float | None]:
    """Steps, and the epochs that they passed: by a curve of epochs, else as configured for a whole run."""
    for curve in case.run.curves:
        if _EPOCHS.search(curve.tag) and curve.axis == "step" and len(curve) and 0 < curve.values[-1] < 1e6:
            return float(curve.steps[-1]), float(curve.values[-1])
    return steps_of(case), None if case.cut_short else case.number("epochs")


def steps_of(case: Case) -> float | None:
    """How many steps were taken, as far as that is logged."""
    known = [float(c.steps.max()) for c in case.run.curves if len(c) and c.axis == "step"]
    return max(known, default=case.number("max_steps"))
