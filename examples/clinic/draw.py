"""Random draws by what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draw:
    """Random numbers by what they are for."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def log(self, low: float, high: float) -> float:
        """Log-uniform, two significant digits (as people write hyperparameters)."""
        return float(f"{10 ** self.rng.uniform(np.log10(low), np.log10(high)):.2g}")

    def pick(self, options: Sequence[T]) -> T:
        """One of these."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < p)
