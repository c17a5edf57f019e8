"""Boosted decision trees, read and evaluated with numpy alone.

Fitted elsewhere (`examples/clinic`, LightGBM) and shipped as flat arrays in an `.npz` without
pickle: one row per node, trees one after the other. Missing values go the way that fitting chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats


@dataclass(frozen=True, eq=False, slots=True)
class Forest:
    """Trees for several outcomes over the same features. Node arrays have shape (nodes,)."""

    #: the outcomes' and the features' names
    outcomes: tuple[str, ...]
    features: tuple[str, ...]
    #: feature tested at a node, −1 at a leaf
    feature: npt.NDArray[np.int16]
    #: go left where value ≤ threshold
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    #: missing values go left
    missing_left: npt.NDArray[np.bool_]
    #: log-odds at the node (mean over what reached it; the output at leaves)
    value: npt.NDArray[np.float32]
    #: first node and outcome of each tree, shape (trees,)
    roots: npt.NDArray[np.int32]
    owner: npt.NDArray[np.int16]
    #: per outcome: offset added to the sum of its trees, then slope and intercept of its calibration
    offset: npt.NDArray[np.float32]
    slope: npt.NDArray[np.float32]
    intercept: npt.NDArray[np.float32]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Forest:
        """From the arrays of an `.npz`; raises KeyError where one is missing."""
        fields = ("feature", "threshold", "left", "right", "missing_left", "value", "roots", "owner")
        return cls(
            outcomes=tuple(str(s) for s in arrays["outcomes"]),
            features=tuple(str(s) for s in arrays["features"]),
            **{name: arrays[name] for name in (*fields, "offset", "slope", "intercept")},  # type: ignore[arg-type]
        )

    def probabilities(self, rows: Floats) -> Floats:
        """Calibrated probability of each outcome, shape (n, outcomes), for rows (n, features)."""
        leaf = self._descend(rows)
        total = np.zeros((len(rows), len(self.outcomes)))
        for k in range(len(self.outcomes)):
            total[:, k] = self.value[leaf[:, self.owner == k]].sum(axis=1)
        score = (total + self.offset) * self.slope + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -30, 30))))

    def contributions(self, row: Floats, outcome: str) -> dict[str, float]:
        """How much each feature moved one outcome's log-odds (Saabas 2014: change of node value along the path)."""
        k = self.outcomes.index(outcome)
        values = row.tolist()
        moved: dict[str, float] = {}
        for node in self.roots[self.owner == k].tolist():
            while (f := int(self.feature[node])) >= 0:
                x = values[f]
                left = bool(self.missing_left[node]) if isnan(x) else x <= float(self.threshold[node])
                below = int(self.left[node] if left else self.right[node])
                name = self.features[f]
                moved[name] = moved.get(name, 0.0) + float(self.value[below]) - float(self.value[node])
                node = below
        return moved

    def _descend(self, rows: Floats) -> npt.NDArray[np.int32]:
        """The leaf each row reaches in each tree, shape (n, trees)."""
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        index = np.arange(len(rows))[:, None]
        while True:
            feature = self.feature[node]
            inner = feature >= 0
            if not inner.any():
                return np.asarray(node)
            values = rows[index, np.maximum(feature, 0)]
            with np.errstate(invalid="ignore"):
                left = np.where(np.isnan(values), self.missing_left[node], values <= self.threshold[node])
            node = np.where(inner, np.where(left, self.left[node], self.right[node]), node)
