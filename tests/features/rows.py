"""What the features of all examples are like; `python -m features.rows` (from tests/) writes it anew."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from curvedoctor.conditions.base import all_conditions
from curvedoctor.features.case import build
from curvedoctor.features.vector import matrix, names

PATH = Path(__file__).with_name("rows.txt")
HEAD = "feature | examples that have it | mean | standard deviation | lowest | highest"


def lines() -> Iterator[tuple[str, int, tuple[float, ...]]]:
    """Of each feature: its name, how many examples have it, its mean, spread and range over these."""
    made = [e for c in all_conditions().values() for e in (*c.sick, *c.healthy)]
    rows = matrix(build([example(np.random.default_rng(1)) for example in made]))
    for name, column in zip(names(), rows.T, strict=True):
        known = column[np.isfinite(column)]
        told = (known.mean(), known.std(), known.min(), known.max()) if len(known) else ()
        yield name, len(known), tuple(float(v) for v in told)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    text = [f"{name} | {known} | {' | '.join(f'{v:.5g}' for v in told)}" for name, known, told in lines()]
    PATH.write_text("\n".join([HEAD, *text]) + "\n", encoding="utf-8")
