"""`--role`: reading it, and putting it over what was inferred."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.model import Curve, Role
from curvedoctor.roles import assign, override, parse_role


def curves(*tags: str) -> tuple[Curve, ...]:
    """Curves of one run."""
    n = np.arange(10)
    return assign([Curve(t, t, n, n * 1.0, n * 1.0) for t in tags])


def test_reading() -> None:
    assert parse_role("head/score=val:accuracy:higher") == (
        "head/score",
        Role("val", "accuracy", "higher", why=("given by the user",)),
    )
    assert parse_role("a=b=train:loss")[0] == "a=b"
    assert parse_role("x=none:loss")[1].better == "lower"
    assert parse_role("x=train:loss:none:step")[1].granularity == "step"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "=val:loss",
        "x=val",
        "x=valid:loss:lower",
        "x=val:losses",
        "x=val:loss:down",
        "x=val:loss:lower:day",
        "x=a:b:c:d:e",
    ],
)
def test_refusals_name_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r"one of |write ID="):
        parse_role(text)


def test_patterns() -> None:
    role = Role("val", "accuracy", "higher")
    found = {
        c.id: c.role
        for c in override(curves("a/x", "a/y", "b/x"), {"a/*": role, "a/y": Role("test", "loss", "lower")})
    }
    assert found["a/x"] == role
    assert found["a/y"].split == "test"
    assert found["b/x"].quantity == "other"
    assert (
        override(curves("train_loss_step"), {"train_loss_step": Role("val", "loss", "lower")})[
            0
        ].role.granularity
        == "step"
    )


def test_brackets_in_ids_are_no_patterns() -> None:
    tag = "metrics/mAP50(B)[1]"
    assert override(curves(tag), {tag: Role("test", "accuracy", "higher")})[0].role.split == "test"
