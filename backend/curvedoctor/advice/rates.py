"""Which learning rate, and which optimizer at which rate: within what is customary, and in one list alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from curvedoctor.actions import ACTIONS
from curvedoctor.advice.said import down_to, propose, say
from curvedoctor.features.case import Case
from curvedoctor.features.rates import customary, decades_below, highest, logged_lr, tuned
from curvedoctor.model import Finding, Prescription
from curvedoctor.params.usual import UNBOUNDED

#: rates to start another optimizer with, and how many times Adam's SGD with momentum bears
ADAM, SGD, TIMES = 1e-3, 0.03, 10.0


def lower_lr(case: Case, findings: Sequence[Finding]) -> Prescription:
    """To a tenth, or to what is customary from farther off; of a fine-tuning from far above that, most of the
    way: small models are tuned above the custom of large ones."""
    lr = logged_lr(case)
    if lr is None:
        return _without_numbers("lower-lr")
    to = _moved(case, lr, 0.1)
    return _to(case, lr, down_to(lr, to) if tuned(case) else to)


def raise_lr(case: Case, findings: Sequence[Finding]) -> Prescription:
    """Tenfold, or to what is customary from farther off; never beyond what is customary."""
    lr = logged_lr(case)
    if lr is None:
        return _without_numbers("raise-lr")
    to, top = _moved(case, lr, 10.0), highest(case)
    if top is not None and lr < top < to:
        return _to(case, lr, top, ", the highest that is customary")
    return _to(case, lr, to)


def _moved(case: Case, lr: float, factor: float) -> float:
    below, usual = decades_below(case), customary(case)
    if below is None or abs(below) <= abs(math.log10(factor)) or (below > 0) != (factor > 1):
        return lr * factor
    if factor > 1 and usual is not None and case.word("optimizer") in UNBOUNDED:
        return max(lr * factor, usual.halfway)
    return float(lr * 10**below)


def _without_numbers(action: str) -> Prescription:
    return propose(ACTIONS[action].text, "lr", None, None, ACTIONS[action].factor)


def _to(case: Case, lr: float, to: float, why: str = "") -> Prescription:
    verb, proposed = "Raise" if to > lr else "Lower", float(f"{to:.2g}")
    text = f"{verb} the learning rate from {say(lr)} to {say(proposed)}{why}."
    return propose(text, "lr", lr, proposed, float(f"{proposed / lr:.3g}"))


def change_optimizer(case: Case, lowered: float | None) -> Prescription:
    """Another optimizer, at its own rate: no higher than fits one that is lowered as well."""
    current = case.word("optimizer")
    adaptive = current is not None and ("adam" in current or current in ("rmsprop", "adagrad", "adadelta"))
    if adaptive:
        lr = SGD if lowered is None else min(SGD, TIMES * lowered)
        proposed, how = "sgd", f"SGD with momentum 0.9 and lr {say(lr)}"
    elif case.word("model") == "transformer":
        proposed, how = "adamw", "AdamW with lr 5e-05 (fine-tuning) to 3e-04 (from scratch)"
    else:
        lr = ADAM if lowered is None else min(ADAM, lowered)
        proposed, how = "adam", f"Adam with lr {say(lr)}"
    if current is None and proposed == "adam":
        return propose(f"Change the optimizer to {how}, if it is another.", "optimizer", None, proposed)
    start = f"Change the optimizer from {current}" if current else "Change the optimizer"
    return propose(f"{start} to {how}.", "optimizer", current, proposed)
