"""One event file's records as points, texts and hyperparameters: protobuf, record by record.

This is the oracle of the batched reader, and its fallback for whatever is unusual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from curvedoctor.model import Floats, Ints, Problem
from curvedoctor.sources import files
from curvedoctor.sources.tensorboard.purge import Growing, Restarts
from curvedoctor.sources.tensorboard.records.framing import OVERHEAD, Damage, Records

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

#: `Event.source_metadata.writer` of the files that curvedoctor writes itself
OUR_WRITER = "curvedoctor"
#: characters of one text, and number of texts, that are kept in search of hyperparameters
MAX_TEXT, MAX_TEXTS = 1 << 18, 64
#: damaged places named one by one; the rest is counted
MAX_PROBLEMS = 20
#: what is said of a record that is framed soundly and yet no event
UNPARSED = "record dropped: its content is no valid event"

#: numpy type of a tensor's content, by TensorFlow's DataType number
DTYPES: dict[int, str] = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", 14: "<u2",
    17: "<u2", 19: "<f2", 22: "<u4", 23: "<u8",
}  # fmt: skip
_BFLOAT16, _HALF = 14, 19
#: field that holds the values of a type where `tensor_content` doesn't
_FIELDS: dict[int, str] = {
    1: "float_val", 2: "double_val", 3: "int_val", 4: "int_val", 5: "int_val", 6: "int_val", 9: "int64_val",
    10: "bool_val", 14: "half_val", 17: "int_val", 19: "half_val", 22: "uint32_val", 23: "uint64_val",
}  # fmt: skip
#: plugins whose tensors are values of a curve; the empty name is a tensor without metadata
_SCALAR_PLUGINS = frozenset({"scalars", ""})


@dataclass(slots=True)
class FileLog:
    """What one event file holds, in the order in which it was written."""

    path: str
    #: tag → steps, values, wall times of what stands: a restart replaces what it overlaps
    series: dict[str, tuple[Ints, Floats, Floats]] = field(default_factory=dict)
    #: text plugin: tag → first text
    texts: dict[str, str] = field(default_factory=dict)
    #: hparams plugin: serialized `HParamsPluginData`
    hparams: list[bytes] = field(default_factory=list)
    #: steps of `SessionLog.START`: the writer restarted there
    starts: list[int] = field(default_factory=list)
    #: points that these replaced in this file
    replaced: int = 0
    problems: list[Problem] = field(default_factory=list)
    #: intact records
    records: int = 0
    #: written by curvedoctor: not a run
    ours: bool = False
    #: bytes up to the end of the last intact record: where to read on when the file has grown
    end: int = 0
    #: wall time of the first record; NaN where there is none
    first_time: float = float("nan")

    def useful(self) -> bool:
        """Whether anything came of the file."""
        return bool(self.series or self.texts or self.hparams)


class Decoder:
    """Collects the events of one file."""

    def __init__(self, path: str) -> None:
        self.log = FileLog(path)
        self.points: dict[str, Growing] = {}
        #: restarts marked among these points
        self.starts: list[int] = []

    def add(self, event: Event) -> None:
        """One event."""
        self.log.records += 1
        if self.log.records == 1:
            self.log.first_time = event.wall_time
        what = event.WhichOneof("what")
        if what == "summary":
            for value in event.summary.value:
                self._add_value(event, value)
        elif what == "session_log" and event.session_log.status == event.session_log.START:
            self.log.starts.append(event.step)
            self.starts.append(event.step)
        if event.HasField("source_metadata") and event.source_metadata.writer == OUR_WRITER:
            self.log.ours = True

    def point(self, tag: str, step: int, value: float, wall_time: float) -> None:
        """One point of a curve."""
        points = self.points.get(tag)
        if points is None:
            points = self.points[tag] = Growing()
        points.steps.append(step)
        points.values.append(value)
        points.wall_times.append(wall_time)
        points.restarts.append(len(self.starts))

    def _add_value(self, event: Event, value: Summary.Value) -> None:
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            self.point(value.tag, event.step, value.simple_value, event.wall_time)
            return
        if kind not in ("tensor", None) or len(value.tensor.tensor_content) > 8:
            return  # histograms, images, sounds, tables
        # each value is judged by its own metadata: what one record means depends on no other
        plugin = value.metadata.plugin_data.plugin_name
        if plugin == "hparams" and value.metadata.plugin_data.content:
            if len(self.log.hparams) < MAX_TEXTS:
                self.log.hparams.append(value.metadata.plugin_data.content[:MAX_TEXT])
        elif kind == "tensor" and plugin == "text":
            self._add_text(value)
        elif kind == "tensor" and plugin in _SCALAR_PLUGINS:
            number = scalar_of(value.tensor)
            if number is not None:
                self.point(value.tag, event.step, number, event.wall_time)

    def _add_text(self, value: Summary.Value) -> None:
        texts = self.log.texts
        if value.tag not in texts and len(texts) < MAX_TEXTS and value.tensor.string_val:
            strings = b"\n".join(value.tensor.string_val[:64])
            texts[value.tag] = strings[:MAX_TEXT].decode("utf-8", "replace")

    def finish(self) -> FileLog:
        """The whole file."""
        self.log.series = dict(self.standing())
        return self.log

    def standing(self) -> Iterator[tuple[str, tuple[Ints, Floats, Floats]]]:
        """The points that stand, by tag; tags of which none does are left out."""
        restarts = Restarts(self.starts) if self.starts else None
        for tag, points in self.points.items():
            columns = points.arrays(restarts)
            self.log.replaced += len(points.steps) - len(columns[0])
            if len(columns[0]):
                yield tag, columns


def scalar_of(tensor: TensorProto) -> float | None:
    """A tensor's one number; None if it isn't one number, of shape () or (1,)."""
    dtype = DTYPES.get(tensor.dtype)
    shape = tensor.tensor_shape
    if dtype is None or shape.unknown_rank or [dim.size for dim in shape.dim] not in ([], [1]):
        return None
    if tensor.tensor_content:
        if len(tensor.tensor_content) != np.dtype(dtype).itemsize:
            return None
        raw = np.frombuffer(tensor.tensor_content, dtype)[0]
    else:
        values = getattr(tensor, _FIELDS[tensor.dtype])
        if len(values) != 1:
            return 0.0 if not values and tensor.HasField("tensor_shape") else None
        raw = values[0]
    if tensor.dtype == _BFLOAT16:
        return float(np.array(int(raw) << 16, np.uint32).view(np.float32))
    if tensor.dtype == _HALF and not tensor.tensor_content:
        return float(np.array(int(raw) & 0xFFFF, np.uint16).view(np.float16))
    return float(raw)


def parser() -> tuple[Callable[[bytes], Event], type[Exception]]:
    """Protobuf's parser of events, and what it raises; late, for it takes 70 ms to import."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    return Event.FromString, DecodeError


