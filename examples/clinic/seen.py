"""How right what is seen is, rules alone: alarms on healthy runs, findings on sick ones, precision of each
condition.

`python -m clinic.seen` judges the calibration runs of the clinic (`--final`: the held-out ones, `--drawn`:
those of drawn tasks, which hardly any threshold was chosen by, `--drawn 4 7` of these waves);
`--outside FOLDER` adds AlgoPerf and DeepOBS, whose data are public (see `outside`), and
`--questions FOLDER` the numbers of public threads with a confirmed cause (`tests/golden/questions`).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from clinic.dataset import as_run
from clinic.drawn import store as drawn
from clinic.outside import algoperf, deepobs
from clinic.outside.record import Outside
from clinic.outside.record import as_run as outside_run
from clinic.store import ClinicRun, load
from curvedoctor import diagnose_curves
from curvedoctor.conditions.base import all_conditions
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Diagnosis, Finding

#: a run whose best remedy saves this share of its loss is badly sick
BADLY = 0.5
#: points from which on AlgoPerf's runs are judged
POINTS = 8


def grave(diagnosis: Diagnosis) -> list[Finding]:
    """The findings that make a run sick."""
    return [finding for finding in diagnosis.findings if finding.severity != "info"]


def best_gain(run: ClinicRun) -> float:
    """Share of its loss that the best of the remedies that help saves."""
    return max(
        (saved for a in run.outcomes if run.helps(a) and (saved := run.saved(a)) is not None), default=0.0
    )


def share(part: int, of: int) -> str:
    """A share with its counts."""
    return f"{100 * part / of:.1f} % ({part} of {of})" if of else "–"


def of_clinic(runs: Sequence[ClinicRun]) -> list[str]:
    """Alarms, findings, and the table of the conditions."""
    told = diagnose_runs([as_run(run) for run in runs], Options(alone=True))
    pairs = list(zip(runs, told, strict=True))
    healthy = [bool(grave(d)) for run, d in pairs if run.healthy]
    sick = [(bool(grave(d)), best_gain(run)) for run, d in pairs if run.sick]
    badly = [found for found, gain in sick if gain >= BADLY]
    lines = [
        f"alarms on healthy runs: {share(sum(healthy), len(healthy))}",
        f"sick runs with a finding: {share(sum(found for found, _ in sick), len(sick))}",
        f"badly sick ones (gain of {100 * BADLY:.0f} % and more): {share(sum(badly), len(badly))}",
    ]
    return [*lines, "", *conditions(pairs)]


def conditions(pairs: Sequence[tuple[ClinicRun, Diagnosis]]) -> list[str]:
    """Per condition: how often it makes a run sick, and how often any of its remedies helps there."""
    known = all_conditions()
    count: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for run, diagnosis in pairs:
        for finding in grave(diagnosis):
            helps = [run.helps(action) for action in finding.actions or known[finding.condition].actions]
            row = count[finding.condition]
            row[0] += 1
            row[1] += any(helped is True for helped in helps)
            row[2] += all(helped is False for helped in helps)
    lines = ["| condition | runs | a remedy of its helps, of those scored |", "| --- | --- | --- |"]
    for name, (n, right, wrong) in sorted(count.items(), key=lambda item: -item[1][0]):
        lines.append(f"| {name} | {n} | {share(right, right + wrong)} |")
    return lines


def of_outside(folder: Path) -> list[str]:
    """AlgoPerf's runs by whether they reached their target, DeepOBS' within 5 % of their grid's best;
    first changes of the lr."""
    lines = []
    runs = [run for run in algoperf.load(folder) if max(len(v) for _, v in run.curves.values()) >= POINTS]
    for healthy, name in ((True, "AlgoPerf, target reached"), (False, "AlgoPerf, target missed")):
        lines.append(f"{name}: sick {_sick([run for run in runs if bool(run.healthy) is healthy])}")
    grid = deepobs.load(folder)
    lines.append(
        f"DeepOBS, within 5 % of the grid's best: sick {_sick([run for run in grid if run.healthy])}"
    )
    return lines


def _sick(runs: Sequence[Outside]) -> str:
    told = diagnose_runs([outside_run(run) for run in runs], Options(alone=True))
    return share(sum(d.verdict == "sick" for d in told), len(told))


def of_questions(folder: Path) -> list[str]:
    """First prescriptions against the causes that the threads confirmed."""
    lines = ["| question | verdict | tried first | confirmed |", "| --- | --- | --- | --- |"]
    right = asked = 0
    for place in sorted(path for path in folder.iterdir() if (path / "truth.json").is_file()):
        truth = json.loads((place / "truth.json").read_text())
        diagnosis = diagnose_curves(
            str(place / "log.csv"), params=json.loads((place / "params.json").read_text())
        )
        first = diagnosis.prescriptions[0].action if diagnosis.prescriptions else "–"
        wanted = truth["accepted_actions"] or ["nothing: it is healthy"]
        good = diagnosis.verdict != "sick" if truth.get("verdict") == "healthy" else first in wanted
        right, asked = right + good, asked + 1
        lines.append(
            f"| {'✓' if good else '✗'} {place.name} | {diagnosis.verdict} | {first} | {', '.join(wanted)} |"
        )
    return [*lines, "", f"right: {share(right, asked)}"]


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="clinic.seen", description=__doc__)
    parser.add_argument("--final", action="store_true", help="the held-out tasks")
    parser.add_argument("--drawn", nargs="*", type=int, help="the drawn tasks, or those of these waves")
    parser.add_argument("--outside", type=Path, help="folder with other people's curves")
    parser.add_argument("--questions", type=Path, help="folder with the numbers of public threads")
    args = parser.parse_args(argv)
    fixed = [run for run in load() if run.final == args.final]
    print("\n".join(of_clinic(fixed if args.drawn is None else drawn.load(final=None, waves=args.drawn))))
    if args.outside:
        print("\n".join(["", *of_outside(args.outside)]))
    if args.questions:
        print("\n".join(["", *of_questions(args.questions)]))


if __name__ == "__main__":
    main()
