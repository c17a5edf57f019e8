"""Records of one length side by side: one gather, then everything is a column.

CRC is linear, so one hardware call verifies all rows: each row's stored checksum, unmasked, brings the
register to the same constant whatever the payload; a constant in place of the header brings it from
there to its initial value. The register at the end is then known, unless a byte is wrong somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from curvedoctor.sources.tensorboard.batches.chain import I64, U8
from curvedoctor.sources.tensorboard.batches.template import U64, row_width
from curvedoctor.sources.tensorboard.records.crc import U32, byte_tables, crc32c, numpy_crc32c

_ONES = 0xFFFFFFFF


@dataclass(slots=True)
class Rows:
    """Records of one payload length."""

    length: int
    #: arena positions, ascending; shape (n,)
    starts: I64
    #: the records, padded to whole words; shape (n, width)
    matrix: U8
    #: the same as words; shape (n, width / 8)
    words: U64

    def column(self, offset: int, dtype: str) -> Any:
        """A field at an offset in the payload; shape (n,), a view."""
        return np.ndarray[Any, Any](
            (len(self.starts),), dtype, self.matrix.data, 12 + offset, (self.matrix.shape[1],)
        )


def gather(arena: U8, starts: I64, length: int) -> Rows:
    """Copy records out of the arena. One void gather costs what a gather of one word costs."""
    width = row_width(length)
    items = np.ndarray((len(arena) - width,), f"V{width}", buffer=arena.data, strides=(1,))[starts]
    matrix = items.view(np.uint8).reshape(-1, width)
    return Rows(length, starts, matrix, matrix.view("<u8"))


def unmask(stored: U32) -> U32:
    """Checksums as they were before TFRecord masked them."""
    rotated = stored - np.uint32(0xA282EAD8)
    return np.asarray((rotated >> np.uint32(17)) | (rotated << np.uint32(15)), np.uint32)


def damaged_anywhere(arena: U8, starts: I64, lengths: I64) -> I64:
    """Starts of the records whose checksum is wrong, whatever their lengths. Overwrites headers in the arena.

    One call per gapless stretch of records: pays where many are long or of different lengths.
    """
    words = np.ndarray((len(arena) - 8,), "<u4", buffer=arena.data, strides=(1,))
    ends = starts + lengths + 16
    stored = unmask(words[ends - 4])
    filler, final = _constants(0)
    words[ends - 4] = stored
    words[starts] = 0
    words[starts + 4] = 0
    words[starts + 8] = filler
    checksum = crc32c()
    gaps = np.flatnonzero(ends[:-1] != starts[1:]) + 1
    wrong: list[int] = []
    for first, last in zip([0, *gaps.tolist()], [*gaps.tolist(), len(starts)], strict=True):
        stretch = slice(first, last)
        if checksum(arena[starts[first] + 12 : ends[last - 1]]) != final:
            wrong += [
                start
                for start, end, right in zip(starts[stretch], ends[stretch], stored[stretch], strict=True)
                if checksum(arena[start + 12 : end - 4].tobytes()) != right
            ]
    return np.array(wrong, np.int64)


def damaged(rows: Rows) -> I64 | None:
    """Indices of the rows whose checksum is wrong; None if all are right. Overwrites headers and padding."""
    field = rows.column(rows.length, "<u4")
    stored = unmask(field)
    if crc32c() is numpy_crc32c:
        wrong = np.flatnonzero(_folded(rows) != stored)
        return wrong if len(wrong) else None
    field[:] = stored
    pad = rows.matrix.shape[1] - rows.length - 16
    if pad:
        rows.words[:, -1] &= np.uint64((1 << (8 * (8 - pad))) - 1)
    rows.words[:, 0] = 0
    filler, final = _constants(pad)
    rows.column(-4, "<u4")[:] = filler
    flat = rows.matrix.reshape(-1)
    if crc32c()(flat[12:]) == final:
        return None
    checksum = crc32c()
    payloads = rows.matrix[:, 12 : 12 + rows.length]
    return np.array(
        [i for i, payload in enumerate(payloads) if checksum(payload.tobytes()) != stored[i]], np.int64
    )


@cache
def _constants(pad: int) -> tuple[int, int]:
    """What stands in place of a header's checksum, and the value at the end, for this many padding bytes."""
    behind = _forward(_ONES, 4 + pad)
    return _forward(behind, 8) ^ _backward(_ONES, 4), behind ^ _ONES


def _forward(register: int, zeros: int) -> int:
    table = byte_tables(1)[0]
    for _ in range(zeros):
        register = (register >> 8) ^ int(table[register & 0xFF])
    return register


def _backward(register: int, zeros: int) -> int:
    """The register from which `zeros` zero bytes lead to this one."""
    table = byte_tables(1)[0].tolist()
    by_top = {value >> 24: index for index, value in enumerate(table)}
    for _ in range(zeros):
        index = by_top[register >> 24]
        register = ((register ^ table[index]) << 8 & _ONES) | index
    return register


def _folded(rows: Rows) -> U32:
    """Checksums of all payloads without hardware: one table lookup per column."""
    tables = byte_tables(rows.length)
    register = np.full(len(rows.starts), _forward(_ONES, rows.length) ^ _ONES, np.uint32)
    for j in range(rows.length):
        register ^= tables[rows.length - 1 - j][rows.matrix[:, 12 + j]]
    return register
