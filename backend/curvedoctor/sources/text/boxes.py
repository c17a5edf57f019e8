"""Boxes and blocks: one name and one value per line, many lines for one row (Stable-Baselines3, RLlib)."""

from __future__ import annotations

import re

from curvedoctor.sources.text.numbers import number

_CELLS = re.compile(r"^\s*\|(?P<name>[^|]{1,120})\|(?P<value>[^|]{0,120})\|\s*$")
_LINE = re.compile(r"^(?P<indent>[ \t]+)(?P<name>[\w./\-]{1,100}):(?:\s+(?P<value>\S{1,60}))?\s*$")
_MOST = 2000


class Box:
    """What was gathered since the box began."""

    def __init__(self) -> None:
        self._found: dict[str, float] = {}
        self._heading = ""
        self._above: list[tuple[int, str]] = []
        self._lines = 0

    def waits_for_rule(self) -> bool:
        """Whether a rule would close nothing."""
        return not self._found

    def take(self, text: str) -> bool:
        """Whether the line belongs to a box or block."""
        taken = False
        if match := _CELLS.match(text):
            taken = self._cell(match["name"], match["value"].strip())
        elif match := _LINE.match(text):
            taken = self._line(len(match["indent"].expandtabs()), match["name"], match["value"])
        self._lines += taken
        return taken

    def _cell(self, name: str, text: str) -> bool:
        title, value = name.strip(), number(text)
        if number(title) is not None or (value is None and text):
            return False
        if value is None:
            self._heading = title if title.endswith("/") else ""
        elif len(self._found) < _MOST:
            self._found[self._heading + title if name.startswith("  ") else title] = value
        return True

    def _line(self, indent: int, name: str, text: str | None) -> bool:
        while self._above and self._above[-1][0] >= indent:
            self._above.pop()
        if text is None:
            if len(self._above) < 16:
                self._above.append((indent, name))
            return bool(self._found)
        value = number(text)
        if not self._found and not self._above and value is None:
            return False
        title = "/".join([*(above for _, above in self._above), name])
        if value is None:
            return True
        if title in self._found or len(self._found) >= _MOST:
            return False
        self._found[title] = value
        return True

    def done(self) -> tuple[int, dict[str, float]]:
        """How many lines were gathered, and what they say; the next box begins."""
        result = (self._lines, self._found)
        self._found, self._lines = {}, 0
        self._heading, self._above = "", []
        return result
