"""A forest of randomized trees for many outcomes at once, read and evaluated with numpy alone.

Fitted elsewhere (`examples/clinic`; extremely randomized trees, Geurts et al. 2006) and shipped as
flat arrays in an `.npz` without pickle: one row per node, trees one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats

#: what stands for a value that was not logged: below every split
MISSING = -1e6
#: features are clipped here
LARGEST = 1e5
#: shares are stored in steps of 1/255
STEPS = 255.0
#: probabilities are kept this far from 0 and 1 before they are calibrated
MARGIN = 2e-3


@dataclass(frozen=True, eq=False, slots=True)
class Forest:
    """Trees over the same features; every node knows the share of each outcome among what reached it."""

    #: the outcomes' and the features' names
    outcomes: tuple[str, ...]
    features: tuple[str, ...]
    #: feature tested at a node, −1 at a leaf; shape (nodes,)
    feature: npt.NDArray[np.int16]
    #: go left where value ≤ threshold; shape (nodes,)
    threshold: npt.NDArray[np.float32]
    #: shape (nodes,)
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    #: share of each outcome in 1/255, shape (nodes, outcomes)
    share: npt.NDArray[np.uint8]
    #: first node of each tree, shape (trees,)
    roots: npt.NDArray[np.int32]
    #: logistic calibration of each outcome's log-odds (Platt 1999), shape (outcomes,)
    slope: npt.NDArray[np.float32]
    intercept: npt.NDArray[np.float32]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Forest:
        """From the arrays of an `.npz`; raises KeyError where one is missing."""
        fields = ("feature", "threshold", "left", "right", "share", "roots", "slope", "intercept")
        return cls(
            outcomes=tuple(str(s) for s in arrays["outcomes"]),
            features=tuple(str(s) for s in arrays["features"]),
            **{name: arrays[name] for name in fields},  # type: ignore[arg-type]
        )

    def shares(self, rows: Floats) -> Floats:
        """Mean share of each outcome over the trees, shape (n, outcomes), for rows (n, features)."""
        filled = complete(rows)
        index = np.arange(len(rows))[:, None]
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        while True:
            feature = self.feature[node]
            inner = feature >= 0
            if not inner.any():
                break
            left = filled[index, np.maximum(feature, 0)] <= self.threshold[node]
            node = np.where(inner, np.where(left, self.left[node], self.right[node]), node)
        return np.stack([self.share[leaves].mean(axis=0) for leaves in node]) / STEPS

    def probabilities(self, rows: Floats) -> Floats:
        """Calibrated probability of each outcome, shape (n, outcomes), for rows (n, features)."""
        score = log_odds(self.shares(rows)) * self.slope + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-score)))

    def contributions(self, row: Floats, outcome: str) -> dict[str, float]:
        """How much each feature moved one outcome's share (Saabas 2014: change along the paths, mean of trees)."""
        return self.moves(row, [outcome])[0]

    def moves(self, row: Floats, outcomes: Sequence[str]) -> list[dict[str, float]]:
        """`contributions` to several outcomes: the paths are walked once, all trees a level at a time."""
        met, moved = self._moved(row, outcomes)
        return [{self.features[f]: float(column[f]) for f in np.unique(met).tolist()} for column in moved]

    def strongest(self, row: Floats, outcomes: Sequence[str], most: int) -> list[list[int]]:
        """Of each outcome the features, at most so many, that raised its share most."""
        _, moved = self._moved(row, outcomes)
        first = [np.argsort(-column, kind="stable")[:most].tolist() for column in moved]
        return [[f for f in places if column[f] > 0] for places, column in zip(first, moved, strict=True)]

    def _moved(self, row: Floats, outcomes: Sequence[str]) -> tuple[npt.NDArray[np.int16], list[Floats]]:
        """The features tested on the way, and how much each feature moved each outcome, shape (features,)."""
        values = complete(row[None])[0]
        steps: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        node = self.roots.astype(np.int64)
        while len(node := node[self.feature[node] >= 0]):
            left = values[self.feature[node]] <= self.threshold[node]
            steps.append((node, np.where(left, self.left[node], self.right[node]).astype(np.int64)))
            node = steps[-1][1]
        if not steps:
            return np.empty(0, np.int16), [np.zeros(len(self.features)) for _ in outcomes]
        above, below = (np.concatenate(part) for part in zip(*steps, strict=True))
        feature = self.feature[above]
        columns = [self.outcomes.index(outcome) for outcome in outcomes]
        change = self.share[below[:, None], columns].astype(np.float64) - self.share[above[:, None], columns]
        unit = STEPS * len(self.roots)
        # sums of integers: exact in any order
        moved = [np.bincount(feature, weights=c, minlength=len(self.features)) / unit for c in change.T]
        return feature, moved


def complete(rows: Floats) -> Floats:
    """Rows without gaps: what was not logged lies below every split."""
    clipped = np.clip(rows, -LARGEST, LARGEST)
    return np.where(np.isnan(rows), MISSING, clipped).astype(np.float32).astype(np.float64)


def log_odds(share: Floats) -> Floats:
    """log(p / (1 − p)), finite."""
    p = np.clip(share, MARGIN, 1 - MARGIN)
    return np.asarray(np.log(p / (1 - p)))