def read_file(path: str) -> FileLog:
    """Everything of one event file. Never raises for what the file holds or lacks."""
    decoder = Decoder(path)
    damage: list[Damage] = []
    try:
        with files.open_binary(path) as stream:
            records = Records(stream)
            _decode_all(records, decoder)
            damage = records.problems
    except files.UNREADABLE as error:
        decoder.log.problems.append(
            Problem(path, f"can't be read: {files.reason(error)}", lost=True, kind="unreachable")
        )
    return explain(decoder.finish(), damage)


def _decode_all(records: Records, decoder: Decoder) -> None:
    parse, error = parser()
    for offset, payload in records:
        decoder.log.end = offset + len(payload) + OVERHEAD
        try:
            event = parse(payload)
        except error:
            records.problems.append(Damage(offset, UNPARSED))
            continue
        decoder.add(event)
        if decoder.log.ours:
            return


def explain(log: FileLog, damage: list[Damage]) -> FileLog:
    """The log with its damage, ordered by place, or the reason why it holds nothing."""
    log.problems.extend(_damage(log.path, sorted(damage), log.records))
    if not log.useful() and not log.ours and not log.problems:
        log.problems.append(Problem(log.path, _emptiness(log.records), kind="note"))
    return log


def _damage(path: str, damage: list[Damage], intact: int) -> Iterator[Problem]:
    if not intact and damage:
        offset, what, kind = damage[0]
        if kind == "unreachable":
            yield Problem(path, what, offset, kind=kind)
        elif stands_for := _pointer(path):
            yield Problem(path, stands_for)
        else:
            yield Problem(path, f"not an event file: no valid record in it ({what})", offset)
        return
    for offset, what, kind in damage[:MAX_PROBLEMS]:
        yield Problem(path, what, offset, kind=kind)
    if (more := len(damage) - MAX_PROBLEMS) > 0:
        yield Problem(path, f"{more} more damaged places", damage[MAX_PROBLEMS][0])


def _pointer(path: str) -> str:
    try:
        return files.pointer(files.read_bytes(path, 256))
    except files.UNREADABLE:
        return ""


def _emptiness(records: int) -> str:
    if not records:
        return "empty file: nothing was logged"
    return f"holds no scalar ({records} record{'s' if records > 1 else ''})"
