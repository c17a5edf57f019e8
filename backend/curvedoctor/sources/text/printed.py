"""Hyperparameters that a training printed before it began: `lr: 0.001`, `Namespace(lr=0.1)`, `--lr 0.1`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from curvedoctor.sources.text.pairs import Pair

_NAME = r"[A-Za-z_][\w.\-]{0,60}"
_VALUE = r"'[^'\n]{0,80}'|\"[^\"\n]{0,80}\"|\[[^\[\]\n]{0,80}\]|\([\d.,\s]{1,60}\)|[^\s,;(){}\[\]'\"]{1,80}"
_ASSIGNED = re.compile(rf"(?<![\w.\-])['\"]?({_NAME})['\"]?\s*[=:]\s*({_VALUE})")
_FLAG = re.compile(rf"(?<!\S)--?({_NAME})[ =]({_VALUE})(?=\s|$)")
#: settings, and lines before the first row, that are looked at
_MOST, _LINES = 2000, 2000


class Printed:
    """What was assigned before the first row."""

    def __init__(self) -> None:
        self._found: dict[str, set[str]] = {}
        self._lines = 0

    def line(self, text: str, found: Sequence[Pair], *, before: bool) -> None:
        """A line that may print settings."""
        del found
        if not before or self._lines >= _LINES or len(self._found) >= _MOST:
            return
        self._lines += 1
        for match in (*_FLAG.finditer(text), *_ASSIGNED.finditer(text)):
            self._found.setdefault(match[1], set()).add(match[2].strip("'\""))

    def settings(self, curves: Collection[str]) -> dict[str, object]:
        """Settings that were printed with one value only, and are no curves."""
        return {
            name: next(iter(values))
            for name, values in self._found.items()
            if len(values) == 1 and name not in curves
        }
