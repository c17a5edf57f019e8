"""Laws that hold for any name and any values: no error, one answer, in linear time,
whatever the order of the curves."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curvedoctor.model import BETTERS, GRANULARITIES, QUANTITIES, SPLITS, Curve, Role
from curvedoctor.roles import assign, infer, is_proportion
from curvedoctor.roles.tag_words import parse
from curvedoctor.roles.vocabulary import KNOWN

NAMES = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.one_of(
            st.sampled_from(sorted(KNOWN)),
            st.text(max_size=4),
            st.sampled_from(["/", "_", " - ", ".", "@", "(B)"]),
        ),
        max_size=8,
    ).map("".join),
)
VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=0, max_size=12)
CURVES = st.lists(st.tuples(NAMES, VALUES), max_size=8, unique_by=lambda pair: pair[0])


def build(items: list[tuple[str, list[float]]]) -> list[Curve]:
    """Curves with steps near the limits of 64 bits."""
    return [
        Curve(
            name,
            name,
            np.arange(len(values)) * (2**63 // 12) - 2**62,
            np.array(values),
            np.full(len(values), np.nan),
        )
        for name, values in items
    ]


def valid(role: Role) -> bool:
    """Whether every field holds one of its words."""
    return (
        role.split in SPLITS
        and role.quantity in QUANTITIES
        and role.better in BETTERS
        and role.granularity in GRANULARITIES
    )


@given(CURVES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_any_run(items: list[tuple[str, list[float]]], random: object) -> None:
    curves = build(items)
    judged = assign(curves)
    assert [c.id for c in judged] == [c.id for c in curves]
    assert all(valid(c.role) and c.role.why for c in judged)
    assert all(isinstance(is_proportion(c), bool) for c in judged)
    assert [c.role for c in assign(curves)] == [c.role for c in judged]
    shuffled = list(curves)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {c.id: c.role for c in assign(shuffled)} == {c.id: c.role for c in judged}


@given(NAMES, NAMES)
@settings(max_examples=150, deadline=None)
def test_any_name(identifier: str, neighbour: str) -> None:
    assert valid(infer(identifier, neighbours=[neighbour]))
    assert valid(infer(identifier, values=np.array([-1.0, np.nan, np.inf])))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "aA",
        "A",
        "/",
        "loss",
        "loss_",
        "损失",
        "_",
        "1",
        "É",
        "a/s",
        "\x00",
        "trainval",
        " - ",
        "r@1",
        "\U0001f600",
        "\n\x1b[31m",
    ],
)
def test_long_names_take_linear_time(unit: str) -> None:
    def seconds(characters: int) -> float:
        tags = [f"{i}{unit * (characters // len(unit))}" for i in range(20)]
        began = time.perf_counter()
        for tag in tags:
            infer(tag)
        return time.perf_counter() - began

    seconds(1_000)
    short, long = min(seconds(1_000) for _ in range(3)), min(seconds(100_000) for _ in range(3))
    assert long < 100 * short + 0.05
    assert len(parse(unit * 10_000).flat) <= 400


@given(
    st.lists(
        st.sampled_from(["train/loss", "val/loss", "loss", "acc", "lr", "epoch", "rollout/ep_rew_mean"]),
        unique=True,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_role_does_not_depend_on_how_often_a_run_was_seen(tags: list[str]) -> None:
    curves = build([(tag, [1.0, 0.5, 0.25]) for tag in tags])
    first = [c.role for c in assign(curves)]
    assign(build([("other", [1.0])]))
    assert [c.role for c in assign(curves)] == first
