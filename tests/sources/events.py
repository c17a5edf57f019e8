"""Event files for tests: TensorBoard's own protobuf classes, framed as TFRecords."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text.summary_v2 import text_pb

START = 1_700_000_000.0


def frame(payload: bytes) -> bytes:
    """One TFRecord."""
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", _masked(length)) + payload + struct.pack("<I", _masked(payload))


def _masked(data: bytes) -> int:
    crc = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def version(wall: float = START, writer: str | None = None) -> Event:
    event = Event(wall_time=wall, file_version="brain.Event:2")
    if writer is not None:
        event.source_metadata.writer = writer
    return event


def scalar(tag: str, step: int, value: float, wall: float | None = None) -> Event:
    """As torch, tensorboardX and TF1 write it."""
    wall = START + 1 + step if wall is None else wall
    return Event(
        wall_time=wall, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    )


def tensor(
    tag: str, step: int, proto: TensorProto, plugin: str | None = "scalars", wall: float | None = None
) -> Event:
    """As TF2 and Keras write it."""
    value = Summary.Value(tag=tag, tensor=proto)
    if plugin is not None:
        value.metadata.CopyFrom(SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin)))
    wall = START + 1 + step if wall is None else wall
    return Event(wall_time=wall, step=step, summary=Summary(value=[value]))


def float_tensor(value: float) -> TensorProto:
    return TensorProto(dtype=1, tensor_shape=TensorShapeProto(), tensor_content=np.float32(value).tobytes())


def text(tag: str, content: str) -> Event:
    return Event(wall_time=START, step=0, summary=text_pb(tag, content))


def hparams(values: dict[str, Any]) -> Event:
    return Event(wall_time=START, step=0, summary=hparams_pb(values))


def start(step: int, wall: float = START) -> Event:
    return Event(wall_time=wall, step=step, session_log=SessionLog(status=SessionLog.START))


def encode(events: Iterable[Event]) -> list[bytes]:
    """Framed records."""
    return [frame(event.SerializeToString()) for event in events]


def write(path: Path, events: Iterable[Event]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(encode(events)))
    return path


def name(
    when: int = 1_700_000_000, host: str = "host", pid: int = 1, number: int = 0, suffix: str = ""
) -> str:
    return f"events.out.tfevents.{when}.{host}.{pid}.{number}{suffix}"


def run(
    path: Path,
    tags: Sequence[str] = ("train/loss", "val/loss"),
    steps: Iterable[int] = range(20),
    wall: float | None = None,
    scale: float = 1.0,
    file: str | None = None,
) -> Path:
    """A directory with one event file of falling curves; its content depends on the directory's name."""
    wall = START + zlib.crc32(path.name.encode()) % 100_000 if wall is None else wall
    events = [version(wall)]
    for step in steps:
        events += [scalar(tag, step, scale / (i + 1 + step), wall + 1 + step) for i, tag in enumerate(tags)]
    return write(path / (file or name(int(wall))), events)
