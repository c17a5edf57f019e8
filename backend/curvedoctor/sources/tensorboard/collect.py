"""From the records of a batch to the files that they came from, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from curvedoctor.model import Floats, Ints
from curvedoctor.sources.tensorboard.batches.batch import Decoded, Part
from curvedoctor.sources.tensorboard.batches.chain import I64, U8
from curvedoctor.sources.tensorboard.decode import UNPARSED, Decoder, FileLog, explain, parser
from curvedoctor.sources.tensorboard.purge import Points, Restarts, until
from curvedoctor.sources.tensorboard.records.framing import Damage

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event


class File(Decoder):
    """A file being read: parts in order of their place, and what protobuf said of the rest."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.damage: list[Damage] = []
        #: tag → steps, values, wall times
        self.parts: dict[str, list[tuple[Ints, Floats, Floats]]] = {}

    def points_of(self, event: Event) -> Iterator[tuple[str, int, float, float]]:
        """Take in an event, but give its points back: tag, step, value, wall time."""
        held, self.points = self.points, {}
        marked = len(self.starts)
        self.add(event)
        del self.starts[marked:]
        new, self.points = self.points, held
        for tag, points in new.items():
            for step, value, wall in zip(points.steps, points.values, points.wall_times, strict=True):
                yield tag, step, value, wall

    def settle(self) -> None:
        """What was decoded singly goes behind what came in batches."""
        if self.starts:
            self.purge(min(self.starts))
        for tag, points in self.standing():
            self.parts.setdefault(tag, []).append(points)
        self.points, self.starts = {}, []

    def purge(self, step: int) -> None:
        """A restart replaces what was read before it."""
        for tag, parts in list(self.parts.items()):
            kept = [part for old in parts if len((part := until(old, step))[0])]
            self.log.replaced += sum(len(part[0]) for part in parts) - sum(len(part[0]) for part in kept)
            self.parts[tag] = kept
            if not kept:
                del self.parts[tag]

    def finish(self) -> FileLog:
        self.settle()
        for tag, parts in self.parts.items():
            self.log.series[tag] = parts[0] if len(parts) == 1 else _joined(parts)
        return explain(self.log, self.damage)


def _joined(parts: list[tuple[Ints, Floats, Floats]]) -> tuple[Ints, Floats, Floats]:
    steps, values, walls = zip(*parts, strict=True)
    return np.concatenate(steps), np.concatenate(values), np.concatenate(walls)


def collect(arena: U8, decoded: Decoded, into: Sequence[File]) -> list[int]:
    """Hand a batch out to its files; where in the arena each region stops being proven."""
    ends = _without_damaged(decoded)
    _count(arena, decoded, ends, into)
    _loose(arena, decoded, ends, into)
    _distribute(decoded, ends, into)
    return ends


def _count(arena: U8, decoded: Decoded, ends: list[int], into: Sequence[File]) -> None:
    walls = np.ndarray((len(arena) - 8,), "<f8", buffer=arena.data, strides=(1,))
    for chain, end in zip(decoded.chains, ends, strict=True):
        log = into[chain.region.file].log
        count = int(np.searchsorted(decoded.starts[chain.first : chain.last], end))
        if count and not log.records:
            log.first_time = float(walls[decoded.starts[chain.first] + 13])
        log.records += count
        if count:
            log.end = chain.region.offset + end - chain.region.start


