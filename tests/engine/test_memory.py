"""What is remembered: the same answers without reading, nothing out of date, and never in the way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curvedoctor import fingerprint
from curvedoctor import store as store_module
from curvedoctor.engine import Options, diagnose_sources, grouping, keys, plan, tree, work
from curvedoctor.engine.record import pack, unpack
from curvedoctor.features.case import Case
from curvedoctor.model import Curve, Diagnosis, Finding, Origin, Prescription, Problem, Role, Run, Unjudged
from curvedoctor.reports.as_json import dumps, to_dict
from curvedoctor.sources.base import Unit
from engine.logs import log_run, log_teams

NONE = Options(curves="none", memory=True)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    log_teams(tmp_path / "logs", ("a", "b"))
    (tmp_path / "logs" / "b" / "events.out.tfevents.1.broken").write_bytes(b"no event file")
    return tmp_path / "logs"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(store_module.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(tree, "SETTLED", 0.0)
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that are loaded from now on."""
    seen: list[str] = []

    def watched(original: Callable[..., Iterator[Run | Problem]]) -> Callable[..., Iterator[Run | Problem]]:
        def load(units: list[Unit], *rest: object) -> Iterator[Run | Problem]:
            seen.extend(unit.run for unit in units)
            return original(units, *rest)

        return load

    monkeypatch.setattr(work, "load_units", watched(work.load_units))
    monkeypatch.setattr(plan, "load_units", watched(plan.load_units))
    return seen


def hollow(curve: Curve) -> bool:
    """Whether the curve's points were left out."""
    return len(curve) > 0 and curve.values.strides == (0,)


def store(cache: Path) -> Path:
    return next(cache.glob("diagnoses-*.sqlite"))


def lines(root: Path, options: Options = NONE) -> list[str]:
    return [
        dumps(to_dict(item)) if isinstance(item, Diagnosis) else repr(item)
        for item in diagnose_sources([str(root)], options)
    ]


def test_a_second_scan_says_the_same_and_reads_nothing(logs: Path, read: list[str]) -> None:
    first = lines(logs)
    assert first == lines(logs, replace(NONE, memory=False))
    read.clear()
    assert lines(logs) == first
    assert read == []


