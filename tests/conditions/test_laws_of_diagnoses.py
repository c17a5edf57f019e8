"""Laws of whole diagnoses: what is said of a run agrees with itself and with what was logged, however it was
logged.

Held on stored trainings of the clinic, on public questions' numbers, and on every condition's examples.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from curvedoctor.actions import OPPOSITES
from curvedoctor.advice.possible import contradicts
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import run
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Diagnosis, Finding, Floats, Run
from golden.runs import clinic, examples, questions

ALONE = Options(alone=True)
#: what can't be true of one run: memorized and too small to fit, too high and too low …
NEVER_BOTH = (
    {"overfitting", "underfitting"}, {"dataset-too-small", "underfitting"}, {"lr-too-high", "lr-too-low"},
    {"lr-decayed-too-early", "lr-never-decayed"}, {"undertrained", "wasted-training"},
    {"not-learning", "overfitting"},
    {"not-learning", "dataset-too-small"}, {"collapsed", "undertrained"},
    {"over-regularized", "dataset-too-small"},
    {"not-learning", "collapsed"}, {"undertrained", "overfitting"}, {"not-learning", "wasted-training"},
    {"reward-flat", "reward-collapse"}, {"reward-flat", "undertrained"},
)  # fmt: skip
#: "0.384 at epoch 7", "(0.384) at step 700", "0.384, at epoch 7"
LEVEL_AT = re.compile(r"(?<!passes )(-?\d[\d.]*(?:e[+-]?\d+)?)\)?,? at (?:epoch|step) (\d+)")
#: "ends at 0.413", "goes to 0.41", "in validation at 5.44"; "at around 0.94" is a level, and says so
END = re.compile(
    r"\b(?:(?:ends|stays|settles|rests|still|is|validation|training) at|ends|goes to|falls to|has come to)"
    r" (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\d.]*\d|e[+-]| ?%| times| of its)"
)
#: "ends 43 % above its best, 0.12"; of a level it says "around 43 %"
ABOVE = re.compile(r"ends (\d+) % above (?:its best|it)\b(?! \(around)")
PLACE = re.compile(r"\b(?:epoch|step) (\d+)")


@cache
def everything() -> tuple[Run, ...]:
    return (*clinic(), *examples(), *questions())


@cache
def diagnoses() -> tuple[Diagnosis, ...]:
    return tuple(diagnose_runs(list(everything()), ALONE))


def broken(kept: Sequence[str]) -> str:
    return f"{len(kept)} runs:\n" + "\n".join(kept[:20])


def told(diagnosis: Diagnosis) -> list[tuple[str, str, float]]:
    return [(f.condition, f.severity, f.confidence) for f in diagnosis.findings]


def curve(made: Run, found: Finding) -> Curve:
    return next(c for c in made.curves if c.id == found.curves[0])


def logged(c: Curve, step: float) -> Floats:
    return c.values[c.steps == step]


def best(c: Curve) -> tuple[float, float]:
    """The step of the best value that was logged (the first of equals), and the value."""
    values = np.where(np.isfinite(c.values), c.values, -np.inf if c.role.better == "higher" else np.inf)
    at = int(np.argmax(values) if c.role.better == "higher" else np.argmin(values))
    return float(c.steps[at]), float(values[at])


# --- one thing is not said beside its contrary


@pytest.mark.parametrize("pair", NEVER_BOTH, ids=lambda pair: "-and-".join(sorted(pair)))
def test_findings_do_not_contradict_each_other(pair: set[str]) -> None:
    wrong = [
        d.run.name for d in diagnoses() if pair <= {f.condition for f in d.findings if f.severity != "info"}
    ]
    assert not wrong, broken(wrong)


def test_prescriptions_contradict_neither_each_other_nor_a_finding() -> None:
    for d, case in zip(diagnoses(), build([d.run for d in diagnoses()]), strict=True):
        actions = [p.action for p in d.prescriptions]
        assert len(actions) == len(set(actions)) <= 6
        assert not any(set(pair) in map(set, OPPOSITES) for pair in combinations(actions, 2))
        assert not any(contradicts(case, d.findings, action) for action in actions)


def test_what_a_prescription_treats_was_found_and_calls_for_treatment() -> None:
    for d in diagnoses():
        grave = {f.condition for f in d.findings if f.severity != "info"}
        assert all(set(p.treats) <= grave for p in d.prescriptions)
        assert (d.verdict == "sick") == bool(grave)


# --- numbers are logged numbers


def test_a_level_said_to_be_at_a_place_was_logged_there() -> None:
    wrong, looked = [], 0
    for d in diagnoses():
        for f in d.findings:
            for level, step in LEVEL_AT.findall(f.summary):
                looked += 1
                values = np.concatenate([logged(c, float(step)) for c in d.run.curves if c.id in f.curves])
                if not any(f"{value:.3g}" == f"{float(level):.3g}" for value in values):
                    wrong.append(f"{d.run.name}: {f.condition}: {f.summary} {values}")
    assert looked > 50
    assert not wrong, broken(wrong)


def test_how_a_curve_is_said_to_end_was_logged() -> None:
    """To the printed digits; a mean says that it is one ("around")."""
    wrong, looked = [], 0
    for d in diagnoses():
        for f in d.findings:
            # an entropy is logged with either sign
            beside = [c.values for c in d.run.curves if c.id in f.curves or "entropy" in c.id]
            logged = {f"{abs(value):.3g}" for values in beside for value in values}
            for level in END.findall(f.summary):
                looked += 1
                if f"{abs(float(level)):.3g}" not in logged:
                    wrong.append(f"{d.run.name}: {f.condition}: {f.summary}")
    assert looked > 50
    assert not wrong, broken(wrong)


def test_how_far_above_its_best_a_curve_is_said_to_end_is_so_of_its_last_point() -> None:
    wrong, looked = [], 0
    for d in diagnoses():
        for f in d.findings:
            for said in ABOVE.findall(f.summary):
                looked += 1
                # a schedule's fault rests on the rate, and tells what the loss did
                curves = [c.values[np.isfinite(c.values)] for c in d.run.curves]
                rises = [100 * (v[-1] / v.min() - 1) for v in curves if len(v) and v.min() > 0]
                if not any(abs(rise - float(said)) <= 0.51 for rise in rises):
                    wrong.append(f"{d.run.name}: {f.condition}: {f.summary} {rises}")
    assert looked > 20
    assert not wrong, broken(wrong)


def test_best_is_the_best_logged_value() -> None:
    wrong, looked = [], 0
    for d in diagnoses():
        for f in d.findings:
            value, known = f.evidence.get("best"), all_conditions()[f.condition].evidence.get("best", "")
            if isinstance(value, float) and "before" not in known:
                looked += 1
                step, level = best(curve(d.run, f))
                if value != pytest.approx(level, rel=1e-3, abs=1e-9):
                    wrong.append(
                        f"{d.run.name}: {f.condition}: {value}, logged {level} at {step:g}: {f.summary}"
                    )
    assert looked > 50
    assert not wrong, broken(wrong)


def test_the_place_to_stop_is_where_validation_was_best() -> None:
    looked = 0
    for d, case in zip(diagnoses(), build([d.run for d in diagnoses()]), strict=True):
        for p in d.prescriptions:
            if p.action == "stop-early" and case.val is not None:
                looked += 1
                assert p.step == best(case.val.curve)[0], d.run.name
                turned = [
                    f for f in d.findings if f.condition == "overfitting" and f.curves[0] == case.val.curve.id
                ]
                assert all(f.onset == p.step for f in turned), d.run.name
    assert looked > 20


def test_onsets_are_logged_steps_and_the_text_names_them() -> None:
    wrong = []
    for d in diagnoses():
        for f in d.findings:
            if f.onset is None:
                continue
            c = curve(d.run, f)
            if f.onset not in c.steps or (f.span is not None and f.span[0] != f.onset):
                wrong.append(f"{d.run.name}: {f.condition} from {f.onset}, span {f.span}")
            places = [float(p) for p in PLACE.findall(f.summary)]
            if places and f.onset not in places:
                wrong.append(f"{d.run.name}: {f.condition} from {f.onset:g}: {f.summary}")
    assert not wrong, broken(wrong)


# --- how a run is logged changes nothing


def test_the_order_of_the_curves_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    mixed = [
        replace(r, curves=tuple(r.curves[k] for k in rng.permutation(len(r.curves)))) for r in everything()
    ]
    wrong = []
    for before, after in zip(diagnoses(), diagnose_runs(mixed, ALONE), strict=True):
        same = (after.findings, after.prescriptions) == (before.findings, before.prescriptions)
        if not same or (after.verdict, after.reason) != (before.verdict, before.reason):
            wrong.append(f"{before.run.name}: {told(before)}, then {told(after)}")
    assert not wrong, broken(wrong)


def of_one_clock(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Those that end where the first one does."""
    return tuple(c for c in curves if c.axis == curves[0].axis and c.steps.max() == curves[0].steps.max())


