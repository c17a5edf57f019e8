"""Readings: what a run is, without being a problem. One module per reading, each defining `read`."""

from __future__ import annotations

from collections.abc import Mapping

from curvedoctor.features.case import Case


def read_all(case: Case) -> dict[str, Mapping[str, object]]:
    """Every reading that applies to this run, by its id."""
    from curvedoctor.readings import checkpoint, lr_range_test, overfit_check, schedule, so_far

    readings: dict[str, Mapping[str, object]] = {}
    for name, module in (
        ("schedule", schedule),
        ("lr-range-test", lr_range_test),
        ("overfit-check", overfit_check),
        ("checkpoint", checkpoint),
        ("so-far", so_far),
    ):
        reading = module.read(case)
        if reading is not None:
            readings[name] = reading
    return readings
