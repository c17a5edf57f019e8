"""What every source must do, as a test class: subclass it, give it a reader and two fixtures.

class TestMine(SourceContract):
    reader_name = "mine"

    @pytest.fixture
    def populated(self, tmp_path): …   # an address with at least two runs

    @pytest.fixture
    def damaged(self, tmp_path): …     # an address of which a part can't be read, the rest can
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.errors import SourceError
from curvedoctor.model import Problem, Run
from curvedoctor.sources import find_all, load_units, readers
from curvedoctor.sources.base import Reader, ReadOptions, Unit


def units_of(*addresses: str | Path, options: ReadOptions | None = None) -> list[Unit]:
    return [item for item in find_all([str(a) for a in addresses], options) if isinstance(item, Unit)]


def read_all(*addresses: str | Path, options: ReadOptions | None = None) -> tuple[list[Run], list[Problem]]:
    """Everything at some addresses: runs, and all problems outside them."""
    found = list(find_all([str(a) for a in addresses], options))
    units = [item for item in found if isinstance(item, Unit)]
    loaded = list(load_units(units, options))
    problems = [item for item in [*found, *loaded] if isinstance(item, Problem)]
    return [item for item in loaded if isinstance(item, Run)], problems


def fingerprint(run: Run) -> tuple[object, ...]:
    """All of a run that two loads must agree on, NaN included."""
    curves = tuple(
        (c.id, c.tag, c.steps.tobytes(), c.values.tobytes(), c.wall_times.tobytes(), c.role, c.axis)
        for c in run.curves
    )
    return (
        run.name,
        run.source,
        run.group,
        curves,
        tuple(sorted(run.params.items())),
        run.problems,
        run.origin,
    )


class SourceContract:
    """Laws of `sources.base.Reader`."""

    reader_name: str

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        raise NotImplementedError

    @pytest.fixture
    def damaged(self, tmp_path: Path) -> str:
        raise NotImplementedError

    @pytest.fixture
    def reader(self) -> Reader:
        return next(reader for reader in readers() if reader.name == self.reader_name)

    def test_an_empty_directory_is_no_run_and_says_so(self, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        runs, problems = read_all(empty)
        assert not runs
        assert any(str(empty) in problem.where for problem in problems)

    def test_a_missing_path_names_the_path_and_the_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="not-there"):
            list(find_all([str(tmp_path / "not-there")]))

    def test_a_missing_path_among_good_ones_is_a_problem(self, populated: str, tmp_path: Path) -> None:
        runs, problems = read_all(str(tmp_path / "not-there"), populated)
        assert len(runs) >= 2
        assert any("not-there" in problem.where for problem in problems)

    def test_finds_several_runs_of_its_own(self, populated: str) -> None:
        units = units_of(populated)
        assert len(units) >= 2
        assert {unit.reader for unit in units} == {self.reader_name}

    def test_units_are_small_and_picklable(self, populated: str) -> None:
        for unit in units_of(populated):
            data = pickle.dumps(unit)
            assert pickle.loads(data) == unit
            assert len(data) < 20_000

    def test_runs_come_in_the_order_of_their_units(self, populated: str, reader: Reader) -> None:
        units = units_of(populated)
        for order in (units, units[::-1]):
            names = [item.name for item in reader.load(order, ReadOptions()) if isinstance(item, Run)]
            assert [name.partition("#")[0] for name in names] == [unit.run for unit in order]

    def test_a_block_equals_its_units_one_by_one(self, populated: str, reader: Reader) -> None:
        units = units_of(populated)
        together = [fingerprint(r) for r in reader.load(units, ReadOptions()) if isinstance(r, Run)]
        single = [
            fingerprint(r) for u in units for r in reader.load([u], ReadOptions()) if isinstance(r, Run)
        ]
        assert together == single

    def test_reading_twice_gives_the_same(self, populated: str) -> None:
        first, again = read_all(populated), read_all(populated)
        assert [fingerprint(run) for run in first[0]] == [fingerprint(run) for run in again[0]]
        assert units_of(populated) == units_of(populated)

    def test_curves_are_sound(self, populated: str) -> None:
        for run in read_all(populated)[0]:
            ids = [curve.id for curve in run.curves]
            assert len(set(ids)) == len(ids) > 0
            for curve in run.curves:
                assert curve.steps.dtype == np.int64
                assert curve.values.dtype == curve.wall_times.dtype == np.float64
                assert len(curve.steps) == len(curve.values) == len(curve.wall_times) > 0

    def test_a_run_knows_where_it_is_kept(self, populated: str, reader: Reader) -> None:
        for run in read_all(populated)[0]:
            assert run.origin is not None
            assert run.origin.kind == reader.name
            assert run.origin.address

    def test_the_run_pattern_selects(self, populated: str) -> None:
        wanted = units_of(populated)[0].run
        runs, _ = read_all(populated, options=ReadOptions(run=wanted))
        assert runs
        assert {run.name.partition("#")[0] for run in runs} == {wanted}

    def test_damage_is_a_problem_and_the_rest_is_read(self, damaged: str) -> None:
        runs, problems = read_all(damaged)
        assert runs
        told = problems + [problem for run in runs for problem in run.problems]
        assert told
        assert all(problem.where and problem.what for problem in told)
