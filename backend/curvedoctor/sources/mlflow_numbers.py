"""Numbers written as text, thousands at once: `float()` alone would take most of the time of reading.

A decimal with up to 19 digits is an integer over a power of ten. Both are exact in the 64-bit
mantissa of an extended double, so one division rounds once; rounding the quotient to a double is
right unless it lies on the boundary between two doubles, and those few (one in 2,048) are left to
`float()`, as is whatever looks different (exponents, nan, inf). See W. D. Clinger, How to read
floating point numbers accurately, PLDI 1990.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats, Ints

Bytes = npt.NDArray[np.uint8]
#: characters of a number at most; the text must have as many before it
WIDEST = 24
_ZERO, _DOT, _MINUS = 48, 254, 45  # a dot is 46, less 48 in eight bits
_POWERS = np.array([10**i for i in range(20)], dtype=np.uint64)
_TENS = 10.0 ** np.arange(10)[::-1]
#: 80-bit doubles, as on x86: 63 bits after the leading one, low half of 16 bytes
_EXTENDED_POWERS = np.power(np.longdouble(10), np.arange(28))
_EXTENDED = (
    np.finfo(np.longdouble).nmant == 63
    and sys.byteorder == "little"
    and np.dtype(np.longdouble).itemsize == 16
)


def integers(text: Bytes, starts: Ints, ends: Ints) -> Ints | None:
    """The integers that stand at `starts`…`ends`; None if any is no integer of up to 18 digits."""
    minus = text[starts] == _MINUS
    digits = _digits(text, starts + minus, ends)
    if digits is None or len(digits) > 18 or digits.max(initial=0) > 9:
        return None
    found = _joined(digits).astype(np.int64)
    return np.where(minus, -found, found) if minus.any() else found


def decimals(text: Bytes, starts: Ints, ends: Ints) -> Floats | None:
    """The numbers that stand at `starts`…`ends`, each as `float()` reads it; None if any is no number."""
    minus = text[starts] == _MINUS
    digits = _digits(text, starts + minus, ends)
    if digits is None:
        return None
    width = len(digits)
    dots = digits == _DOT
    count = np.add.reduce(dots.view(np.uint8), axis=0, dtype=np.uint8)
    digits *= ~dots
    plain = (digits.max(axis=0) <= 9) & (count <= 1) & (ends - starts - minus > count)
    if width > 19:
        plain &= digits[: width - 19].max(axis=0) == 0
    if not plain.all():
        digits[:, ~plain] = 0
    weighted = dots.view(np.uint8) * np.arange(width - 1, -1, -1, dtype=np.uint8)[:, None]
    places = np.where(plain, np.add.reduce(weighted, axis=0, dtype=np.uint8), 0).astype(np.int64)
    values, sure = _ratio(_without_dot(_joined(digits[-19:]), places, count == 1), places)
    if minus.any():
        values = np.where(minus, -values, values)
    try:
        for i in np.flatnonzero(~(plain & sure)):
            values[i] = float(text[starts[i] : ends[i]].tobytes())
    except ValueError:
        return None
    return values


def _digits(text: Bytes, starts: Ints, ends: Ints) -> Bytes | None:
    """Shape (width, n): each number's characters less "0", aligned at its end, zeros before it.

    One row per place, not per number: numpy is fast along long rows.
    """
    widths = ends - starts
    width = int(widths.max(initial=1))
    if width > WIDEST or widths.min(initial=1) < 1:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(text, width)[ends - width]
    places: Bytes = np.ascontiguousarray(windows.T)
    places -= np.uint8(_ZERO)
    if (widths != width).any():
        first = (width - widths).astype(np.uint8)
        places *= np.arange(width, dtype=np.uint8)[:, None] >= first
    return places


def _joined(digits: Bytes) -> npt.NDArray[np.uint64]:
    """Digits, up to 19 of them, as integers: two halves that are exact as doubles."""
    places = digits.astype(np.float64)
    low, high = places[-10:], places[:-10]
    found = (_TENS[-len(low) :] @ low).astype(np.uint64)
    if len(high):
        found += (_TENS[-len(high) :] @ high).astype(np.uint64) * _POWERS[10]
    return found


def _without_dot(
    joined: npt.NDArray[np.uint64], places: Ints, dotted: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint64]:
    """Close the gap that the dot left, `places` digits from the right. With 19 or more, no digit is before it."""
    gap = dotted & (places < 19)
    unit = _POWERS[np.where(gap, places, 0)]
    whole = joined // (unit * np.uint64(10))
    # (whole · 10 + gap) · unit + rest, of which the gap is zero
    return np.where(gap, joined - whole * unit * np.uint64(9), joined)


def _ratio(mantissas: npt.NDArray[np.uint64], places: Ints) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """mantissa / 10**places as doubles, and whether each is surely the nearest one."""
    exact = mantissas < np.uint64(2**53)
    if not _EXTENDED or bool((exact & (places <= 22)).all()):
        return mantissas / 10.0**places, exact & (places <= 22)
    quotient = mantissas.astype(np.longdouble) / _EXTENDED_POWERS[places]
    bits = quotient.view(np.uint64)[::2]
    return quotient.astype(np.float64), (bits & np.uint64(0x7FF)) != np.uint64(0x400)
