"""Marked restarts replace what they overlap, point for point as TensorBoard's own reader has it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboardX import SummaryWriter

from curvedoctor.model import Problem, Run
from curvedoctor.sources.base import ReadOptions
from curvedoctor.sources.tensorboard import READER
from curvedoctor.sources.tensorboard.decode import read_file
from curvedoctor.sources.tensorboard.fast import read_files
from curvedoctor.sources.tensorboard.follow import Follower
from sources import events
from sources.accumulator import Points, same_points, stock_points
from sources.contract import read_all, units_of


def _attempt(rng: random.Random, wall: float, first: int) -> list[Event]:
    """What one start of a training writes: a restart marked at its first step, now and then within it too."""
    found = [events.version(wall), events.start(first, wall)]
    if rng.random() < 0.3:  # a supervisor's threads: some values come before the mark
        found.insert(1, events.scalar("loss", first + 2, rng.random(), wall))
    step = first
    for i in range(rng.randrange(3, 60)):
        step += rng.choice([1, 1, 1, 5])
        tags = rng.sample(["loss", "acc", "val/loss", "lr"], rng.randrange(1, 4))
        found += [events.scalar(tag, step, rng.random(), wall + i) for tag in tags]
        if rng.random() < 0.05:
            step = max(0, step - rng.randrange(10))
            found.append(events.start(step, wall + i))
    return found


def _shown(path: Path) -> Points:
    """What the stock reader shows; it keeps tags of which nothing is left."""
    return {tag: points for tag, points in stock_points(path).items() if points[0]}


def _points(run: Run) -> dict[str, tuple[object, ...]]:
    return {curve.tag: (curve.steps, curve.values, curve.wall_times) for curve in run.curves}


@pytest.mark.parametrize("seed", range(30))
def test_files_with_marked_restarts(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    wall, first = events.START, 0
    for number in range(rng.randrange(1, 5)):
        found = _attempt(rng, wall, first)
        path = events.write(tmp_path / "run" / events.name(int(wall), number=number), found)
        one, (other,) = read_file(str(path)), read_files([str(path)])
        same_points(other.series, _shown(path))
        same_points(one.series, _shown(path))
        assert one.replaced == other.replaced
        wall, first = wall + 1000, max(0, found[-1].step - rng.randrange(-2, 30))
    runs, _ = read_all(tmp_path)
    stock = _shown(tmp_path / "run")
    joined: dict[str, list[float]] = {}
    for run in runs:  # parts that step back without a mark may be told apart; nothing is lost
        for curve in run.curves:
            joined.setdefault(curve.tag, []).extend(curve.values.tolist())
    assert {tag: sorted(values) for tag, values in joined.items()} == {
        tag: sorted(values) for tag, (_, values, _) in stock.items()
    }


@pytest.mark.parametrize(("crashed", "resumed", "end"), [(70, 50, 120), (10, 5, 12), (400, 1, 300)])
def test_purge_step_of_a_real_writer(tmp_path: Path, crashed: int, resumed: int, end: int) -> None:
    for suffix, first, last in ((".0", 0, crashed), (".1", resumed, end)):
        with SummaryWriter(str(tmp_path / "run"), purge_step=first or None, filename_suffix=suffix) as writer:
            for step in range(first, last):
                writer.add_scalar("loss", 1 / (1 + step) + 0.1 * first, step)
    ((run,), problems) = read_all(tmp_path)
    assert not problems
    same_points(_points(run), stock_points(tmp_path / "run"))  # type: ignore[arg-type]
    assert run.curves[0].steps.tolist() == list(range(end))
    (note,) = run.problems
    assert f"{crashed - resumed} points" in note.what


def test_a_restart_from_the_beginning_replaces_all(tmp_path: Path) -> None:
    for number in range(3):
        wall = events.START + 1000 * number
        found = [events.version(wall), events.start(0, wall)]
        found += [events.scalar("loss", s, number + 1 / (1 + s), wall + s) for s in range(20)]
        events.write(tmp_path / "run" / events.name(int(wall), number=number), found)
    ((run,), _) = read_all(tmp_path)
    assert run.curves[0].values.min() > 2
    (note,) = run.problems
    assert note.what.startswith("40 points")


@pytest.mark.parametrize("seed", range(5))
def test_a_restart_that_is_followed(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    follower = Follower()
    path = tmp_path / "run" / events.name()
    path.parent.mkdir()
    data = b"".join(events.encode([*_attempt(rng, events.START, 0), *_attempt(rng, events.START + 900, 9)]))
    at = 0
    while at < len(data):
        at += rng.choice([30, 200, 1000])
        path.write_bytes(data[:at])
        units = units_of(tmp_path)
        followed, fresh = list(follower.load(units)), list(READER.load(units, ReadOptions()))
        assert [_told(item) for item in followed] == [_told(item) for item in fresh]


def _told(item: Run | Problem) -> object:
    if isinstance(item, Problem):
        return item
    curves = {curve.id: (curve.steps.tolist(), curve.values.tolist()) for curve in item.curves}
    return item.name, curves, item.problems


def test_very_many_restarts_take_no_time(tmp_path: Path) -> None:
    found = [events.version()]
    for i in range(20_000):
        found += [events.scalar(f"tag{i % 50}", i % 100, 1.0), events.start(i % 90 + 10)]
    path = events.write(tmp_path / events.name(), found)
    (log,) = read_files([str(path)])
    same_points(log.series, _shown(path))
