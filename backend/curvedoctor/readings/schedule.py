"""Which learning-rate schedule a run used."""

from __future__ import annotations

from collections.abc import Mapping

from curvedoctor.features.case import Case


def read(case: Case) -> Mapping[str, object] | None:
    """Kind, warm-up, peak and final lr, where it decays (progress); from the lr curve,
    else from the parameters."""
    schedule = case.schedule
    if schedule is None:
        named = case.word("schedule")
        return (
            None
            if named is None
            else {"kind": named, "warmup": bool(case.number("warmup_steps")), "from": "params"}
        )
    return {
        "kind": schedule.kind,
        "warmup": schedule.warmup,
        "peak": schedule.peak,
        "final": schedule.last,
        "decay_start": round(schedule.decay_start, 3) if schedule.decay_start < 1 else None,
        "falls": len(schedule.falls),
        "from": "lr curve",
    }
