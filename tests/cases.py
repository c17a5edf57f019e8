"""Hand-made diagnoses: formats are tested on these, whatever the conditions come to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import curvedoctor.diagnoses  # noqa: F401 — says how notebooks show a diagnosis
from curvedoctor.features.case import build
from curvedoctor.features.summary import ending
from curvedoctor.model import (
    Curve,
    Diagnosis,
    Finding,
    Origin,
    Prescription,
    Problem,
    Role,
    Run,
    Unjudged,
)  # fmt: skip

#: what a hostile log may be called: escapes, bidi, markup, formulas, quotes, newlines, emoji, surrogates
HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "two\nlines\r\n",
    "\u202egnp.exe",
    "zero\u200bwidth\u2066",
    "<script>alert(1)</script>",
    "a|b`c`*d*[x](http://e)",
    "=1+cmd|'/C calc'!A0",
    "@everyone #1",
    "emoji 🧪👩‍🔬 名前",
    "\x00nul\x7f\x9b31m",
    "lone\udc80surrogate",
    "x" * 10_000,
    '"quoted", \\back',
    "]]>&amp;",
)


def diagnosed(run: Run, *parts: Any, **more: Any) -> Diagnosis:
    """A diagnosis made by hand, with the ending that the run's curves have."""
    return Diagnosis(run, *parts, ending=ending(build([run])[0]), **more)


def curve(name: str = "train/loss", values: object = None, first: int = 0) -> Curve:
    """A loss over 200 steps that falls."""
    array = np.asarray(
        2.0 * np.exp(-np.arange(200) / 40) + 0.1 if values is None else values, dtype=np.float64
    )
    steps = np.arange(first, first + len(array), dtype=np.int64)
    role = Role("train", "loss", "lower", "step", ("named so",))
    return Curve(name, name, steps, array, np.full(len(array), np.nan), role)


def run(name: str = "sgd_lr0.5", group: str = "logs", **rest: object) -> Run:
    """A run with one curve."""
    curves = rest.pop("curves", (curve(),))
    params = rest.pop("params", {"lr": 0.5, "batch_size": 64, "optimizer": "sgd"})
    origin = Origin("tensorboard", "logs", name, (f"logs/{name}/events.out.tfevents.1.host",))
    return Run(name, f"logs/{name}", group, curves, params, origin=origin, **rest)  # type: ignore[arg-type]


def finding(condition: str = "lr-too-high", severity: str = "error", **rest: object) -> Finding:
    """A finding on `train/loss` from step 40 on."""
    facts: dict[str, object] = {
        "confidence": 0.93,
        "curves": ("train/loss",),
        "summary": "The loss bounces by ±38 % and has not improved since step 40.",
        "evidence": {"noise": 0.38, "best": 1.92},
        "onset": 40.0,
        "span": (40.0, 199.0),
        "axis": "step",
    }
    return Finding(condition, severity, **(facts | rest))  # type: ignore[arg-type]


def prescription(action: str = "lower-lr", **rest: object) -> Prescription:
    """Lower the learning rate from 0.5 to 0.05."""
    facts: dict[str, object] = {
        "confidence": 0.9,
        "treats": ("lr-too-high",),
        "text": "Lower the learning rate from 0.5 to 0.05.",
        "parameter": "lr",
        "current": 0.5,
        "proposed": 0.05,
        "factor": 0.1,
        "because": ("the loss swings",),
    }
    return Prescription(action, **(facts | rest))  # type: ignore[arg-type]


def sick(name: str = "sgd_lr0.5", **rest: object) -> Diagnosis:
    """A run with an error, a warning, two prescriptions."""
    return diagnosed(
        run(name, **rest),
        "sick",
        (finding(), finding("overfitting", "warning", confidence=0.6, onset=None, span=None)),
        (prescription(), prescription("stop-early", parameter=None, current=None, proposed=None, factor=None,
                                      step=120.0, treats=("overfitting",), text="Stop at step 120.")),
        {"schedule": {"kind": "constant", "warmup": False}},
        (Unjudged("validation-too-small", "the validation set's size is not logged"),),
    )  # fmt: skip


def healthy(name: str = "sgd_lr0.05") -> Diagnosis:
    """A run with nothing but information."""
    return diagnosed(run(name), "healthy", (finding("wasted-training", "info"),))


def improvable(name: str = "better") -> Diagnosis:
    """A healthy run that the odds and a sibling would change."""
    cures = (
        prescription(basis="odds", treats=(), confidence=0.71, gain=(0.12, 0.35, 0.6)),
        prescription("bigger-model", basis="siblings", treats=(), confidence=0.74, text="Use a bigger model.",
                     parameter="width", current=64, proposed=256, factor=4.0),
    )  # fmt: skip
    return diagnosed(run(name), "healthy", prescriptions=cures)


def undetermined(name: str = "short") -> Diagnosis:
    """A run of which nothing can be said."""
    unjudged = (
        Unjudged("validation-too-small", "the validation set's size is not logged"),
        Unjudged("overfitting", "no validation loss is logged"),
        Unjudged("generalization-gap", "no validation loss is logged"),
    )
    return diagnosed(run(name, curves=(curve(values=[1.0]),)), "undetermined", unjudged=unjudged)


def extreme(name: str = "extreme") -> Diagnosis:
    """Numbers at the edge: NaN, infinities, steps near 2⁶³."""
    values = [1e300, -1e300, np.nan, np.inf, -np.inf, 5e-324]
    weird = Curve(
        "loss", "loss", np.array([-(2**63), -1, 0, 1, 2**62, 2**63 - 1]), np.array(values), np.full(6, np.inf)
    )
    found = finding(
        "non-finite", evidence={"a": np.nan, "b": np.float32(0.5), "c": np.inf, "d": None, "e": "x"},
        curves=("loss",), onset=float(2**63 - 1), span=(-float(2**63), float("nan")),
    )  # fmt: skip
    given = prescription(current=float("nan"), proposed=float("inf"), factor=None)
    problem = Problem("logs/extreme/events", "truncated record: 27 bytes missing", 1203)
    return diagnosed(
        run(name, curves=(weird,), params={"lr": float("nan")}), "sick", (found,), (given,),
        {"lr-range-test": {"steepest": np.float64(0.1), "points": np.arange(3), "bad": float("inf")}},
        problems=(problem,),
    )  # fmt: skip


def hostile() -> list[Diagnosis]:
    """Diagnoses whose every name is hostile."""
    made = []
    for index, name in enumerate(HOSTILE):
        summary = f"The curve {name} went wrong."
        made.append(
            Diagnosis(
                run(name, group=name, curves=(curve(name),), params={"optimizer": name}),
                ("sick", "healthy", "undetermined")[index % 3],  # type: ignore[arg-type]
                (finding(curves=(name,), summary=summary, evidence={"name": name}),)
                if index % 3 != 2
                else (),
                (prescription(current=name, proposed=name, text=f"Change {name}."),),
                unjudged=(Unjudged("overfitting", f"no curve like {name}"),),
                problems=(Problem(name, f"{name} is broken"),),
            )
        )
    return made


PROBLEM = Problem("logs/broken/events.out.tfevents.1", "truncated record: 27 bytes missing", 1203)
#: one of each, and a problem
ALL = (sick(), healthy(), undetermined(), extreme(), PROBLEM)
#: one of each state
STATES = (
    sick(),
    replace(sick("noisy"), findings=sick().findings[1:]),
    improvable(),
    healthy(),
    undetermined(),
)
