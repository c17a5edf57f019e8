"""The restart policy: what in one directory is one training, and what are several.

Reading returns raw points. Here they are told apart, before anything is judged: several experiments,
processes or hosts that logged into one directory, and experiments that reused one writer, become
sessions. A training that resumed from a checkpoint stays one session with its raw points, overlap
included; only what a restart marked in the log replaces is gone by then. No point is changed, moved or dropped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from curvedoctor.model import Floats, Ints

#: steps, values, wall times; each of shape (n,)
Points = tuple[Ints, Floats, Floats]

#: a first step this close to another session's first step (as a share of its span) is a new start
_START_SHARE = 0.02
#: seconds by which clocks and buffered writers may disagree
_CLOCK = 5.0
#: sessions that a file is compared with, newest first
_MAX_COMPARED = 32


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Points that certainly belong together: a file, or the part of it between two step resets."""

    path: str
    #: sub-directory in the run, "" for its own
    folder: str
    series: Mapping[str, Points]
    #: seconds since 1970; NaN where unknown
    started: float
    #: host and process that wrote the file, "" where its name doesn't tell
    writer: str = ""
    #: when the file was opened, before its first point; NaN where unknown
    opened: float = math.nan

    def begun(self) -> float:
        """When it was begun, in seconds since 1970; NaN where unknown."""
        return self.opened if self.opened <= self.started else self.started

    def ended(self) -> float:
        """When its last point was logged; NaN where unknown."""
        return max(
            (float(walls.max()) for _, _, walls in self.series.values() if _usable(walls)), default=math.nan
        )


@dataclass(eq=False, slots=True)
class Session:
    """One training: pieces in the order in which they were written."""

    pieces: list[Piece] = field(default_factory=list)

    def curves(self) -> dict[tuple[str, str], Points]:
        """(sub-directory, tag) → points of all pieces, one after the other."""
        parts: dict[tuple[str, str], list[Points]] = {}
        for piece in self.pieces:
            for tag, points in piece.series.items():
                parts.setdefault((piece.folder, tag), []).append(points)
        return {key: found[0] if len(found) == 1 else _joined(found) for key, found in parts.items()}

    def paths(self) -> set[str]:
        """Files that it was read from."""
        return {piece.path for piece in self.pieces}

    def tags(self, folder: str) -> set[str]:
        """Tags of one of its sub-directories."""
        return {tag for piece in self.pieces if piece.folder == folder for tag in piece.series}

    def shared(self, piece: Piece) -> dict[str, list[Points]]:
        """Of the piece's tags, those that this session has too."""
        found: dict[str, list[Points]] = {}
        for mine in self.pieces:
            if mine.folder == piece.folder:
                for tag in mine.series.keys() & piece.series.keys():
                    found.setdefault(tag, []).append(mine.series[tag])
        return found


def _joined(parts: Sequence[Points]) -> Points:
    steps, values, walls = zip(*parts, strict=True)
    return np.concatenate(steps), np.concatenate(values), np.concatenate(walls)


def sessions(pieces: Iterable[Piece]) -> list[Session]:
    """Pieces grouped to trainings, ordered by their start."""
    ordered = sorted(pieces, key=_start_order)
    if len(ordered) == 1:
        return [Session(ordered)]
    found: list[Session] = []
    for bundle in _bundles(ordered):
        home = _home(bundle, found)
        if home is None:
            found.append(bundle)
        else:
            home.pieces.extend(bundle.pieces)
    return found


def _start_order(piece: Piece) -> tuple[float, str]:
    start = piece.begun()
    return (start if math.isfinite(start) else 0.0, piece.path)


