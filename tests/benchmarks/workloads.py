"""Event files to read: the shapes in which real logs come, written as their writers write them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.histogram_pb2 import HistogramProto
from tensorboard.compat.proto.summary_pb2 import Summary

from sources import events

TAGS = (
    "train/loss",
    "train/accuracy",
    "val/loss",
    "val/accuracy",
    "lr",
    "grad_norm",
    "time/step",
    "gpu/memory",
)
Maker = Callable[[Path, float], int]


@dataclass(frozen=True)
class Workload:
    """Some event files."""

    name: str
    make: Maker
    #: the aim as a ratio of processor time to `EventAccumulator`
    aim: float


def _write(path: Path, found: Iterator[Event], number: int = 0) -> None:
    path.mkdir(parents=True, exist_ok=True)
    wall = events.START + 1000 * number
    with (path / events.name(int(wall))).open("wb") as stream:
        stream.write(events.frame(events.version(wall).SerializeToString()))
        for event in found:
            stream.write(events.frame(event.SerializeToString()))


def _values(rng: np.random.Generator, count: int) -> list[float]:
    return list((rng.normal(size=count) * 0.1 + 1 / np.sqrt(1 + np.arange(count))).tolist())


def long_run(path: Path, scale: float) -> int:
    steps = int(200_000 * scale)
    values = _values(np.random.default_rng(0), steps)
    _write(
        path / "run",
        (
            events.scalar(tag, s, values[s] + i, events.START + s * 0.1)
            for s in range(steps)
            for i, tag in enumerate(TAGS[:5])
        ),
    )
    return 5 * steps


def interleaved(path: Path, scale: float) -> int:
    count = int(1_000_000 * scale)
    rng = random.Random(0)
    values = _values(np.random.default_rng(0), count)
    steps = dict.fromkeys(TAGS[:5], -1)

    def found() -> Iterator[Event]:
        for i in range(count):
            tag = rng.choice(TAGS[:5])
            steps[tag] += 1
            yield events.scalar(tag, steps[tag], values[i], events.START + i * 0.01)

    _write(path / "run", found())
    return count


def tensors(path: Path, scale: float) -> int:
    steps = int(100_000 * scale)
    values = _values(np.random.default_rng(0), steps)
    _write(
        path / "run",
        (events.tensor(tag, s, events.float_tensor(values[s])) for s in range(steps) for tag in TAGS[:5]),
    )
    return 5 * steps


def many_runs(path: Path, scale: float) -> int:
    runs = int(500 * scale)
    for run in range(runs):
        values = _values(np.random.default_rng(run), 500)
        wall = events.START + 1000 * run
        _write(
            path / f"run{run:04}",
            (events.scalar(tag, s, values[s], wall + s) for s in range(500) for tag in TAGS),
            run,
        )
    return runs * 8 * 500


def sparse_scalars(path: Path, scale: float) -> int:
    """Scalars are a twentieth of the bytes; the rest is histograms."""
    steps = int(10_000 * scale)
    values = _values(np.random.default_rng(0), steps)
    rng = np.random.default_rng(1)

    def found() -> Iterator[Event]:
        for s in range(steps):
            for i, tag in enumerate(TAGS[:5]):
                yield events.scalar(tag, s, values[s])
                limits = np.sort(rng.normal(size=54))
                histogram = HistogramProto(
                    min=-1, max=1, num=54, sum=0, sum_squares=1, bucket_limit=limits, bucket=limits
                )
                event = events.scalar(f"weights/layer{i}", s, 0.0)
                event.summary.CopyFrom(
                    Summary(value=[Summary.Value(tag=f"weights/layer{i}", histo=histogram)])
                )
                yield event

    _write(path / "run", found())
    return 5 * steps


def tiny_runs(path: Path, scale: float) -> int:
    runs = int(3_000 * scale)
    for run in range(runs):
        values = _values(np.random.default_rng(run), 10)
        wall = events.START + 1000 * run
        _write(
            path / f"run{run:05}",
            (events.scalar(tag, s, values[s], wall + s) for s in range(10) for tag in TAGS[:4]),
            run,
        )
    return runs * 40


WORKLOADS = (
    Workload("one run, 5 tags x 200k steps", long_run, 120),
    Workload("the same, tags interleaved", interleaved, 120),
    Workload("TF2 tensor scalars", tensors, 200),
    Workload("500 runs x 8 tags x 500 steps", many_runs, 100),
    Workload("scalars 5 % of the bytes", sparse_scalars, 150),
    Workload("3,000 tiny runs", tiny_runs, 18),
)
