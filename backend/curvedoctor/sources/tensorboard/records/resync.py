"""Where in a heap of bytes a TFRecord may start."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curvedoctor.sources.tensorboard.records.crc import byte_tables


def header_candidates(window: bytes) -> npt.NDArray[np.intp]:
    """Positions in `window` where a length (below 4 GiB) is followed by its right CRC, ascending."""
    data = np.frombuffer(window, np.uint8)
    count = len(data) - 11
    if count <= 0:
        return np.empty(0, np.intp)
    zero = data == 0
    high = zero[4 : 4 + count] & zero[5 : 5 + count] & zero[6 : 6 + count] & zero[7 : 7 + count]
    positions = np.flatnonzero(high)
    tables = byte_tables(8)
    register = np.full(len(positions), _zeros_8(), np.uint32)
    stored = np.zeros(len(positions), np.uint32)
    for i in range(4):
        register ^= tables[7 - i][data[positions + i]]
        stored |= data[positions + 8 + i].astype(np.uint32) << np.uint32(8 * i)
    masked = ((register >> np.uint32(15)) | (register << np.uint32(17))) + np.uint32(0xA282EAD8)
    candidates: npt.NDArray[np.intp] = positions[masked == stored]
    return candidates


def _zeros_8() -> int:
    """CRC-32C of eight zero bytes; the CRC of any other eight differs from it by their own fold."""
    tables = byte_tables(8)
    register = 0
    for k in range(4):
        register ^= int(tables[7 - k, 0xFF])
    return register ^ 0xFFFFFFFF
