"""What an untrained model must score: the first loss and the accuracy that no learning gives.

Cross-entropy ln K, binary cross-entropy ln 2, binary hinge 1; mean squared error on centred targets
Var(y), which no log tells. (Karpathy 2019, "A recipe for training neural networks".)
"""

from __future__ import annotations

import math

from curvedoctor.features.case import Case


def classes(case: Case) -> float | None:
    """Number of classes as logged."""
    k = case.number("n_classes")
    if k is not None and k >= 2:
        return k
    return 2.0 if case.word("loss") in ("bce", "hinge") else None


def expected_first_loss(case: Case) -> float | None:
    """The loss of an untrained model, where loss function and classes are known; in the loss's unit."""
    loss = case.word("loss")
    if loss == "bce":
        return math.log(2)
    if loss == "hinge":
        return 1.0
    k = classes(case)
    if loss in ("cross-entropy", "nll") and k is not None:
        return math.log(k)
    return None


def chance_error(case: Case) -> float | None:
    """Share of wrong answers of a blind guess among equally frequent classes."""
    k = classes(case)
    return None if k is None else 1.0 - 1.0 / k
