"""The restart policy: what in one directory is one training, and what are several.

Reading returns raw points. Here they are told apart, before anything is judged: several experiments,
processes or hosts that logged into one directory, and experiments that reused one writer, become
sessions. A training that resumed from a checkpoint stays one session with its raw points, overlap
included; only what a restart marked in the log replaces is gone by then. No point is changed, moved or
dropped.
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
class Segment:
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
    """One training: segments in the order in which they were written."""

    segments: list[Segment] = field(default_factory=list)

    def curves(self) -> dict[tuple[str, str], Points]:
        """(sub-directory, tag) → points of all segments, one after the other."""
        parts: dict[tuple[str, str], list[Points]] = {}
        for segment in self.segments:
            for tag, points in segment.series.items():
                parts.setdefault((segment.folder, tag), []).append(points)
        return {key: parts_[0] if len(parts_) == 1 else _joined(parts_) for key, parts_ in parts.items()}

    def paths(self) -> set[str]:
        """Files that it was read from."""
        return {segment.path for segment in self.segments}

    def tags(self, folder: str) -> set[str]:
        """Tags of one of its sub-directories."""
        return {tag for segment in self.segments if segment.folder == folder for tag in segment.series}

    def shared(self, segment: Segment) -> dict[str, list[Points]]:
        """Of the piece's tags, those that this session has too."""
        shared: dict[str, list[Points]] = {}
        for mine in self.segments:
            if mine.folder == segment.folder:
                for tag in mine.series.keys() & segment.series.keys():
                    shared.setdefault(tag, []).append(mine.series[tag])
        return shared


def _joined(parts: Sequence[Points]) -> Points:
    steps, values, walls = zip(*parts, strict=True)
    return np.concatenate(steps), np.concatenate(values), np.concatenate(walls)


def sessions(segments: Iterable[Segment]) -> list[Session]:
    """Pieces grouped to trainings, ordered by their start."""
    ordered = sorted(segments, key=_start_order)
    if len(ordered) == 1:
        return [Session(ordered)]
    out: list[Session] = []
    for bundle in _bundles(ordered):
        home = _home(bundle, out)
        if home is None:
            out.append(bundle)
        else:
            home.segments.extend(bundle.segments)
    return out


def _start_order(segment: Segment) -> tuple[float, str]:
    start = segment.begun()
    return (start if math.isfinite(start) else 0.0, segment.path)


@dataclass(eq=False, slots=True)
class _Bundle:
    """Pieces that were being written at the same time and complete each other."""

    segments: list[Segment] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    curves: set[tuple[str, str]] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    #: seconds since 1970
    first: float = math.inf
    last: float = -math.inf

    def add(self, segment: Segment, first: float, last: float) -> None:
        self.segments.append(segment)
        self.paths.add(segment.path)
        self.curves.update((segment.folder, tag) for tag in segment.series)
        self.writers.add(segment.writer)
        self.first, self.last = min(self.first, first), max(self.last, last)

    def takes(self, segment: Segment, first: float, last: float) -> bool:
        """Whether the piece was written meanwhile, and holds nothing that is there already."""
        return (
            first <= self.last
            and last >= self.first
            and segment.path not in self.paths
            and not any((segment.folder, tag) in self.curves for tag in segment.series)
        )

    def meanwhile(self, first: float, last: float) -> float:
        """Share of the time that both took in which both were being written."""
        union = max(last, self.last) - min(first, self.first)
        return (min(last, self.last) - max(first, self.first)) / union if union > 0 else 1.0


def _bundles(segments: Iterable[Segment]) -> list[Session]:
    """Keras' training and validation, fit by fit, however often a notebook fits into one directory.

    Host and process decide between several, then whose time span is most like the piece's; where all
    processes differ, only one may be there.
    """
    bundles: list[_Bundle] = []
    for segment in segments:
        first, last = segment.begun(), segment.ended()
        beside = [bundle for bundle in bundles[-_MAX_COMPARED:] if bundle.takes(segment, first, last)]
        same = [bundle for bundle in beside if segment.writer in bundle.writers]
        if not same and len(beside) != 1:
            bundles.append(_Bundle())
        near = same or (beside if len(beside) == 1 else bundles[-1:])
        max(near, key=lambda bundle: bundle.meanwhile(first, last)).add(segment, first, last)
    return [Session(bundle.segments) for bundle in bundles]


def _home(bundle: Session, sessions_: Sequence[Session]) -> Session | None:
    """The session that a bundle continues or completes; None if it starts one of its own."""
    strangers: list[Session] = []
    for session in reversed(sessions_[-_MAX_COMPARED:]):
        if bundle.paths() & session.paths():
            continue  # two parts of one file were told apart already
        shared = {
            (segment.folder, tag): (parts, segment)
            for segment in bundle.segments
            for tag, parts in session.shared(segment).items()
        }
        if not shared:
            strangers.append(session)
        elif _continues(shared, session):
            return session
    if len(strangers) > 1:
        writers = {segment.writer for segment in bundle.segments} - {""}
        for session in strangers:
            if any(other.writer in writers for other in session.segments):
                return session
    return strangers[0] if strangers else None


def _continues(shared: Mapping[tuple[str, str], tuple[list[Points], Segment]], session: Session) -> bool:
    """Whether the shared curves go on where they were; the longest decides (of equals, one of parts).

    Keras counts epochs in training and in validation; how many iterations its optimizer has seen is told in
    one only, and goes on from fit to fit.
    """
    spread = Counter(tag for _, tag in shared)
    lengths = {
        key: min(sum(len(part[0]) for part in parts), len(segment.series[key[1]][0]))
        for key, (parts, segment) in shared.items()
    }
    folder, tag = max(shared, key=lambda key: (lengths[key], spread[key[1]], key))
    parts, segment = shared[folder, tag]
    return _follows(_joined(parts), segment.series[tag], session.tags(folder) == set(segment.series))


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
