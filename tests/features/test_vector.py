"""A row of features says nothing that a processor's way of adding up decides,
and the same of the same, however it was logged."""

from __future__ import annotations

import numpy as np
import pytest

from compare.grids import run
from curvedoctor.advice.changes import change
from curvedoctor.features import vector
from curvedoctor.features.case import build
from curvedoctor.params import recognize, usual_lr

CURVES = {
    "a loss that falls": 2.3 * np.exp(-np.arange(24) / 7),
    "a loss that settles": 0.4 + 1.9 * 0.5 ** np.arange(24),
    "a loss that stays from its middle on": np.r_[np.linspace(2, 1, 12), np.full(12, 0.7133)],
    "a loss that rises": 0.4 + 0.1 * np.arange(24) ** 0.7,
}


def row(values: np.ndarray) -> np.ndarray:
    return vector.matrix(build([run("a", {}, **{"train/loss": values, "val/loss": values + 0.25})]))[0]


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("seed", range(5))
def test_no_feature_is_made_of_the_last_bits_of_a_sum(name: str, seed: int) -> None:
    bits = np.random.default_rng(seed).integers(-2, 3, 24) * np.finfo(float).eps
    features = np.abs(np.nan_to_num(row(CURVES[name] * (1 + bits))))
    tiny = (features > 0) & (features < 0.9 * 10**-vector.DECIMALS)
    assert not tiny.any(), [(vector.names()[i], features[i]) for i in np.flatnonzero(tiny)]


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        ({"optimizer": "SGD", "momentum": 0.9}, "momentum"),
        ({"optimizer": "momentum"}, "momentum"),
        ({"optimizer": "sgdm", "momentum": 0.5}, "momentum"),
        ({"optimizer": "SGD", "momentum": 0.0}, "sgd"),
        ({"optimizer": "SGD"}, "sgd"),
        ({"optimizer": "adam", "momentum": 0.9}, "adam"),
    ],
)
def test_momentum_is_momentum_by_name_or_by_number(logged: dict[str, object], expected: str) -> None:
    case = build([run("a", recognize({"lr": 10.0} | logged), **{"train/loss": CURVES["a loss that rises"]})])[
        0
    ]
    row = vector.vector(case)
    flags = {name for name in ("sgd", "momentum", "adam") if row[f"optimizer={name}"]}
    assert flags == {expected}
    usual = usual_lr(expected)
    assert usual is not None
    assert change(case, "lower-lr", ()).proposed == pytest.approx(usual.typical)
