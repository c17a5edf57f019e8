"""A loss becomes NaN or infinite and does not come back.

Why it matters
    After the first NaN in the weights every further step is lost: the run burns time and its final
    checkpoint is unusable. MLflow hides such a metric from its charts, so it is easily overlooked.

How it decides
    The training or validation loss ends in values that are not finite. Single points that
    are not finite in a loss that goes on are worth knowing, no more. The onset is that of the finest curve.
    If the loss per step is NaN when it is first logged, within the first three steps, the data or the set-up
    is at fault rather than the learning rate, as where the loss per step stayed calm until it was lost within
    the first epoch; a later first point is laid to the learning rate where that is above custom: thirty
    times, twice where nothing bounds a step (plain gradient descent), less where errors are squared besides.

    A gradient norm that had exploded by then, to thirty times its median, is named.
    Where training is finite and no validation loss ever was a number, the validation is at fault, not the
    run.

What to try
    Lower the learning rate to a tenth. If it is NaN from the very first point: look for missing or
    infinite values in the inputs and targets, and standardize the inputs. With mixed precision,
    check the loss scaling.

When it is wrong
    A metric of a class that does not occur in the data is NaN for good and harmless; only losses
    are judged. A log that was cut in the very step that gave one NaN looks the same as a lost run.

References
    Karpathy (2019), A recipe for training neural networks. Zhang et al. (2021), AutoTrainer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from curvedoctor.conditions.base import Condition, finding, number, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.measures.shape import probing
from curvedoctor.conditions.stability.high_rate import above_custom
from curvedoctor.conditions.stability.to_nothing import REDUCED
from curvedoctor.features.case import Case
from curvedoctor.features.pair import sides
from curvedoctor.model import Curve, Finding, Run, Severity, Unjudged

ID = "non-finite"
#: what to try when not one finite value precedes
FROM_START = ("clean-data", "normalize-input", "lower-lr")
#: steps up to which no update can have done it
FIRST_STEPS = 3
#: a loss per step that ended so many times above its lowest had blown up
ROSE = 3.0
#: a gradient norm that many times its median has exploded; fewest points that have one
EXPLODED, SOME = 30.0, 4


def check(case: Case) -> Finding | Unjudged | None:
    losses = [c for c in case.run.curves if c.role.quantity == "loss" and len(c)]
    losses = [c for c in losses if c.role.better == "lower" or case.agent or (case.pairs and sides(c.id))]
    if not losses:
        return unjudged(ID, "no loss is logged")
    if probing(case):
        return None  # a range test ends where the loss explodes
    lost = [c for c in losses if not np.isfinite(c.values[-1])]
    lost = [c for c in lost if len(c) > 1 or len(lost) == len(losses)]
    if not lost:
        return _now_and_then([c for c in losses if np.isfinite(c.values[-1])])
    lost.sort(key=_finest_first)
    train = case.finest_train
    sound = case.judged_quantity == "loss" and train is not None and not train.stats.bad_tail
    if sound and not np.isfinite(np.concatenate([c.values for c in lost])).any():
        # the run goes on well: a term that never applies, or a validation that can't be computed
        held_out = [c for c in losses if c.role.split in ("val", "test")]
        return _never_computed(held_out) if held_out and all(c in lost for c in held_out) else None
    return _finding(case, lost[0], lost)


def _say(
    curves: Sequence[Curve], severity: Severity, confidence: float, text: str, onset: float, *,
    actions: tuple[str, ...] = (), **evidence: Any,
) -> Finding:  # fmt: skip
    """A finding on curves as they were logged: of those that are lost there is no series."""
    base = finding(ID, severity, confidence, None, text, actions=actions, **evidence)
    span = (onset, max(onset, float(curves[0].steps[-1])))
    ids = tuple(c.id for c in curves)
    return replace(base, curves=ids, onset=onset, span=span, axis=curves[0].axis)


def _now_and_then(losses: list[Curve]) -> Finding | None:
    """Single points that are not finite in a loss that goes on: worth knowing, no more."""
    curve = max(losses, key=lambda c: np.count_nonzero(~np.isfinite(c.values)), default=None)
    if curve is None or np.isfinite(curve.values).all():
        return None
    bad = np.flatnonzero(~np.isfinite(curve.values))
    first = float(curve.steps[bad[0]])
    which = {"train": "training ", "val": "validation "}.get(curve.role.split, "")
    text = f"Not finite: {len(bad)} of the {len(curve)} points of the {which}loss, the first at "
    text += f"{curve.axis} {first:g}; the loss goes on."
    return _say([curve], "info", 0.99, text, first, kind=_kind(curve, int(bad[0])), from_start=False,
        last_finite=None, points_lost=len(bad))  # fmt: skip


def _kind(curve: Curve, at: int = -1) -> str:
    return "NaN" if np.isnan(curve.values[at]) else "infinite"


def _never_computed(lost: list[Curve]) -> Finding:
    """The training is sound and no validation loss ever was a number."""
    curve = lost[0]
    text = f"The validation loss is {_kind(curve)} at all of its {len(curve)} points "
    text += "though training is finite: it can't be computed."
    return _say(
        lost, "warning", 0.9, text, float(curve.steps[0]), actions=("fix-metric", "clean-data"),
        kind=_kind(curve), from_start=True, last_finite=None, points_lost=len(curve),
    )  # fmt: skip


def _finest_first(curve: Curve) -> tuple[bool, bool, float]:
    """Training before validation, steps before epochs, the earlier loss first."""
    coarse = curve.role.granularity != "step"
    return curve.role.split != "train", coarse, float(curve.steps[_lost_from(curve)])


def _lost_from(curve: Curve) -> int:
    """Index of the first point from which on none is finite; 0 where none ever was."""
    finite = np.isfinite(curve.values)
    return int(len(finite) - np.argmax(finite[::-1])) if finite.any() else 0


def _finding(case: Case, curve: Curve, lost: list[Curve]) -> Finding:
    at = _lost_from(curve)
    onset, points = float(curve.steps[min(at, len(curve) - 1)]), len(curve) - at
    where = f"{curve.axis} {onset:g}"
    when = f"from {where} on" if at else f"from its very first point on ({where})"
    exploded = _gradient_before(case, curve, onset)
    seen = (case.grad_norm.curve,) if exploded and case.grad_norm is not None else ()
    return _say(
        (curve, *(c for c in lost if c is not curve), *seen), "error",
        0.99 if points > 1 or len(curve) < 3 else 0.92,
        f"The loss is {_kind(curve)} {when} and does not come back{exploded}.", onset,
        actions=_actions(case, curve, at),
        kind=_kind(curve), from_start=at == 0, last_finite=float(curve.values[at - 1]) if at else None,
        points_lost=points,
    )  # fmt: skip


def _gradient_before(case: Case, curve: Curve, onset: float) -> str:
    """What to add where the gradient norm had exploded by then; empty where none is logged that had."""
    grad = None if case.grad_norm is None else case.grad_norm.curve
    before = np.isfinite(grad.values) & (grad.steps <= onset) if grad is not None else np.zeros(0, bool)
    if grad is None or grad.axis != curve.axis or np.count_nonzero(before) < SOME:
        return ""
    steps, values = grad.steps[before], grad.values[before]
    usual, top = float(np.median(values)), int(np.argmax(values))
    if not values[top] > EXPLODED * usual > 0:
        return ""
    rise = f"{number(float(values[top]))} at {grad.axis} {steps[top]:g}, from {number(usual)}"
    return f"; the gradient norm had risen to {rise}"


def _actions(case: Case, curve: Curve, at: int) -> tuple[str, ...]:
    """A loss that was never finite is the data's, if it was logged before the first steps; later, a high rate
    comes first. A loss that stayed calm and was lost within the first epoch met a bad sample."""
    reduced = ("fix-precision",) if case.word("precision") in REDUCED else ()
    if at == 0:
        at_start = curve.role.granularity == "step" and int(curve.steps[0]) <= FIRST_STEPS
        by_rate = not at_start and above_custom(case, curve)
        return (*(("lower-lr", "clip-gradients", *FROM_START[:2]) if by_rate else FROM_START), *reduced)
    seen = curve.values[:at][np.isfinite(curve.values[:at])]
    first_epoch = curve.role.granularity == "step" and _no_epoch_finite(case)
    if first_epoch and seen[-1] <= ROSE * seen.min():
        return (*FROM_START, *reduced)
    return (*CONDITION.actions, *reduced) if reduced else ()


def _no_epoch_finite(case: Case) -> bool:
    """Whether losses per epoch are logged, none of them finite."""
    losses = [c for c in case.run.curves if c.role.quantity == "loss" and c.role.split == "train" and len(c)]
    epochs = [c for c in losses if c.role.granularity == "epoch"]
    return bool(epochs) and not any(np.isfinite(c.values).any() for c in epochs)


def _blows_up(rng: np.random.Generator) -> Run:
    y = falling(rng)
    y[35:] = np.nan
    return run({"lr": 0.5, "optimizer": "sgd"}, train_loss=y, val_loss=y)


def _from_start(rng: np.random.Generator) -> Run:
    return run({"lr": 0.001}, train_loss=np.full(20, np.nan))


def _recovers(rng: np.random.Generator) -> Run:
    y = falling(rng)
    y[20] = np.nan
    return run(train_loss=y)


def _huge(rng: np.random.Generator) -> Run:
    """A value beyond all measure is a number still."""
    y = falling(rng)
    y[20] = 1e30
    return run(train_loss=y)


def _no_validation(rng: np.random.Generator) -> Run:
    return run(train_loss=falling(rng), val_loss=np.full(60, np.nan))


def _one_bad_sample(rng: np.random.Generator) -> Run:
    """Each epoch is NaN; the steps of the first one fall calmly until the sample turns up."""
    steps = falling(rng, 200, 2.3, 0.5, 40)
    steps[9:] = np.nan
    return run({"lr": 0.5, "optimizer": "sgd"}, train_loss_step=steps, train_loss=np.full(20, np.nan))


def _only_scores(rng: np.random.Generator) -> Run:
    """No loss was ever a number; the scores, at chance, are."""
    lost, chance = np.full(20, np.nan), np.full(20, 0.1)
    return run(train_loss=lost, val_loss=lost, train_accuracy=chance, val_accuracy=chance)


CONDITION = Condition(
    id=ID,
    title="loss NaN or infinite",
    severity="error",
    actions=("lower-lr", "clip-gradients", "clean-data", "normalize-input"),
    check=check,
    evidence={
        "kind": "NaN or infinite",
        "from_start": "true if no finite value precedes",
        "last_finite": "last finite loss before the onset, in the loss's unit; null if none",
        "points_lost": "logged points from the onset on",
    },
    sick=(_blows_up, _from_start, _no_validation, _one_bad_sample, _only_scores, _recovers),
    healthy=(*HEALTHY, _huge),
)
