"""Plain data for browsers: strict JSON, and labels that no log can make dangerous or endless."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

#: what `json.dumps(..., allow_nan=False)` accepts
Json = Any

#: characters of a label on the page; real tags stay below 80
LABEL_LIMIT = 120
#: characters of a longer text (a parameter's value, an error message)
TEXT_LIMIT = 2_000


def plain(value: object) -> Json:
    """`value` as strict JSON data: NaN and ±Inf become None, numpy becomes Python, text becomes UTF-8."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return clip(value, TEXT_LIMIT)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, Mapping):
        return {clip(str(key), LABEL_LIMIT): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return clip(str(value), TEXT_LIMIT)


def clip(text: str, limit: int = LABEL_LIMIT) -> str:
    """Readable text of at most `limit` characters.

    Control and direction-changing characters become U+FFFD: a name must not be able to reverse or
    hide what stands beside it. The middle is cut out, since names differ at both ends.
    """
    if len(text) > limit:
        head = (limit - 1) * 2 // 3
        text = text[:head] + "…" + text[len(text) - (limit - 1 - head) :]
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return " " if character == "\t" else character
    category = unicodedata.category(character)
    # zero-width joiners hold emoji together; every other format character (Cf) may reorder text
    return "\ufffd" if category in {"Cc", "Cs", "Cf"} and character != "\u200d" else character


def number(value: float, digits: int = 4) -> str:
    """A number as people write it: 0.05, 3.2e-05, 12,000."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    text = f"{value:.{digits}g}"
    return text.replace("e-0", "e-").replace("e+0", "e+")


def rounded(values: np.ndarray[Any, np.dtype[np.float64]], digits: int = 5) -> list[float | int | None]:
    """Values to `digits` significant digits, non-finite ones as None.

    Five digits are more than a screen resolves and half the bytes of full precision.
    """
    pattern = f"%.{digits}g"
    return [_short(float(pattern % item)) if math.isfinite(item) else None for item in values.tolist()]


def _short(value: float) -> float | int:
    """Whole numbers without `.0`: steps are whole, and there are many."""
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
