"""Where the thresholds of adversarial pairs, of codes, of arithmetic and of data lie: families of runs with
one number, bisected until what is said of them flips (as in `test_thresholds`)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from conditions.test_thresholds import Threshold, alternating, t
from curvedoctor.conditions.examples import adversarial, run, variational
from curvedoctor.conditions.stability import precision_fault
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Floats, ParamValue, Role, Run

GUESS = math.log(2)
N = 128
#: up and down from one place of the grid to the next
CELLS = np.repeat(alternating(64), 2)


def then(before: float, after: float, n: int = N) -> Floats:
    """One level over the first half, another one over the second."""
    return np.where(t(n) < 0.5, before, after)


# --- pairs


def _apart(times: float) -> Run:
    return adversarial(then(GUESS, 0.04), then(GUESS, 0.04 * times))


def _winner(share: float) -> Run:
    return adversarial(then(GUESS, share * GUESS) * (1 + 0.1 * CELLS), then(GUESS, 100 * share * GUESS))


def _stays(place: float) -> Run:
    """The lead is taken at a place of the run."""
    return adversarial(np.where(t(N) < place, GUESS, 0.03), np.where(t(N) < place, GUESS, 6.0))


def _right(share: float, loss: float = 0.05) -> Run:
    return adversarial(then(GUESS, loss), then(GUESS, 1.0), right=then(0.6, share))


def _blind(times: float) -> Run:
    return adversarial(then(GUESS, times * GUESS), then(GUESS, 0.01))


def _passes(times: float) -> Run:
    return adversarial(then(GUESS, 0.04 * times), then(GUESS, 0.04))


def _runs_away(times: float) -> Run:
    d = -np.interp(t(N), (0.0, 0.5, 0.6, 1.0), (1.0, 1.0, times, times + 0.01))
    return adversarial(d, then(0.5, 0.6), ("critic_loss", "generator_loss"))


def _comes_back(times: float) -> Run:
    """The winner's loss rises again within the last quarter."""
    d = np.where(t(N) < 0.85, then(GUESS, 0.02), 0.02 * times)
    return adversarial(d, then(GUESS, 8.0))


def _loser_comes_back(times: float) -> Run:
    g = np.where(t(N) < 0.85, then(GUESS, 8.0), 8.0 / times)
    return adversarial(then(GUESS, 0.02), g)


def _rests(spread: float) -> Run:
    """Smoothed labels: the discriminator's loss rests, well below a guess."""
    return adversarial(then(GUESS, 0.33) * (1 + 0.5 * spread * CELLS), then(GUESS, 6.0))


def _certain(g: float) -> Run:
    return adversarial(then(GUESS, 0.33) * (1 + 1e-3 * alternating(N)), then(GUESS, g))


def _below_a_guess(share: float) -> Run:
    return adversarial(then(GUESS, share * GUESS) * (1 + 1e-3 * alternating(N)), then(GUESS, 6.0))


def _asleep(d: float, g: float = 0.45) -> Run:
    """The sum of two losses says that the discriminator is wrong more often than not; nothing moves."""
    return adversarial(
        then(GUESS, 2 * d * GUESS) * (1 + 1e-3 * alternating(N)),
        then(GUESS, g * GUESS) + 1e-4 * alternating(N),
    )


def _quality(above: float) -> Run:
    """A distance (FID) that ends above its best by a share of it."""
    fid = np.interp(t(24), (0.0, 0.6, 1.0), (300.0, 30.0, 30.0 * (1 + above)))
    return adversarial(then(GUESS, 0.01), then(GUESS, 8.0), quality=fid)


def _few(points: float) -> Run:
    n = round(points)
    return adversarial(then(GUESS, 0.01, n), then(GUESS, 8.0, n))


