"""What looking at data and code is worth: `python -m clinic.looks`.

Of runs whose faults are known it is known what a look would have found. Each is diagnosed by a model that
never saw its task; where the diagnosis asks for a look, the first prescription is what the look decides on:
the remedy of what was there, else the first that it did not rule out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clinic import judges
from clinic.benchmark import CASES
from clinic.config import Config
from clinic.dataset import as_run
from clinic.experience import experience, runs
from clinic.fit import HABITUAL, STYLED
from clinic.score import percent
from clinic.store import ClinicRun
from curvedoctor.advice.looks import LOOKS
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Diagnosis

#: initializations that nobody wrote
USUAL = ("default", "torch", "pretrained")


def there(c: Config) -> set[str]:
    """The remedies (of `LOOKS`) of what a look at the data and the code of this training finds."""
    found = {
        "normalize-input": bool(c.input_scale or c.input_offset or c.target_scale != 1),
        "clean-data": bool(c.outliers or c.missing or c.label_noise),
        "rebalance-classes": bool(c.imbalance and not c.rebalance),
        "fix-init": c.init not in USUAL,
        "shuffle": c.shuffle != "shuffled",
        "change-loss": c.loss != "right",
    }
    return {action for action, is_there in found.items() if is_there}


class Decided(NamedTuple):
    """Whether what is tried first helps: at once, and after the look that was asked for, if one was."""

    run: ClinicRun
    asked: bool
    #: None: not known
    at_once: bool | None
    looked: bool | None


def decided(run: ClinicRun, diagnosis: Diagnosis) -> Decided:
    """What looking changes for one run."""
    given = [p.action for p in diagnosis.prescriptions]
    reading = diagnosis.readings.get("look")
    if reading is None:
        helps = run.helps(given[0]) if given else None
        return Decided(run, False, helps, helps)
    asked = [str(item["action"]) for item in reading["for"]]  # type: ignore[attr-defined]
    found = there(run.config)
    present = [action for action in asked if action in found]
    rest = [action for action in given if action not in asked]
    first = max(present, key=lambda action: LOOKS[action].helps, default=next(iter(rest), given[0]))
    return Decided(run, True, run.helps(given[0]), run.helps(first))


def asked_of_all(outside: Path | None) -> Iterator[Decided]:
    """Every sick run, diagnosed by a model that never saw its task."""
    found = runs()
    table = experience(found, outside, STYLED, HABITUAL)
    for mask, model in judges.usual(table):
        apart = [found[i] for i in judges.of_run(table, mask, len(found)) if found[i].sick]
        diagnoses = diagnose_runs([as_run(run) for run in apart], Options(alone=True), model)
        yield from (decided(run, diagnosis) for run, diagnosis in zip(apart, diagnoses, strict=True))


def helping(values: Sequence[bool | None]) -> str:
    """Share of those known that help."""
    known = [value for value in values if value is not None]
    return percent(float(np.mean(known))) if known else "–"


def measured() -> Iterator[str]:
    """Per look: in how many runs it was there, and how often its remedy helped where it was tried."""
    for action in LOOKS:
        tried = [run.helps(action) for run in runs() if action in there(run.config)]
        yield f"| {action} | {len(tried)} | {helping(tried)} |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="clinic.looks", description=__doc__)
    parser.add_argument("--outside", type=Path, help="folder with other people's curves, to fit on besides")
    args = parser.parse_args()
    print("| remedy | runs in which it was there | helps |\n| --- | --- | --- |")
    print("\n".join(measured()))
    every = list(asked_of_all(args.outside))
    cause = {fault: name for name, faults in CASES.items() for fault in faults}
    print("\n| sick runs | asked to look | first helps | after looking |\n| --- | --- | --- | --- |")
    groups = {"all": every, "asked to look": [d for d in every if d.asked]}
    groups |= {name: [d for d in every if cause.get(d.run.fault) == name] for name in CASES}
    for name, held in groups.items():
        shares = f"{helping([d.at_once for d in held])} | {helping([d.looked for d in held])}"
        print(f"| {name} ({len(held)}) | {sum(d.asked for d in held)} | {shares} |")


if __name__ == "__main__":
    main()
