"""Diagnoses as compact strict JSON and back: what workers send, what spills hold, what is remembered.

The points of curves stay out. What runs of one group have in common (names and roles of curves, what
could not be judged, settings) stands once in a table; the same immutable objects serve all of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from curvedoctor.engine.codec import dumps, loads
from curvedoctor.engine.gc_paused import gc_paused
from curvedoctor.model import (
    Curve,
    Diagnosis,
    Ending,
    Finding,
    Floats,
    Ints,
    Origin,
    Prescription,
    Problem,
    Role,
    Run,
    Unjudged,
)

#: zlib's fastest: a record is written once and read often
LEVEL = 1
Curves = tuple[Curve, ...]
#: fields, as JSON gives them
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class GroupResult:
    """Diagnoses of one group, or of a part of a large one."""

    #: compressed; see `pack`
    packed: bytes
    #: place of a run in the sheet → its curves with their points, for the runs whose curves are asked for
    curves: Mapping[int, Curves]
    #: nothing stood in the way of reading that may be gone the next time, though no file has changed
    settled: bool = True

    def items(self) -> Iterator[Diagnosis | Problem]:
        """Problems, then all diagnoses, hollow where the points were not kept."""
        diagnoses, problems = unpack(self.packed)
        yield from problems
        for index, diagnosis in enumerate(diagnoses):
            curves = self.curves.get(index)
            yield diagnosis if curves is None else filled(diagnosis, curves)


def filled(diagnosis: Diagnosis, curves: Curves) -> Diagnosis:
    """`diagnosis` of a run with these curves."""
    return replace(diagnosis, run=replace(diagnosis.run, curves=curves))


@lru_cache(maxsize=4096)
def _nothing(points: int) -> tuple[Ints, Floats]:
    """Steps and values of a hollow curve: the right length, no data, no memory."""
    return np.broadcast_to(np.int64(0), points), np.broadcast_to(np.float64(np.nan), points)


def hollow(curve: Curve) -> Curve:
    """The curve without its points."""
    steps, values = _nothing(len(curve))
    return replace(curve, steps=steps, values=values, wall_times=values)


def pack(diagnoses: Sequence[Diagnosis], problems: Iterable[Problem] = ()) -> bytes:
    """Diagnoses of one group, and the problems met on the way, without the points of their curves."""
    table = _Table()
    held = {
        "r": [_diagnosis(diagnosis, table) for diagnosis in diagnoses],
        "p": [of_problem(problem) for problem in problems],
        "t": table.rows,
    }
    return zlib.compress(dumps(held), LEVEL)


def unpack(packed: bytes) -> tuple[list[Diagnosis], tuple[Problem, ...]]:
    """What `pack` was given, with hollow curves. Raises `ValueError` and the like for other bytes."""
    with gc_paused():
        held = loads(zlib.decompress(packed))
        table = [_READ[kind](value) for kind, value in held["t"]]
        return [_diagnosed(row, table) for row in held["r"]], tuple(Problem(*row) for row in held["p"])


def of_role(role: Role) -> tuple[object, ...]:
    """A role's fields."""
    return (role.split, role.quantity, role.better, role.granularity, role.why)


def of_problem(problem: Problem) -> tuple[object, ...]:
    """A problem's fields."""
    return (problem.where, problem.what, problem.offset, problem.lost, problem.kind)


