"""Train boosted trees with real libraries, healthy and broken; diagnose them; try each first remedy; print
the table.

    python -m boosting                    # from examples/: all tasks, seed 0, the libraries that are
    installed python -m boosting --seeds 0 1 --library lightgbm --task moons wine --journal runs.jsonl

A training is sick when what is known to be better ends 10 % lower or more; in between 5 % and 10 % nothing is
scored. A remedy helps when the same training with it ends 10 % lower.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import curvedoctor
from boosting.apply import outcome
from boosting.faults import FAULTS, HELPS, HELPS_NOT, Made, cases
from boosting.tasks import TASKS
from boosting.train import describe, installed
from clinic.tally import Tally
from curvedoctor.model import Diagnosis


class Row(NamedTuple):
    """One training: its truth, and what was said."""

    made: Made
    said: Diagnosis
    #: share by which the first remedy lowered the final validation loss; None where none was tried
    gained: float | None

    @property
    def sick(self) -> bool:
        return self.made.kind in FAULTS and self.made.better >= HELPS

    @property
    def scored(self) -> bool:
        return self.made.kind not in FAULTS or self.sick or self.made.better < HELPS_NOT


def rows(libraries: list[str], tasks: list[str], seeds: list[int]) -> Iterator[Row]:
    """Everything, trained and diagnosed."""
    for library in libraries:
        for name in tasks:
            for seed in seeds:
                yield from (judged(made) for made in cases(library, name, seed))


def judged(made: Made) -> Row:
    """The diagnosis of one training, its first remedy really tried."""
    said = curvedoctor.diagnose_curves(made.log.curves, params=dict(made.log.params))
    first = said.prescriptions[0] if said.prescriptions and said.verdict == "sick" else None
    then = outcome(made.where, made.setting, first) if first is not None else None
    return Row(made, said, None if then is None else 1 - then / made.log.final)


def journal(row: Row) -> str:
    """One line of JSON."""
    made, said = row.made, row.said
    return json.dumps({
        "library": made.where.library, "task": made.where.task, "seed": made.where.seed, "kind": made.kind,
        "setting": describe(made.setting), "better": round(made.better, 4), "state": said.state,
        "findings": [found.condition for found in said.findings if found.severity != "info"],
        "first": said.prescriptions[0].text if said.prescriptions else None,
        "gained": None if row.gained is None else round(row.gained, 4),
    })  # fmt: skip


def table(found: list[Row]) -> Iterator[str]:
    """Per library and kind: how many, called sick, and first remedies that helped."""
    head = f"{'library':10} {'kind':24} {'runs':>5} {'sick by trial':>14}"
    yield f"{head} {'called sick':>12} {'first remedy helps':>19}"
    libraries = list(dict.fromkeys(row.made.where.library for row in found))
    for library in libraries:
        for kind in ("healthy", "healthy, stopped early", *FAULTS):
            some = [row for row in found if (row.made.where.library, row.made.kind) == (library, kind)]
            yield f"{library:10} {kind:24} {_counts(some)}"
    told = counted(found)
    needless = [row for row in found if row.made.kind in FAULTS and row.scored and not row.sick]
    yield f"\nhealthy runs called sick: {told.alarms} of {told.sound}"
    helps = f"their first remedy helps in {told.helped} of {told.faults}"
    yield f"sick runs called sick: {told.found} of {told.faults}; {helps}"
    called = sum(row.said.verdict == "sick" for row in needless)
    yield f"runs that the fault did not harm, called sick: {called} of {len(needless)}"


def counted(found: list[Row]) -> Tally:
    """Alarms on healthy trainings, sick ones that are called sick, first remedies that help those."""
    healthy, sick = [row for row in found if row.made.kind not in FAULTS], [row for row in found if row.sick]
    alarms, named = (sum(row.said.verdict == "sick" for row in some) for some in (healthy, sick))
    return Tally(len(healthy), alarms, len(sick), named, sum((row.gained or 0.0) >= HELPS for row in sick))


def _counts(some: list[Row]) -> str:
    sick = [row for row in some if row.sick]
    called = sum(
        row.said.verdict == "sick" for row in (sick if some and some[0].made.kind in FAULTS else some)
    )
    helped = sum((row.gained or 0.0) >= HELPS for row in sick)
    return f"{len(some):5} {len(sick):14} {called:12} {helped:19}"


def main() -> None:
    """Train, diagnose, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--library", nargs="+", default=installed(), choices=installed())
    parser.add_argument("--task", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--journal", type=Path, help="write one line of JSON per training here")
    options = parser.parse_args()
    found: list[Row] = []
    lines = options.journal.open("w") if options.journal else None
    for row in rows(options.library, options.task, options.seeds):
        found.append(row)
        if lines is not None:
            print(journal(row), file=lines, flush=True)
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
