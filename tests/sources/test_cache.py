"""Unchanged is free, changed is read anew, and a broken cache is no worse than none."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from curvedoctor import store
from curvedoctor.model import Problem, Run
from curvedoctor.sources import cache, load_units, reader_named
from curvedoctor.sources.base import ReadOptions, Unit
from curvedoctor.sources.cache import columns
from sources import events
from sources.another import count_units
from sources.contract import fingerprint, units_of

OPTIONS = ReadOptions()


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CURVEDOCTOR_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    opened = cache._store()
    if opened is not None:
        opened.close()
    cache._open_in.cache_clear()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for i in range(5):
        events.run(tmp_path / "logs" / f"run{i}", wall=events.START + i * 1000.0, scale=1.0 + i)
    events.run(tmp_path / "logs" / "mixed", wall=events.START)
    events.run(tmp_path / "logs" / "mixed", wall=events.START + 90_000)
    events.write(tmp_path / "logs" / "empty" / events.name(), [events.version()])
    _age(tmp_path / "logs")
    return tmp_path / "logs"


def _age(folder: Path) -> None:
    """What has just changed isn't cached: make it look old."""
    for path in folder.rglob("*tfevents*"):
        status = path.stat()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 3_600 * 10**9))


class Counting:
    """A loader that says which units it had to read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self._reader = reader_named("tensorboard")
        self.traits = self._reader.traits

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        self.read += [unit.run for unit in units]
        return iter(list(self._reader.load(units, options)))


def _load(units: list[Unit], options: ReadOptions = OPTIONS) -> tuple[list[object], list[str]]:
    reader = Counting()
    items = list(cache.load_cached(units, options, reader))  # type: ignore[arg-type]
    return [fingerprint(item) if isinstance(item, Run) else item for item in items], reader.read


def test_the_second_load_reads_nothing_and_gives_the_same(directory: Path, logs: Path) -> None:
    first, read = _load(units_of(logs))
    assert sorted(read) == sorted(unit.run for unit in units_of(logs))
    again, read = _load(units_of(logs))
    assert read == []
    assert again == first
    assert len(first) == 8


def test_only_what_changed_is_read(directory: Path, logs: Path) -> None:
    _load(units_of(logs))
    path = next((logs / "run2").iterdir())
    path.write_bytes(path.read_bytes() + b"".join(events.encode([events.scalar("train/loss", 99, 1.0)])))
    _age(logs / "run2")
    items, read = _load(units_of(logs))
    assert read == ["run2"]
    fresh = [fingerprint(i) if isinstance(i, Run) else i for i in Counting().load(units_of(logs), OPTIONS)]
    assert items == fresh


def test_what_changed_just_now_is_not_kept(directory: Path, tmp_path: Path) -> None:
    events.run(tmp_path / "live")
    for _ in range(2):
        assert _load(units_of(tmp_path / "live"))[1] == ["live"]


def test_given_params_are_none_of_the_readers_business(directory: Path, logs: Path) -> None:
    _load(units_of(logs))
    assert not _load(units_of(logs), ReadOptions(params={"lr": 1.0}))[1]


def test_other_code_reads_anew(directory: Path, logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _load(units_of(logs))
    monkeypatch.setattr(cache, "_code", lambda: ("0.0.0", 1))
    assert len(_load(units_of(logs))[1]) == len(units_of(logs))


def test_a_unit_given_twice(directory: Path, logs: Path) -> None:
    unit = units_of(logs)[0]
    for _ in range(2):
        items, _ = _load([unit, unit])
        assert len(items) == 2
        assert items[0] == items[1]


@pytest.mark.parametrize(
    "damage", ["garbage", "truncate", "delete", "delete directory", "blocks", "read-only"]
)
def test_a_damaged_cache_is_no_worse_than_none(directory: Path, logs: Path, damage: str) -> None:
    first, _ = _load(units_of(logs))
    (file,) = directory.glob("*.sqlite")
    if damage == "garbage":
        file.write_bytes(os.urandom(file.stat().st_size))
    elif damage == "truncate":
        os.truncate(file, file.stat().st_size // 2)
    elif damage == "delete":
        file.unlink()
    elif damage == "delete directory":
        shutil.rmtree(directory)
    elif damage == "blocks":
        connection = sqlite3.connect(file)
        connection.execute("UPDATE held SET value = zeroblob(100)")
        connection.commit()
        connection.close()
    else:
        file.chmod(0o400)
    for _ in range(3):
        assert _load(units_of(logs))[0] == first


def test_a_directory_that_cannot_be_made(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURVEDOCTOR_CACHE", "/dev/null/cache")
    assert len(_load(units_of(logs))[0]) == 8


def test_it_can_be_switched_off(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURVEDOCTOR_CACHE", "off")
    for _ in range(2):
        assert _load(units_of(logs))[1]


def test_the_option_switches_it_off(directory: Path, logs: Path) -> None:
    for _ in range(2):
        assert _load(units_of(logs), ReadOptions(cached=False))[1]
    assert not directory.exists()


def test_its_size_is_bounded(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_RUN_BYTES", 40_000)
    for i in range(30):
        events.run(tmp_path / f"logs{i}" / "run", steps=range(100), wall=events.START + i)
        _age(tmp_path / f"logs{i}")
        _load(units_of(tmp_path / f"logs{i}"))
    connection = sqlite3.connect(next(directory.glob("*.sqlite")))
    (total,) = connection.execute("SELECT SUM(size) FROM held").fetchone()
    (units,) = connection.execute("SELECT COUNT(*) FROM held").fetchone()
    connection.close()
    assert 0 < total <= 40_000
    assert 0 < units < 30
    assert _load(units_of(tmp_path / "logs29"))[1] == []
    assert _load(units_of(tmp_path / "logs0"))[1] == ["run"]


def test_processes_share_it(directory: Path, logs: Path) -> None:
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        counts = [pool.submit(count_units, str(directory), str(logs), 5) for _ in range(3)]
        assert [count.result(timeout=120) for count in counts] == [35, 35, 35]
    connection = sqlite3.connect(next(directory.glob("*.sqlite")))
    assert connection.execute("SELECT COUNT(*) FROM held").fetchone()[0] >= 7
    connection.close()


def test_through_load_units(directory: Path, logs: Path) -> None:
    first = [fingerprint(item) for item in load_units(units_of(logs)) if isinstance(item, Run)]
    again = [fingerprint(item) for item in load_units(units_of(logs)) if isinstance(item, Run)]
    assert first == again
    assert next(directory.glob("*.sqlite")).stat().st_size > 0


def test_columns_keep_everything(tmp_path: Path) -> None:
    (tmp_path / "a\udcffb").mkdir()
    found = [events.version()]
    found += [
        events.scalar(tag, 2**63 - 1 - i, v)
        for i, v in enumerate((float("nan"), float("inf"), 1.0))
        for tag in ("🎉\n", "x" * 600)
    ]
    events.write(tmp_path / "a\udcffb" / events.name(), found)
    (tmp_path / "a\udcffb" / "hparams.yaml").write_text("lr: 0.1\noptimizer: adam\n")
    items = list(load_units(units_of(tmp_path)))
    (again,) = columns.decode(columns.encode([items]))
    assert [fingerprint(i) for i in again if isinstance(i, Run)] == [
        fingerprint(i) for i in items if isinstance(i, Run)
    ]


@pytest.mark.parametrize("cut", [0, 5, 16, 40, -1])
def test_cut_columns_raise_what_is_caught(logs: Path, cut: int) -> None:
    data = columns.encode([list(load_units(units_of(logs)))])
    with pytest.raises(columns.BROKEN):
        columns.decode(data[:cut])


def test_empty_units() -> None:
    assert columns.decode(columns.encode([])) == []
    assert columns.decode(columns.encode([[], []])) == [[], []]
    assert np.frombuffer(b"").size == 0
