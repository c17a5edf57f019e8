"""A run that is followed is the run that is read: at every length, with damage, restarts and replacement."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.model import Problem, Run
from curvedoctor.sources import find_all
from curvedoctor.sources.base import ReadOptions, Unit
from curvedoctor.sources.tensorboard import READER, follow
from curvedoctor.sources.tensorboard.follow import Follower
from sources import events


def units(folder: Path) -> list[Unit]:
    return [item for item in find_all([str(folder)]) if isinstance(item, Unit)]


def compared(followed: list[Run | Problem], fresh: list[Run | Problem]) -> None:
    assert len(followed) == len(fresh)
    for one, other in zip(followed, fresh, strict=True):
        if isinstance(one, Problem) or isinstance(other, Problem):
            assert one == other
            continue
        assert (one.name, one.params, one.problems, one.origin) == (
            other.name, other.params, other.problems, other.origin,
        )  # fmt: skip
        assert [curve.id for curve in one.curves] == [curve.id for curve in other.curves]
        for mine, theirs in zip(one.curves, other.curves, strict=True):
            np.testing.assert_array_equal(mine.steps, theirs.steps)
            np.testing.assert_array_equal(mine.values, theirs.values)
            np.testing.assert_array_equal(mine.wall_times, theirs.wall_times)


def written(rng: random.Random) -> bytes:
    """What a writer leaves: hyperparameters, two curves, and now and then a damaged record or zeros."""
    pieces = [events.frame(events.hparams({"lr": 0.1, "batch_size": 32}).SerializeToString())]
    for step in range(60):
        for tag in ("train/loss", "val/loss"):
            (record,) = events.encode([events.scalar(tag, step, 1 / (step + 1))])
            if rng.random() < 0.03:
                at = rng.randrange(len(record))
                record = record[:at] + bytes([record[at] ^ 0x55]) + record[at + 1 :]
            pieces.append(record)
        if rng.random() < 0.02:
            pieces.append(bytes(rng.randrange(1, 60)))
    return b"".join(pieces)


@pytest.mark.parametrize("seed", range(6))
def test_at_every_length(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / events.name()
    path.write_bytes(events.frame(events.version().SerializeToString()))
    follower = Follower()
    data, at = written(rng), 0
    while at < len(data):
        size = rng.choice((1, 5, 40, 400))
        with path.open("ab") as stream:
            stream.write(data[at : at + size])
        at += size
        found = units(tmp_path)
        compared(list(follower.load(found)), list(READER.load(found, ReadOptions())))


def test_only_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / events.name()
    path.write_bytes(b"".join(events.encode(events.scalar("loss", step, 1.0) for step in range(100))))
    whole: list[str] = []
    monkeypatch.setattr(
        follow, "read_files", lambda paths, read=follow.read_files: whole.extend(paths) or read(paths)
    )
    follower = Follower()
    for end in (100, 130, 160):
        with path.open("ab") as stream:
            stream.write(b"".join(events.encode(events.scalar("loss", s, 1.0) for s in range(end, end + 30))))
        (run,) = follower.load(units(tmp_path))
        assert isinstance(run, Run) and len(run.curves[0]) == end + 30
    assert whole == [str(path)]


def test_a_replaced_cut_or_second_file(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / events.name()
    follower = Follower()

    def same() -> None:
        found = units(tmp_path)
        compared(list(follower.load(found)), list(READER.load(found, ReadOptions())))

    def losses(first: int, last: int, value: float = 1.0) -> bytes:
        return b"".join(events.encode(events.scalar("loss", step, value) for step in range(first, last)))

    path.write_bytes(losses(0, 50))
    same()
    path.write_bytes(path.read_bytes()[:-10])
    same()
    path.write_bytes(losses(0, 70, 2.0))
    same()
    (tmp_path / "run" / events.name(1)).write_bytes(losses(70, 90))
    same()
    path.write_bytes(b"")
    same()
    path.unlink()
    same()


def test_what_is_kept_has_a_limit(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / name).mkdir()
        content = b"".join(events.encode(events.scalar("loss", step, ord(name)) for step in range(100)))
        (tmp_path / name / events.name()).write_bytes(content)
    follower = Follower(held=250)
    assert len(list(follower.load(units(tmp_path)))) == 4
    assert [Path(path).parent.name for path in follower._files] == ["c", "d"]
