"""Boosted trees for several outcomes, read and evaluated with numpy alone.

Fitted elsewhere (`examples/clinic`; gradient boosting, Friedman 2001) and shipped as flat arrays in
an `.npz` without pickle. Every tree is complete: node `i` has the children `2 i + 1` and `2 i + 2`,
and where a fitted tree ends early, its leaf is repeated below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats

#: log-odds are kept within this of 0
SUREST = 6.0
#: rows evaluated at a time: keeps what is looked up in the processor's cache
_BLOCK = 64


@dataclass(frozen=True, eq=False, slots=True)
class Boosted:
    """Trees over the same features, each adding to the log-odds of one outcome."""

    #: the outcomes' and the features' names
    outcomes: tuple[str, ...]
    features: tuple[str, ...]
    #: feature tested at each inner node, shape (trees, 2^depth − 1)
    feature: npt.NDArray[np.int16]
    #: go left where value ≤ threshold, same shape
    threshold: npt.NDArray[np.float32]
    #: mean log-odds added to what reaches a node, inner nodes and leaves, shape (trees, 2^(depth + 1) − 1)
    value: npt.NDArray[np.float32]
    #: trees of each outcome, which stand one after the other, shape (outcomes,)
    count: npt.NDArray[np.int32]

    def scores(self, filled: Floats) -> Floats:
        """Log-odds of each outcome, shape (n, outcomes), for complete rows (n, features)."""
        starts = np.cumsum([0, *self.count[:-1]])
        leaves = np.arange(len(self.value))
        sums = [
            np.add.reduceat(
                self.value[leaves, self._path(filled[at : at + _BLOCK], slice(None))[-1]],
                starts,
                axis=1,
                dtype=np.float64,
            )
            for at in range(0, len(filled), _BLOCK)
        ]
        whole = np.concatenate(sums) if sums else np.empty((0, len(self.outcomes)))
        return np.asarray(np.clip(whole, -SUREST, SUREST))

    def contributions(self, filled: Floats, outcome: str) -> dict[str, float]:
        """How much each feature of a complete row moved one outcome's log-odds (Saabas 2014: changes along the paths, summed)."""
        moved, met = self._moved(filled, outcome)
        return {self.features[f]: float(moved[f]) for f in met}

    def strongest(self, filled: Floats, outcomes: Sequence[str], most: int) -> list[list[int]]:
        """Of each outcome the features, at most so many, that raised its log-odds most."""
        out = []
        for outcome in outcomes:
            moved, _ = self._moved(filled, outcome)
            first = np.argsort(-moved, kind="stable")[:most].tolist()
            out.append([f for f in first if moved[f] > 0])
        return out

    def _path(self, filled: Floats, which: slice) -> list[npt.NDArray[np.int64]]:
        """Level by level, from the root on: the node that each row reaches in each of these trees, shape (n, trees)."""
        feature, threshold = self.feature[which], self.threshold[which]
        trees, inner = feature.shape
        rows = np.arange(len(filled))[:, None]
        first = inner * np.arange(trees)
        path = [np.zeros((len(filled), trees), np.int64)]
        while 2 ** len(path) <= inner + 1:
            test = first + path[-1]
            right = filled[rows, feature.take(test)] > threshold.take(test)
            path.append(2 * path[-1] + 1 + right)
        return path

    def _moved(self, filled: Floats, outcome: str) -> tuple[Floats, list[int]]:
        """How much each feature moved an outcome's log-odds, shape (features,), and which features did."""
        k = self.outcomes.index(outcome)
        end = int(self.count[: k + 1].sum())
        mine = slice(end - int(self.count[k]), end)
        path = np.stack([node[0] for node in self._path(filled[None], mine)])
        trees = np.arange(path.shape[1])
        features = self.feature[mine][trees, path[:-1]].ravel()
        change = np.diff(self.value[mine][trees, path].astype(np.float64), axis=0).ravel()
        moved = np.bincount(features, weights=change, minlength=len(self.features)).astype(np.float64)
        return moved, np.unique(features[change != 0]).tolist()
