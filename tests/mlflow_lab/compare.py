"""What was logged against what was read."""

from __future__ import annotations

from typing import Any

import numpy as np

from curvedoctor.model import Run


def assert_same(run: Run, logged: dict[str, Any]) -> None:
    """All points of all metrics: values exactly, order by step then time, by time where steps are equal."""
    assert run.name == logged["name"]
    curves = {curve.id: curve for curve in run.curves}
    assert set(curves) == set(logged["metrics"])
    for key, points in logged["metrics"].items():
        curve = curves[key]
        ordered = sorted(points, key=lambda point: (point[0], point[1]))
        steps = [point[0] for point in ordered]
        if len(set(steps)) == 1:
            steps = list(range(len(steps)))
        assert curve.steps.tolist() == steps, key
        np.testing.assert_array_equal(curve.values, [float(point[2]) for point in ordered], err_msg=key)
        np.testing.assert_allclose(curve.wall_times, [point[1] / 1000 for point in ordered])


def assert_all(runs: list[Run], truth: list[dict[str, Any]]) -> None:
    """Every run that was logged, children grouped below their parent, and the empty parent itself."""
    by_id = {run.origin.key: run for run in runs if run.origin is not None}
    parents = {logged["parent"] for logged in truth if "parent" in logged}
    assert set(by_id) == {logged["id"] for logged in truth} | parents
    for logged in truth:
        assert_same(by_id[logged["id"]], logged)
    groups = {logged["name"]: by_id[logged["id"]].group for logged in truth}
    assert groups["child-0.1"] == groups["child-1.0"] != groups["falls"] == groups["nan-end"]
    assert groups["falls"].endswith("/hard")
    by_name = {logged["name"]: by_id[logged["id"]] for logged in truth}
    assert by_name["falls"].params["lr"] == 0.01
    assert by_name["nan-end"].params["lr"] == 0.5
    system = {curve.id: curve.role.quantity for curve in by_name["with-system"].curves}
    assert system["system/cpu_utilization_percentage"] == "system"
