"""How much to regularize: what does something under the optimizer, far enough from the run's own number."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.actions import ACTIONS
from curvedoctor.advice.possible import MANY_STEPS, steps_of
from curvedoctor.advice.said import propose, say
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Prescription
from curvedoctor.params.usual import DECOUPLED, enough_decay

#: usual dropout; what is not so many times as strong as before changes next to nothing
DROPOUT, MATTERS = 0.3, 2.99


def regularize(case: Case, findings: Sequence[Finding]) -> Prescription:
    """Weight decay, where there is room below what does something, and dropout; dropout first where the
    optimizer is not known. Where there is enough of both, more decay."""
    optimizer, long = case.word("optimizer"), (steps_of(case) or 0.0) >= MANY_STEPS
    decay, drop = case.number("weight_decay"), case.number("dropout") or 0.0
    more_drop = drop * MATTERS <= DROPOUT
    to = None if optimizer is None else enough_decay(optimizer, long=long)
    if to is not None and (decay or 0.0) * MATTERS <= to:
        rest = f", or {'raise dropout to' if drop else 'add dropout'} {DROPOUT}" if more_drop else ""
        what = "weight decay" if optimizer in DECOUPLED else "weight decay (L2)"
        start = f"Raise {what} from {say(decay)} to" if decay else f"Set {what} to"
        factor = float(f"{to / decay:.3g}") if decay else None
        return propose(f"{start} {say(to)}{rest}.", "weight_decay", decay, to, factor)
    if more_drop:
        start = f"Raise dropout from {say(drop)} to" if drop else "Add dropout"
        rest = _by_optimizer(decay or 0.0, long) if optimizer is None else ""
        factor = float(f"{DROPOUT / drop:.3g}") if drop else None
        return propose(f"{start} {DROPOUT}{rest}.", "dropout", drop or None, DROPOUT, factor)
    if not decay:
        return propose(ACTIONS["regularize"].text)
    proposed = max(float(f"{decay * 10:.2g}"), to or enough_decay("sgd", long=long))
    text = f"Raise weight decay from {say(decay)} to {say(proposed)}."
    return propose(text, "weight_decay", decay, proposed, float(f"{proposed / decay:.3g}"))


def _by_optimizer(decay: float, long: bool) -> str:
    """The decay that does something where the optimizer is not known; "" where there is enough for any."""
    decoupled, penalty = (enough_decay(name, long=long) for name in ("adamw", "sgd"))
    if decay * MATTERS > penalty:
        return ""
    return f", or weight decay: {say(decoupled)} under AdamW, {say(penalty)} (L2) under others"


def reduce_regularization(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    """Less dropout, where that is what is strong; None where the usual change of the decay is meant."""
    drop, decay = case.number("dropout"), case.number("weight_decay")
    if drop and (not decay or drop >= 0.4):
        return propose(f"Lower dropout from {say(drop)} to {say(drop / 4)}.", "dropout", drop, drop / 4, 0.25)
    return None
