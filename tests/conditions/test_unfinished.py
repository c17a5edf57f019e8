"""Runs that were stopped in their schedule, runs that came to its end, and where a part of a schedule tells
its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.conditions.learning_rate.lr_never_decayed import CONDITION as NEVER_DECAYED
from curvedoctor.conditions.progress.undertrained import CONDITION
from curvedoctor.features.case import build
from curvedoctor.features.schedule_end import planned_end
from curvedoctor.intake import run_of
from curvedoctor.model import Axis, Curve, Finding, Floats, Run

Shape = Callable[[int, int], Floats]


def cosine(n: int, of: int, floor: float = 0.0) -> Floats:
    return np.asarray(floor + (1 - floor) * 0.5 * (1 + np.cos(np.pi * np.arange(n) / of)))


def linear(n: int, of: int) -> Floats:
    return np.asarray(1 - np.arange(n) / of)


def poly(n: int, of: int) -> Floats:
    return np.asarray((1 - np.arange(n) / of) ** 0.9)


def warmed(n: int, of: int) -> Floats:
    up = max(2, of // 20)
    return np.concatenate((np.linspace(0.05, 1, up), linear(n - up, of - up)))


def staircase(n: int, of: int) -> Floats:
    """Set once an epoch, logged each step."""
    epochs = max(14, of // 8)
    return np.repeat(cosine(max(5, epochs * n // of), epochs), 8)


def logged(y: Floats, steps: Floats | None = None) -> Curve:
    at = np.arange(len(y)) if steps is None else steps
    return Curve("lr", "lr", np.asarray(at, np.int64), y, np.full(len(y), np.nan))


@pytest.mark.parametrize("shape", [cosine, linear, poly, warmed])
@pytest.mark.parametrize(("n", "of"), [(12, 30), (37, 100), (60, 100), (400, 1000), (100, 101)])
@pytest.mark.parametrize("peak", [1e-5, 0.1, 30.0])
@pytest.mark.parametrize(("every", "since"), [(1, 0), (500, 0), (500, 70_000)])
def test_a_part_of_a_schedule_tells_its_end(
    shape: Shape, n: int, of: int, peak: float, every: int, since: int
) -> None:
    end = planned_end(logged(peak * shape(n, of), since + np.arange(n) * float(every)))
    assert end is not None
    assert end.at - since == pytest.approx(of * every, rel=0.02)
    assert end.done >= 0.95 if n + 1 == of else end.done == pytest.approx(n / of, abs=0.08)


@pytest.mark.parametrize("digits", [2, 3, 5])
@pytest.mark.parametrize("floor", [0.0, 0.01, 0.1])
def test_rounded_rates_that_level_off_above_zero(digits: int, floor: float) -> None:
    rounded = np.array([float(f"{v:.{digits}e}") for v in 3e-4 * cosine(40, 100, floor)])
    end = planned_end(logged(rounded))
    assert end is not None
    assert 75 < end.at < 110
    assert end.done < 0.55


@pytest.mark.parametrize(
    "y",
    [
        0.97 ** np.arange(50.0),
        0.999 ** np.arange(50.0),
        (10 + np.arange(50.0)) ** -0.5,
        0.5 ** (np.arange(60) // 20),
        0.9 ** (np.arange(100) // 10),
        1 / (1 + 0.01 * np.arange(50.0)),
        np.full(50, 0.1),
        np.concatenate([cosine(k, k) for k in (10, 20, 40)]),
        np.concatenate([cosine(10, 10), cosine(20, 20), cosine(15, 40)]),
        np.linspace(0.01, 1, 30),
        cosine(37, 100) * np.exp(0.02 * np.random.default_rng(0).standard_normal(37)),
    ],
    ids=["exponential", "slow", "root", "plateau", "steps", "inverse", "constant", "restarts", "in a restart",
         "warm-up", "controlled"],
)  # fmt: skip
def test_schedules_without_an_end_that_is_known(y: Floats) -> None:
    assert planned_end(logged(np.asarray(y, np.float64))) is None


def level(n: int, speed: float, noise: float, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return np.asarray(
        (0.7 + 1.6 * np.exp(-speed * np.arange(n) / n)) * np.exp(noise * rng.standard_normal(n))
    )


def made(y: Floats, lr: Floats, axis: Axis, status: str | None, **params: object) -> Run:
    steps = np.arange(len(y)) * (1 if axis == "epoch" else 250)
    rate = (np.linspace(0, steps[-1], len(lr)).round(), 3e-4 * lr)
    curves = {"train/loss": (steps, 0.95 * y), "val/loss": (steps, y), "lr": rate}
    return replace(run_of(curves, params, "run", axis), status=status)


def said(run: Run) -> Finding | None:
    found = CONDITION.judge(build([run])[0])
    return found if isinstance(found, Finding) else None


@pytest.mark.parametrize("shape", [cosine, linear, warmed, staircase])
@pytest.mark.parametrize("speed", [3.0, 30.0])
@pytest.mark.parametrize("noise", [0.005, 0.05])
@pytest.mark.parametrize(("n", "of"), [(18, 50), (37, 100), (180, 500)])
@pytest.mark.parametrize("axis", ["epoch", "step"])
@pytest.mark.parametrize("status", [None, "killed", "finished"])
def test_a_run_that_left_its_schedule(
    shape: Shape, speed: float, noise: float, n: int, of: int, axis: Axis, status: str | None
) -> None:
    """Whether the loss still falls or has levelled off, which it does at a rate that is high still."""
    lr = shape(n, of)
    if axis == "epoch" and len(lr) != n:
        return  # no rate is logged more often than its epochs are counted
    found = said(made(level(n, speed, noise, n), lr, axis, status))
    assert found is not None
    assert found.severity == "warning"
    assert "schedule of about" in found.summary
    assert found.actions == ("train-longer",)


@pytest.mark.parametrize("seed", range(5))
def test_who_stopped_on_purpose_is_left_alone(seed: int) -> None:
    n, y = 40, level(40, 12.0, 0.01, seed)
    turned = y + 0.4 * np.clip(np.arange(n) / n - 0.4, 0, None)
    assert said(made(turned, linear(n, 100), "epoch", None)) is None
    waited = level(n, 60.0, 0.01, seed)
    waited[12] = 0.6
    assert said(made(waited, linear(n, 100), "epoch", None, early_stopping_patience=10)) is None
    nothing = 2.3 * np.exp(0.01 * np.random.default_rng(seed).standard_normal(n))
    assert said(made(nothing, cosine(n, 100), "epoch", "killed")) is None
    running = CONDITION.judge(build([made(y, cosine(n, 100), "epoch", "running")])[0])
    assert not isinstance(running, Finding)
    assert running is not None


@pytest.mark.parametrize("n", [5, 8, 20, 100])
@pytest.mark.parametrize("axis", ["epoch", "step"])
@pytest.mark.parametrize("form", ["cosine", "tenth", "linear", "line to a tenth", "configured"])
def test_a_schedule_that_has_ended_ends_what_is_to_come(n: int, axis: Axis, form: str) -> None:
    """The loss falls with the rate, to the last point, which is logged before the rate is zero."""
    rates = {"tenth": cosine(n, n, 0.1), "linear": linear(n, n), "line to a tenth": 0.1 + 0.9 * linear(n, n)}
    lr = rates.get(form, cosine(n, n))
    y = 0.25 + 1.2 * np.exp(-5 * np.arange(1, n + 1) / n) + 0.8 * lr
    y *= np.exp(0.005 * np.random.default_rng(n).standard_normal(n))
    run = made(y, lr, axis, None, epochs=n)
    if form == "configured":
        curves = tuple(c for c in run.curves if c.id != "lr")
        run = replace(run, curves=curves, params={**run.params, "schedule": "cosine"})
    assert said(run) is None


@pytest.mark.parametrize("status", ["killed", "failed"])
def test_a_run_that_was_killed_early_says_so(status: str) -> None:
    y = level(50, 30.0, 0.02, 1)
    found = said(
        replace(run_of({"train/loss": y, "val/loss": y}, {"epochs": 200}, "run", "epoch"), status=status)
    )
    assert found is not None
    assert (found.severity, found.evidence["planned_end"]) == ("info", 200)
    assert "200" in found.summary
    finished = run_of({"train/loss": y, "val/loss": y}, {"epochs": 200}, "run", "epoch")
    assert said(replace(finished, status="finished")) is None


def test_it_is_no_longer_fine() -> None:
    y = level(37, 30.0, 0.02, 3)
    said_of = diagnose_curves({"loss": y, "val_loss": 1.1 * y, "lr": 0.1 * cosine(37, 100)}, axis="epoch")
    assert (said_of.verdict, said_of.findings[0].condition) == ("sick", "undertrained")


@pytest.mark.parametrize("named", ["cosine", "linear", "constant", "plateau"])
@pytest.mark.parametrize("n", [37, 95])
def test_a_schedule_that_is_configured_only(named: str, n: int) -> None:
    y = level(n, 30.0, 0.02, 2)
    params = {"epochs": 100, "lr_scheduler": named}
    found = said(run_of({"train/loss": y, "val/loss": 1.1 * y}, params, "run", "epoch"))
    assert (found is not None) is (n == 37 and named in ("cosine", "linear"))
    assert found is None or (found.severity == "warning" and "100 epochs, as configured" in found.summary)


def test_a_rate_that_may_have_been_about_to_decay_is_not_blamed() -> None:
    """At its peak until it was killed: the fluctuation is what the rest of the schedule would have ended."""
    blamed = {"killed": 0, "finished": 0}
    for seed in range(8):
        y = level(50, 30.0, 0.12, seed)
        y[20], y[-5:] = 0.5, [0.8, 0.7, 0.85, 0.75, 0.85]
        curves = {"train/loss": level(50, 30.0, 0.01, seed), "val/loss": y, "lr": np.full(50, 0.1)}
        run = run_of(curves, {"epochs": 200}, "run", "epoch")
        for status in blamed:
            blamed[status] += isinstance(
                NEVER_DECAYED.judge(build([replace(run, status=status)])[0]), Finding
            )
    assert blamed["killed"] == 0
    assert blamed["finished"] >= 5
