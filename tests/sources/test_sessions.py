"""Which pieces of logs are one training: pairs a hair apart at what decides."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curvedoctor.sources.tensorboard.segments import Segment, Session, sessions


def piece(
    name: str, steps: list[int], start: float, *, tags: tuple[str, ...] = ("loss",), folder: str = "",
    writer: str = "", opened: float = math.nan, every: float = 1.0,
) -> Segment:  # fmt: skip
    """Points every second from `start` on; times are seconds since 1970, so that `start` is to be above 0."""
    at = np.array(steps, dtype=np.int64)
    walls = start + every * np.arange(len(at))
    return Segment(name, folder, dict.fromkeys(tags, (at, 1.0 + at, walls)), float(walls[0]), writer, opened)


def names(*pieces: Segment) -> list[list[str]]:
    return [[p.path for p in session.segments] for session in sessions(pieces)]


@pytest.mark.parametrize(("overlap", "one"), [(4.0, True), (6.0, False)])
def test_clocks_may_disagree_by_some_seconds(overlap: float, one: bool) -> None:
    old = piece("a", list(range(100)), 1000.0)
    new = piece("b", list(range(100, 150)), 1099.0 - overlap)
    assert names(old, new) == ([["a", "b"]] if one else [["a"], ["b"]])


@pytest.mark.parametrize(("steps", "first", "one"), [
    (range(1001), 20, False), (range(1001), 21, True),  # a fiftieth of the span
    (range(0, 1001, 50), 100, False), (range(0, 1001, 50), 101, True),  # two intervals
    (range(100, 1101), 120, False), (range(100, 1101), 121, True),
    (range(1001), 0, False), (range(1001), 1000, True), (range(1001), 5000, True),
])  # fmt: skip
def test_a_checkpoint_is_some_way_from_the_start(steps: range, first: int, one: bool) -> None:
    old = piece("a", list(steps), 1000.0)
    new = piece("b", list(range(first, first + 2000, 10)), 90_000.0)
    assert names(old, new) == ([["a", "b"]] if one else [["a"], ["b"]])


def test_a_single_point_at_the_same_step_is_another_run() -> None:
    assert names(piece("a", [7], 1000.0), piece("b", [7], 9000.0)) == [["a"], ["b"]]
    assert names(piece("a", [7], 1000.0), piece("b", [8], 9000.0)) == [["a", "b"]]


def test_a_placeholder_in_each_file_says_nothing() -> None:
    old = piece("a", [0], 1000.0, tags=("hp_metric", "train"))
    new = piece("b", [0], 9000.0, tags=("hp_metric", "test"))
    assert names(old, new) == [["a", "b"]]
    assert names(old, piece("b", [0], 9000.0, tags=("hp_metric", "train"))) == [["a"], ["b"]]


@pytest.mark.parametrize("fits", [2, 3])
def test_training_and_validation_of_each_fit_belong_together(fits: int) -> None:
    pieces = [
        piece(f"{split}{fit}", list(range(10)), 1000.0 + 100 * fit + (split == "val"), folder=split)
        for fit in range(fits) for split in ("train", "val")
    ]  # fmt: skip
    assert names(*reversed(pieces)) == [[f"train{fit}", f"val{fit}"] for fit in range(fits)]


def test_two_at_the_same_time_go_to_their_own_process() -> None:
    pieces = [
        piece("train1", list(range(50)), 1000.0, folder="train", writer="one"),
        piece("train2", list(range(50)), 1010.0, folder="train", writer="two"),
        piece("val2", list(range(10)), 1012.0, folder="val", writer="two"),
        piece("val1", list(range(10)), 1014.0, folder="val", writer="one"),
    ]
    assert names(*pieces) == [["train1", "val1"], ["train2", "val2"]]


def test_of_one_process_the_span_most_alike_decides() -> None:
    pieces = [
        piece("long", list(range(100)), 1000.0, folder="train", writer="one"),
        piece("short", list(range(20)), 1050.0, folder="train", writer="one"),
        piece("val", list(range(20)), 1051.0, folder="val", writer="one"),
    ]
    assert names(*pieces) == [["long"], ["short", "val"]]
    alike = piece("val", list(range(99)), 1051.0, folder="val", writer="one", every=0.5)
    assert names(pieces[0], pieces[1], alike) == [["long", "val"], ["short"]]


def test_a_file_opened_early_begins_there() -> None:
    late = piece("late", [0, 1], 5000.0, opened=900.0)
    assert late.begun() == 900.0
    assert piece("p", [0, 1], 5000.0, opened=6000.0).begun() == 5000.0
    assert piece("p", [0, 1], 5000.0).begun() == 5000.0
    assert (late.ended(), piece("p", [0, 1], 0.0).ended()) == (5001.0, pytest.approx(math.nan, nan_ok=True))
    assert names(piece("a", [3, 4], 1000.0), late) == [["late"], ["a"]]


def test_two_parts_of_one_file_stay_apart() -> None:
    assert names(piece("a", list(range(50)), 1000.0), piece("a", list(range(60, 90)), 2000.0)) == [
        ["a"],
        ["a"],
    ]


def test_other_curves_join_the_newest_or_that_of_their_process() -> None:
    runs = [
        piece("a", list(range(50)), 1000.0, writer="one"),
        piece("b", list(range(50)), 5000.0, writer="two"),
    ]
    assert names(*runs, piece("eval", [49], 9000.0, tags=("eval",), writer="three")) == [["a"], ["b", "eval"]]
    assert names(*runs, piece("eval", [49], 9000.0, tags=("eval",), writer="one")) == [["a", "eval"], ["b"]]
    assert names(*runs, piece("eval", [49], 9000.0, tags=("eval",))) == [["a"], ["b", "eval"]]


def test_points_of_pieces_stand_one_after_the_other() -> None:
    one = Session(
        [piece("a", [0, 1], 1000.0), piece("b", [2], 2000.0), piece("c", [5], 3000.0, folder="val")]
    )
    curves = one.curves()
    assert {key: points[0].tolist() for key, points in curves.items()} == {
        ("", "loss"): [0, 1, 2],
        ("val", "loss"): [5],
    }
    assert curves["", "loss"][2].tolist() == [1000.0, 1001.0, 2000.0]
    assert one.paths() == {"a", "b", "c"}
