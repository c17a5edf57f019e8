"""What the lines before say of a line: the epoch, the iteration, the set that is being evaluated."""

from __future__ import annotations

from collections.abc import Mapping

from curvedoctor.sources.text import names
from curvedoctor.sources.text.rows import Rows

#: words of a line without numbers that may head a section
_MAX_WORDS = 4


class Context:
    """Counters that hold until they change."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.epoch: float | None = None
        self._fine: dict[str, float] = {}
        #: split of the section
        self.section: str | None = None

    def count(self, counters: Mapping[str, float]) -> None:
        """Counters of a line; within a new epoch, what counted in the old one no longer holds."""
        for name, value in counters.items():
            if names.plain(name) in names.EPOCH:
                if value != self.epoch:
                    self._fine.clear()
                    self.section = None
                self.epoch = value
        fine = {name: value for name, value in counters.items() if names.plain(name) not in names.EPOCH}
        if fine:
            self._fine = fine

    def counters(self) -> dict[str, float]:
        """What holds now."""
        return self._fine if self.epoch is None else self._fine | {"epoch": self.epoch}

    def heading(self, text: str) -> bool:
        """Whether a line is the heading of a section, such as "Validation:"."""
        if any(letter.isdigit() for letter in text):
            return False
        words = text.strip(" \t:*=-#.").split()
        if len(words) <= _MAX_WORDS and (split := names.split_of(text)):
            # what is trained needs no word: its names stay as they are
            self.section = None if split == "train" else split
        return True
