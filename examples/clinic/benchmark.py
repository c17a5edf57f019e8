"""The benchmark: what is seen (alarms) and what is suggested (odds), held against remedies that were really
tried.

`python -m clinic.benchmark` judges a sample of the calibration runs (`--whole`: all), each by a model that
never saw its task. `--outside FOLDER` adds other people's curves, each source judged by a model that saw
nothing of it, and by one that saw its other tasks, `--kinds` whole kinds of data held out, `--curve FILE`
the curve over tasks, `--peers` other people's tools; `--final` judges the held-out tasks by the model that
is shipped: to be looked at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from clinic import judges
from clinic.dataset import Table, as_run
from clinic.drawn import store as drawn
from clinic.experience import CACHE, experience, runs
from clinic.fit import HABITUAL, STYLED
from clinic.score import Answer, Score, Tried, coverage, per_action, percent, score, split, wilson
from clinic.store import ClinicRun, load
from clinic.strangers import strangers
from clinic.thumb import always, rule_table
from curvedoctor.model import Run

#: runs that are looked at unless `--whole`, and for each further way to log them
SAMPLE, FEWER = 600, 300
AS_WRITTEN = "curvedoctor, as people write logs"
#: what practitioners name as causes, and the faults that are made for them
CASES = {
    "uneven and small batches": ("uneven-batches", "tiny-batch"), "capacity": ("small-net", "big-net-long"),
    "scale": ("inputs-unscaled",), "outliers": ("outliers",), "missing values": ("missing-values",),
    "imbalance": ("imbalance",), "initialization": ("init-bad", "dead-relu"),
    "measured on little": ("tiny-validation", "metric-bug"),
    "schedule and log": ("scheduler-per-batch", "log-fault"),
}  # fmt: skip
POINTS = ((5, "up to 5"), (15, "6 to 15"), (50, "16 to 50"), (10**9, "more than 50"))

SUGGESTIONS = (
    "| suggested by | sick runs | first helps | one of three | regret | calibration error | asks first |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)
ALARMS = (
    "| seen by | alarms on sick runs | whose first helps | alarms on healthy runs |\n| --- "
    "| --- | --- | --- |"
)


def suggestions(name: str, s: Score) -> str:
    """One row of the table of suggestions."""
    low, high = wilson(s.first, s.scored) if s.scored else (np.nan, np.nan)
    first = f"{percent(s.first)} ({percent(low)}–{percent(high)})" if s.scored else "–"
    error = "–" if np.isnan(s.calibration) else f"{s.calibration:.3f}"
    return (
        f"| {name} | {s.sick} | {first} | {percent(s.three)} | {percent(s.regret)} | {error} | "
        f"{percent(s.asks)} |"
    )


def alarms(name: str, s: Score) -> str:
    """One row of the table of alarms."""
    return (
        f"| {name} | {percent(s.alarms)} of {s.sick} | {percent(s.alarms_help)} "
        f"| {percent(s.false_alarms)} of {s.healthy} |"
    )


def sample(found: Sequence[ClinicRun], size: int) -> list[int]:
    """Places of so many runs: of each fault in turn, evenly over tasks."""
    by: dict[str, list[int]] = defaultdict(list)
    for i in np.random.default_rng(0).permutation(len(found)).tolist():
        by[found[i].fault].append(i)
    turns = max(map(len, by.values()), default=0)
    order = [held[k] for k in range(turns) for held in by.values() if k < len(held)]
    return sorted(order[:size])


def whole_groups(found: Sequence[ClinicRun], places: Iterable[int]) -> list[int]:
    """These runs and all their siblings."""
    groups = {found[i].group for i in places if found[i].group}
    return sorted({*places, *(i for i, run in enumerate(found) if run.group in groups)})


def points_of(run: Run) -> str:
    """How many points the longest curve has."""
    most = max((len(curve) for curve in run.curves), default=0)
    return next(name for top, name in POINTS if most <= top)


class Ours:
    """curvedoctor's answers for the clinic's runs."""

    def __init__(self, found: Sequence[ClinicRun], table: Table | None, fitted: judges.Models) -> None:
        self.found, self.table, self.fitted = found, table, fitted

    def ask(self, logs: Sequence[Run], places: Sequence[int], *, alone: bool = True) -> list[Answer]:
        """By the models that never saw the tasks; by the shipped one where none was fitted."""
        if self.table is None:
            return judges.ours(logs, None, alone=alone)
        return judges.each_by_its_own(logs, places, self.table, self.fitted, len(self.found), alone=alone)

    def logged(self, places: Sequence[int], level: str | None = None, *, alone: bool = True) -> list[Answer]:
        """Of runs as they were logged, with so much of their hyperparameters."""
        return self.ask([as_run(self.found[i], None, level) for i in places], places, alone=alone)


Rows = dict[str, tuple[Sequence[Tried], list[Answer]]]


def ways(ours: Ours, places: list[int]) -> Iterator[tuple[str, Sequence[Tried], list[Answer]]]:
    """The same runs, asked and logged in different ways."""
    found, fewer = ours.found, places[:: max(1, len(places) // FEWER)]
    yield "curvedoctor, each run alone", [found[i] for i in places], ours.logged(places)
    families = whole_groups(found, fewer)
    yield "curvedoctor, with siblings", [found[i] for i in families], ours.logged(families, alone=False)
    for level, name in (("full", "all"), ("some", "some"), ("none", "no")):
        yield f"curvedoctor, {name} hyperparameters", [found[i] for i in fewer], ours.logged(fewer, level)
    shown, logs = judges.as_people_log([found[i] for i in places])
    yield AS_WRITTEN, shown, ours.ask(logs, places)


def baselines(chosen: Sequence[ClinicRun], peers: bool) -> Rows:
    """What others say of the same runs."""
    logs = [as_run(run) for run in chosen]
    rows: Rows = {"rule table for agents": (chosen, [rule_table(log) for log in logs])}
    rows |= {
        f"always {action}": (chosen, [always(action)] * len(chosen))
        for action in ("raise-lr", "train-longer")
    }
    if peers:
        from clinic.peers import PEERS, answers

        rows |= {name: (chosen, answers(name, chosen)) for name in PEERS}
    return rows


def by(title: str, parts: Mapping[str, Score]) -> list[str]:
    """Suggestions for each kind of run."""
    return [
        "",
        SUGGESTIONS.replace("suggested by", title),
        *(suggestions(n, s) for n, s in parts.items() if s.sick),
    ]


def actions(chosen: Sequence[Tried], answers: Sequence[Answer]) -> list[str]:
    """Per action, as Markdown."""
    head = [
        "",
        "| action | precision as first | given first | recall among three | helps in |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows = per_action(chosen, answers)
    return head + [f"| {a} | {percent(p)} | {n} | {percent(r)} | {m} |" for a, (p, n, r, m) in rows.items()]


def report(ours: Ours, places: list[int], args: argparse.Namespace) -> Iterator[str]:
    """All tables."""
    chosen = [ours.found[i] for i in places]
    rows: Rows = {name: (about, said) for name, about, said in ways(ours, places)} | baselines(
        chosen, args.peers
    )
    if ours.table is not None and args.kinds:
        apart = Ours(ours.found, ours.table, judges.kinds_apart(ours.found, ours.table))
        rows["curvedoctor, kind of data held out"] = (chosen, apart.logged(places))
    scores = {name: score(*row) for name, row in rows.items()}
    yield from (SUGGESTIONS, *(suggestions(n, s) for n, s in scores.items()))
    yield from ("", ALARMS, *(alarms(n, s) for n, s in scores.items()))
    own = rows["curvedoctor, each run alone"]
    yield from by("fault", split(*own, of=lambda run: getattr(run, "fault", "")))
    case = {fault: name for name, faults in CASES.items() for fault in faults}
    places = [i for i, run in enumerate(ours.found) if run.fault in case]
    every = [ours.found[i] for i in places], ours.logged(places)
    yield from by("cause (all of its runs)", split(*every, of=lambda run: case[getattr(run, "fault", "")]))
    yield from by(
        "tasks", split(*own, of=lambda run: "drawn" if "~" in getattr(run, "task", "") else "fixed")
    )
    written = rows[AS_WRITTEN]
    logs = judges.as_people_log(chosen)[1]
    length = {id(run): points_of(log) for run, log in zip(written[0], logs, strict=True)}
    yield from by("points of the longest curve", split(*written, of=lambda run: length[id(run)]))
    yield from actions(*own)
    low, high, n = coverage(*own)
    yield (
        f"\nGains of {n} actions tried: {percent(low)} below the tenth percentile told, "
        f"{percent(high)} up to the ninetieth."
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="clinic.benchmark", description=__doc__)
    parser.add_argument(
        "--final", action="store_true", help="the held-out tasks, judged by the shipped model"
    )
    parser.add_argument("--whole", action="store_true", help="all runs, not a sample")
    parser.add_argument("--outside", type=Path, help="folder with other people's curves")
    parser.add_argument("--kinds", action="store_true", help="also whole kinds of data held out in turn")
    parser.add_argument(
        "--peers", action="store_true", help="also runmedic, trainspotter, trainproof (from PyPI)"
    )
    parser.add_argument("--curve", type=Path, help="draw the curve over tasks into this PNG file")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder in which feature rows are kept")
    args = parser.parse_args(argv)
    start = time.process_time()
    if args.final:
        found, table, fitted = [*load(final=True), *drawn.load(final=True)], None, ()
    else:
        found = runs()
        table = experience(found, args.outside, STYLED, HABITUAL, args.cache)
        fitted = judges.usual(table)
    places = list(range(len(found))) if args.whole else sample(found, SAMPLE)
    print(f"{len(places)} of {len(found)} runs of {len({run.task for run in found})} tasks\n")
    for line in report(Ours(found, table, fitted), places, args):
        print(line, flush=True)
    if table is not None and args.outside:
        for line in strangers(args.outside, table, fitted):
            print(line, flush=True)
    if table is not None and args.curve:
        from clinic.growth import growth, picture

        points = growth(table)
        picture(points, args.curve)
        print("\n| tasks | first helps | one of three |\n| --- | --- | --- |")
        print("\n".join(f"| {n} | {percent(first)} | {percent(three)} |" for n, first, three in points))
    print(f"{time.process_time() - start:.0f} s of processor time", file=sys.stderr)


if __name__ == "__main__":
    main()
