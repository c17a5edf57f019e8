"""The restart policy: what in one directory is one training, and what are several.

Reading returns raw points. Here they are told apart, before anything is judged: several experiments,
processes or hosts that logged into one directory, and experiments that reused one writer, become
sessions. A training that resumed from a checkpoint stays one session with its raw points, overlap
included. No point is changed, moved or dropped.
"""

from __future__ import annotations

import math
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
    found: list[Session] = []
    for piece in sorted(pieces, key=_start_order):
        home = _home(piece, found)
        if home is None:
            found.append(Session([piece]))
        else:
            home.pieces.append(piece)
    return found


def _start_order(piece: Piece) -> tuple[float, str]:
    return (piece.started if math.isfinite(piece.started) else 0.0, piece.path)


def _home(piece: Piece, found: Sequence[Session]) -> Session | None:
    """The session that a piece continues or completes; None if it starts one of its own."""
    strangers: list[Session] = []
    for session in reversed(found[-_MAX_COMPARED:]):
        if any(other.path == piece.path for other in session.pieces):
            continue  # two parts of one file were told apart already
        shared = session.shared(piece)
        if not shared:
            strangers.append(session)
        elif _continues(piece, shared, session.tags(piece.folder) == set(piece.series)):
            return session
    if len(strangers) > 1:
        for session in strangers:
            if piece.writer and any(other.writer == piece.writer for other in session.pieces):
                return session
    return strangers[0] if strangers else None


def _continues(piece: Piece, shared: Mapping[str, list[Points]], same_tags: bool) -> bool:
    """Whether the piece goes on where the shared curves were, perhaps from a checkpoint some way back."""
    joined = {tag: _joined(parts) for tag, parts in shared.items()}
    tag = max(joined, key=lambda tag: (min(len(joined[tag][0]), len(piece.series[tag][0])), tag))
    steps, _, walls = joined[tag]
    new_steps, _, new_walls = piece.series[tag]
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
