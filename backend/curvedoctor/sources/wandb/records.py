"""The record log of `wandb`: LevelDB's log format around protobuf messages, decoded without their schema.

A file is a header of seven bytes and blocks of 32 KiB. A block holds chunks: checksum, length and kind,
then data; a record is one chunk, or several where it crosses the end of a block. Field numbers are those of
wandb's `wandb_internal.proto`, which are stable: servers read what every version wrote.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import IO

#: what a file begins with: ":W&B", a magic number, a version
HEADER = struct.Struct("<4sHB")
_IDENT, _MAGIC = b":W&B", 0xBEE1
_CHUNK = struct.Struct("<IHB")
_BLOCK = 32768
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
#: bytes of one record; a longer one is no row of numbers
MAX_RECORD = 32 << 20
Tell = Callable[[int, str], None]


def records(stream: IO[bytes], tell: Tell) -> Iterator[memoryview]:
    """The records of a log. Damage is told with its place, and costs only the records that it touches.

    Raises `ValueError` for what is no such log.
    """
    head = _exactly(stream, HEADER.size)
    if len(head) < HEADER.size or HEADER.unpack(head)[:2] != (_IDENT, _MAGIC):
        raise ValueError("is no record log of wandb: it begins with other bytes")
    gathered: bytearray | None = None
    start = HEADER.size  # the header counts as part of the first block
    at = 0
    while True:
        block = _exactly(stream, _BLOCK - start)
        for offset, kind, data in _chunks(block, at + start, tell):
            if kind in (_FULL, _FIRST):
                if gathered is not None:
                    tell(offset, "a record was cut off: left out")
                gathered = bytearray(data)
            elif gathered is not None and len(gathered) + len(data) <= MAX_RECORD:
                gathered += data
            elif gathered is not None:
                tell(offset, f"a record of more than {MAX_RECORD >> 20} MiB: left out")
                gathered = None
            if kind in (_FULL, _LAST) and gathered is not None:
                yield memoryview(bytes(gathered))
                gathered = None
        if len(block) < _BLOCK - start:
            break
        at, start = at + _BLOCK, 0
    if gathered is not None:
        tell(at, "the last record is cut off: left out")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    chunks: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        chunks.append(piece)
        size -= len(piece)
    return b"".join(chunks)


def _chunks(block: bytes, start: int, tell: Tell) -> Iterator[tuple[int, int, bytes]]:
    """Place, kind and data of the chunks of a block."""
    at = 0
    while at + _CHUNK.size <= len(block):
        checksum, length, kind = _CHUNK.unpack_from(block, at)
        if not checksum and not length and not kind:
            return  # padding
        data = block[at + _CHUNK.size : at + _CHUNK.size + length]
        if len(data) < length:
            tell(start + at, "truncated: the rest of this block is left out")
            return
        if kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or checksum != zlib.crc32(
            data, zlib.crc32(bytes([kind]))
        ):
            tell(start + at, "a wrong checksum: the rest of this block is left out")
            return
        yield start + at, kind, data
        at += _CHUNK.size + length


def fields(message: memoryview) -> Iterator[tuple[int, int | float | memoryview]]:
    """Number and value of the fields of a protobuf message. Raises `ValueError` for what is none."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        value: int | float | memoryview
        if wire == 0:
            value, at = _varint(message, at)
        elif wire == 1:
            value, at = _fixed(message, at, "<d")
        elif wire == 5:
            value, at = _fixed(message, at, "<f")
        elif wire == 2:
            length, at = _varint(message, at)
            if length > len(message) - at:
                raise ValueError("a field is cut off")
            value, at = message[at : at + length], at + length
        else:
            raise ValueError(f"wire type {wire}")
        yield number, value


def _fixed(message: memoryview, at: int, form: str) -> tuple[float, int]:
    size = struct.calcsize(form)
    if at + size > len(message):
        raise ValueError("a number is cut off")
    return float(struct.unpack_from(form, message, at)[0]), at + size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number is cut off")
