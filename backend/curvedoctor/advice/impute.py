"""Evidence without gaps, as trees need it."""

from __future__ import annotations

import numpy as np

from curvedoctor.model import Floats

#: what stands for a value that was not logged: below every split
MISSING = -1e6
#: features are clipped here
LARGEST = 1e5


def impute(rows: Floats) -> Floats:
    """Rows without gaps: what was not logged lies below every split."""
    clipped = np.clip(rows, -LARGEST, LARGEST)
    return np.where(np.isnan(rows), MISSING, clipped).astype(np.float32).astype(np.float64)