def test_the_walk_is_remembered_only_while_nothing_changes(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lines(logs)
    walked: list[object] = []
    original = plan.find_all
    monkeypatch.setattr(plan, "find_all", lambda *args: walked.append(1) or original(*args))
    assert lines(logs) == first
    assert not walked
    log_run(logs / "c" / "new", 0.1)
    assert len(lines(logs)) == len(first) + 1
    assert walked


def test_what_has_just_changed_is_walked_again(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "SETTLED", 3600.0)
    first = lines(logs)
    walked: list[object] = []
    original = plan.find_all
    monkeypatch.setattr(plan, "find_all", lambda *args: walked.append(1) or original(*args))
    assert lines(logs) == first
    assert walked


def test_a_group_with_a_grown_run_is_read_again_and_no_other(logs: Path, read: list[str]) -> None:
    before = lines(logs)
    events = next((logs / "a" / "lr0.1").glob("events*"))
    log_run(logs / "longer", 0.1, n=60)
    events.write_bytes(next((logs / "longer").glob("events*")).read_bytes())
    (logs / "longer" / events.name).unlink(missing_ok=True)
    for file in (logs / "longer").iterdir():
        file.unlink()
    read.clear()
    after = lines(logs)
    assert after != before
    assert {name.split("/")[0] for name in read} == {"a"}
    assert after == lines(logs, replace(NONE, memory=False))


@pytest.mark.parametrize(
    "other",
    [
        replace(NONE, alone=True),
        replace(NONE, conditions=("divergence",)),
        replace(NONE, read=replace(NONE.read, params={"n_val": 10})),
        replace(NONE, read=replace(NONE.read, run="lr0.1")),
        replace(NONE, roles={"val/loss": Role("train", "loss", "lower")}),
    ],
)
def test_other_options_are_judged_anew(logs: Path, other: Options) -> None:
    lines(logs)
    assert lines(logs, other) == lines(logs, replace(other, memory=False))


def test_another_version_is_judged_anew(logs: Path, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lines(logs)
    read.clear()
    monkeypatch.setattr(keys, "version", lambda: "another")
    lines(logs)
    assert len(read) == 9


def test_curves_that_are_drawn_are_read_and_only_those(logs: Path, read: list[str]) -> None:
    log_run(logs / "c" / "nan", 0.1, n=200)
    fresh = {d.run.name: d for d in diagnose_sources([str(logs)], Options()) if isinstance(d, Diagnosis)}
    lines(logs)
    read.clear()
    for item in diagnose_sources([str(logs)], replace(NONE, curves="sick")):
        if isinstance(item, Diagnosis):
            assert [hollow(c) for c in item.run.curves] == [item.verdict != "sick"] * len(item.run.curves)
    assert set(read) == {name for name, d in fresh.items() if d.verdict == "sick"}
    for item in diagnose_sources([str(logs)], replace(NONE, curves="all")):
        if isinstance(item, Diagnosis):
            same = fresh[item.run.name]
            assert fingerprint.of(item) == fingerprint.of(same)
            assert [c.role for c in item.run.curves] == [c.role for c in same.run.curves]


def test_large_groups_are_remembered_in_parts(
    logs: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "JOB", 3)
    first = lines(logs)
    read.clear()
    assert lines(logs) == first
    assert read == []


def test_off_writes_nothing(logs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store_module.VARIABLE, "off")
    lines(logs)
    lines(logs, replace(NONE, memory=False))
    assert not cache.exists()


def test_files_that_cannot_be_read_now_are_tried_again(logs: Path, read: list[str]) -> None:
    case = Case(Run("r", "s", "g", ()), {})
    problem = Problem("f", "can't be read: permission denied", kind="unreachable")
    kept = work.group_result([Diagnosis(case.run, "undetermined", problems=(problem,))], [], NONE)
    assert not kept.settled
    assert not work.group_result([], [problem], NONE).settled


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_broken_store_is_replaced(logs: Path, cache: Path, read: list[str], content: bytes) -> None:
    first = lines(logs)
    store(cache).write_bytes(content)
    assert lines(logs) == first
    lines(logs)
    read.clear()
    assert lines(logs) == first
    assert read == []


def test_damaged_values_are_not_believed(logs: Path, cache: Path, read: list[str]) -> None:
    first = lines(logs)
    with sqlite3.connect(store(cache)) as link:
        link.execute("UPDATE held SET value = CAST(substr(value, 1, length(value) - 3) || x'000000' AS BLOB)")
    link.close()
    read.clear()
    assert lines(logs) == first
    assert len(read) == 9
    read.clear()
    assert lines(logs) == first
    assert read == []


def test_bytes_flipped_anywhere_in_the_store_change_nothing(logs: Path, cache: Path) -> None:
    first = lines(logs)
    rng = np.random.default_rng(0)
    for _ in range(8):
        lines(logs)
        data = bytearray(store(cache).read_bytes())
        for place in rng.integers(len(data), size=40):
            data[place] ^= 0xFF
        store(cache).write_bytes(data)
        assert lines(logs) == first


def test_a_locked_store_is_left_alone(logs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.05)
    first = lines(logs)
    with sqlite3.connect(store(cache), isolation_level=None) as link:
        link.execute("BEGIN EXCLUSIVE")
        assert lines(logs) == first
    link.close()
    assert lines(logs) == first


def test_the_store_may_vanish_while_it_is_used(logs: Path, cache: Path) -> None:
    first = lines(logs)
    stream = diagnose_sources([str(logs)], NONE)
    next(stream)
    store(cache).unlink()
    assert len([*stream]) == len(first) - 1
    assert lines(logs) == first


def test_a_cache_that_is_no_directory_is_done_without(logs: Path, cache: Path) -> None:
    cache.write_text("a file")
    assert lines(logs) == lines(logs, replace(NONE, memory=False))


def test_room_is_made_for_what_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cache" / "x.sqlite"
    held = store_module.Entry(bytes(9_000))
    now = 1e9
    for day in range(20):
        monkeypatch.setattr(store_module.time, "time", lambda at=now + day * 86_400: at)
        opened = store_module.Store(path, 100_000)
        opened.put(b"%d" % day, [held])
        opened.close()
        opened = store_module.Store(path, 100_000)
        assert next(opened.get([b"0"])) is not None  # used every day
        opened.close()
    opened = store_module.Store(path, 100_000)
    known = [day for day, found in enumerate(opened.get([b"%d" % day for day in range(20)])) if found]
    opened.close()
    assert known[0] == 0
    assert known[1:] == list(range(20 - len(known) + 1, 20))
    assert 5 <= len(known) <= 11
    assert path.stat().st_size < 250_000


def test_two_processes_share_the_store(logs: Path, cache: Path) -> None:
    code = (
        "import sys; from curvedoctor.engine import Options, diagnose_sources\n"
        "for _ in range(3): print(len(list(diagnose_sources([sys.argv[1]], "
        "Options(curves='none', memory=True)))))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(logs)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert out.split() == ["9"] * 3
    assert store(cache).exists()


def test_a_diagnosis_survives_packing_whatever_it_holds() -> None:
    odd = {"nan": float("nan"), "inf": float("-inf"), "text": "\ud800\x00é", "list": [1, {"~": "nan"}, None]}
    curve = Curve(
        "a/b", "b", np.arange(3), np.ones(3), np.ones(3), Role("val", "loss", "lower", "epoch", ("x",))
    )
    diagnosis = Diagnosis(
        Run("r", "s", "g", (curve,), {"lr": float("inf"), "n": 2**70, "b": True}, (Problem("w", "t", 3),),
            Origin("tensorboard", "a", "k", ("p",), None)),
        "sick",
        (Finding("c", "error", 0.1 + 0.2, ("a/b",), "s", {"x": float("nan")}, 3.0, (1.0, 2.0), "step",
            ("f",)),),
        (Prescription("f", 0.5, ("c",), "t", "lr", 1, 0.1, 0.1, 4.0, ("b",)),),
        {"schedule": odd},
        (Unjudged("d", "why"),),
        (Problem("w", "u"),),
    )  # fmt: skip
    (back,), problems = unpack(pack([diagnosis], [Problem("p", "q")]))
    assert problems == (Problem("p", "q"),)
    assert repr(replace(back.run, curves=())) == repr(replace(diagnosis.run, curves=()))
    # NaN equals nothing: compared as text
    assert repr(replace(back, run=diagnosis.run, readings={})) == repr(replace(diagnosis, readings={}))
    schedule = back.readings["schedule"]
    assert repr(schedule["nan"]) == "nan"
    assert schedule["inf"] == float("-inf")
    assert schedule["text"] == odd["text"]
    assert [(c.id, c.tag, len(c), c.role, c.axis) for c in back.run.curves] == [
        (curve.id, curve.tag, 3, curve.role, "step")
    ]
    assert hollow(back.run.curves[0])
