"""Whether the run is still going on, or its log ends before its configured end."""

from __future__ import annotations

from curvedoctor.features.case import Case


def read(case: Case) -> dict[str, object] | None:
    """`going_on` (true; null where the store does not say), the last epoch, and that which is configured."""
    status, s, planned = case.run.status, case.outcome, case.number("epochs")
    going_on = status in ("running", "scheduled")
    if not going_on and (status is not None or not case.cut_short):
        return None
    counted = s is not None and s.curve.axis == "epoch"
    last = float(s.curve.steps.max()) + float(s.curve.steps[0] == 0) if s is not None and counted else None
    return {"going_on": going_on or None, "epoch": last, "planned": planned if counted else None}
