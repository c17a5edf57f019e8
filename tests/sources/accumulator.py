"""The stock reader as the reference: every scalar point that `EventAccumulator` gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util.tensor_util import make_ndarray

Points = dict[str, tuple[list[int], list[float], list[float]]]


def stock_points(path: str | Path) -> Points:
    """Tag → steps, values, wall times of one event file, uncapped."""
    stock = event_accumulator.EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0})
    stock.Reload()
    found: Points = {}
    for tag in stock.Tags()["scalars"]:
        points = stock.Scalars(tag)
        found[tag] = ([p.step for p in points], [p.value for p in points], [p.wall_time for p in points])
    for tag in stock.Tags()["tensors"]:
        if stock.SummaryMetadata(tag).plugin_data.plugin_name not in ("scalars", ""):
            continue
        arrays = [(p, make_ndarray(p.tensor_proto)) for p in stock.Tensors(tag)]
        if all(a.size == 1 and a.ndim <= 1 and a.dtype.kind in "fiub" for _, a in arrays):
            values = [float(np.asarray(a).reshape(())) for _, a in arrays]
            found[tag] = ([p.step for p, _ in arrays], values, [p.wall_time for p, _ in arrays])
    return found


def same_points(ours: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]], stock: Points) -> None:
    """Assert equality, point for point and bit for bit."""
    assert set(ours) == set(stock)
    for tag, (steps, values, walls) in stock.items():
        np.testing.assert_array_equal(ours[tag][0], np.array(steps, np.int64), err_msg=tag)
        np.testing.assert_array_equal(ours[tag][1], np.array(values, np.float64), err_msg=tag)
        np.testing.assert_array_equal(ours[tag][2], np.array(walls, np.float64), err_msg=tag)
