"""Boosted trees for several outcomes, read and evaluated with numpy alone.

Fitted elsewhere (`examples/clinic`; gradient boosting, Friedman 2001) and shipped as flat arrays in
an `.npz` without pickle. Every tree is complete: node `i` has the children `2 i + 1` and `2 i + 2`,
and where a fitted tree ends early, its leaf is repeated below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.differential.complete import complete
from curvedoctor.model import Floats

#: log-odds are kept within this of 0 before they are calibrated
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
    #: logistic calibration of each outcome's log-odds (Platt 1999), shape (outcomes,)
    slope: npt.NDArray[np.float32]
    intercept: npt.NDArray[np.float32]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Boosted:
        """From the arrays of an `.npz`; raises KeyError where one is missing."""
        fields = ("feature", "threshold", "value", "count", "slope", "intercept")
        return cls(
            outcomes=tuple(str(s) for s in arrays["outcomes"]),
            features=tuple(str(s) for s in arrays["features"]),
            **{name: arrays[name] for name in fields},  # type: ignore[arg-type]
        )

    def scores(self, rows: Floats) -> Floats:
        """Log-odds of each outcome before calibration, shape (n, outcomes), for rows (n, features)."""
        filled = complete(rows)
        starts = np.cumsum([0, *self.count[:-1]])
        parts = [filled[at : at + _BLOCK] for at in range(0, len(filled), _BLOCK)]
        sums = [
            np.add.reduceat(self._reached(part, slice(None))[-1][1], starts, axis=1, dtype=np.float64)
            for part in parts
        ]
        return np.concatenate(sums) if sums else np.empty((0, len(self.outcomes)))

    def calibrated(self, rows: Floats) -> Floats:
        """Calibrated log-odds of each outcome, shape (n, outcomes), for rows (n, features)."""
        return np.clip(self.scores(rows), -SUREST, SUREST) * self.slope + self.intercept

    def contributions(self, row: Floats, outcome: str) -> dict[str, float]:
        """How much each feature moved one outcome's log-odds (Saabas 2014: changes along the paths, summed)."""
        moved, met = self._moved(row, outcome)
        return {self.features[f]: float(moved[f]) for f in met}

    def strongest(self, row: Floats, outcomes: Sequence[str], most: int) -> list[list[int]]:
        """Of each outcome the features, at most so many, that raised its log-odds most."""
        out = []
        for outcome in outcomes:
            moved, _ = self._moved(row, outcome)
            first = np.argsort(-moved, kind="stable")[:most].tolist()
            out.append([f for f in first if moved[f] > 0])
        return out

    def _reached(
        self, filled: Floats, which: slice
    ) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
        """Level by level, from the root on: the node that each row reaches in each of these trees, its value."""
        feature, threshold, value = self.feature[which], self.threshold[which], self.value[which]
        trees, inner = feature.shape
        rows = np.arange(len(filled))[:, None]
        tests, leaves = inner * np.arange(trees), value.shape[1] * np.arange(trees)
        node = np.zeros((len(filled), trees), np.int64)
        out = [(node, value.take(leaves + node))]
        while 2 ** len(out) <= inner + 1:
            test = tests + node
            right = filled[rows, feature.take(test)] > threshold.take(test)
            node = 2 * node + 1 + right
            out.append((node, value.take(leaves + node)))
        return out

    def _moved(self, row: Floats, outcome: str) -> tuple[Floats, list[int]]:
        """How much each feature moved an outcome's log-odds, shape (features,), and which features did."""
        k = self.outcomes.index(outcome)
        end = int(self.count[: k + 1].sum())
        mine = slice(end - int(self.count[k]), end)
        levels = self._reached(complete(row[None]), mine)
        trees = np.arange(int(self.count[k]))
        features = np.stack([self.feature[mine][trees, node[0]] for node, _ in levels[:-1]]).ravel()
        change = np.diff(np.stack([value[0].astype(np.float64) for _, value in levels]), axis=0).ravel()
        moved = np.bincount(features, weights=change, minlength=len(self.features)).astype(np.float64)
        return moved, np.unique(features[change != 0]).tolist()
