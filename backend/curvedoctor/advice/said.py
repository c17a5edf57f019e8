"""A change as it is said: the numbers of one prescription, and the sentence that carries them."""

from __future__ import annotations

from functools import partial

from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import ParamValue, Prescription

#: the change of a prescription; `prescribe` adds the action, its probability, and what it is for
propose = partial(Prescription, "", 0.0, ())
#: share of their highest norm below which gradients are gone
GONE = 1e-4
#: points of a norm that tell what is usual
ENOUGH = 5


#: times the custom from which on a rate is that of another kind of model than the custom is known of
FAR = 100.0


def down_to(lr: float, custom: float) -> float:
    """A lower rate: the customary one, or from far above it most of the way down. At the custom of large
    models what is small, and planned for a higher rate, takes too long."""
    return float(lr ** (1 / 3) * custom ** (2 / 3)) if lr > FAR * custom else custom


def say(value: ParamValue) -> str:
    """A value as people read it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _while_it_learnt(case: Case, s: Series) -> float:
    """The median norm up to the best training loss: what a wreck has for a norm is nobody's usual level."""
    train = case.finest_train
    before = s.y if train is None else s.y[s.x <= train.x[train.best_index]]
    return median(before) if len(before) >= ENOUGH else s.stats.at50


def at_usual_norm(case: Case) -> Prescription | None:
    """Gradients clipped at their usual norm; None where none is logged, or next to nothing flows."""
    s = case.grad_norm
    if s is None or not s.stats.at50 > max(GONE * s.stats.top, 0.0):
        return None
    typical = float(f"{_while_it_learnt(case, s):.2g}")
    text = f"Clip the gradient norm at {say(typical)}, its usual level."
    return propose(text, "clip_norm", case.params.get("clip_norm"), typical)
