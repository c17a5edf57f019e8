"""Customary learning rates."""

from __future__ import annotations

import pytest

from curvedoctor.params.read import vocabulary
from curvedoctor.params.usual import _USUAL, usual_lr


@pytest.mark.parametrize("optimizer", sorted(_USUAL))
def test_spans(optimizer: str) -> None:
    usual = _USUAL[optimizer]
    assert 0 < usual.low < usual.typical <= usual.high
    assert usual.source
    assert optimizer in vocabulary("optimizer")


def test_which_span() -> None:
    plain, momentum, tuned = (
        usual_lr("sgd"),
        usual_lr("momentum"),
        usual_lr("adamw", pretrained=True),
    )
    assert plain and momentum and tuned
    assert plain.high > momentum.high > tuned.high
    assert tuned.low <= 2e-5 <= tuned.high
    assert usual_lr(None) is None
    assert usual_lr("shampoo") is None
