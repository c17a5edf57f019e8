"""Does the run train on a handful of samples only, and did it reach a loss of ~0?"""

from __future__ import annotations

from collections.abc import Mapping

from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss

#: training sets up to this many samples are a check, not a training
HANDFUL = 64
#: the loss counts as ~0 below this share of the first one
NOTHING = 0.02


def read(case: Case) -> Mapping[str, object] | None:
    """Number of samples, first and final training loss, and whether it reached ~0."""
    n, s = case.number("n_train"), case.main
    if n is None or n > HANDFUL or s is None or s is case.val or s.stats.n < 5:
        return None
    first = expected_first_loss(case) or s.stats.first
    return {
        "samples": int(n),
        "first": s.stats.first,
        "final": s.stats.end,
        "reached_zero": bool(s.stats.end <= NOTHING * abs(first)),
    }
