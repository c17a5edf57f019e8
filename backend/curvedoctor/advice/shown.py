"""What is plain without odds: what the chart itself shows a remedy to gain, a rate decades below custom."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.features.case import Case
from curvedoctor.features.rates import decades_below
from curvedoctor.model import Finding
from curvedoctor.readings.overfit_check import is_overfit_check

#: place of progress up to which validation turned at once, and share of what it ends at that stopping saves
AT_ONCE, SAVES = 0.1, 0.25
#: how sure it is then that stopping there saves a tenth (of 48 such runs of the clinic it did in 40)
SURE = 0.85
#: decades below custom that no odds were learnt of (rates were raised up to thirtyfold), and how sure it is
#: then that the customary rate helps, of runs that nothing else holds: of TaskSet's it did 187 of 218
DECADES, FAR_BELOW = 2.5, 0.85
#: what may hold weights at any rate: a setting from so much on
HOLDS = {"l1": 1e-3, "weight_decay": 1e-3, "epsilon": 1e-2}


def stopping(case: Case, findings: Sequence[Finding]) -> float | None:
    """Share of the final validation loss that stopping at its best saves: best and end are both logged.

    Told where overfitting is seen, validation turned within the first tenth of the run and ends far above:
    later, or where it ends near its best, the best of many evaluations is partly luck. None elsewhere, nor
    of boosted trees, which a lower rate helps first, nor of runs that are meant to overfit.
    """
    if case.boosting or is_overfit_check(case):
        return None
    for found in findings:
        if found.condition != "overfitting" or found.severity == "info":
            continue
        s = case.series.get(found.curves[0])
        if s is None or s.ceiling is not None or s.curve.role.split not in ("val", "test"):
            continue
        saved = 1.0 - s.stats.low / s.stats.end if s.stats.end > s.stats.low > 0 else 0.0
        if float(s.x[s.best_index]) <= AT_ONCE and saved >= SAVES:
            return saved
    return None


def far_below(case: Case, findings: Sequence[Finding]) -> bool:
    """Whether the rate is found too low, lies decades below custom, and nothing else holds the weights."""
    found = any(f.condition == "lr-too-low" and f.severity != "info" for f in findings)
    held = any((case.number(name) or 0.0) >= most for name, most in HOLDS.items())
    return found and not held and (decades_below(case) or 0.0) >= DECADES
