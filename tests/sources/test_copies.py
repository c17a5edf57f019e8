"""Copies are found by their bytes, and each file is read once for it."""

from __future__ import annotations

import builtins
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curvedoctor.model import Problem
from curvedoctor.sources import find_all
from curvedoctor.sources.base import Unit
from sources import events


def _history(path: Path, seed: int) -> Path:
    rng = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = "\n".join(f"{i:04},{rng.randrange(10**6):06}" for i in range(50))
    path.write_text(f"epoch,loss\n{rows}\n")
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file is opened to compare it."""
    count: Counter[str] = Counter()
    real: Callable[..., Any] = builtins.open

    def counting(path: Any, mode: str = "r", *more: Any, **given: Any) -> Any:
        if mode == "rb" and not given:
            count[str(path)] += 1
        return real(path, mode, *more, **given)

    monkeypatch.setattr("curvedoctor.sources.copies.open", counting, raising=False)
    return count


def _found(tmp_path: Path) -> tuple[list[Unit], list[Problem]]:
    found = list(find_all([str(tmp_path)]))
    return [i for i in found if isinstance(i, Unit)], [i for i in found if isinstance(i, Problem)]


@pytest.mark.parametrize("count", [2, 100])
def test_histories_of_one_name_and_size_are_read_once(
    tmp_path: Path, count: int, opened: Counter[str]
) -> None:
    for number in range(count):
        _history(tmp_path / f"run{number:03}" / "results.csv", number)
    units, problems = _found(tmp_path)
    assert len(units) == count
    assert not problems
    assert len(opened) == count
    assert max(opened.values()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_copies_among_many_of_one_size(tmp_path: Path, seed: int, opened: Counter[str]) -> None:
    rng = random.Random(seed)
    seeds = [rng.randrange(12) for _ in range(60)]
    for number, other in enumerate(seeds):
        _history(tmp_path / f"run{number:03}" / "results.csv", other)
    units, problems = _found(tmp_path)
    assert [unit.run for unit in units] == sorted({f"run{seeds.index(other):03}" for other in seeds})
    assert len(problems) == len(seeds) - len(set(seeds))
    for problem in problems:
        number = int(Path(problem.where).parent.name[3:])
        assert f"copy of {tmp_path}/run{seeds.index(seeds[number]):03}/" in problem.what
    assert max(opened.values()) == 1


def test_files_of_other_sizes_are_not_opened(tmp_path: Path, opened: Counter[str]) -> None:
    for number in range(20):
        path = _history(tmp_path / f"run{number}" / "results.csv", number)
        path.write_text(path.read_text() + "99,1\n" * number)
        events.run(tmp_path / f"other{number}")
    assert len(_found(tmp_path)[0]) == 40
    assert not opened


def test_a_copied_run_of_two_files(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        for number in range(2):
            found = [events.version(), events.scalar("loss", number, 1.0 + (folder == "c"))]
            events.write(tmp_path / folder / events.name(number=number), found)
    units, problems = _found(tmp_path)
    assert [unit.run for unit in units] == ["a", "c"]
    assert len(problems) == 1