PAIRS = (
    Threshold("adversary-dominates", "loser's loss over the winner's", _apart, 5.0, 90.0, 30),
    Threshold("adversary-dominates", "winner's loss over a guess's", _winner, 0.01, 0.4, 0.131),
    Threshold("adversary-dominates", "place from which it must stay", _stays, 0.4, 0.99, 0.78),
    Threshold("adversary-dominates", "right answers", _right, 0.9, 1.0, 0.973, 0.003),
    Threshold(
        "adversary-dominates", "loss beside right answers", lambda p: _right(0.999, p), 0.02, 0.5, 0.179
    ),
    Threshold(
        "adversary-dominates", "loss of a discriminator that has lost, over a guess's", _blind, 1.1, 4.0, 1.69
    ),
    Threshold("adversary-dominates", "its loss over the generator's", _passes, 5.0, 90.0, 29.4),
    Threshold("adversary-dominates", "growth of a critic's loss", _runs_away, 10.0, 200.0, 49.2),
    Threshold("adversary-dominates", "way back of the winner's loss", _comes_back, 1.0, 4.0, 1.85),
    Threshold("adversary-dominates", "way back of the loser's loss", _loser_comes_back, 1.0, 4.0, 1.81),
    Threshold("adversary-dominates", "spread of a loss that rests", _rests, 0.001, 0.1, 0.0458),
    Threshold("adversary-dominates", "generator's loss beside one that rests", _certain, 3.0, 7.0, 4.41),
    Threshold("adversary-dominates", "how far it rests below a guess", _below_a_guess, 0.4, 0.95, 0.718),
    Threshold(
        "adversary-dominates", "two losses that are wrong more often than a guess", _asleep, 1.0, 1.5, 1.2
    ),
    Threshold(
        "adversary-dominates", "generator's loss beside them", lambda p: _asleep(1.4, p), 0.3, 0.8, 0.572
    ),
    Threshold("adversary-dominates", "what is made ends above its best by", _quality, 0.0, 3.0, 0.234),
    Threshold("adversary-dominates", "points", _few, 4, 30, 11.5, 0.05),
)


# --- codes


def codes(share: float, own: float = 0.05, still: float = 0.0, late: float = 1.0) -> Run:
    """A KL term that ends at a share of the reconstruction and of its own highest level."""
    recon = 100 * (1 + still * np.clip(2 - 2 * t(N), 0, 1))
    kl = np.where(t(N) < 0.1, share * 100 / own, share * 100) * np.where(t(N) > 0.9, late, 1.0)
    return variational(recon, kl)


def _far_out(times: float, own: float = 1000.0) -> Run:
    kl = np.where(np.arange(N) < 2, 100 * times, 100 * times / own)
    return variational(100 * (1 + np.exp(-20 * t(N))), kl)


CODES = (
    Threshold("over-regularized", "KL term over the reconstruction", codes, 0.001, 0.05, 0.00905),
    Threshold("over-regularized", "KL term over its highest level", lambda p: codes(0.002, p), 0.05, 0.9,
        0.276),
    Threshold("over-regularized", "fall of the reconstruction over the second half",
        lambda p: codes(0.002, still=p), 0.0, 0.3, 0.1),
    Threshold("over-regularized", "KL term that grows again at the end", lambda p: codes(0.002, late=p), 1.0,
        1.6, 1.22),
    Threshold("lr-too-high", "KL term of the first steps over the reconstruction", _far_out, 3.0, 60.0, 17.8),
    Threshold("lr-too-high", "KL term of the first steps over its end", lambda p: _far_out(100.0, p), 5.0,
        60.0, 20),
)  # fmt: skip


# --- data


def _unrelated(end: float = 0.9, val: float = 1.02, **known: ParamValue) -> Run:
    """Training falls to a share of a guess's loss; validation's lowest is at another."""
    guess = math.log(5)
    params: dict[str, ParamValue] = {"loss": "cross-entropy", "n_classes": 5, "n_train": 2000, **known}
    train = guess * np.interp(t(40), (0, 0.9, 1), (1.02, end, end))
    return run(params, train_loss=train, val_loss=guess * np.linspace(val, val + 0.03, 40))


def _few_validations(points: float) -> Run:
    made = _unrelated()
    n = round(points)
    val = replace(
        made.curves[1],
        steps=made.curves[1].steps[-n:],
        values=made.curves[1].values[-n:],
        wall_times=made.curves[1].wall_times[-n:],
    )
    return replace(made, curves=(made.curves[0], val))


