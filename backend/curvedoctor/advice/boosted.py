"""Boosted trees for several outcomes, read and evaluated with numpy alone.

Fitted elsewhere (`examples/clinic`; gradient boosting, Friedman 2001) and shipped as flat arrays in
an `.npz` without pickle. Every tree is complete: node `i` has the children `2 i + 1` and `2 i + 2`,
and where a fitted tree ends early, its leaf is repeated below.
"""

from __future__ import annotations

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
        first = self.value.shape[1] * np.arange(len(self.value))[:, None]
        sums = [np.empty((0, len(self.outcomes)))]
        for at in range(0, len(filled), _BLOCK):
            leaves = self.value.take(first + self._path(filled[at : at + _BLOCK], slice(None))[-1])
            sums.append(np.add.reduceat(leaves, starts, axis=0, dtype=np.float64).T)
        return np.asarray(np.clip(np.concatenate(sums), -SUREST, SUREST))

    def contributions(self, filled: Floats, outcome: str) -> Floats:
        """How much each feature of complete rows (n, features) moved one outcome's log-odds, same shape
        (Saabas 2014: changes along the paths, summed)."""
        k = self.outcomes.index(outcome)
        end = int(self.count[: k + 1].sum())
        mine = slice(end - int(self.count[k]), end)
        path = np.stack(self._path(filled, mine))
        trees = np.arange(path.shape[1])[:, None]
        change = np.diff(self.value[mine][trees, path].astype(np.float64), axis=0)
        moved = self.feature[mine][trees, path[:-1]] + filled.shape[1] * np.arange(len(filled))
        summed = np.bincount(moved.ravel(), change.ravel(), filled.size).astype(np.float64)
        return summed.reshape(filled.shape)

    def _path(self, filled: Floats, which: slice) -> list[npt.NDArray[np.int8]]:
        """Level by level, from the root on: the node that each row reaches in each of these trees, shape
        (trees, n).

        All nodes of a level are tested, whether they are reached or not: at so few levels, that is quicker.
        """
        feature, threshold = self.feature[which], self.threshold[which]
        by_feature = np.ascontiguousarray(filled.T)
        path = [np.zeros((len(feature), len(filled)), np.int8)]
        while (first := 2 ** (len(path) - 1) - 1) < feature.shape[1]:
            right = np.zeros(path[0].shape, np.bool_)
            for node in range(first, 2 * first + 1):
                above = by_feature.take(feature[:, node], axis=0) > threshold[:, node, None]
                right |= above & (path[-1] == node)
            path.append(2 * path[-1] + 1 + right)
        return path
