"""A row of features says nothing that a processor's way of adding up decides."""

from __future__ import annotations

import numpy as np
import pytest

from compare.grids import run
from curvedoctor.features import vector
from curvedoctor.features.case import build

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
