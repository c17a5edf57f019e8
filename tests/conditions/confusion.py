"""The confusion matrix: which conditions fire on which examples.
`python tests/conditions/confusion.py` writes it anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import HEALTHY
from curvedoctor.features.case import build
from curvedoctor.model import Finding

PATH = Path(__file__).with_name("confusion.txt")
SEEDS = 9


def matrix() -> str:
    """One row per example, one column per condition; a digit is the number of 9 seeds on which it fires."""
    known = list(all_conditions().values())
    lines = [
        "Rows: examples. Columns: conditions, numbered. Digits: seeds of 9 on which the condition fires.",
        "",
    ]
    lines += [f"{i:02d} {c.id}" for i, c in enumerate(known)]
    lines += ["", " " * 46 + " ".join(f"{i:02d}" for i in range(len(known)))]
    rows = [("healthy", e) for e in HEALTHY]
    for condition in known:
        rows += [(f"{condition.id} +", e) for e in condition.sick]
        rows += [(f"{condition.id} -", e) for e in condition.healthy if e not in HEALTHY]
    for owner, example in rows:
        cases = build([example(np.random.default_rng(seed)) for seed in range(SEEDS)])
        hits = [sum(isinstance(c.check(case), Finding) for case in cases) for c in known]
        cells = " ".join(f" {n}" if n else " ." for n in hits)
        lines.append(f"{owner + ' ' + example.__name__.strip('_'):46}{cells}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(matrix(), encoding="utf-8")
