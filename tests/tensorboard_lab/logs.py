"""Event files as real writers leave them, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1_700_000_000


class Writer:
    """A run's event file, as torch's SummaryWriter makes it, without needing torch."""

    def __init__(self, folder: Path, number: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{START + number}.host.1.{number}"
        self.stream = self.path.open("ab")
        self.records = RecordWriter(self.stream)
        self.records.write(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())

    def add(self, tag: str, value: float, step: int) -> None:
        event = Event(wall_time=START + step, step=step)
        event.summary.value.add(tag=tag, simple_value=value)
        self.records.write(event.SerializeToString())

    def flush(self) -> None:
        self.stream.flush()

    def close(self) -> None:
        self.stream.close()


def write(folder: Path, curves: Mapping[str, np.ndarray], number: int = 0) -> Path:
    """A finished run."""
    writer = Writer(folder, number)
    for step in range(max(len(values) for values in curves.values())):
        for tag, values in curves.items():
            if step < len(values):
                writer.add(tag, float(values[step]), step)
    writer.close()
    return writer.path


def falling(n: int = 60, floor: float = 0.2, seed: int = 0) -> np.ndarray:
    """A healthy training loss."""
    rng = np.random.default_rng(seed)
    return floor + 2.0 * np.exp(-np.arange(n) / (n / 7)) + 0.01 * rng.standard_normal(n)


def turning(n: int = 60, at: int = 18, seed: int = 1) -> np.ndarray:
    """A validation loss that turns and climbs."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    return 0.6 + 1.5 * np.exp(-t / 6) + 0.03 * np.maximum(0, t - at) + 0.01 * rng.standard_normal(n)


def broken(n: int = 60, at: int = 30) -> np.ndarray:
    """A loss that becomes NaN."""
    values = falling(n)
    values[at:] = np.nan
    return values