def spiked(spikes: int = 12, late: int = 6, height: float = 20.0, n: int = 400) -> Run:
    """So many single points so many times as high, some of them in the second half."""
    y = 1 + 0.02 * alternating(n) + 0.001 * np.sin(np.arange(n))
    for k in range(late):
        y[n // 2 + 5 + k * (n // 2 - 10) // max(late, 1)] *= height
    for k in range(spikes - late):
        y[12 + k * (n // 2 - 20) // max(spikes - late, 1)] *= height
    return run(train_loss_step=y)


def _holes(holes: float, lasts: int = 1) -> Run:
    y = 1 + 0.02 * alternating(400)
    for k in range(round(holes)):
        y[20 + 30 * k : 20 + 30 * k + lasts] = np.nan
    return run(train_loss_step=y)


DATA = (
    Threshold("dirty-data", "what training learns beside a validation that learns nothing",
        lambda p: _unrelated(1 - p), 0.0, 0.3, 0.04),
    Threshold("dirty-data", "training that is slow", _unrelated, 0.1, 0.9, 0.4),
    Threshold("dirty-data", "how far validation may get below a guess", lambda p: _unrelated(val=1 - p),
        0.0, 0.2,
        0.02),
    Threshold("dirty-data", "training samples", lambda p: _unrelated(n_train=round(p)), 100, 3000, 1000),
    Threshold("dirty-data", "points of validation", _few_validations, 3, 20, 4.5, 0.05),
    Threshold("dirty-data", "spikes", lambda p: spiked(round(p), round(p / 2)), 1, 16, 5.5, 0.05),
    Threshold("dirty-data", "spikes in the second half", lambda p: spiked(20, round(p)), 1, 12, 8.5, 0.05),
    Threshold("dirty-data", "points that are not finite", _holes, 0, 8, 2.5, 0.05, word="not finite"),
    Threshold("dirty-data", "how long they last", lambda p: _holes(8, round(p)), 1, 6, 2.5, 0.05),
)  # fmt: skip


# --- arithmetic


def _vanishes(share: float, points: int = 10, **others: Floats) -> Run:
    """The loss falls to a share of its start, and is exactly zero at the last points."""
    y = np.concatenate((np.geomspace(2.0, 2.0 * share, 20), np.zeros(points)))
    return run({"precision": "fp16"}, train_loss=y, **others)


def _nan(place: float) -> Run:
    y = np.where(t(100) < place, 9.1, np.nan)
    return run({"precision": "fp16", "lr": 1e-4, "optimizer": "adamw"}, train_loss=y)


def _first_skipped(points: float) -> Run:
    lr = np.where(np.arange(30) < round(points), 0.0, 1e-4)
    y = np.concatenate((np.geomspace(2.0, 1.0, 20), np.zeros(10)))
    return run(train_loss=y, lr=lr)


def _jumped(times: float) -> Run:
    """A loss before its zeros that jumped: what to try first is to clip."""
    y = np.concatenate((np.full(19, 2.0), [2.0 * times], np.zeros(10)))
    return run({"precision": "fp16"}, train_loss=y)


def scaled(end: float, at: int = 5) -> Run:
    """A loss scale of 2¹⁶ for some points, falling to a power of two by the end."""
    y = 2.0 ** np.concatenate((np.full(at, 16.0), np.linspace(16, end, 25)))
    scale = Curve("loss_scale", "loss_scale", np.arange(len(y)), y, np.full(len(y), np.nan), Role(), "step")
    made = run(train_loss=np.geomspace(2.0, 1.0, len(y)))
    return replace(made, curves=(*made.curves, scale))


ARITHMETIC = (
    Threshold("precision-fault", "last loss before zeros over the first", _vanishes, 0.005, 0.5, 0.05),
    Threshold("precision-fault", "zeros", lambda p: _vanishes(0.5, round(p)), 1, 8, 2.5, 0.05),
    Threshold("precision-fault", "where it becomes NaN", _nan, 0.01, 0.3, 0.101, 0.1),
    Threshold("precision-fault", "steps skipped", _first_skipped, 0, 8, 2.5, 0.05),
    Threshold("precision-fault", "jump before zeros", _jumped, 2.0, 30.0, 10, word="clip-gradients"),
    Threshold("precision-fault", "power of two that a loss scale falls to", scaled, -3, 15, 8),
)


@pytest.mark.parametrize(
    "it", (*PAIRS, *CODES, *DATA, *ARITHMETIC), ids=lambda it: f"{it.condition}-{it.what}"
)
def test_what_is_said_flips_where_its_threshold_lies(it: Threshold) -> None:
    it.check()


@pytest.mark.parametrize("at", [1, 5, 9])
def test_a_loss_scale_falls_from_its_last_highest_point(at: int) -> None:
    found = precision_fault.check(build([scaled(-2, at)])[0])
    assert isinstance(found, Finding)
    assert (found.onset, found.span) == (at, (at, at + 24))
    assert f"falls from 65500 at step {at} to 0.25" in found.summary


@pytest.mark.parametrize(
    ("times", "verdict"),
    [(0.09, "undetermined"), (0.11, "healthy"), (1.0, "healthy"), (38.0, "healthy"), (42.0, "undetermined")],
)
def test_how_far_apart_two_losses_may_lie(times: float, verdict: str) -> None:
    """The generator's over the discriminator's; neither is next to nothing."""
    level = 0.2 * CELLS
    said = diagnose_runs([adversarial(0.9 * (1 + level), 0.9 * times * (1 + level))], Options(alone=True))[0]
    assert said.verdict == verdict, said.reason
    assert ("far apart" in (said.reason or "")) is (verdict == "undetermined")


def test_losses_that_may_be_negative_lie_nowhere() -> None:
    said = diagnose_runs([adversarial(0.02 * CELLS, 4 + CELLS, ("critic_loss", "generator_loss"))],
        Options(alone=True))[0]  # fmt: skip
    assert "far apart" not in (said.reason or "")
