"""Equal to the stock reader, point for point, wherever it is right; and where it isn't, why."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboardX import SummaryWriter

from curvedoctor.sources.copies import is_event_file
from curvedoctor.sources.tensorboard.decode import read_file
from sources import events
from sources.accumulator import same_points, stock_points

FIELD_LOGS = os.environ.get("CURVEDOCTOR_FIELD_LOGS")


def _field_files() -> list[Path]:
    """Real logs of others, where the variable points at some; without it, only our own are compared."""
    return (
        sorted(p for p in Path(FIELD_LOGS).rglob("*") if is_event_file(p.name) and p.is_file())
        if FIELD_LOGS
        else []
    )


def test_real_logs() -> None:
    for path in _field_files():
        same_points(read_file(str(path)).series, stock_points(path))


def _torch_like(path: Path) -> Path:
    with SummaryWriter(str(path)) as writer:
        for step in range(300):
            writer.add_scalar("train/loss", 1 / (1 + step), step)
            if step % 10 == 0:
                writer.add_scalar("val/loss", float("nan") if step == 50 else 2.0, step)
                writer.add_histogram("weights", np.random.default_rng(step).normal(size=50), step)
        writer.add_text("config", "lr: 0.1", 0)
    return next(path.glob("*tfevents*"))


def _keras_like(path: Path) -> Path:
    found = [events.version()]
    rng = np.random.default_rng(0)
    for step in range(200):
        found.append(events.tensor("epoch_loss", step, events.float_tensor(rng.normal())))
        found.append(events.tensor("epoch_accuracy", step, events.float_tensor(rng.uniform())))
    return events.write(path / events.name(suffix=".v2"), found)


def _tf1_like(path: Path) -> Path:
    """Several values in one summary, as `tf.summary.merge_all` writes them; negative and huge steps."""
    found = [events.version()]
    steps = [0, 1, 2, 5, 127, 128, 16384, 2**31, 2**62, 2**63 - 1]
    for step in steps:
        values = [Summary.Value(tag=tag, simple_value=step % 7) for tag in ("a", "b", "c" * 300)]
        event = events.scalar("x", step, 0.0, events.START)
        event.summary.CopyFrom(Summary(value=values))
        found.append(event)
    return events.write(path / events.name(), found)


def _negative_steps(path: Path) -> Path:
    return events.write(
        path / events.name(),
        [events.version(), *(events.scalar("a", s, s, 1.0) for s in (-(2**63), -5, 0, 7))],
    )


@pytest.mark.parametrize(
    "make", [_torch_like, _keras_like, _tf1_like, _negative_steps], ids=lambda make: make.__name__
)
def test_writers(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path / "run")
    log = read_file(str(path))
    assert not log.problems
    assert log.series
    same_points(log.series, stock_points(path))


def test_our_test_frames_are_tensorboards_own(tmp_path: Path) -> None:
    payload = events.scalar("loss", 3, 0.5).SerializeToString()
    with (tmp_path / "stock").open("wb") as stream:
        RecordWriter(stream).write(payload)
    assert (tmp_path / "stock").read_bytes() == events.frame(payload)


def test_stock_reader_stops_at_the_first_damaged_record(tmp_path: Path) -> None:
    """Why not equal: one flipped bit costs the stock reader everything behind it, silently."""
    path = events.run(tmp_path, tags=("loss",), steps=range(100))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)
    log = read_file(str(path))
    assert len(log.series["loss"][0]) == 99
    assert len(log.problems) == 1
    assert len(stock_points(path)["loss"][0]) < 60


def test_stock_reader_purges_files_without_a_version(tmp_path: Path) -> None:
    """Why not equal: with no version record a step backwards makes it drop points of all tags."""
    found = [
        events.scalar(tag, s, s, 10.0 + i) for i, s in enumerate((0, 1, 2, 3, 1, 4)) for tag in ("a", "b")
    ]
    path = events.write(tmp_path / "events.out.tfevents", found)
    assert read_file(str(path)).series["a"][0].tolist() == [0, 1, 2, 3, 1, 4]
    assert stock_points(path)["a"][0] != [0, 1, 2, 3, 1, 4]
