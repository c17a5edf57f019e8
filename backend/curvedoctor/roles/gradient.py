"""What names that speak of gradients measure: norm, penalty, one tensor's statistic, step counter."""

from __future__ import annotations

from curvedoctor.model import Quantity
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.tag_words import Name

#: words that make of a gradient something else
_NOT_A_GRADIENT_NORM = frozenset(
    {
        "accumulation",
        "scale",
        "scaler",
        "gradscale",
        "overflow",
        "skipped",
        "clip",
        "clipped",
        "steps",
        "step",
    }
)
#: what is told of the gradient of one tensor, unlike the norm of all
_OF_A_TENSOR = frozenset(
    [
        "mean",
        "std",
        "stddev",
        "var",
        "variance",
        "min",
        "max",
        "median",
        "hist",
        "histogram",
        "abs",
        "absmax",
        "sparsity",
    ]
)


def gradient(name: Name) -> Quantity | None:
    """ "grad_norm" is the norm; "gradient_penalty" a loss; "grad_scale" and "gradient_mean/NAME" neither."""
    for part in name.parts:
        words = frozenset(part)
        if words & {"gradnorm", "gnorm"}:
            return "grad_norm"
        if words & v.GRAD and not words & v.LOSS:
            if "penalty" in words:
                return "loss"
            return "other" if words & _NOT_A_GRADIENT_NORM or _of_a_tensor(name, words) else "grad_norm"
    return None


def _of_a_tensor(name: Name, part: frozenset[str]) -> bool:
    """A statistic of one tensor's gradient is not the norm of all of it."""
    statistic = part & _OF_A_TENSOR or (part != frozenset(name.leaf) and _OF_A_TENSOR.intersection(name.leaf))
    return bool(statistic) and not name.words & {"norm", "norms", "l2"}
