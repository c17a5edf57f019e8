"""CRC-32C as TFRecord files mask it: in hardware if `google-crc32c` has it, else folded in numpy.

TFRecord: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/hash/crc32c.h
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

U32 = npt.NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78
_DELTA = 0xA282EAD8
#: bytes folded per step in the numpy routine
_BLOCK = 256


def mask(crc: int) -> int:
    """Rotate and add, as TFRecord stores checksums."""
    return (((crc >> 15) | (crc << 17)) + _DELTA) & 0xFFFFFFFF


def unmask(masked: int) -> int:
    """Inverse of `mask`."""
    rotated = (masked - _DELTA) & 0xFFFFFFFF
    return ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF


@cache
def byte_tables(count: int) -> U32:
    """Table [k][b]: the register after byte `b` followed by `k` zero bytes, shape (count, 256)."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1).astype(np.uint32)
    tables = np.empty((count, 256), np.uint32)
    tables[0] = table
    for k in range(1, count):
        tables[k] = (tables[k - 1] >> np.uint32(8)) ^ table[tables[k - 1] & np.uint32(0xFF)]
    return tables


def numpy_crc32c(data: bytes | npt.NDArray[np.uint8]) -> int:
    """CRC-32C (Castagnoli) of `data`, without any C extension."""
    tables = byte_tables(_BLOCK)
    register = 0xFFFFFFFF
    buffer = np.frombuffer(data, np.uint8)
    for start in range(0, len(buffer), _BLOCK):
        block = buffer[start : start + _BLOCK]
        order = np.arange(len(block) - 1, -1, -1)
        folded = int(np.bitwise_xor.reduce(tables[order, block]))
        register = _advance(register, len(block), tables) ^ folded
    return register ^ 0xFFFFFFFF


def _advance(register: int, zeros: int, tables: U32) -> int:
    """The register after `zeros` more zero bytes."""
    result = 0
    for k in range(4):
        byte = (register >> (8 * k)) & 0xFF
        if zeros > k:
            result ^= int(tables[zeros - 1 - k, byte])
        else:
            result ^= byte << (8 * (k - zeros))
    return result


@cache
def crc32c() -> Callable[[bytes | npt.NDArray[np.uint8]], int]:
    """The fastest routine that this machine has."""
    try:
        import google_crc32c
    except ImportError:
        return numpy_crc32c
    # its pure Python variant is far slower than numpy
    return google_crc32c.value if google_crc32c.implementation == "c" else numpy_crc32c
