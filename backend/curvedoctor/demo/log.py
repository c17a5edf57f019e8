"""Event files as TensorBoard writes them, with TensorBoard's own writer and without TensorFlow."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

#: how the demo's files end, so that a new demo replaces an old one and nothing else
SUFFIX = ".curvedoctor-demo"


class Log:
    """One run's event file."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"events.out.tfevents.*{SUFFIX}"):
            old.unlink()
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}{SUFFIX}"
        self.file = (folder / name).open("wb")
        self.writer: Any = RecordWriter(self.file)
        self.write(file_version="brain.Event:2")

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def write(self, step: int = 0, **content: object) -> None:
        """One event."""
        from tensorboard.compat.proto.event_pb2 import Event

        event = Event(wall_time=time.time(), step=step, **content)
        self.writer.write(event.SerializeToString())

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each of several curves."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        points = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self.write(step, summary=Summary(value=points))

    def hyperparameters(self, values: Mapping[str, str | int | float]) -> None:
        """The run's settings, where TensorBoard's HParams tab reads them."""
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        self.write(summary=hparams_pb(dict(values)))
