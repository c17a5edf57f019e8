"""TFRecord framing of many records at once.

Every event that starts with its wall time has 0x09 behind a 12-byte header. Where the checksum of the
length is right too, a record may start; `start[i+1] == start[i] + length[i] + 16` for all of them then
proves the whole chain in one comparison. Whatever breaks it is left to `framing`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from curvedoctor.sources.tensorboard.records.crc import U32, byte_tables
from curvedoctor.sources.tensorboard.records.framing import OVERHEAD

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

#: lengths that the table of checksums covers
_TABLE = 1 << 16
#: bytes; a longer record is left to `framing`
MAX_LENGTH = 1 << 24
#: bytes per record above which walking beats looking at every byte; records looked at to decide
_LONG, _PROBE = 250, 32
#: bytes from which regularity is looked for; records per period, and stretches of one regularity, at most
REGULAR = 1 << 18
_PERIOD, _STRETCHES = 32, 8
_FIVE_BYTES = np.uint64(0xFFFFFFFFFF)
#: bytes that must be readable behind the data
SLACK = 1024


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of one file in the arena."""

    #: index of the file
    file: int
    #: first byte in the arena, and the one behind the last
    start: int
    stop: int
    #: where it starts in the file
    offset: int
    #: whether the file ends where the region does
    final: bool


@dataclass(slots=True)
class Chain:
    """Proven records of a region: starts[first:last] of the batch."""

    region: Region
    first: int
    last: int
    #: arena position behind the last proven record
    end: int


@cache
def _checksums() -> U32:
    """Masked checksum of every length below `_TABLE`."""
    lengths = np.arange(_TABLE, dtype=np.uint32)
    return length_checksums(lengths)


def length_checksums(lengths: U32) -> U32:
    """Masked CRC-32C of lengths as eight little-endian bytes; for lengths below 2^32."""
    tables = byte_tables(8)
    zero = 0
    for k in range(4):
        zero ^= int(tables[7 - k, 0xFF])
    register = np.full(len(lengths), zero ^ 0xFFFFFFFF, np.uint32)
    for k in range(4):
        register ^= tables[7 - k][(lengths >> np.uint32(8 * k)) & np.uint32(0xFF)]
    rotated = (register >> np.uint32(15)) | (register << np.uint32(17))
    return np.asarray(rotated + np.uint32(0xA282EAD8), np.uint32)


def headers(arena: U8, size: int, regions: list[Region]) -> tuple[I64, I64]:
    """Starts and lengths of all records that may begin in the first `size` bytes, ascending.

    Where the same lengths come again and again, steps from one to the next; where records are long,
    walks; else looks at every byte.
    """
    if size <= 12 or not regions:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    stretches = _regular(arena, regions[0]) if len(regions) == 1 and size >= REGULAR else []
    if stretches:
        start = int(stretches[-1][0][-1] + stretches[-1][1][-1]) + OVERHEAD
        regions = [replace(regions[0], start=start)]
    else:
        start = 0
    probe = _walk(arena, regions[:1], _PROBE)
    if len(probe) > 1 and probe[-1] - probe[0] > _LONG * (len(probe) - 1):
        candidates = np.array(_walk(arena, regions, size), np.int64)
        candidates = candidates[arena[candidates + 12] == 9]
    else:
        candidates = np.flatnonzero(arena[start + 12 : size] == 9) + start
    stretches.append(_sound(arena, candidates))
    starts, lengths = zip(*stretches, strict=True)
    return np.concatenate(starts), np.concatenate(lengths)


def _sound(arena: U8, candidates: I64) -> tuple[I64, I64]:
    """Those of the positions where a length has its right checksum, and the lengths."""
    head = np.ndarray((len(arena) - 16,), "V16", buffer=arena.data, strides=(1,))[candidates]
    words = head.view("<u4").reshape(-1, 4)
    lengths = words[:, 0]
    likely = (words[:, 1] == 0) & (lengths < MAX_LENGTH) & (lengths > 8)
    small = likely & (lengths < _TABLE)
    right = small & (_checksums()[lengths & np.uint32(_TABLE - 1)] == words[:, 2])
    large = np.flatnonzero(likely & ~small)
    if len(large):
        right[large] = length_checksums(lengths[large]) == words[large, 2]
    keep = np.flatnonzero(right)
    return candidates[keep], lengths[keep].astype(np.int64)


def _regular(arena: U8, region: Region) -> list[tuple[I64, I64]]:
    """Records from the start of the region on whose lengths repeat:
    all headers compared with the first ones."""
    stretches: list[tuple[I64, I64]] = []
    at = region.start
    for _ in range(_STRETCHES):
        probe = _walk(arena, [Region(0, at, region.stop, 0, final=False)], 2 * _PERIOD + 1)
        starts, lengths = _sound(arena, np.array([p for p in probe if arena[p + 12] == 9], np.int64))
        period = _period(lengths.tolist()) if len(starts) == 2 * _PERIOD + 1 else 0
        if not period:
            break
        stride = int(starts[period]) - at
        count = _repeats(arena, starts[:period].tolist(), stride, (region.stop - at) // stride)
        if count * period <= 2 * _PERIOD:
            break
        ahead = np.arange(count) * stride
        stretches.append(((ahead[:, None] + starts[:period]).ravel(), np.tile(lengths[:period], count)))
        at += count * stride
    return stretches


def _period(lengths: list[int]) -> int:
    """After how many records their lengths repeat; 0 if they don't."""
    return next((p for p in range(1, _PERIOD + 1) if lengths[p:] == lengths[:-p]), 0)


def _repeats(arena: U8, starts: list[int], stride: int, count: int) -> int:
    """How many times these headers come again at this stride, the first time included."""
    for start in starts:
        length, check = (
            np.ndarray((count,), "<u8", buffer=arena.data, offset=start + k, strides=(stride,))
            for k in (0, 8)
        )
        # the checksum, and the 0x09 behind it
        same = (length == length[0]) & ((check & _FIVE_BYTES) == (check[0] & _FIVE_BYTES))
        if not same.all():
            count = int(np.argmin(same))
    return count


def _walk(arena: U8, regions: list[Region], most: int) -> list[int]:
    """Where records start if all lengths are true; at most `most` per region."""
    length_at = struct.Struct("<Q").unpack_from
    data = arena.data
    starts_: list[int] = []
    put = starts_.append
    for region in regions:
        at, limit = region.start, region.stop - OVERHEAD
        full = len(starts_) + most
        while at <= limit and len(starts_) < full:
            put(at)
            at += length_at(data, at)[0] + OVERHEAD
    return starts_


def prove(starts: I64, lengths: I64, regions: list[Region]) -> list[Chain]:
    """For each region the records that certainly follow one another from its first byte on."""
    ends = starts + lengths + OVERHEAD
    breaks = np.flatnonzero(ends[:-1] != starts[1:])
    firsts = np.searchsorted(starts, [region.start for region in regions]).tolist()
    lasts = np.searchsorted(starts, [region.stop for region in regions]).tolist()
    cuts = np.searchsorted(breaks, firsts).tolist()
    chains: list[Chain] = []
    for region, first, last, cut in zip(regions, firsts, lasts, cuts, strict=True):
        if first >= last or starts[first] != region.start:
            chains.append(Chain(region, first, first, region.start))
            continue
        if cut < len(breaks) and breaks[cut] < last - 1:
            last = int(breaks[cut]) + 1
        end = int(ends[last - 1])
        if end > region.stop:
            last -= 1
            end = int(starts[last])
        chains.append(Chain(region, first, last, end))
    return chains
