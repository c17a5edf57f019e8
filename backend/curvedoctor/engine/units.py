"""Units as compact JSON and back: what is needed to load remembered runs again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from curvedoctor.address import Address
from curvedoctor.engine.codec import dumps, loads
from curvedoctor.engine.record import Row
from curvedoctor.sources.base import Part, Unit


def pack_units(units: Iterable[Unit]) -> bytes:
    """What is needed to load the runs again."""
    return zlib.compress(dumps([of_unit(unit) for unit in units]), 1)


def unpack_units(packed: bytes) -> list[Unit]:
    """What `pack_units` was given."""
    return [_unit(*row) for row in loads(zlib.decompress(packed))]


def _unit(reader: str, address: str, run: str, group: str, key: str, *rest: Row) -> Unit:
    parts, facts, state = rest
    files = tuple(Part(*part) for part in parts)
    return Unit(reader, Address(address), run, group, key, files, tuple(facts), tuple(state))


def of_unit(unit: Unit) -> tuple[object, ...]:
    """A unit's fields (`dataclasses.astuple` copies deeply and takes 20 µs)."""
    names = (unit.run, unit.group, unit.key)
    return (unit.reader, str(unit.address), *names, unit.parts, unit.facts, unit.state)
