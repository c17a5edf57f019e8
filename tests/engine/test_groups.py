"""Groups of siblings that come mixed, and runs of one name: every run is diagnosed once,
beside its siblings."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from curvedoctor.advice.siblings import Siblings
from curvedoctor.engine import Options, diagnose_sources, grouping, plan, work
from curvedoctor.features.summary import Summary
from curvedoctor.model import Diagnosis, Origin, Problem, Run
from curvedoctor.reports.as_json import to_dict
from curvedoctor.sources import find_all
from curvedoctor.sources.base import ReadOptions, Unit
from engine.logs import RATES, log_teams

TEAMS = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four groups of four; the runs have the same names in all of them."""
    root = tmp_path_factory.mktemp("logs")
    log_teams(root, TEAMS)
    return root


def judged(addresses: Sequence[Path], jobs: int = 1) -> dict[str, dict[str, object]]:
    """By the run's directory, without what depends on the address that was asked for."""
    found: dict[str, dict[str, object]] = {}
    for item in diagnose_sources(list(map(str, addresses)), Options(jobs=jobs)):
        assert isinstance(item, Diagnosis)
        assert item.run.source not in found, "diagnosed twice"
        found[item.run.source] = {
            key: value for key, value in to_dict(item).items() if key not in ("run", "source", "group")
        }
    return found


def mixed(logs: Path) -> list[Path]:
    """Every run as an address of its own, siblings apart."""
    return [logs / team / f"lr{lr:g}" for lr in RATES for team in TEAMS]


def because(found: dict[str, dict[str, object]]) -> int:
    """How often a sibling's trial is named."""
    return sum(str(said).count("its sibling") for said in found.values())


@pytest.mark.parametrize("size", [64, 3, 2])
def test_addresses_that_mix_groups_find_the_siblings(
    logs: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    ordered = judged([logs / team for team in TEAMS])
    monkeypatch.setattr(grouping, "JOB", size)
    found = judged(mixed(logs))
    assert len(found) == 16
    assert {source: said["verdict"] for source, said in found.items()} == {
        source: said["verdict"] for source, said in ordered.items()
    }
    assert because(found) == because(ordered) > 0


@pytest.mark.parametrize("size", [64, 4, 1])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_reader_that_mixes_groups_gives_every_run_once(
    logs: Path, monkeypatch: pytest.MonkeyPatch, size: int, jobs: int
) -> None:
    def shuffled(addresses: Sequence[str], options: ReadOptions | None = None) -> Iterator[Unit | Problem]:
        found = list(find_all(addresses, options))
        random.Random(0).shuffle(found)
        return iter(found)

    monkeypatch.setattr(plan, "find_all", shuffled)
    monkeypatch.setattr(grouping, "JOB", size)
    assert len(judged([logs], jobs)) == 16


def test_a_group_waits_for_addresses_that_may_add_to_it_and_no_longer() -> None:
    def unit(address: str) -> Unit:
        return Unit("tensorboard", address, address, address.rpartition("/")[0], address)

    addresses = ["logs/a/x", "logs/b/x", "logs/a/y", "logs/c/x", "logs/b/y"]
    taken: list[str] = []

    def walk() -> Iterator[Unit]:
        for address in addresses:
            taken.append(address)
            yield unit(address)

    found = grouping.groups(walk(), addresses)
    first = next(found)
    assert isinstance(first, list)
    assert [u.run for u in first] == ["logs/a/x", "logs/a/y"]
    assert "logs/b/y" not in taken
    assert [len(group) for group in found if isinstance(group, list)] == [1, 2]


def test_a_group_below_an_address_still_to_come_waits() -> None:
    deep = Unit("tensorboard", "logs/a/b/x", "x", "logs/a/b", "logs/a/b/x")
    other = Unit("tensorboard", "else/z", "z", "else", "else/z")
    again = Unit("tensorboard", "logs", "a/b/y", "logs/a/b", "logs/a/b/y")
    found = list(grouping.groups([deep, other, again], ["logs/a/b/x", "else/z", "logs"]))
    assert sorted(len(group) for group in found if isinstance(group, list)) == [1, 2]


def test_runs_of_one_name_and_store_are_told_apart() -> None:
    first, second = (
        Run("same", "sqlite:///store", "experiment", (), origin=Origin("mlflow-sql", "sqlite:///store", key))
        for key in ("1", "2")
    )
    assert work.key_of(first) != work.key_of(second)
    assert plan.unit_names([work.key_of(first)]) == {"same"}


def test_siblings_of_one_name_have_tried_remedies_for_each_other() -> None:
    high, low = (
        Summary("same", {"lr": lr, "batch_size": 8}, "loss", end, end, 0.0)
        for lr, end in ((1.0, 2.0), (0.1, 0.5))
    )
    (trial,) = Siblings([high, low]).trials(high)
    assert trial.action == "lower-lr"
    assert trial.help_probability > 0.9
