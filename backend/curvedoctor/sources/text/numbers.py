"""A cell of a table, or a word of a line, as a number."""

from __future__ import annotations

import math
import re

#: a number as programs print it, with nothing around it
NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf(?:inity)?"
_PLAIN = re.compile(rf"[-+]?(?:{NUMBER})", re.IGNORECASE)
#: what tensors, arrays of one number and percentages are printed as
_WRAPPED = re.compile(
    rf"(?:[a-z_.\d]{{2,20}}\(|\[)\s*([-+]?(?:{NUMBER}))\s*[^\[\]]{{0,40}}[)\]]", re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
#: characters; a longer cell is no number
_LONGEST = 64


def number(cell: object, *, decimal_comma: bool = False) -> float | None:
    """`cell` as a number; percentages stay on their scale of 0 to 100. None for what is none."""
    if isinstance(cell, str):
        return _of_text(cell.strip(), decimal_comma)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf if cell > 0 else -math.inf


def _of_text(text: str, decimal_comma: bool) -> float | None:
    if not text or len(text) > _LONGEST:
        return None
    text = text.removesuffix("%").rstrip()
    if text[-1:].isdigit() and "_" not in text:
        try:
            return float(text)
        except ValueError:
            pass
    elif _PLAIN.fullmatch(text):
        return float(text)
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    if wrapped := _WRAPPED.fullmatch(text):
        return float(wrapped[1])
    return None


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell can only be a number with a decimal comma."""
    return _DECIMAL_COMMA.fullmatch(cell.strip()) is not None
