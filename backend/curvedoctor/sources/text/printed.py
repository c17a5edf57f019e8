"""Hyperparameters that a training printed before it began: `lr: 0.001`, `Namespace(lr=0.1)`, `--lr 0.1`."""

from __future__ import annotations

import re

_NAME = r"[A-Za-z_][\w.\-]{0,60}"
_VALUE = (
    r"\d{1,3}(?:,\d{3})+(?![\w,])|'[^'\n]{0,80}'|\"[^\"\n]{0,80}\""
    r"|\[[^\[\]\n]{0,80}\]|\([\d.,\s]{1,60}\)|[^\s,;(){}\[\]'\"]{1,80}"
)
_ASSIGNED = re.compile(rf"(?<![\w.\-])['\"]?({_NAME})['\"]?\s*[=:]\s*({_VALUE})")
_FLAG = re.compile(rf"(?<!\S)--?({_NAME})[ =]({_VALUE})(?=\s|$)")
#: settings, and lines before the first row, that are looked at
_MOST, _LINES = 2000, 2000


class Printed:
    """What was assigned in the first lines."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[int, str]]] = {}

    def line(self, line_number: int, text: str) -> None:
        """A line that may print settings."""
        if line_number > _LINES or len(self._found) >= _MOST:
            return
        for match in (*_FLAG.finditer(text), *_ASSIGNED.finditer(text)):
            self._found.setdefault(match[1], []).append((line_number, _value(match[2])))

    def settings(self, first: int) -> dict[str, object]:
        """Settings that were printed with one value only, all of it before the first row of curves."""
        before = {
            name: {value for line_number, value in values if line_number < first}
            for name, values in self._found.items()
        }
        return {name: next(iter(values)) for name, values in before.items() if len(values) == 1}


def _value(text: str) -> str:
    return text.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", text) else text.strip("'\"")
