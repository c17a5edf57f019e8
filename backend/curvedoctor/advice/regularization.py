"""How much to regularize: what is customary under the optimizer, and far enough from the run's own number."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.actions import ACTIONS
from curvedoctor.advice.said import propose, say
from curvedoctor.features.case import Case
from curvedoctor.model import Finding, Prescription
from curvedoctor.params.usual import L2_IS_WEAK, usual_decay

#: usual dropout; what is not so many times as strong as before changes next to nothing
DROPOUT, MATTERS = 0.3, 2.99


def regularize(case: Case, findings: Sequence[Finding]) -> Prescription:
    """Weight decay, where there is room below what is customary, and dropout; dropout first under an unknown
    optimizer, and under one where a penalty does little. Where there is enough of both, more decay."""
    optimizer = case.word("optimizer")
    decay, drop, span = case.number("weight_decay"), case.number("dropout") or 0.0, usual_decay(optimizer)
    more_decay = span is not None and (decay or 0.0) * MATTERS <= span[1]
    more_drop = drop * MATTERS <= DROPOUT
    if more_decay and span is not None and not (more_drop and optimizer in L2_IS_WEAK):
        besides = f", or {'raise dropout to' if drop else 'add dropout'} {DROPOUT}"
        rest = besides if more_drop else ""
        start = f"Raise weight decay from {say(decay)} to" if decay else "Set weight decay to"
        factor = float(f"{span[1] / decay:.3g}") if decay else None
        return propose(f"{start} {say(span[1])}{rest}.", "weight_decay", decay, span[1], factor)
    if more_drop:
        start = f"Raise dropout from {say(drop)} to" if drop else "Add dropout"
        rest = f", or weight decay {say(span[1])}" if more_decay and span is not None else ""
        rest = rest or (", or weight decay: 0.1 under AdamW, 5e-4 under SGD" if span is None else "")
        factor = float(f"{DROPOUT / drop:.3g}") if drop else None
        return propose(f"{start} {DROPOUT}{rest}.", "dropout", drop or None, DROPOUT, factor)
    if not decay:
        return propose(ACTIONS["regularize"].text)
    proposed = float(f"{decay * 10:.2g}")
    return propose(
        f"Raise weight decay from {say(decay)} to {say(proposed)}.", "weight_decay", decay, proposed, 10.0
    )


def reduce_regularization(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    """Less dropout, where that is what is strong; None where the usual change of the decay is meant."""
    drop, decay = case.number("dropout"), case.number("weight_decay")
    if drop and (not decay or drop >= 0.4):
        return propose(f"Lower dropout from {say(drop)} to {say(drop / 4)}.", "dropout", drop, drop / 4, 0.25)
    return None
