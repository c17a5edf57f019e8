"""The scan: the same answers in the same order however the work is cut and spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from curvedoctor.engine import Options, diagnose_sources, grouping, work
from curvedoctor.engine.pool import in_order, pool
from curvedoctor.errors import UsageError
from curvedoctor.features.case import Case
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.as_json import to_dict
from curvedoctor.sources.base import Unit
from engine.logs import log_teams


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("logs")
    log_teams(root)
    (root / "b" / "events.out.tfevents.1.broken").write_bytes(b"no event file")
    return root


def said(root: Path, options: Options | None = None) -> list[object]:
    items = list(diagnose_sources([str(root)], options))
    problems = sorted((i for i in items if isinstance(i, Problem)), key=lambda p: p.where)
    return [to_dict(i) for i in items if isinstance(i, Diagnosis)] + problems


def test_runs_come_ordered_within_their_group_and_problems_are_kept(logs: Path) -> None:
    items = list(diagnose_sources([str(logs)]))
    runs = [i.run for i in items if isinstance(i, Diagnosis)]
    assert len(runs) == 12
    for group in {r.group for r in runs}:
        names = [r.name for r in runs if r.group == group]
        assert names == sorted(names)
        assert len(names) == 4
    assert any(isinstance(i, Problem) and "broken" in i.where for i in items)


def test_two_workers_say_what_one_says(logs: Path) -> None:
    assert said(logs, Options(jobs=2)) == said(logs, Options(jobs=1))


def test_groups_larger_than_a_job_are_judged_as_smaller_ones(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = said(logs)
    monkeypatch.setattr(grouping, "JOB", 2)
    assert said(logs) == whole
    monkeypatch.setattr(work, "ROOM", 1 << 62)  # no room to spill: read again
    assert said(logs) == whole


def test_progress_counts_runs(logs: Path) -> None:
    seen: list[int] = []
    list(diagnose_sources([str(logs)], None, seen.append))
    assert seen == list(range(1, 13))


def unit(run: str, group: str) -> Unit:
    return Unit("tensorboard", "logs", run, group, f"{group}/{run}")


def test_a_group_is_given_out_while_the_walk_goes_on() -> None:
    taken: list[str] = []

    def walk() -> Iterator[Unit | Problem]:
        for u in (unit("x", "logs/a"), unit("y", "logs/a/deep"), unit("z", "logs/a"), unit("w", "logs/b")):
            taken.append(u.run)
            yield u

    first = next(grouping.groups(walk()))
    assert isinstance(first, list)
    assert [u.run for u in first] == ["y"]
    assert "w" not in taken


def test_small_groups_share_a_job_and_large_ones_are_cut(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    original = work.load

    def load(units: Sequence[Unit], options: Options) -> tuple[list[Case], list[Problem]]:
        seen.append(len(units))
        return original(units, options)

    monkeypatch.setattr(work, "load", load)
    said(logs)
    assert seen == [13]  # the broken file is found as a run, too
    seen.clear()
    monkeypatch.setattr(grouping, "JOB", 3)
    said(logs, Options(alone=True))
    assert sorted(seen) == [1, 1, 1, 1, 3, 3, 3]


def test_results_come_in_order_and_an_unknown_backend_is_refused() -> None:
    with pool(abs, 2, "loky") as where:
        assert list(in_order(where, range(-5, 5))) == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]
    with pytest.raises(UsageError, match="loky, dask or ray"), pool(abs, 1, "spark"):
        pass
