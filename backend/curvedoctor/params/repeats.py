"""What tells repetitions of one setting apart, and is no choice: the seed, the fold of a cross-validation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from curvedoctor.model import ParamValue
from curvedoctor.params.recognize import recognize

T = TypeVar("T")

REPEATS = frozenset({"seed", "fold"})
#: numbers that follow from how many samples there are: folds of one data set differ in them by a few,
#: and by less than this ratio
COUNTS = frozenset({"n_train", "n_val", "n_test", "steps_per_epoch"})
HARDLY = 1.1
#: "lr=0.1", "lr_0.1", "lr0.1", "bs64", "batch-size_64", "fold_3", "cv3" in a run's name
_IN_NAME = re.compile(
    r"(?:^|[^a-z])(lr|learning_?rate|bs|batch(?:[_-]?size)?|wd|weight_?decay|dropout|epochs|seed|fold|cv|width"
    r"|hidden|depth|momentum)[=_: -]?(\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+)(?=$|[^0-9a-z.]|\.?[a-z])",
    re.IGNORECASE,
)
_SHORT = {"bs": "batch_size", "batch": "batch_size", "wd": "weight_decay", "hidden": "width", "cv": "fold"}


def in_name(name: str) -> dict[str, ParamValue]:
    """The hyperparameters that a run's name tells.

    >>> in_name("grid/lr0.05_bs64_seed3"), in_name("log.csv/fold 2")
    ({'lr': 0.05, 'batch_size': 64, 'seed': 3}, {'fold': 2})
    """
    return recognize({_SHORT.get(k.lower(), k.lower()): v for k, v in _IN_NAME.findall(name[:200])})


def repeat_in(name: str) -> dict[str, ParamValue]:
    """The seed and the fold that a run's name tells."""
    return {key: value for key, value in in_name(name).items() if key in REPEATS}


def not_chosen(settings: Iterable[Mapping[str, ParamValue]]) -> frozenset[str]:
    """What may differ between these runs without being a choice: repeats, and counts that hardly differ."""
    held: dict[str, list[float]] = {}
    for params in settings:
        for name in COUNTS:
            value = params.get(name)
            if isinstance(value, (int, float)):
                held.setdefault(name, []).append(value)
    return REPEATS.union(
        name for name, counts in held.items() if min(counts) < max(counts) < HARDLY * min(counts)
    )


def middle_half(ranked: Sequence[T]) -> tuple[T, T]:
    """The ends of the middle half of what is ranked; the first and the last of two to four.

    >>> middle_half([1, 2, 3, 4, 5, 6]), middle_half([1, 2, 3])
    ((2, 5), (1, 3))
    """
    cut = (len(ranked) - 1) // 4
    return ranked[cut], ranked[len(ranked) - 1 - cut]
