"""Does the run train on a handful of samples only, and did it reach a loss of ~0?"""

from __future__ import annotations

from collections.abc import Mapping

from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.features.told import last_value

#: training sets up to this many samples are a check, not a training; the second where nothing is validated
HANDFUL, HANDFUL_ALONE = 10, 64
#: the loss counts as ~0 below this share of the first one
NOTHING = 0.02


def is_overfit_check(case: Case) -> bool:
    """Whether the run trains on so few samples that it can only be meant as a check."""
    n = case.number("n_train")
    return n is not None and n <= (HANDFUL_ALONE if case.val is None else HANDFUL)


def read(case: Case) -> Mapping[str, object] | None:
    """Number of samples, first and final training loss, and whether it reached ~0."""
    n, s = case.number("n_train"), case.train or case.train_step
    if n is None or s is None or s.stats.n < 5 or not is_overfit_check(case):
        return None
    first = expected_first_loss(case) or s.stats.first
    return {
        "samples": int(n),
        "first": s.stats.first,
        "final": last_value(s),
        "reached_zero": bool(s.stats.end <= NOTHING * abs(first)),
    }
