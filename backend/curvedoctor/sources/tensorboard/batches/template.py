"""What one kind of record looks like: constant bytes, with holes for wall time, step and values.

A template is built from one record and checked against protobuf; every further record that has the
same bytes outside the holes then needs no protobuf.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.sources.tensorboard.decode import DTYPES, Decoder

U64 = npt.NDArray[np.uint64]

#: payload bytes of the wall time
_WALL = slice(1, 9)
#: tensor types whose content is one number as it stands
_PLAIN = frozenset({1, 2, 3, 4, 5, 6, 9, 17, 19, 22, 23})
_TRIALS = 3
#: field, type and size of one number in `float_val` and `double_val`
_TYPED = frozenset({(0x2A, 1, 4), (0x32, 2, 8)})


@dataclass(frozen=True, slots=True)
class Hole:
    """One value of a curve."""

    tag: str
    #: bytes from the start of the payload
    offset: int
    #: numpy type, little-endian
    dtype: str

    @property
    def width(self) -> int:
        """Bytes."""
        return np.dtype(self.dtype).itemsize


@dataclass(frozen=True, slots=True)
class Template:
    """Records of one length."""

    #: bytes of the payload
    length: int
    #: payload bytes of the step; empty where it is 0
    step: tuple[int, int]
    holes: tuple[Hole, ...]
    #: 8-byte words of the whole record, header and padding included: (column, mask, expected)
    words: tuple[tuple[int, np.uint64, np.uint64], ...]


def row_width(length: int) -> int:
    """Bytes of a record of this payload length, padded to whole words."""
    return (length + 16 + 7) // 8 * 8


def build(payload: bytes) -> Template | None:
    """A template of this record; None if it must go through protobuf each time."""
    try:
        step, rest = _step_span(payload)
        holes = _holes(payload, rest)
    except (IndexError, struct.error, ValueError, UnicodeDecodeError):
        return None
    if len({hole.tag for hole in holes}) < len(holes):
        return None  # two values of one curve in one record: their order matters
    if not _agrees_with_protobuf(payload, step, holes):
        return None
    return Template(len(payload), step, tuple(holes), _words(payload, step, holes))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Value and position behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("varint too long")


def _span(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """Start and stop of a length-delimited field whose length stands at `at`."""
    length, start = _varint(data, at)
    if start + length > limit:
        raise ValueError("field too long")
    return start, start + length


def _step_span(payload: bytes) -> tuple[tuple[int, int], int]:
    if payload[0] != 0x09:
        raise ValueError("no wall time in front")
    if len(payload) > 9 and payload[9] == 0x10:
        _, behind = _varint(payload, 10)
        if behind - 10 > 9:
            raise ValueError("a negative step")
        return (10, behind), behind
    return (9, 9), 9


def _holes(payload: bytes, at: int) -> list[Hole]:
    """The numbers in a summary that is the rest of the event; none for any other event."""
    if at >= len(payload) or payload[at] != 0x2A:
        return []
    at, stop = _span(payload, at + 1, len(payload))
    if stop != len(payload):
        return []
    holes: list[Hole] = []
    while at < stop:
        if payload[at] != 0x0A:
            raise ValueError("no value")
        start, at = _span(payload, at + 1, stop)
        holes.extend(_value(payload, start, at))
    return holes


def _value(payload: bytes, at: int, stop: int) -> list[Hole]:
    tag = ""
    holes: list[tuple[int, str]] = []
    while at < stop:
        key = payload[at]
        if key == 0x15:  # simple_value
            holes.append((at + 1, "<f4"))
            at += 5
            continue
        start, at = _span(payload, at + 1, stop)
        if key == 0x0A:
            tag = payload[start:at].decode()
        elif key == 0x42:
            holes.extend(_tensor(payload, start, at))
        elif key != 0x4A:  # metadata is constant
            return []
    return [Hole(tag, offset, dtype) for offset, dtype in holes]


def _tensor(payload: bytes, at: int, stop: int) -> list[tuple[int, str]]:
    dtype = 0
    holes: list[tuple[int, str]] = []
    while at < stop:
        key = payload[at]
        if key == 0x08:
            dtype, at = _varint(payload, at + 1)
            continue
        start, at = _span(payload, at + 1, stop)
        size = at - start
        plain = key == 0x22 and dtype in _PLAIN and size == np.dtype(DTYPES[dtype]).itemsize
        if plain or (key, dtype, size) in _TYPED:
            holes.append((start, DTYPES[dtype]))
        elif key != 0x12:  # the shape is constant
            return []
    return holes


def _agrees_with_protobuf(payload: bytes, step: tuple[int, int], holes: list[Hole]) -> bool:
    """Whether protobuf reads the same from records that differ in the holes only."""
    rng = random.Random(len(payload))  # noqa: S311 — trial bytes, no secrets
    trial = bytearray(payload)
    for _ in range(_TRIALS):
        read = _by_protobuf(bytes(trial))
        if read is None or not _same(read, _by_holes(bytes(trial), step, holes)):
            return False
        trial[_WALL] = rng.randbytes(8)
        for i in range(*step):
            trial[i] = (trial[i] & 0x80) | (rng.randrange(128) if i - step[0] < 8 else 0)
        for hole in holes:
            trial[hole.offset : hole.offset + hole.width] = rng.randbytes(hole.width)
    return True


_Read = tuple[float, dict[str, tuple[int, float]]]


def _by_protobuf(payload: bytes) -> _Read | None:
    """Wall time and points; None if the record has any other effect, or none that can be read."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    try:
        event = Event.FromString(payload)
    except DecodeError:
        return None
    decoder = Decoder("")
    decoder.add(event)
    log = decoder.log
    if (
        log.texts
        or log.hparams
        or log.starts
        or log.ours
        or any(len(p.steps) > 1 for p in decoder.points.values())
    ):
        return None
    return event.wall_time, {tag: (p.steps[0], p.values[0]) for tag, p in decoder.points.items()}


def _by_holes(payload: bytes, step: tuple[int, int], holes: list[Hole]) -> _Read:
    wall = struct.unpack("<d", payload[_WALL])[0]
    number = _varint(payload, step[0])[0] if step[1] > step[0] else 0
    values = {h.tag: float(np.frombuffer(payload, h.dtype, 1, h.offset)[0]) for h in holes}
    return wall, {tag: (number, value) for tag, value in values.items()}


def _same(one: _Read, other: _Read) -> bool:
    def bits(read: _Read) -> tuple[str, dict[str, tuple[int, str]]]:
        return float(read[0]).hex(), {
            tag: (step, float(value).hex()) for tag, (step, value) in read[1].items()
        }

    return bits(one) == bits(other)


def _words(
    payload: bytes, step: tuple[int, int], holes: list[Hole]
) -> tuple[tuple[int, np.uint64, np.uint64], ...]:
    width = row_width(len(payload))
    mask = bytearray(12) + bytearray(b"\xff" * len(payload)) + bytearray(width - 12 - len(payload))
    mask[13:21] = bytes(8)
    for i in range(*step):
        mask[12 + i] = 0x80  # the step's length is constant, its bits are not
    for hole in holes:
        mask[12 + hole.offset : 12 + hole.offset + hole.width] = bytes(hole.width)
    expected = (bytes(12) + payload).ljust(width, b"\0")
    masks = np.frombuffer(bytes(mask), "<u8")
    words = np.frombuffer(expected, "<u8") & masks
    used = [k for k in range(len(masks)) if masks[k]]
    return tuple((k, masks[k], words[k]) for k in used)
