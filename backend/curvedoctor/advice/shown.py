"""What the chart itself shows a remedy to gain, so that no odds are asked."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.features.case import Case
from curvedoctor.model import Finding
from curvedoctor.readings.overfit_check import is_overfit_check

#: place of progress up to which validation turned at once, and share of what it ends at that stopping saves
AT_ONCE, SAVES = 0.1, 0.25
#: how sure it is then that stopping there saves a tenth (of 48 such runs of the clinic it did in 40)
SURE = 0.85


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