@pytest.mark.parametrize(("times", "plus"), [(10, 0), (1, 5), (7, 3)])
def test_the_unit_of_the_step_changes_nothing(times: int, plus: int) -> None:
    """Where no hyperparameter counts in that unit, and no curve beside another counts epochs."""
    runs = [replace(r, params={}, curves=of_one_clock(r.curves)) for r in everything()]
    moved = [
        replace(r, curves=tuple(replace(c, steps=times * c.steps + plus) for c in r.curves)) for r in runs
    ]
    wrong = []
    for before, after in zip(diagnose_runs(runs, ALONE), diagnose_runs(moved, ALONE), strict=True):
        onsets = [None if f.onset is None else times * f.onset + plus for f in before.findings]
        if told(after) != told(before) or [f.onset for f in after.findings] != onsets:
            wrong.append(
                f"{before.run.name}: {told(before)} {onsets}, then {told(after)} "
                f"{[f.onset for f in after.findings]}"
            )
    assert not wrong, broken(wrong)


#: courses over the run, t from 0 to 1: (training, validation)
COURSES = {
    "turns": lambda t: (0.05 + 2 * np.exp(-8 * t), 0.6 + (t - 0.3) ** 2 * np.where(t < 0.3, 12, 2)),
    "at chance": lambda t: (np.full_like(t, np.log(10)), np.full_like(t, np.log(10))),
    "stopped while falling": lambda t: (2.3 * (1 + 6 * t) ** -0.8, 2.4 * (1 + 6 * t) ** -0.8),
    "climbs": lambda t: (0.5 + 2 * np.exp(-20 * t) + 20 * np.maximum(t - 0.5, 0) ** 2,) * 2,
    "both high": lambda t: (1.9 + 0.3 * np.exp(-20 * t), 1.92 + 0.3 * np.exp(-20 * t)),
    "never good": lambda t: (2.3 * np.exp(-4 * t) + 0.1, np.full_like(t, 30.0) + t),
    "gap": lambda t: (0.002 + 2 * np.exp(-14 * t), 1.6 + 0.7 * np.exp(-14 * t)),
    "crawls": lambda t: (2.3 - 0.3 * t, 2.31 - 0.3 * t),
}  # fmt: skip
KNOWN = {
    "crawls": {"lr": 1e-6, "optimizer": "adam"},
    "both high": {"n_classes": 10, "loss": "cross-entropy", "width": 2},
    "gap": {"n_train": 100}, "never good": {"n_classes": 10, "loss": "cross-entropy"},
    "at chance": {"n_classes": 10, "loss": "cross-entropy"},
}  # fmt: skip


@pytest.mark.parametrize("course", COURSES)
def test_more_points_of_the_same_course_never_make_it_healthy(course: str) -> None:
    said = []
    for n in (4, 5, 6, 8, 10, 12, 16, 20, 30, 40, 60, 100, 200, 500, 1500):
        train, val = COURSES[course](np.linspace(0, 1, n))
        (d,) = diagnose_runs([run(KNOWN.get(course, {}), train_loss=train, val_loss=val)], ALONE)
        said.append((n, d.verdict, [f.condition for f in d.findings if f.severity != "info"]))
    first = next((k for k, (_, verdict, _) in enumerate(said) if verdict == "sick"), None)
    assert first is not None, said
    assert all(verdict == "sick" for _, verdict, _ in said[first:]), said
    assert all(verdict == "undetermined" for _, verdict, _ in said[:first]), said
