"""The six steps to a learning rate, and which of them the logs show as done.

Initial loss, overfitting a handful of samples, range test, coarse grid, refined grid, learning
curves (after the CS231n notes and Karpathy 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from curvedoctor.compare import summary, wording
from curvedoctor.compare.prolong import COARSE
from curvedoctor.compare.types import Group, RangeTest, State, Step
from curvedoctor.features.case import Case
from curvedoctor.features.chance import expected_first_loss
from curvedoctor.model import Diagnosis
from curvedoctor.readings import overfit_check
from curvedoctor.reports.phrases import sentence

#: a first loss this many times off is not that of an untrained model
OFF = 1.5
#: values of lr, and decades between them, that make a grid
VALUES, DECADES = 3, 0.9
#: neighbours of a refined grid are closer than this ratio
CLOSE = 2.6
#: a refined grid's runs last at least this many epochs
REFINED = 8.0
TITLES = (
    "check the initial loss",
    "overfit a handful of samples",
    "learning-rate range test",
    "coarse grid, 1 to 5 epochs",
    "refined grid, 10 to 50 epochs",
    "look at the learning curves",
)


def steps(
    cases: Sequence[Case],
    diagnoses: Sequence[Diagnosis],
    groups: Sequence[Group],
    tests: Sequence[RangeTest],
) -> tuple[Step, ...]:
    """The state of each of the six steps."""
    answers = (
        _initial(cases),
        _overfit(cases),
        _range(tests),
        _coarse([group for group in groups if group.one_task != "unknown"]),
        _refined([group for group in groups if group.one_task != "unknown"]),
        _curves(cases, diagnoses, groups),
    )
    return tuple(
        Step(i, title, state, text)
        for i, (title, (state, text)) in enumerate(zip(TITLES, answers, strict=True), start=1)
    )


def _initial(cases: Sequence[Case]) -> tuple[State, str]:
    """Whether runs began at the loss of an untrained model."""
    expected = [(case, e) for case in cases if (e := expected_first_loss(case)) is not None]
    firsts = [(case, s.stats.first, e) for case, e in expected if (s := case.finest_train) is not None]
    # the mean of a first epoch says little of the untrained model where others log their steps
    firsts = [f for f in firsts if f[0].train_step is not None] or firsts
    if not firsts:
        return (
            "unknown",
            "The loss function (and number of classes) is not logged, so the first loss has "
            "nothing to be compared with.",
        )
    off = [f for f in firsts if not e_over(f[1], f[2])]
    right = [f for f in firsts if f not in off]
    # runs of two classes and of ten begin elsewhere: what is said of one must not stand for the other
    levels = sorted({f"{e:.3g}" for _, _, e in right}, key=float)
    if len(off) < len(firsts) / 2:
        but = f", but for {len(off)} of {len(firsts)} runs" if off else ""
        return "done", f"The first losses are near the {' or '.join(levels)} of an untrained model{but}."
    case, first, e = max(off, key=lambda f: abs(math.log(max(f[1], 1e-9) / f[2])))
    if first < e and (case.train_step is None):
        return (
            "unknown",
            "The first logged loss is the mean of an epoch: log the loss per step to see what the "
            "untrained model gives.",
        )
    return (
        "failed",
        f"{case.run.name} begins at {first:.3g} instead of {e:.3g}: look at the inputs' scale "
        "and the initialization before the lr.",
    )


def e_over(first: float, expected: float) -> bool:
    """Whether a first loss is near what is expected."""
    return math.isfinite(first) and expected / OFF <= first <= expected * OFF


def _overfit(cases: Sequence[Case]) -> tuple[State, str]:
    """Whether a run on a handful of samples reached a loss of ~0."""
    readings = [(case, r) for case in cases if (r := overfit_check.read(case)) is not None]
    if not readings:
        return (
            "missing",
            "No run on a handful of samples: train on 5 to 10 until the loss is ~0; if it stays, "
            "look at the model and the code.",
        )
    passed = [case.run.name for case, r in readings if r["reached_zero"]]
    if passed:
        return "done", f"{passed[0]} drove the loss of a handful of samples to ~0."
    case, r = readings[0]
    return (
        "failed",
        f"{case.run.name} ended at {float(str(r['final'])):.3g} on {r['samples']} samples: "
        "check architecture, lr, depth and the code first.",
    )


def _range(tests: Sequence[RangeTest]) -> tuple[State, str]:
    useful = [t for t in tests if t.suggested is not None]
    if useful:
        return "done", f"{useful[0].run} suggests an lr near {useful[0].suggested:g}."
    if tests:
        return (
            "failed",
            f"In {tests[0].run} the loss never falls: begin at a lower lr, or look at the model first.",
        )
    return (
        "missing",
        "No range test: raise the lr from 1e-6 to 1 over 100 to 500 steps, take the lr where "
        "the loss falls steeply.",
    )


def _lrs(group: Group, long: bool) -> list[float]:
    """Values of lr that a group tried in long (or in short) runs, ascending."""
    rates = set()
    for o in group.outcomes:
        lr = o.params.get("lr")
        if isinstance(lr, (int, float)) and lr > 0 and (o.epochs is not None and o.epochs > COARSE) == long:
            rates.add(float(lr))
    return sorted(rates)


def _coarse(groups: Sequence[Group]) -> tuple[State, str]:
    """Three values of lr or more over a decade."""
    for long in (False, True):
        for group in groups:
            lrs = _lrs(group, long)
            if len(lrs) >= VALUES and math.log10(lrs[-1] / lrs[0]) >= DECADES:
                how = "with full-length runs" if long else "in short runs"
                return "done", f"{len(lrs)} values of lr from {lrs[0]:.3g} to {lrs[-1]:.3g} were tried {how}."
    return (
        "missing",
        "No grid: try 4 or 5 values of lr a factor 3 apart, around the range test's, for 1 to 5 epochs each.",
    )


def _refined(groups: Sequence[Group]) -> tuple[State, str]:
    """Three neighbours close to each other, around the best, in runs of some length."""
    for group in groups:
        best = group.region.best.get("lr") if group.region else None
        lrs = sorted({float(v) for o in group.outcomes if (o.epochs or 0) >= REFINED
                      and isinstance(v := o.params.get("lr"), (int, float)) and v > 0})  # fmt: skip
        if not isinstance(best, (int, float)) or len(lrs) < VALUES or float(best) not in lrs:
            continue
        i = lrs.index(float(best))
        if 0 < i < len(lrs) - 1 and max(lrs[i + 1] / lrs[i], lrs[i] / lrs[i - 1]) <= CLOSE:
            return (
                "done",
                f"Values around the best ({best:g}) were tried down to a factor "
                f"{lrs[i + 1] / lrs[i]:.2g} apart.",
            )
    return (
        "missing",
        "No refined grid: values a factor 1.5 to 2 apart around the best of the coarse grid, "
        "10 to 50 epochs each.",
    )


def _curves(
    cases: Sequence[Case], diagnoses: Sequence[Diagnosis], groups: Sequence[Group]
) -> tuple[State, str]:
    """Whether the best run logs both curves, long enough; and what its diagnosis is."""
    best = {name for group in groups if group.region for name in group.region.runs}
    by_name = {case.run.name: (case, d) for case, d in zip(cases, diagnoses, strict=True)}
    for name in sorted(best):
        case, diagnosis = by_name[name]
        both = case.finest_train is not None and case.val is not None
        long = max((s.stats.n for s in (case.train, case.val) if s is not None), default=0) >= REFINED
        if both and long:
            if diagnosis.verdict == "sick":
                first = diagnosis.prescriptions[0].text if diagnosis.prescriptions else ""
                return (
                    "failed",
                    f"The best run, {name}, shows {diagnosis.findings[0].condition}. {first}".strip(),
                )
            if diagnosis.verdict == "undetermined":
                return "unknown", f"The best run, {name}, logs too little to be judged."
            return (
                "done",
                f"The best run, {name}, logs training and validation, and nothing is wrong with them.",
            )
    return "missing", "The best run should log training and validation loss over 10 epochs or more."


def next_step(all_steps: Sequence[Step], groups: Sequence[Group]) -> str:
    """The one thing to do next: a failed early step, else what the largest group asks for,
    else the first step that is not done."""
    failed = next((step for step in all_steps[:2] if step.state == "failed"), None)
    if failed is not None:
        return failed.text
    varied = [group for group in groups if group.factors]
    for group in sorted(groups, key=lambda group: (not _open(group), -len(group.outcomes))):
        if asked := summary.coming(group):
            where = f" (in {wording.shown(group.name)})" if len(varied) > 1 else ""
            return f"{asked[0].removeprefix(summary.NEXT).rstrip('.')}{where}."
    done = {step.number for step in all_steps if step.state == "done"}
    for step in all_steps:
        skipped = step.number < max(done, default=0) and step.number in (2, 3)
        if step.state in ("missing", "failed") and not skipped:
            return sentence(step.text.partition(": ")[2] if step.text.startswith("No ") else step.text)
    return "Repeat the best setting over several seeds."


def _open(group: Group) -> bool:
    """Whether the best of a hyperparameter lies beyond what was tried, or between."""
    return any(factor.place is not None and factor.place.propose for factor in group.factors)
