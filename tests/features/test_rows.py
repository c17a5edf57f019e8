"""The features that the model reads mean what they meant when it was fitted."""

from __future__ import annotations

import numpy as np

from features.rows import PATH, lines


def test_features_are_what_they_were() -> None:
    kept = [line.split(" | ") for line in PATH.read_text(encoding="utf-8").splitlines()[1:]]
    before = {name: (int(known), [float(v) for v in told if v]) for name, known, *told in kept}
    moved = []
    for name, known, told in lines():
        count, values = before.get(name, (0, []))
        if known != count or not np.allclose(told, values, rtol=1e-3, atol=1e-6):
            moved.append(f"{name}: {count} {values}, now {known} {told}")
    assert not moved, "fit the model anew, then: python -m features.rows (from tests/)\n" + "\n".join(moved)
    assert len(before) == len(list(lines()))
