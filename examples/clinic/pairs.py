"""Sick and healthy runs whose logs look alike: `python -m clinic.pairs`.

For each injected fault the sick run and the healthy run of the same task that lie closest together in the
evidence a diagnosis rests on. Where that is as close as two healthy runs lie to each other, no rule can tell
them apart from the log alone, and only an experiment can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from clinic.dataset import as_run, features_of
from clinic.store import ClinicRun, load
from curvedoctor.actions import ACTIONS
from curvedoctor.model import Floats


@dataclass(frozen=True)
class Pair:
    """A sick run, the healthy one most like it, and how far apart they are (0: the same evidence, 1:
    nothing alike)."""

    sick: ClinicRun
    healthy: ClinicRun
    distance: float
    #: median distance of a healthy run of that task to the healthy one most like it
    usual: float


def apart(one: Floats, others: Floats, scale: Floats) -> Floats:
    """Mean distance over the evidence, each piece in its interquartile ranges and at most 1; shape (n,)."""
    absent = np.isnan(one) != np.isnan(others)
    with np.errstate(invalid="ignore"):
        gap = np.minimum(np.nan_to_num(np.abs(others - one) / scale), 1)
    return np.asarray(np.where(absent, 1.0, gap).mean(axis=1))


def pairs(runs: Sequence[ClinicRun]) -> Iterator[Pair]:
    """The closest pair of each fault."""
    evidence = features_of([as_run(run, "keras", "full") for run in runs])
    evidence = np.where(np.isinf(evidence), np.nan, evidence)
    low, high = np.nanquantile(evidence, [0.25, 0.75], axis=0)
    scale = np.where(high > low, high - low, 1.0)
    healthy = {
        task: [i for i, r in enumerate(runs) if r.healthy and r.task == task]
        for task in {r.task for r in runs}
    }
    usual = {}
    for task, members in healthy.items():
        if len(members) > 1:
            nearest = [
                apart(evidence[i], evidence[[j for j in members if j != i]], scale).min() for i in members
            ]
            usual[task] = float(np.median(nearest))
    closest: dict[str, Pair] = {}
    for i, run in enumerate(runs):
        if run.sick and run.task in usual:
            distance = apart(evidence[i], evidence[healthy[run.task]], scale)
            k = int(np.argmin(distance))
            pair = Pair(run, runs[healthy[run.task][k]], float(distance[k]), usual[run.task])
            best = closest.get(run.fault)
            if best is None or pair.distance / pair.usual < best.distance / best.usual:
                closest[run.fault] = pair
    yield from sorted(closest.values(), key=lambda p: p.distance / p.usual)


def main() -> None:
    """Print the table."""
    print("| fault | sick run | what helps it | the healthy run most like it | apart | two healthy runs |")
    print("| --- | --- | --- | --- | --- | --- |")
    for p in pairs([run for run in load() if not run.final]):
        helps = ", ".join([a for a in ACTIONS if p.sick.helps(a) and a != "run-lr-range-test"][:3])
        print(
            f"| {p.sick.fault} | {p.sick.id} | {helps} | {p.healthy.id} | {p.distance:.2f} | {p.usual:.2f} |"
        )


if __name__ == "__main__":
    main()