class _Table:
    """Values that several runs share, each once."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, object]] = []
        self._places: dict[object, int] = {}

    def index_of(self, kind: str, key: object, write: Callable[[], object]) -> int:
        """Where the value with this key stands; `write` makes it if it is new."""
        index = self._places.get((kind, key))
        if index is None:
            index = self._places[(kind, key)] = len(self.rows)
            self.rows.append((kind, write()))
        return index


def _diagnosis(d: Diagnosis, table: _Table) -> list[object]:
    run = d.run
    problem_lists = tuple(run.problems), tuple(d.problems)
    curves = tuple((c.id, c.tag, len(c), c.axis, c.role) for c in run.curves)
    readings = dumps(d.readings)
    params = dumps(run.params)
    return [
        run.name,
        run.source,
        table.index_of("text", run.group, lambda: run.group),
        table.index_of("curves", curves, lambda: [[*c[:4], of_role(c[4])] for c in curves]),
        table.index_of("params", params, lambda: dict(run.params)),
        None if run.origin is None else _origin(run.origin, table),
        d.verdict,
        d.reason,
        [_finding(finding, table) for finding in d.findings],
        [_prescription(prescription, table) for prescription in d.prescriptions],
        table.index_of("readings", readings, lambda: d.readings),
        table.index_of(
            "unjudged", d.unjudged, lambda: [(each.condition, each.reason) for each in d.unjudged]
        ),
        table.index_of(
            "problems", problem_lists, lambda: [list(map(of_problem, part)) for part in problem_lists]
        ),
        run.run_id,
        run.status,
        None if d.ending is None else astuple(d.ending),
    ]


def _origin(origin: Origin, table: _Table) -> tuple[object, ...]:
    common = (origin.kind, str(origin.address), origin.read_only)
    return (table.index_of("origin", common, lambda: common), origin.key, origin.paths)


def _finding(f: Finding, table: _Table) -> tuple[object, ...]:
    common = (f.condition, f.severity, f.curves, f.axis, f.actions)
    index = table.index_of("finding", common, lambda: common)
    return (index, f.confidence, f.summary, f.evidence, f.onset, f.span)


def _prescription(p: Prescription, table: _Table) -> tuple[object, ...]:
    common = (p.action, p.treats, p.text, p.parameter, p.current, p.proposed, p.factor, p.step, p.basis)
    index = table.index_of("prescription", repr(common), lambda: common)  # 1, 1.0 and True are not the same
    return (index, p.confidence, p.because, p.gain)


def _diagnosed(row: Row, table: Row) -> Diagnosis:
    name, source, group, curves, params, origin, verdict, reason, findings, *rest = row
    prescriptions, readings, unjudged, problem_lists, run_id, status, ending = rest
    of_run, problems = table[problem_lists]
    origin_ = origin and _origin_of(origin, table)
    run = Run(name, source, table[group], table[curves], table[params], of_run, origin_, run_id, status)
    findings_ = tuple([_finding_of(each, table) for each in findings])
    tries = tuple([_try(each, table) for each in prescriptions])
    return Diagnosis(
        run=run,
        verdict=verdict,
        findings=findings_,
        prescriptions=tries,
        readings=table[readings],
        unjudged=table[unjudged],
        problems=problems,
        reason=reason,
        ending=None if ending is None else Ending(*ending),
    )


def _origin_of(row: Row, table: Row) -> Origin:
    (kind, address, read_only), key, paths = table[row[0]], row[1], row[2]
    return Origin(kind, address, key, tuple(paths), read_only)


def _finding_of(row: Row, table: Row) -> Finding:
    index, confidence, summary, evidence, onset, span = row
    condition, severity, curves, axis, actions = table[index]
    where = None if span is None else (span[0], span[1])
    return Finding(condition, severity, confidence, curves, summary, evidence, onset, where, axis, actions)


def _try(row: Row, table: Row) -> Prescription:
    index, chance, because, gain = row
    action, treats, text, parameter, current, proposed, factor, step, basis = table[index]
    expected = None if gain is None else (gain[0], gain[1], gain[2])
    numbers = (parameter, current, proposed, factor, step)
    return Prescription(action, chance, treats, text, *numbers, tuple(because), basis, expected)


def _curve(row: Row) -> Curve:
    name, tag, points, axis, role = row
    steps, values = _nothing(points)
    split, quantity, better, granularity, why = role
    return Curve(
        name, tag, steps, values, values, Role(split, quantity, better, granularity, tuple(why)), axis
    )


#: kind of a table's row → what it becomes
_READ: Mapping[str, Callable[[Any], object]] = {
    "text": lambda value: value,
    "params": lambda value: value,
    "readings": lambda value: value,
    "origin": tuple,
    "finding": lambda row: (row[0], row[1], tuple(row[2]), row[3], tuple(row[4])),
    "prescription": lambda row: (row[0], tuple(row[1]), *row[2:]),
    "curves": lambda rows: tuple(map(_curve, rows)),
    "unjudged": lambda rows: tuple(Unjudged(*row) for row in rows),
    "problems": lambda parts: tuple(tuple(Problem(*row) for row in part) for part in parts),
}
