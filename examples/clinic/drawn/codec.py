"""Curves as small integers: logarithms to half a per mille, differences, byte planes, xz.

Values are losses, norms and shares: never negative, between 1e-13 and 1e13.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Shorts = NDArray[np.int16]
#: steps per factor e
FINE = 1000
#: codes of what has no logarithm
NAN, INFINITE, ZERO = -32768, 32767, 32766
_MOST = 30000


def encoded(values: NDArray[np.float32], coarse: int = 1) -> Shorts:
    """Codes of values; `coarse`: rounded to that many steps."""
    x = np.asarray(values, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        code = np.round(np.log(x) * (FINE / coarse)) * coarse
    code = np.clip(np.where(np.isfinite(code), code, 0), -_MOST, _MOST)
    code = np.where(np.isnan(x), NAN, np.where(np.isinf(x), INFINITE, np.where(x <= 0, ZERO, code)))
    return np.asarray(code, np.int16)


def decoded(code: Shorts) -> NDArray[np.float32]:
    """Inverse of `encoded`."""
    x = np.exp(code.astype(np.float64) / FINE)
    x = np.where(code == NAN, np.nan, np.where(code == INFINITE, np.inf, np.where(code == ZERO, 0.0, x)))
    return np.asarray(x, np.float32)


def packed(curves: Sequence[Shorts]) -> bytes:
    """All curves, end to end, compressed."""
    steps = [np.diff(c, prepend=np.int16(0)) for c in curves]
    whole = np.concatenate(steps).astype("<i2") if steps else np.zeros(0, "<i2")
    planes = whole.view(np.uint8).reshape(-1, 2).T.tobytes()
    return lzma.compress(planes, preset=9 | lzma.PRESET_EXTREME)


def unpacked(data: bytes, lengths: Sequence[int]) -> list[Shorts]:
    """Inverse of `packed`, for curves of these lengths."""
    planes = np.frombuffer(lzma.decompress(data), np.uint8).reshape(2, -1)
    whole = np.ascontiguousarray(planes.T).view("<i2").ravel()
    parts = np.split(whole, np.cumsum(lengths)[:-1]) if len(lengths) else []
    return [np.cumsum(p, dtype=np.int16) for p in parts]
