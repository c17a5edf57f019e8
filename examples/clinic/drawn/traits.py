"""What all families draw alike: sizes, kinds of task, nets, dirt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clinic.data import Pool
from clinic.draw import Draw

#: what a family draws: traits of its `Task` and the generator with all but `n` and `seed` filled in
Traits = dict[str, Any]
#: programs are compiled for at most this many features and classes
MOST_FEATURES, MOST_CLASSES = 64, 10
#: rows that a generated MLP task has at most: training, validation, test
MOST_ROWS, VALIDATION, TEST = 8192, 512, 1536


def whole(d: Draw, low: int, high: int) -> int:
    """Log-uniform whole number."""
    return round(float(np.exp(d.rng.uniform(np.log(low - 0.49), np.log(high + 0.49)))))


def kind_of(d: Draw, classes: int) -> tuple[str, int]:
    """Kind of task and number of outputs for so many classes."""
    if classes == 2:
        return (d.pick(("binary", "binary", "binary", "multiclass", "hinge")), 1)
    return ("multiclass", classes) if classes else ("regression", 1)


def dense(
    d: Draw, modality: str, make: Callable[..., Pool], features: int, classes: int, linear: float
) -> Traits:
    """A task for a linear model (with this probability) or an MLP."""
    kind, outputs = kind_of(d, classes)
    outputs = 2 if kind == "multiclass" and classes == 2 else outputs
    depth = 0 if d.chance(linear) else d.pick((1, 1, 2, 2, 3))
    n = whole(d, 128, 4096)
    most = min(MOST_ROWS, n * d.pick((1, 2, 4, 4, 8)))
    return {
        "modality": modality, "kind": kind, "family": "mlp", "make": make, "inputs": (features,),
        "outputs": outputs,
        "depth": depth, "width": whole(d, 6, 64) if depth else 0, "n_std": n, "n_max": most,
        "n_val": VALIDATION,
        "n_test": TEST, "epochs": epochs(d, n), "activation": d.pick(("relu",) * 6 + ("leaky", "tanh")),
    }  # fmt: skip


def epochs(d: Draw, n: int) -> int:
    """Fewer for larger sets: 200 to 1,000 steps of 32."""
    return int(np.clip(d.log(200, 1000) * 32 / n, 4, 80))


def dressing(d: Draw, features: int) -> dict[str, Any]:
    """Features without meaning, correlation, skew."""
    return {
        "useless": min(d.pick((0, 0, 1, 2, 5, 12)), MOST_FEATURES - features),
        "mix": d.chance(0.5),
        "skew": d.pick((0.0, 0.0, 0.0, 0.3, 0.8)),
    }


def classes(d: Draw, none: float = 0.0) -> int:
    """Number of classes; 0 (regression) with a given probability."""
    return 0 if d.chance(none) else int(d.pick((2, 2, 2, 3, 3, 4, 5, 7, 10)))


def flip(d: Draw) -> float:
    """Share of labels drawn anew."""
    return float(d.pick((0.0, 0.0, 0.02, 0.05, 0.1, 0.2, 0.3)))


def share(d: Draw) -> float:
    """Share of the variance without cause."""
    return float(d.pick((0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7)))


def code(d: Draw, traits: Traits, latent: int) -> Traits:
    """The same, as an autoencoder."""
    n = whole(d, 256, 4096)
    return traits | {"kind": "autoencoder", "depth": 3,
        "bottleneck": max(2, round(latent * d.pick((0.6, 1, 1, 1.5)))),
                     "width": whole(d, 16, 48), "outputs": 64, "n_std": n, "n_max": min(MOST_ROWS, 4 * n),
                     "epochs": epochs(d, n // 2)}  # fmt: skip
