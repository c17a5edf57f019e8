"""Files that grow while they are followed."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.sources.tensorboard.decode import read_file
from curvedoctor.sources.tensorboard.tail import News, Tail
from sources import events


def _scalars(first: int, last: int) -> list[bytes]:
    return events.encode(events.scalar("loss", step, step / 7) for step in range(first, last))


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)


def _steps(news: News) -> list[int]:
    return news.series["loss"][0].tolist() if news.series else []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / events.name()
    path.write_bytes(events.frame(events.version().SerializeToString()) + b"".join(_scalars(0, 10)))
    return path


def test_only_what_is_new(path: Path) -> None:
    tail = Tail(str(path))
    assert _steps(tail.read_new()) == list(range(10))
    assert not tail.read_new()
    _append(path, b"".join(_scalars(10, 13)))
    assert _steps(tail.read_new()) == [10, 11, 12]
    assert tail.offset == path.stat().st_size


def test_from_an_offset(path: Path) -> None:
    offset = read_file(str(path)).end
    _append(path, b"".join(_scalars(10, 12)))
    assert _steps(Tail(str(path), offset).read_new()) == [10, 11]


@pytest.mark.parametrize("seed", range(5))
def test_writes_of_any_size(path: Path, seed: int) -> None:
    """Records are flushed in pieces that end anywhere: no point is lost, doubled or called damaged."""
    rng = random.Random(seed)
    tail = Tail(str(path))
    found = _steps(tail.read_new())
    data = b"".join(_scalars(10, 200))
    at = 0
    while at < len(data):
        size = rng.randint(1, 120)
        _append(path, data[at : at + size])
        at += size
        news = tail.read_new()
        assert not news.problems
        assert not news.anew
        found += _steps(news)
    assert found == list(range(200))


def test_zeros_that_are_filled_in_later(path: Path) -> None:
    tail = Tail(str(path))
    tail.read_new()
    size = path.stat().st_size
    _append(path, bytes(1000))
    assert not tail.read_new()
    with path.open("r+b") as stream:
        stream.seek(size)
        stream.write(b"".join(_scalars(10, 20)))
    assert _steps(tail.read_new()) == list(range(10, 20))


def test_damage_is_told_once_records_follow(path: Path) -> None:
    tail = Tail(str(path))
    tail.read_new()
    bad = bytearray(_scalars(10, 11)[0])
    bad[-1] ^= 1
    _append(path, bytes(bad))
    assert not tail.read_new()
    _append(path, b"".join(_scalars(11, 13)))
    news = tail.read_new()
    assert _steps(news) == [11, 12]
    assert len(news.problems) == 1
    _append(path, b"".join(_scalars(13, 14)))
    assert not tail.read_new().problems


@pytest.mark.parametrize("steps", [3, 50])
def test_a_replaced_file_is_read_anew(path: Path, steps: int) -> None:
    tail = Tail(str(path))
    tail.read_new()
    path.write_bytes(
        events.frame(events.version(events.START + 9).SerializeToString()) + b"".join(_scalars(0, steps))
    )
    news = tail.read_new()
    assert news.anew
    assert _steps(news) == list(range(steps))


def test_a_cut_file_is_read_anew(path: Path) -> None:
    tail = Tail(str(path))
    tail.read_new()
    path.write_bytes(path.read_bytes()[:200])
    news = tail.read_new()
    assert news.anew
    assert 0 < len(_steps(news)) < 10


def test_a_file_that_vanishes_and_comes_back(path: Path) -> None:
    tail = Tail(str(path))
    tail.read_new()
    data = path.read_bytes()
    path.unlink()
    assert tail.read_new().anew
    assert not tail.read_new()
    path.write_bytes(data)
    assert _steps(tail.read_new()) == list(range(10))


def test_a_large_file_at_first_sight(path: Path) -> None:
    _append(path, b"".join(_scalars(10, 20_000)))
    tail = Tail(str(path))
    news = tail.read_new()
    np.testing.assert_array_equal(news.series["loss"][0], np.arange(20_000))
    _append(path, b"".join(_scalars(20_000, 20_002))[:-3])
    assert _steps(tail.read_new()) == [20_000]