def _loose(arena: U8, decoded: Decoded, ends: list[int], into: Sequence[File]) -> None:
    """Records that match no template, in their order."""
    loose = np.sort(np.concatenate(decoded.loose)) if decoded.loose else np.empty(0, np.int64)
    places = np.searchsorted([chain.region.start for chain in decoded.chains], loose, side="right") - 1
    lengths = decoded.lengths[np.searchsorted(decoded.starts, loose)]
    parse, error = parser()
    points: dict[str, list[tuple[int, int, float, float]]] = {}
    for start, length, chain in zip(loose.tolist(), lengths.tolist(), places.tolist(), strict=True):
        if start >= ends[chain]:
            continue
        region = decoded.chains[chain].region
        file = into[region.file]
        file.log.records -= 1  # `add` counts it again
        try:
            event = parse(arena[start + 12 : start + 12 + length].tobytes())
        except error:
            file.damage.append(Damage(region.offset + start - region.start, UNPARSED))
            continue
        marked = len(file.log.starts)
        for tag, step, value, wall in file.points_of(event):
            points.setdefault(tag, []).append((start, step, value, wall))
        if len(file.log.starts) > marked:
            decoded.restarts.append((start, event.step))
    for tag, rows in points.items():
        at, steps, values, walls = zip(*rows, strict=True)
        part = (np.array(at, np.int64), np.array(steps, np.int64), np.array(values), np.array(walls))
        decoded.parts.setdefault(tag, []).append(part)


def _without_damaged(decoded: Decoded) -> list[int]:
    """Where each region stops being proven, checksums of payloads included."""
    ends = [chain.end for chain in decoded.chains]
    if decoded.wrong:
        wrong = np.sort(np.concatenate(decoded.wrong))
        for i, chain in enumerate(decoded.chains):
            k = int(np.searchsorted(wrong, chain.region.start))
            if k < len(wrong) and wrong[k] < ends[i]:
                ends[i] = int(wrong[k])
    return ends


def _distribute(decoded: Decoded, ends: list[int], into: Sequence[File]) -> None:
    """Each part to its file, in the order of the records."""
    regions = [chain.region for chain in decoded.chains]
    starts = [region.start for region in regions]
    whole = not decoded.wrong
    restarts = _restarts(decoded, into)
    for tag, parts in decoded.parts.items():
        at, steps, values, walls = _ordered(parts)
        if not whole:
            limits = np.array(ends)[np.searchsorted(starts, at, side="right") - 1]
            keep = at < limits
            at, steps, values, walls = at[keep], steps[keep], values[keep], walls[keep]
        cuts = [*np.searchsorted(at, starts).tolist(), len(at)]
        for number, (region, first, last) in enumerate(zip(regions, cuts[:-1], cuts[1:], strict=True)):
            if last > first:
                part = (steps[first:last], values[first:last], walls[first:last])
                if number in restarts:
                    part = _standing(at[first:last], part, restarts[number], into[region.file].log)
                if len(part[0]):
                    into[region.file].parts.setdefault(tag, []).append(part)


def _restarts(decoded: Decoded, into: Sequence[File]) -> dict[int, Restarts]:
    """Restarts by the number of their region, once they have replaced what earlier batches gave."""
    if not decoded.restarts:
        return {}
    places, steps = (np.array(column, np.int64) for column in zip(*decoded.restarts, strict=True))
    owners = np.searchsorted([chain.region.start for chain in decoded.chains], places, side="right") - 1
    marked: dict[int, Restarts] = {}
    for owner in np.unique(owners).tolist():
        own = owners == owner
        into[decoded.chains[owner].region.file].purge(int(steps[own].min()))
        marked[owner] = Restarts(steps[own].tolist(), places[own].tolist())
    return marked


def _standing(at: I64, part: Points, restarts: Restarts, log: FileLog) -> Points:
    """Of one curve's points in a region, those that no restart in it replaces."""
    kept = restarts.standing(part[0], np.searchsorted(restarts.places, at))
    log.replaced += int(np.count_nonzero(~kept))
    return part[0][kept], part[1][kept], part[2][kept]


def _ordered(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    at, steps, values, walls = (np.concatenate(column_parts) for column_parts in zip(*parts, strict=True))
    if np.any(at[1:] < at[:-1]):
        order = np.argsort(at, kind="stable")
        return at[order], steps[order], values[order], walls[order]
    return at, steps, values, walls
