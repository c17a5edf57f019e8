"""How much no log tells: `python -m clinic.ceiling`.

The odds are fitted on what the log tells, on the whole configuration (the fault that was put in, and all else
that a log may leave out), and on both, and asked of tasks that they were not fitted on. What they miss with
the configuration before them no reading of curves will find: it takes other tasks, or an experiment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from clinic.benchmark import CASES
from clinic.dataset import Table
from clinic.experience import experience, runs
from clinic.fit import HABITUAL, STYLED, as_boosted, boost, folds
from clinic.growth import first_and_three
from clinic.score import percent
from clinic.store import ClinicRun
from curvedoctor.advice.impute import impute
from curvedoctor.model import Floats


def configurations(found: Sequence[ClinicRun]) -> Floats:
    """All that is set in each run and what its task is, words as one column each, shape (runs, columns)."""
    told = [
        asdict(run.config) | {"kind": run.kind, "family": run.family, "modality": run.modality}
        for run in found
    ]
    columns = []
    for name in sorted(told[0].keys() - {"task", "seed"}):
        values = [each[name] for each in told]
        if any(isinstance(value, str) for value in values):
            columns += [[float(value == word) for value in values] for word in sorted({*map(str, values)})]
        else:
            columns.append([np.nan if value is None else float(value) for value in values])
    return np.array(columns).T


def asked(table: Table, first: Floats) -> Floats:
    """Log-odds of each run as it was logged (the rows at `first`), of trees that saw none of its task."""
    odds = np.full((len(first), table.labels.shape[1]), np.nan)
    for mask in folds(table.tasks):
        held = mask[first]
        trees = as_boosted(boost(table, ~mask))
        odds[held] = trees.scores(impute(table.rows[first[held]]))
    return odds


def main() -> None:
    """Print the table."""
    found = runs()
    table = experience(found, None, STYLED, HABITUAL)
    first = np.unique(table.run, return_index=True)[1]
    beside = configurations(found)[table.run.astype(int)]
    known = {
        "the log": table,
        "the configuration": replace(table, rows=beside),
        "both": replace(table, rows=np.column_stack([table.rows, beside])),
    }
    odds = {name: asked(part, first) for name, part in known.items()}
    print(f"| of sick runs | {' | '.join(known)} |\n| --- |{' --- |' * len(known)}")
    cause = {fault: name for name, faults in CASES.items() for fault in faults}
    for name in ("all", *CASES):
        at = np.array([name in ("all", cause.get(run.fault)) for run in found])
        shares = [first_and_three(each[at], table.labels[first][at]) for each in odds.values()]
        print(f"| {name} | {' | '.join(f'{percent(one)}, {percent(three)}' for one, three in shares)} |")


if __name__ == "__main__":
    main()
