"""Whether a score that checkpoints are chosen by jumps because it is measured on few samples."""

from __future__ import annotations

from curvedoctor.conditions.base import ramp
from curvedoctor.conditions.measures.shape import mean, relative
from curvedoctor.features.case import Case
from curvedoctor.features.selects import selects

#: σ from point to point, as a score, that few samples make; the same of a smooth training loss,
#: as share of its level
SWAYS, CALM = (0.035, 0.05), (0.07, 0.04)
#: a validation loss on few samples jumps too: share of its level
JUMPS = (0.02, 0.04)
#: correlation of successive changes: white noise has −½, of a hundred points give or take 0.1
WHITE = (-0.1, -0.25)


def swayed_by_few(case: Case) -> float:
    """How sure it is that a selecting score jumps because it is measured on few samples:
    training is calm beside it."""
    s, train = selects(case), case.coarsest_train
    if s is None or train is None or train.stats.low < 0 or s.stats.n < 12:
        return 0.0
    calm = relative(train.stats.noise, mean(train, 0.33, 1.0))
    lasting = ramp(relative(s.stats.noise_late, max(s.stats.noise, 1e-300)), 0.3, 0.6)
    val = case.val if case.val is not None and case.val.ceiling is None else None
    jumps = 1.0 if val is None else ramp(relative(val.stats.noise, mean(val, 0.33, 1.0)), *JUMPS)
    return (
        0.8
        * jumps
        * ramp(s.stats.noise_late, *SWAYS)
        * ramp(calm, *CALM)
        * ramp(s.stats.smoothness, *WHITE)
        * lasting
    )
