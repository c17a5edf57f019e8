"""Loaded runs as bytes: all curves' points in three columns, the rest as JSON."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Axis, Curve, Origin, ParamValue, Problem, Role, Run

#: what the loading of one unit yielded
Items = Sequence[Run | Problem]

_HEAD = struct.Struct("<QQ")

#: what `decode` raises for other bytes
BROKEN = (ValueError, KeyError, TypeError, IndexError, struct.error)


def encode(units: Sequence[Items]) -> bytes:
    """What `load` yielded for each of some units."""
    roles: dict[Role, int] = {}
    curves: list[Curve] = []
    units_ = [[_item(item, roles, curves) for item in items] for items in units]
    meta = json.dumps({"units": units_, "roles": [_role(role) for role in roles]}).encode()
    points = sum(map(len, curves))
    columns = [
        np.concatenate([getattr(c, name) for c in curves]) if curves else b""
        for name in ("steps", "values", "wall_times")
    ]
    return b"".join(
        [_HEAD.pack(len(meta), points), meta, bytes(-len(meta) % 8), *(bytes(column) for column in columns)]
    )


def decode(data: bytes) -> list[list[Run | Problem]]:
    """Inverse of `encode`. Raises `ValueError`, `KeyError`, `TypeError` or `struct.error` for other bytes."""
    size, points = _HEAD.unpack_from(data)
    meta = json.loads(data[_HEAD.size : _HEAD.size + size])
    start = _HEAD.size + size + -size % 8
    if len(data) != start + 24 * points:
        raise ValueError("the cached columns are cut")
    columns = [
        np.frombuffer(data, dtype, points, start + 8 * points * i)
        for i, dtype in enumerate(("<i8", "<f8", "<f8"))
    ]
    reader = _Curves([Role(r[0], r[1], r[2], r[3], tuple(r[4])) for r in meta["roles"]], columns)
    return [[_read(item, reader) for item in items] for items in meta["units"]]


def _item(item: Run | Problem, roles: dict[Role, int], curves: list[Curve]) -> list[object]:
    if isinstance(item, Problem):
        return _problem(item)
    curves.extend(item.curves)
    own = [(c.id, c.tag, c.axis, len(c), roles.setdefault(c.role, len(roles))) for c in item.curves]
    problems = [_problem(p) for p in item.problems]
    origin = item.origin
    kept = origin and [origin.kind, origin.address, origin.key, origin.paths, origin.read_only]
    return [item.name, item.source, item.group, own, dict(item.params), problems, kept]


def _problem(p: Problem) -> list[object]:
    return [p.where, p.what, p.offset, p.lost, p.kind]


def _role(role: Role) -> list[object]:
    return [role.split, role.quantity, role.better, role.granularity, role.why]


class _Curves:
    """Takes curves off the columns, one after the other."""

    def __init__(self, roles: list[Role], columns: list[npt.NDArray[Any]]) -> None:
        self._roles = roles
        self._steps, self._values, self._walls = columns
        self._at = 0

    def next(self, name: str, tag: str, axis: Axis, count: int, role: int) -> Curve:
        first, self._at = self._at, self._at + count
        part = slice(first, self._at)
        return Curve(
            name, tag, self._steps[part], self._values[part], self._walls[part], self._roles[role], axis
        )


def _read(item: list[Any], reader: _Curves) -> Run | Problem:
    if len(item) == 5:
        return Problem(*item)
    name, source, group, own, params, problems, kept = item
    curves = tuple(reader.next(*curve) for curve in own)
    origin = kept and Origin(kept[0], kept[1], kept[2], tuple(kept[3]), kept[4])
    settings: Mapping[str, ParamValue] = params
    return Run(name, source, group, curves, settings, tuple(Problem(*p) for p in problems), origin or None)
