"""Numbers written as text, thousands at once: `float()` alone would take most of the time of reading.

Eight characters fit into a 64-bit word, and a few multiplications turn eight digits into their number
in all words at once (D. Lemire, Number parsing at a gigabyte per second, Software: Practice and
Experience 51, 2021). A decimal with up to 19 digits is then an integer over a power of ten. Both are
exact in the 64-bit mantissa of an extended double, so one division rounds once; rounding the quotient
to a double is right unless it lies on the boundary between two doubles, and those few (one in 2,048)
are left to `float()`, as is whatever looks different (exponents, nan, inf). See W. D. Clinger, How to
read floating point numbers accurately, PLDI 1990.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats, Ints

Bytes = npt.NDArray[np.uint8]
#: eight characters less "0" each, the first in the lowest byte
Words = npt.NDArray[np.uint64]
#: characters of a number at most; the text must have as many before it
WIDEST = 24
_MINUS = 45
_POWERS = np.array([10**i for i in range(20)], dtype=np.uint64)
#: 80-bit doubles, as on x86: 63 bits after the leading one, low half of 16 bytes
_EXTENDED_POWERS = np.power(np.longdouble(10), np.arange(28))
_EXTENDED = (
    np.finfo(np.longdouble).nmant == 63
    and sys.byteorder == "little"
    and np.dtype(np.longdouble).itemsize == 16
)


def _each(byte: int) -> np.uint64:
    """A word of eight equal bytes."""
    word: np.uint64 = np.uint64(byte * 0x0101010101010101)
    return word


_ONES, _HIGH, _LOW, _OVER_NINE = _each(1), _each(0x80), _each(0x7F), _each(0x80 - 10)
_ZEROS = _each(ord("0"))
#: a dot, once "0" is taken off
_DOT = ord(".") ^ ord("0")
_DOTS = _each(_DOT)
#: by the number of its characters that belong to a number: those are a word's last
_KEPT = np.array([2**64 - 2 ** (8 * (8 - count)) for count in range(9)], dtype=np.uint64)
#: per word from the end: characters behind a dot,
#: in the byte that a product with the dot's place makes the highest
_BEHIND = [np.uint64(sum((8 * word + i) << (8 * i) for i in range(8))) for word in range(WIDEST // 8)]
#: the whole part of a number is found by a product of doubles: below this, no error reaches the next integer
_WHOLE = np.uint64(2**50)
#: by the digits from a gap on: what takes them off, and nine in the gap; nothing where there is none
_BEFORE = np.concatenate(([0.0], 10.0 ** -np.arange(1.0, 20.0)))
_NINES = np.array([0, *(9 * 10**i for i in range(19))], dtype=np.uint64)


def integers(text: Bytes, starts: Ints, ends: Ints) -> Ints | None:
    """The integers that stand at `starts`…`ends`, in ASCII; None if any is no integer of up to 18 digits."""
    minus = text[starts] == _MINUS
    negative = bool(minus.any())
    words = _words(text, starts + minus if negative else starts, ends)
    if words is None or any(_no_digits(word).any() for word in words):
        return None
    numbers = [_number(word) for word in words]
    if len(numbers) > 2 and numbers[2].max(initial=0) > 99:
        return None
    values = _joined(numbers).view(np.int64)
    return np.where(minus, -values, values) if negative else values


def decimals(text: Bytes, starts: Ints, ends: Ints) -> Floats | None:
    """The numbers that stand at `starts`…`ends`, in ASCII, each as `float()` reads it;
    None if any is no number."""
    minus = text[starts] == _MINUS
    first = starts + minus if minus.any() else starts
    words = _words(text, first, ends)
    if words is None:
        return None
    dots, places = _take_dots(words)
    odd = _no_digits(words[0])
    for word in words[1:]:
        odd |= _no_digits(word)
    plain = (odd == 0) & (dots <= 1) & (ends - first > dots)
    numbers = [_number(word) for word in words]
    if len(numbers) > 2:
        plain &= numbers[2] < 1000
    if not plain.all():
        places[~plain] = 0
    mantissas, known = _without_dot(_joined(numbers), places, dots == 1)
    values, exact = _ratio(mantissas, places)
    if first is not starts:
        values = np.where(minus, -values, values)
    try:
        for i in np.flatnonzero(~(plain & known & exact)):
            values[i] = float(text[starts[i] : ends[i]].tobytes())
    except ValueError:
        return None
    return values


def _words(text: Bytes, starts: Ints, ends: Ints) -> list[Words] | None:
    """Each number's characters less "0", eight in a word, the last eight first; zeros before a number."""
    widths = ends - starts
    widest = int(widths.max(initial=1))
    if widest > WIDEST or widths.min(initial=1) < 1:
        return None
    count = -(-widest // 8)
    windows: npt.NDArray[np.void] = np.ndarray(
        len(text) - 8 * count + 1, f"V{8 * count}", np.ascontiguousarray(text), strides=(1,)
    )
    columns: Words = windows[ends - 8 * count].view("<u8").reshape(-1, count)
    words: list[Words] = [columns[:, count - 1 - i] ^ _ZEROS for i in range(count)]
    for i, word in enumerate(words):
        word &= _KEPT.take(widths - 8 * i, mode="clip")
    return words


def _no_digits(word: Words) -> Words:
    """Not zero where one of the eight is no digit."""
    return (word + _OVER_NINE) & _HIGH


def _take_dots(words: list[Words]) -> tuple[Ints, Ints]:
    """(number of dots, characters behind the dot) of each number; a "0" takes the dot's place."""
    count, places = np.zeros((2, len(words[0])), dtype=np.uint64)
    for word, behind in zip(words, _BEHIND, strict=False):
        # 1 in each byte that is a dot: where nothing is left of it, adding can't reach the highest bit
        dots = word ^ _DOTS
        dots += _LOW
        dots &= _HIGH
        dots ^= _HIGH
        dots >>= np.uint64(7)
        count += dots
        word ^= dots * np.uint64(_DOT)
        dots *= behind
        dots >>= np.uint64(56)
        places += dots
    count *= _ONES
    count >>= np.uint64(56)
    return count.view(np.int64), places.view(np.int64)


def _number(word: Words) -> Words:
    """Eight digits as a number: neighbours are joined to pairs, pairs to fours, fours to the whole."""
    word = word * np.uint64(10 * 2**8 + 1)
    for bits, mask, factor in ((8, 0x00FF00FF00FF00FF, 100), (16, 0x0000FFFF0000FFFF, 10_000)):
        word >>= np.uint64(bits)
        word &= np.uint64(mask)
        word *= np.uint64(factor * 2 ** (2 * bits) + 1)
    word >>= np.uint64(32)
    return word


def _joined(numbers: list[Words]) -> Words:
    """Up to 19 digits, eight in each number, the last eight first."""
    values = numbers[0]
    for i, number in enumerate(numbers[1:], 1):
        values = values + number * _POWERS[8 * i]
    return values


def _without_dot(
    joined: Words, places: Ints, dotted: npt.NDArray[np.bool_]
) -> tuple[Words, npt.NDArray[np.bool_]]:
    """Close the gap that the dot left, `places` digits from the right, and whether that surely succeeded.

    With 19 or more digits behind the dot, none is before it.
    """
    gap = np.where(dotted & (places < 19), places + 1, 0)
    # behind the whole part comes the gap's zero, so that the fraction is below 0.1
    whole = (joined * _BEFORE[gap] + 0.45).astype(np.uint64)
    # (whole · 10 + gap) · unit + rest, of which the gap is zero
    return joined - whole * _NINES[gap], whole < _WHOLE


def _ratio(mantissas: Words, places: Ints) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """mantissa / 10**places as doubles, and whether each is surely the nearest one."""
    exact = mantissas < np.uint64(2**53)
    if not _EXTENDED or bool((exact & (places <= 22)).all()):
        return mantissas / 10.0**places, exact & (places <= 22)
    quotient = mantissas.astype(np.longdouble) / _EXTENDED_POWERS[places]
    bits = quotient.view(np.uint64)[::2]
    return quotient.astype(np.float64), (bits & np.uint64(0x7FF)) != np.uint64(0x400)
