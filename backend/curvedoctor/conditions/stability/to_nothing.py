"""A loss that reduced precision rounds to nothing."""

from __future__ import annotations

import numpy as np

from curvedoctor.features.case import Case
from curvedoctor.model import Curve, Floats

#: formats with few digits or little range
REDUCED = ("fp16", "fp8", "int8", "mixed")
#: points of exactly zero (or NaN) at the end, and of a rate of zero at the start, that are no accident
ZEROS, SKIPPED = 3, 3
#: a loss that was this share of its start just before is no loss that has been driven to zero
SUBSTANTIAL = 0.05


def finest_loss(case: Case) -> Curve | None:
    """The training loss with most points, as logged: NaN included."""
    losses = [c for c in case.run.curves if c.role.quantity == "loss" and c.role.better == "lower"]
    losses = [c for c in losses if c.role.split in ("train", "none") and len(c) > ZEROS]
    return max(losses, key=len, default=None)


def vanishes(y: Floats) -> int | None:
    """Index from which on a loss is exactly zero until the end: from its first point on,
    or after a level that matters."""
    off = np.flatnonzero(y != 0.0)
    at = int(off[-1]) + 1 if len(off) else 0
    if len(y) - at < ZEROS or at == 0:
        return None if len(y) - at < ZEROS else 0
    before = y[:at]
    matters = np.isfinite(before).all() and float(before[-1]) >= SUBSTANTIAL * abs(float(before[0]))
    return at if matters and float(before[-1]) > 0 else None


def underflows(case: Case) -> int | None:
    """The same for the run's training loss, where arithmetic explains it."""
    loss = finest_loss(case)
    at = None if loss is None else vanishes(loss.values)
    return at if at is not None and in_favour(case) else None


def in_favour(case: Case) -> list[str]:
    """What speaks for the arithmetic, in words."""
    why = []
    if case.word("precision") in REDUCED:
        why.append(f"training runs in {case.word('precision')}")
    if any(
        c.role.split == "val" and np.isnan(c.values).all()
        for c in case.run.curves
        if c.role.quantity == "loss" and len(c)
    ):
        why.append("the validation loss is NaN")
    if any(np.isnan(c.values[-1]) for c in case.run.curves if c.role.quantity == "grad_norm" and len(c)):
        why.append("the gradient norm is NaN")
    n = skipped(case)
    if n:
        why.append(f"the first {n} logged steps were skipped (learning rate 0)")
    return why


def skipped(case: Case) -> int:
    """Logged points at the start at which the learning rate stood at zero before it rose;
    0 where that is no more than usual."""
    if case.lr is None:
        return 0
    on = np.flatnonzero(case.lr.values > 0)
    return int(on[0]) if len(on) and on[0] >= SKIPPED else 0
