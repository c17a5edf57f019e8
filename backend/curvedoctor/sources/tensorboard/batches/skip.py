"""Records proven to be of no use for curves: exactly one histogram, image or sound, or a graph.

Proven by their lengths: each nested field ends exactly where the one around it does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curvedoctor.sources.tensorboard.batches.chain import I64, U8

Flags = npt.NDArray[np.bool_]

#: fields of `Event`: graph_def, tagged_run_metadata, meta_graph_def
_GRAPHS = (0x22, 0x42, 0x4A)
#: fields of `Summary.Value`: image, histogram, audio
_BLOBS = (0x22, 0x2A, 0x32)


def useless(arena: U8, starts: I64, lengths: I64) -> Flags:
    """Which records can be passed over unread; shape (n,)."""
    words = np.ndarray((len(arena) - 8,), "<u4", buffer=arena.data, strides=(1,))
    end = starts + 12 + lengths
    limit = len(arena) - 16
    at = starts + 21
    stepped = arena[at] == 0x10
    at = at + np.where(stepped, 1 + _varint_size(arena, at + 1), 0)
    key = arena[np.minimum(at, limit)]
    value, inside = _field(words, at, limit)
    whole = inside + value == end
    graph = whole & np.isin(key, _GRAPHS)
    summary = whole & (key == 0x2A)
    # Summary: one value
    key = arena[np.minimum(inside, limit)]
    value, inside = _field(words, inside, limit)
    summary &= (key == 0x0A) & (inside + value == end)
    # Value: tag, then the blob
    key = arena[np.minimum(inside, limit)]
    value, inside = _field(words, inside, limit)
    summary &= key == 0x0A
    at = inside + value
    summary &= at < end
    key = arena[np.minimum(at, limit)]
    value, inside = _field(words, at, limit)
    stop = inside + value
    blob = np.isin(key, _BLOBS) & (stop == end)
    tensor = (key == 0x42) & _long_tensor(arena, words, inside, stop)
    rest, behind = _field(words, stop, limit)
    metadata = (stop == end) | ((arena[np.minimum(stop, limit)] == 0x4A) & (behind + rest == end))
    return np.asarray(graph | (summary & (blob | (tensor & metadata))), np.bool_)


def _long_tensor(arena: U8, words: npt.NDArray[np.uint32], at: I64, stop: I64) -> Flags:
    """Tensors of type, shape, and content of more than 8 bytes: more than one number."""
    limit = len(arena) - 16
    at = np.minimum(at, limit)
    shape = np.minimum(at + 4 + arena[np.minimum(at + 3, limit)], limit)
    size, content = _field(words, shape, limit)
    right = (arena[at] == 0x08) & (arena[at + 1] < 0x80) & (arena[at + 2] == 0x12) & (arena[at + 3] < 0x80)
    return np.asarray(right & (arena[shape] == 0x22) & (size > 8) & (content + size == stop), np.bool_)


def _field(words: npt.NDArray[np.uint32], at: I64, limit: int) -> tuple[I64, I64]:
    """Length (below 2^28; else -1) and start of the length-delimited field whose key stands at `at`."""
    word = words[np.minimum(at + 1, limit)]
    value, start = word & 0x7F, at + 2
    more = (word & 0x80) != 0
    for k in range(1, 4):
        if not more.any():
            return value.astype(np.int64), start
        value |= np.where(more, (word >> k) & (0x7F << (7 * k)), 0)
        start += more
        more &= (word >> (8 * k)) & 0x80 != 0
    return np.where(more, -1, value.astype(np.int64)), start


def _varint_size(arena: U8, at: I64) -> I64:
    """Bytes of the varint at `at`, up to 10."""
    size = np.ones(len(at), np.int64)
    more = arena[at] >= 0x80
    for k in range(1, 10):
        if not more.any():
            break
        size += more
        more &= arena[at + k] >= 0x80
    return size
