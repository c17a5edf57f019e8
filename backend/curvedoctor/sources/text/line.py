"""The numbers of one line of a console log: which of them count, which are curves, of which split."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curvedoctor.sources.text import names
from curvedoctor.sources.text.pairs import Pair, title

#: names that count nothing and measure nothing
_IGNORED = frozenset(
    {
        "vnum",
        "eta",
        "pid",
        "rank",
        "localrank",
        "version",
        "remaining",
        "line",
        "startepoch",
        "bestepoch",
        "bestiter",
    }
)
_AROUND = ":|,;()[]{}<>-*.'\""
#: what is planned, on a line of its own
_PLURAL = frozenset({"epochs", "steps", "iterations", "iters", "rounds", "nsteps", "numsteps", "totalsteps"})
#: what "9800/10000" is a share of
_RATIOS = re.compile(r"acc|correct|precision|recall|right|hits|score", re.IGNORECASE)


class Line:
    """The numbers of one line, as they are told apart from left to right."""

    def __init__(self, section: str | None) -> None:
        self.split = section
        self.numbers: dict[str, float] = {}
        self.counters: dict[str, float] = {}
        self.totals: dict[str, float | None] = {}
        self._carried = ""
        self._list: tuple[str, int] | None = None

    @classmethod
    def of(cls, pairs_: Sequence[Pair], text: str, split: str | None, bar: bool) -> Line:
        """All numbers of a line of this text; `split` holds until the line says another."""
        line = cls(split)
        for pair in pairs_:
            line.take(pair, text, len(pairs_), bar)
        return line

    def take(self, pair: Pair, text: str, count: int, bar: bool) -> None:
        """One more number."""
        if pair.aside:
            return
        name = pair.name
        self._hear_split(pair)
        if name and names.plain(name) in _IGNORED:
            self._list = None
            return
        if name and count == 1 and pair.total is None and names.plain(name) in _PLURAL:
            return
        if name and _is_counting(name):
            self._count(canonical(name), pair)
            self._carried = title(pair.before)
            return
        if (pair.total is not None or pair.sign == "[") and (split := names.split_word(name)):
            self.split, name = split, ""  # "Test: [3/20]"
        if not name:
            self._unnamed(pair, text, count, bar)
            return
        self._list = (name, 0) if pair.sign == "[" else None
        value = pair.value
        if pair.total is not None:
            if not _RATIOS.search(name):
                return
            value = value / pair.total if pair.total else value
        self._keep(name, value)

    def _unnamed(self, pair: Pair, text: str, count: int, bar: bool) -> None:
        at_start = not text[: pair.start].strip(" \t[(")
        if pair.total is not None:
            if not bar and not self._late() and "batch" not in self.counters:
                self._count("batch", pair)
        elif at_start and text[pair.start :].lstrip("0123456789")[:1] in ("]", ":") and count > 1:
            self._count("iteration", pair)
        elif (
            pair.sign == "["
            and "epoch" in self.counters
            and "batch" not in self.counters
            and not self._late()
        ):
            self._count("batch", pair)
        elif self._list is not None:
            name, index = self._list
            if index == 0 and name in self.numbers:
                self.numbers[f"{name}/0"] = self.numbers.pop(name)
            self._list = (name, index + 1)
            self.numbers[f"{name}/{index + 1}"] = pair.value
        elif self._carried and pair.sign in ":= " and not self.numbers:
            self._keep(self._carried, pair.value)

    def _late(self) -> bool:
        return self.split in ("val", "test")

    def _hear_split(self, pair: Pair) -> None:
        """A word such as "valid" before a number holds for the numbers after it, too."""
        for word in pair.before.split():
            self.split = names.split_prefix(word.strip(_AROUND)) or self.split
        words = pair.name.split()
        for word in words if len(words) > 1 else ():
            self.split = names.split_word(word.strip(_AROUND)) or self.split

    def _count(self, name: str, pair: Pair) -> None:
        if name not in self.counters:
            self.counters[name] = pair.value
            self.totals[name] = pair.total

    def _keep(self, name: str, value: float) -> None:
        name = names.with_split(self.split, name)
        if len(name) > 1 or name.isalpha():
            self.numbers.setdefault(name, value)


def _is_counting(name: str) -> bool:
    *before, last = name.split()
    return names.is_counter(name) or (
        names.is_counter(last.partition("(")[0]) and all(names.split_word(word) for word in before)
    )


def canonical(name: str) -> str:
    """One name for each kind of counter."""
    last = name.rpartition(" ")[2].partition("(")[0]
    plain = names.plain(last if names.is_counter(last) else name)
    return "epoch" if plain in names.EPOCH else plain
