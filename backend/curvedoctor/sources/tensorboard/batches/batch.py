"""Many records at once: gathered by length, verified, matched with templates, decoded as columns.

What matches no template goes through protobuf, in its place: the result equals `decode.read_file`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats, Ints
from curvedoctor.sources.tensorboard.batches import known
from curvedoctor.sources.tensorboard.batches.chain import I64, U8, Chain, Region, headers, prove
from curvedoctor.sources.tensorboard.batches.rows import Rows, damaged, damaged_anywhere, gather
from curvedoctor.sources.tensorboard.batches.skip import useless
from curvedoctor.sources.tensorboard.batches.template import Template, build

#: arena positions, steps, values, wall times; each of shape (n,)
Part = tuple[I64, Ints, Floats, Floats]

#: payload bytes; longer records are looked at one by one
MAX_ROW = 320
#: records of one length below which columns don't pay
_FEW = 6
#: long or rare records above which all are verified in one go instead of by length
_MANY_ALONE = 16
#: records that a template must match on average to be worth building; templates that needn't yet
_MIN_GAIN, _GRACE = 8, 3

#: templates with the indices of their rows; None for all
Matched = list[tuple[Template, I64 | None]]


@dataclass(slots=True)
class Decoded:
    """What a batch holds."""

    chains: list[Chain]
    #: starts and lengths of all proven records, ascending
    starts: I64
    lengths: I64
    #: tag → parts, in no order
    parts: dict[str, list[Part]] = field(default_factory=dict)
    #: starts of records for protobuf
    loose: list[I64] = field(default_factory=list)
    #: starts and steps of records that mark a restart, ascending
    restarts: list[tuple[int, int]] = field(default_factory=list)
    #: starts of records whose checksum is wrong
    wrong: list[I64] = field(default_factory=list)


def decode(arena: U8, size: int, regions: list[Region]) -> Decoded:
    """All proven records of the regions in the first `size` bytes of the arena."""
    starts, lengths = headers(arena, size, regions)
    chains = prove(starts, lengths, regions)
    if sum(chain.last - chain.first for chain in chains) < len(starts):
        ranges = [np.arange(chain.first, chain.last) for chain in chains]
        intact = np.concatenate(ranges) if ranges else np.empty(0, np.int64)
        counts = np.cumsum([0, *map(len, ranges)]).tolist()
        for chain, first, last in zip(chains, counts[:-1], counts[1:], strict=True):
            chain.first, chain.last = first, last
        starts, lengths = starts[intact], lengths[intact]
    decoded = Decoded(chains, starts, lengths)
    if len(starts):
        with np.errstate(invalid="ignore"):  # a signalling NaN is a value like any other
            _by_length(arena, decoded)
    return decoded


def _by_length(arena: U8, decoded: Decoded) -> None:
    short = np.minimum(decoded.lengths, MAX_ROW + 1).astype(np.uint16)
    counts = np.bincount(short, minlength=MAX_ROW + 2)
    few = counts < _FEW
    few[MAX_ROW + 1] = True
    alone = np.flatnonzero(few[short])
    verified = len(alone) > _MANY_ALONE
    checked = slice(None) if verified else alone
    if len(alone):
        decoded.wrong.append(damaged_anywhere(arena, decoded.starts[checked], decoded.lengths[checked]))
        starts = decoded.starts[alone]
        decoded.loose.append(starts[~useless(arena, starts, decoded.lengths[alone])])
    lengths = np.flatnonzero((counts > 0) & ~few).tolist()
    ordered = (
        decoded.starts if counts.max() == len(short) else decoded.starts[np.argsort(short, kind="stable")]
    )
    ends = np.cumsum(counts)
    for length in lengths:
        which = ordered[ends[length] - counts[length] : ends[length]]
        rows = gather(arena, which, length)
        if not verified and (wrong := damaged(rows)) is not None:
            decoded.wrong.append(which[wrong])
        _match(arena, rows, decoded)


def _match(arena: U8, rows: Rows, decoded: Decoded) -> None:
    left: I64 | None = None
    for shape in known.shapes(rows.length):
        left = _take(rows, shape.match(rows, left), left, decoded)
        if not len(left):
            return
    left = np.arange(len(rows.starts)) if left is None else left
    left = left[~useless(arena, rows.starts[left], np.full(len(left), rows.length, np.int64))]
    built = gained = 0
    while len(left) >= _MIN_GAIN and gained >= _MIN_GAIN * (built - _GRACE):
        before, built = len(left), built + 1
        new = build(rows.matrix[left[0], 12 : 12 + rows.length].tobytes())
        if new is not None:
            known.learn(new)
            left = _take(rows, known.Shape([new]).match(rows, left), left, decoded)
        if before == len(left):
            decoded.loose.append(rows.starts[left[:1]])
            left = left[1:]
        gained += before - len(left)
    decoded.loose.append(rows.starts[left])


def _take(rows: Rows, matched: Matched, left: I64 | None, decoded: Decoded) -> I64:
    """Decode the rows that match; return the indices of the others."""
    if not matched:
        return np.arange(len(rows.starts)) if left is None else left
    first, all_of_it = matched[0]
    if all_of_it is None:
        _emit(rows, first, None, decoded)
        return np.empty(0, np.int64)
    taken = np.concatenate([which for _, which in matched if which is not None])
    if len(matched) == 1:
        _emit(rows, first, taken, decoded)
    else:
        _emit_many(rows, matched, taken, decoded)
    if len(taken) == (len(rows.starts) if left is None else len(left)):
        return np.empty(0, np.int64)
    free = np.zeros(len(rows.starts), np.bool_)
    free[slice(None) if left is None else left] = True
    free[taken] = False
    return np.flatnonzero(free)


def _emit(rows: Rows, template: Template, which: I64 | None, decoded: Decoded) -> None:
    for hole, part in zip(template.holes, _columns(rows, template, which), strict=True):
        decoded.parts.setdefault(hole.tag, []).append(part)


def _emit_many(rows: Rows, matched: Matched, taken: I64, decoded: Decoded) -> None:
    """Templates of one shape: decoded together, then told apart."""
    parts = _columns(rows, matched[0][0], taken)
    first = 0
    for template, which in matched:
        last = first + (0 if which is None else len(which))
        for hole, (starts, steps, values, walls) in zip(template.holes, parts, strict=True):
            part = (starts[first:last], steps[first:last], values[first:last], walls[first:last])
            decoded.parts.setdefault(hole.tag, []).append(part)
        first = last


def _columns(rows: Rows, template: Template, which: I64 | None) -> list[Part]:
    """Points of each hole, of the chosen rows."""
    if not template.holes:
        return []
    pick = slice(None) if which is None else which
    starts = rows.starts[pick]
    walls = rows.column(1, "<f8")[pick].astype(np.float64)
    steps = _steps(rows, *template.step, pick)
    return [
        (starts, steps, rows.column(hole.offset, hole.dtype)[pick].astype(np.float64), walls)
        for hole in template.holes
    ]


def _steps(rows: Rows, first: int, last: int, pick: I64 | slice) -> Ints:
    """Varints at payload bytes `first` to `last`: seven bits of each byte, the lowest first."""
    size = last - first
    kind: type[np.uint32 | np.uint64] = np.uint32 if size <= 4 else np.uint64
    if size in (0, 9):  # absent, or more than a word
        steps = np.zeros(len(rows.starts[pick]), np.int64)
        for k in range(first, last):
            steps |= (rows.matrix[pick, 12 + k] & 0x7F).astype(np.int64) << (7 * (k - first))
        return steps
    word = rows.column(first, np.dtype(kind).str)[pick]
    bits: npt.NDArray[np.uint32 | np.uint64] = word & kind(0x7F)
    for k in range(1, size):
        bits |= (word >> kind(k)) & kind(0x7F << (7 * k))
    return bits.astype(np.int64)
