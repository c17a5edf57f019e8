"""The templates that a process has learnt, ordered by shape so that many tags are looked up at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curvedoctor.sources.tensorboard.batches.chain import I64
from curvedoctor.sources.tensorboard.batches.rows import Rows
from curvedoctor.sources.tensorboard.batches.template import U64, Template

#: templates of one shape up to which each is compared in turn
_FEW = 4
#: shapes per length, templates per shape, lengths: tags may be made up by an attacker
_MAX_SHAPES, _MAX_TEMPLATES, _MAX_LENGTHS = 16, 1024, 64

_ALL = np.uint64(2**64 - 1)

#: payload length → shapes
_shapes: dict[int, list[Shape]] = {}


@dataclass(slots=True)
class Shape:
    """Templates with holes in the same places: they differ in their tags only."""

    templates: list[Template]
    #: hash of each template's words, ascending, and its index; built when needed
    _hashes: U64 | None = None
    _order: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    #: shape (templates, words)
    _expected: U64 = field(default_factory=lambda: np.empty((0, 0), np.uint64))

    def add(self, template: Template) -> None:
        """One more tag."""
        if len(self.templates) >= _MAX_TEMPLATES:
            del self.templates[: _MAX_TEMPLATES // 2]
        self.templates.append(template)
        self._hashes = None

    def match(self, rows: Rows, left: I64 | None) -> list[tuple[Template, I64 | None]]:
        """Each template with the indices of its rows, out of `left`; None for all of them."""
        if len(self.templates) > _FEW:
            return self._look_up(rows, left)
        matches: list[tuple[Template, I64 | None]] = []
        for template in self.templates:
            which = _matching(rows, template, left)
            if which is None:
                return [(template, None)]
            if len(which):
                matches.append((template, which))
        return matches

    def _look_up(self, rows: Rows, left: I64 | None) -> list[tuple[Template, I64 | None]]:
        hashes = self._index() if self._hashes is None else self._hashes
        which = np.arange(len(rows.starts)) if left is None else left
        words = [rows.words[which, column] & mask for column, mask, _ in self.templates[0].words]
        slot = np.minimum(np.searchsorted(hashes, _hash(words)), len(hashes) - 1)
        number = self._order[slot]
        # exact: a hash may be forged
        right = np.ones(len(which), np.bool_)
        for k, word in enumerate(words):
            right &= word == self._expected[number, k]
        hits = np.flatnonzero(right)
        number = number[hits].astype(np.uint16)
        order = np.argsort(number, kind="stable")
        counts = np.bincount(number, minlength=len(self.templates))
        ends = np.cumsum(counts)
        chosen = which[hits[order]]
        return [
            (self.templates[i], chosen[ends[i] - counts[i] : ends[i]])
            for i in np.flatnonzero(counts).tolist()
        ]

    def _index(self) -> U64:
        self._expected = np.array([[word for _, _, word in t.words] for t in self.templates], np.uint64)
        hashes = _hash(list(self._expected.T))
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]
        return self._hashes


def _hash(words: list[U64]) -> U64:
    """A hash of each row of words; wraps around."""
    result = np.zeros(len(words[0]), np.uint64)
    for k, word in enumerate(words):
        result += (word ^ (word >> np.uint64(29))) * np.uint64((0x9E3779B97F4A7C15 * (2 * k + 1)) % 2**64)
    return result


def _matching(rows: Rows, template: Template, left: I64 | None) -> I64 | None:
    """Indices of the rows that are like the template; None for all of them."""
    which = left
    for column, mask, expected in reversed(template.words):  # tags that differ mostly do so at their ends
        words = rows.words[:, column] if which is None else rows.words[which, column]
        same = (words if mask == _ALL else words & mask) == expected
        if not same.all():
            which = np.flatnonzero(same) if which is None else which[same]
            if not len(which):
                break
    return which


def shapes(length: int) -> tuple[Shape, ...]:
    """Those of records of one length."""
    return tuple(_shapes.get(length, ()))


def learn(template: Template) -> None:
    """Keep a template for all records to come."""
    if len(_shapes) > _MAX_LENGTHS * 16:
        _shapes.clear()
    known = _shapes.setdefault(template.length, [])
    for shape in known:
        if shape.templates and same_shape(shape.templates[0], template):
            shape.add(template)
            return
    if len(known) >= _MAX_SHAPES:
        known.pop(0)
    known.append(Shape([template]))


def same_shape(one: Template, other: Template) -> bool:
    """Whether two templates differ in constant bytes only."""
    if one.step != other.step or len(one.words) != len(other.words):
        return False
    if [(h.offset, h.dtype) for h in one.holes] != [(h.offset, h.dtype) for h in other.holes]:
        return False
    return all(a[0] == b[0] and a[1] == b[1] for a, b in zip(one.words, other.words, strict=True))
