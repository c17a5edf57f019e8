"""The first steps at full learning rate throw the model out; a warm-up would have spared it.

Why it matters
    Fresh statistics (of Adam, of normalization) make early steps erratic. Attention models most of
    all may never make up for what the first steps destroyed.

How it decides
    Within the first tenth of the run the training loss climbs to twice its first value or more and
    comes down again, and the learning rate is at its peak from the start (or no warm-up is
    configured). Or it falls, is thrown back up by an eighth or more of what it had reached, beyond its noise,
    and takes more than a fiftieth of the run to come back, once.

What to try
    Raise the learning rate linearly from zero over the first 5 % of the steps, the peak unchanged;
    otherwise a lower peak.

When it is wrong
    A loss that climbs at first and stays high is a learning rate too high for the whole run, not
    only for its start. Per-epoch logs hide the first steps.

References
    Goyal et al. (2017), Accurate, large minibatch SGD. Liu et al. (2020), On the variance of the
    adaptive learning rate and beyond.
"""

from __future__ import annotations

import math

import numpy as np

from curvedoctor.conditions.base import REPORT_FROM, Condition, finding, number, ramp, unjudged
from curvedoctor.conditions.examples import HEALTHY, falling, run
from curvedoctor.conditions.learning_rate.bump import bump
from curvedoctor.conditions.measures.shape import name, relative, why_unjudgeable
from curvedoctor.features.blocks import median, of_three
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Floats, Run, Unjudged

ID = "warmup-missing"
#: an early peak as a multiple of the first values
HEIGHT = (1.7, 2.8)


def check(case: Case) -> Finding | Unjudged | None:
    reason = why_unjudgeable(case)
    if reason is not None:
        return unjudged(ID, reason)
    s = case.finest_train or case.primary
    assert s is not None
    warmed = _warmed(case)
    if warmed:
        return None
    peak, at = _early_peak(s)
    height = relative(peak, float(s.y[:2].max()))
    comes_back = ramp(relative(s.stats.end, median(s.y[:2])), 0.9, 0.7)
    noise = relative(s.stats.noise_early, s.stats.start)
    beyond = ramp(math.log(max(height, 1.0)), 3.5 * noise, 5.0 * noise + 1e-9)
    sure = 0.88 if warmed is False else 0.7
    confidence = sure * ramp(height, *HEIGHT) * comes_back * beyond
    full = ", at full learning rate," if warmed is False else ""
    if confidence < REPORT_FROM:
        return _thrown_back(case, s, sure, full)
    return finding(
        ID, "warning", confidence, s,
        f"The {name(s)} climbs from {number(s.stats.first)} to {number(peak)} in the first "
        f"steps{full} before it falls.",
        others=(case.val,), at=0, until=at, first=s.stats.first, early_peak=peak, height=height,
        lr_first_share=case.schedule.first / case.schedule.peak if case.schedule is not None else None,
    )  # fmt: skip


def _thrown_back(case: Case, s: Series, sure: float, full: str) -> Finding | None:
    """Thrown back by its first steps, from what they had gained."""
    seen = bump(s)
    if seen is None or sure * seen.confidence < REPORT_FROM:
        return None
    return finding(
        ID, "warning", sure * seen.confidence, s,
        f"The first steps{full} throw the {name(s)} back from {number(seen.low)} at {s.at_step(seen.at)} to "
        f"{number(seen.peak)}; it is there again at {s.at_step(seen.back)}.",
        others=(case.val,), at=seen.at, until=float(s.x[seen.back]), first=s.stats.first,
        early_peak=seen.peak, height=seen.peak / seen.low,
        lr_first_share=case.schedule.first / case.schedule.peak if case.schedule is not None else None,
    )  # fmt: skip


def _warmed(case: Case) -> bool | None:
    """Whether the lr is warmed up; None if the log does not say."""
    if case.schedule is not None:
        return case.schedule.warmup
    given = [case.number(k) for k in ("warmup_steps", "warmup_ratio", "warmup_epochs")]
    if any(g for g in given):
        return True
    return False if any(g == 0 for g in given) else None


def _early_peak(s: Series) -> tuple[float, float]:
    """Highest running median of three over the first tenth (10 points at least), and its progress."""
    k = max(10, len(s.y) // 10)
    y = s.y[:k]
    if len(y) < 5 or len(s.y) < 20:
        return 0.0, 0.0
    calm = of_three(y)
    i = int(np.argmax(calm))
    return float(calm[i]), float(s.x[i + 1])


def _thrown(rng: np.random.Generator, n: int, top: float) -> Floats:
    y = falling(rng, n, 2.3, 0.4, 6, 0.04)
    k = max(6, n // 16)
    y[1:k] = top * np.exp(0.05 * rng.standard_normal(k - 1)) * np.hanning(k + 3)[2 : k + 1] + 2.3
    return y


def _no_warmup(rng: np.random.Generator) -> Run:
    lr = np.full(200, 0.01)
    return run({"lr": 0.01, "optimizer": "adam"}, train_loss_step=_thrown(rng, 200, 6.0), lr=lr)


def _bumped(rng: np.random.Generator) -> Run:
    """It falls from 10.8 to 8, is thrown back to 9.5, and is at 8 again after a tenth of the run."""
    n, lr = 400, 1e-3
    x = np.linspace(0, 1, n)
    back = np.where(x < 0.03, 0.0, np.exp(-(x - 0.03) / 0.06) * (1 - np.exp(-(x - 0.03) / 0.01)))
    y = (4.3 + 6.5 / (1 + 12 * x) + 5 * back) * np.exp(0.01 * rng.standard_normal(n))
    return run({"lr": lr, "optimizer": "adam"}, train_loss_step=y, lr=np.full(n, lr))


def _zero_configured(rng: np.random.Generator) -> Run:
    return run({"lr": 0.003, "warmup_steps": 0}, train_loss_step=_thrown(rng, 300, 5.0))


def _warm(rng: np.random.Generator) -> Run:
    lr = np.concatenate((np.linspace(0, 0.01, 20), np.full(180, 0.01)))
    return run(train_loss_step=falling(rng, 200, 2.3, 0.4, 8, 0.1), lr=lr)


CONDITION = Condition(
    id=ID,
    title="no warm-up",
    severity="warning",
    actions=("add-warmup", "lower-lr"),
    check=check,
    networks_only=True,
    evidence={
        "first": "first value of the loss, in its unit",
        "early_peak": "highest level within the first tenth of the run, in the loss's unit",
        "height": "early_peak over the higher of the first two values, or over what had been reached before",
        "lr_first_share": "first learning rate over its peak; null if no lr is logged",
    },
    sick=(_no_warmup, _zero_configured, _bumped),
    healthy=(*HEALTHY, _warm),
)