@dataclass(eq=False, slots=True)
class _Bundle:
    """Pieces that were being written at the same time and complete each other."""

    pieces: list[Piece] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    curves: set[tuple[str, str]] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    #: seconds since 1970
    first: float = math.inf
    last: float = -math.inf

    def add(self, piece: Piece, first: float, last: float) -> None:
        self.pieces.append(piece)
        self.paths.add(piece.path)
        self.curves.update((piece.folder, tag) for tag in piece.series)
        self.writers.add(piece.writer)
        self.first, self.last = min(self.first, first), max(self.last, last)

    def takes(self, piece: Piece, first: float, last: float) -> bool:
        """Whether the piece was written meanwhile, and holds nothing that is there already."""
        return (
            first <= self.last
            and last >= self.first
            and piece.path not in self.paths
            and not any((piece.folder, tag) in self.curves for tag in piece.series)
        )

    def meanwhile(self, first: float, last: float) -> float:
        """Share of the time that both took in which both were being written."""
        union = max(last, self.last) - min(first, self.first)
        return (min(last, self.last) - max(first, self.first)) / union if union > 0 else 1.0


def _bundles(pieces: Iterable[Piece]) -> list[Session]:
    """Keras' training and validation, fit by fit, however often a notebook fits into one directory.

    Host and process decide between several, then whose time span is most like the piece's; where all processes differ,
    only one may be there.
    """
    found: list[_Bundle] = []
    for piece in pieces:
        first, last = piece.begun(), piece.ended()
        beside = [bundle for bundle in found[-_MAX_COMPARED:] if bundle.takes(piece, first, last)]
        same = [bundle for bundle in beside if piece.writer in bundle.writers]
        if not same and len(beside) != 1:
            found.append(_Bundle())
        near = same or (beside if len(beside) == 1 else found[-1:])
        max(near, key=lambda bundle: bundle.meanwhile(first, last)).add(piece, first, last)
    return [Session(bundle.pieces) for bundle in found]


def _home(bundle: Session, found: Sequence[Session]) -> Session | None:
    """The session that a bundle continues or completes; None if it starts one of its own."""
    strangers: list[Session] = []
    for session in reversed(found[-_MAX_COMPARED:]):
        if bundle.paths() & session.paths():
            continue  # two parts of one file were told apart already
        shared = {
            (piece.folder, tag): (parts, piece)
            for piece in bundle.pieces
            for tag, parts in session.shared(piece).items()
        }
        if not shared:
            strangers.append(session)
        elif _continues(shared, session):
            return session
    if len(strangers) > 1:
        writers = {piece.writer for piece in bundle.pieces} - {""}
        for session in strangers:
            if any(other.writer in writers for other in session.pieces):
                return session
    return strangers[0] if strangers else None


def _continues(shared: Mapping[tuple[str, str], tuple[list[Points], Piece]], session: Session) -> bool:
    """Whether the shared curves go on where they were; the longest decides, among equals one of several parts.

    Keras counts epochs in training and in validation; how many iterations its optimizer has seen is told in one only,
    and goes on from fit to fit.
    """
    spread = Counter(tag for _, tag in shared)
    lengths = {
        key: min(sum(len(part[0]) for part in parts), len(piece.series[key[1]][0]))
        for key, (parts, piece) in shared.items()
    }
    folder, tag = max(shared, key=lambda key: (lengths[key], spread[key[1]], key))
    parts, piece = shared[folder, tag]
    return _follows(_joined(parts), piece.series[tag], session.tags(folder) == set(piece.series))


def _follows(old: Points, points: Points, same_tags: bool) -> bool:
    """Whether the points go on where the old ones were, perhaps from a checkpoint some way back."""
    steps, _, walls = old
    new_steps, _, new_walls = points
    if len(steps) == 1 and len(new_steps) == 1 and not same_tags:
        return True  # a placeholder (Lightning's hp_metric) in each of a run's files says nothing
    if _usable(walls) and _usable(new_walls) and new_walls[0] < walls.max() - _CLOCK:
        return False  # both were being written at the same time
    first, last, new = int(steps[0]), int(steps.max()), int(new_steps[0])
    if new > last or (new == last and len(steps) > 1):
        return True
    span = last - first
    interval = span / max(len(steps) - 1, 1)
    return new > first + max(2 * interval, _START_SHARE * span)


def _usable(walls: Floats) -> bool:
    return len(walls) > 0 and bool(np.isfinite(walls).all()) and float(walls[0]) > 0
