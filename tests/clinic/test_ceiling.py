"""What no log tells is measured by the configurations of the runs themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clinic.ceiling import asked, configurations
from clinic.dataset import OUTCOMES, Table
from clinic.store import load
from curvedoctor.features.vector import names


def test_a_configuration_is_all_numbers_words_one_column_each() -> None:
    run = next(iter(load(final=False)))
    base = replace(run.config, lr=0.1, optimizer="sgd", seed=0)
    other = replace(base, lr=0.3, optimizer="adam", seed=7)
    found = configurations([replace(run, config=config) for config in (base, other, base)])
    first, second, third = (found[i] for i in range(3))
    np.testing.assert_array_equal(first, third)
    differ = np.flatnonzero(first != second)
    # the rate, and a column for each of two optimizers; the seed tells nothing
    assert sorted(zip(first[differ], second[differ], strict=True)) == [(0.0, 1.0), (0.1, 0.3), (1.0, 0.0)]


def test_trees_are_asked_of_tasks_that_they_were_not_fitted_on() -> None:
    """A column that names the task helps nobody; one that names the remedy does."""
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(8), 40)
    helps = rng.random(len(task)) < 0.5
    shape = (len(task), len(OUTCOMES))
    labels = np.full(shape, np.nan)
    labels[:, 0] = helps

    def table(column: np.ndarray) -> Table:
        rows = np.zeros((len(task), len(names())))
        rows[:, 0] = column
        tasks = tuple(f"t{t}" for t in task)
        return Table(rows, labels, np.full(shape, np.nan), np.ones(shape), tasks, np.arange(len(task)) * 1.0,
                     ("clinic",) * len(task))  # fmt: skip

    first = np.arange(len(task))
    told = asked(table(helps + 0.0), first)[:, 0]
    assert told[helps].min() > 1 > -1 > told[~helps].max()
    share = np.array([helps[task == t].mean() for t in range(8)])
    by_task = asked(table(share[task]), first)[:, 0]
    assert np.abs(by_task).max() < 1.5
