"""A forest of randomized trees for all outcomes at once, read and evaluated with numpy alone.

Fitted elsewhere (`examples/clinic`; extremely randomized trees, Geurts et al. 2006) and shipped as
flat arrays in an `.npz` without pickle: one row per node, trees one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.model import Floats

#: shares are stored in steps of 1/255
STEPS = 255.0
#: probabilities are kept this far from 0 and 1 before they are calibrated
MARGIN = 2e-3


@dataclass(frozen=True, eq=False, slots=True)
class Forest:
    """Trees over the same features; every leaf knows the share of each outcome among what reached it."""

    #: the outcomes' and the features' names
    outcomes: tuple[str, ...]
    features: tuple[str, ...]
    #: feature tested at a node, −1 at a leaf; shape (nodes,)
    feature: npt.NDArray[np.int16]
    #: go left where value ≤ threshold; shape (nodes,)
    threshold: npt.NDArray[np.float32]
    #: children, shape (nodes,); at a leaf `left` is its row in `share`
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    #: share of each outcome in 1/255, shape (leaves, outcomes)
    share: npt.NDArray[np.uint8]
    #: first node of each tree, shape (trees,)
    roots: npt.NDArray[np.int32]
    #: logistic calibration of each outcome's log-odds (Platt 1999), shape (outcomes,)
    slope: npt.NDArray[np.float32]
    intercept: npt.NDArray[np.float32]

    def shares(self, filled: Floats) -> Floats:
        """Mean share of each outcome over the trees, shape (n, outcomes), for complete rows (n, features)."""
        index = np.arange(len(filled))[:, None]
        node = np.broadcast_to(self.roots, (len(filled), len(self.roots)))
        while True:
            feature = self.feature[node]
            inner = feature >= 0
            if not inner.any():
                break
            left = filled[index, np.maximum(feature, 0)] <= self.threshold[node]
            node = np.where(inner, np.where(left, self.left[node], self.right[node]), node)
        return np.stack([self.share[self.left[leaves]].mean(axis=0) for leaves in node]) / STEPS

    def calibrated(self, filled: Floats) -> Floats:
        """Calibrated log-odds of each outcome, shape (n, outcomes), for complete rows (n, features)."""
        p = np.clip(self.shares(filled), MARGIN, 1 - MARGIN)
        return np.asarray(np.log(p / (1 - p)) * self.slope + self.intercept)
