"""What went before an agent's reward did, by its own signals: one of them left what it had been,
and the fall came after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curvedoctor.conditions.base import number, times
from curvedoctor.conditions.measures.signals import Signal, entropy, signals
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.features.series import Series

#: shares of the run before and after the onset within which a signal is looked at
BEFORE, AFTER = 0.15, 0.02
#: KL of one update that is too much by any custom, in nats, and times its usual level
KL, KL_TIMES = 0.03, 4.0
#: KL that is too much as a habit; learning rate far above what agents are trained with
FAR, HIGH_LR = 0.1, 0.01
#: times its median up to the onset that a learning rate was raised by
RAISED = 3.0
#: share of the ratios that were clipped: most of the batch wants to move farther than it may
CLIPPED = 0.5
#: times its usual level that a value loss or gradient norm has run away by
RAN_AWAY = 10.0
#: share of its start below which an entropy is gone; share above which it has grown
GONE, GREW = 0.1, 1.5


@dataclass(frozen=True, slots=True)
class Cause:
    """One signal that left its level before the reward fell."""

    #: "kl", "critic", "gradient", "rate", "entropy gone", "entropy grew"
    what: str
    #: the curve, where on its axis, and a sentence's end
    curve: str
    at: float
    text: str
    #: what to do about it after going back to the checkpoint
    actions: tuple[str, ...]


def cause(case: Case, s: Series, onset: int) -> Cause | None:
    """The surest cause of a fall that begins at a logged point; None where no signal tells one."""
    start, end = float(s.curve.steps.min()), float(s.curve.steps.max())
    at = s.step_at(onset)
    window = at - BEFORE * (end - start), at + AFTER * (end - start)
    return (
        _of_kl(case, window)
        or _of_critic(case, window)
        or _of_gradient(case, window)
        or _of_rate(case, s, window)
        or _of_entropy(case, window)
    )


def _of_kl(case: Case, window: tuple[float, float]) -> Cause | None:
    diagnostics = signals(case)
    found = _runs_away(diagnostics.get("kl"), window, KL_TIMES, KL)
    if found is not None:
        kl, step, level = found
        return Cause(
            "kl", kl.curve.id, step,
                f"the policy had taken a step of KL {number(level)} at {kl.curve.axis} {step:g}",
            ("lower-lr", "clip-gradients"),
        )  # fmt: skip
    often = diagnostics.get("kl")
    if often is not None:
        before = often.y[often.steps <= window[1]]
        usual = float(np.median(before)) if len(before) >= 4 else 0.0
        if usual > FAR:
            text = f"each update had moved the policy far, by a KL of {number(usual)}"
            return Cause("kl", often.curve.id, float(often.steps[0]), text, ("lower-lr", "clip-gradients"))
    clipped = diagnostics.get("clipped")
    near = clipped.between(*window) if clipped is not None else np.empty(0)
    if clipped is None or len(near) < 2 or float(np.median(near)) < CLIPPED:
        return None
    step = float(clipped.steps[clipped.steps >= window[0]][0])
    text = f"most of each update was clipped before ({number(float(np.median(near)))} of the ratios)"
    return Cause("kl", clipped.curve.id, step, text, ("lower-lr", "clip-gradients"))


def _of_critic(case: Case, window: tuple[float, float]) -> Cause | None:
    # what the fall itself surprises the critic by is no cause: nothing after the onset counts
    found = _runs_away(
        signals(case).get("critic"), (window[0], window[0] + (window[1] - window[0]) * 0.8), RAN_AWAY
    )
    if found is None:
        return None
    critic, step, level = found
    text = f"the value loss had run away before, to {number(level)} at {critic.curve.axis} {step:g}"
    return Cause("critic", critic.curve.id, step, text, ("lower-lr", "clip-gradients"))


def _of_gradient(case: Case, window: tuple[float, float]) -> Cause | None:
    if case.grad_norm is None:
        return None
    curve, keep = case.grad_norm.curve, np.isfinite(case.grad_norm.curve.values)
    found = _runs_away(
        Signal(curve, curve.steps[keep].astype(np.float64), curve.values[keep]), window, RAN_AWAY
    )
    if found is None:
        return None
    _, step, level = found
    text = f"the gradient norm had jumped to {number(level)} at {curve.axis} {step:g}"
    return Cause("gradient", curve.id, step, text, ("clip-gradients", "lower-lr"))


def _of_rate(case: Case, s: Series, window: tuple[float, float]) -> Cause | None:
    curve, actions = case.lr, ("lower-lr", "clip-gradients")
    if curve is not None:
        early = curve.steps <= window[1]
        risen = np.flatnonzero(
            early & (curve.values > RAISED * float(np.median(curve.values[early])) if early.any() else early)
        )
        if len(risen):
            step, rate = float(curve.steps[risen[0]]), float(curve.values[risen[0]])
            text = f"the learning rate had been raised to {number(rate)} at {curve.axis} {step:g}"
            return Cause("rate", curve.id, step, text, actions)
    lr = logged_lr(case)
    if lr is None or lr < HIGH_LR:
        return None
    text = f"the learning rate, {number(lr)}, is far above what agents are trained with"
    return Cause("rate", curve.id if curve is not None else s.curve.id, s.step_at(0), text, actions)


def _of_entropy(case: Case, window: tuple[float, float]) -> Cause | None:
    found = entropy(case)
    if found is None:
        return None
    signal, y = found
    first, near = float(np.median(y[:3])), (signal.steps >= window[0]) & (signal.steps <= window[1])
    if not near.any() or not first > 0:
        return None
    then, axis = float(np.median(y[near])), signal.curve.axis
    if then < GONE * first:
        step = _since(signal, y < GONE * first)
        text = f"the policy's entropy was gone by {axis} {step:g} (from {number(first)} to {number(then)})"
        return Cause("entropy gone", signal.curve.id, step, text, ("regularize", "lower-lr"))
    if then > GREW * first:
        step = _since(signal, y > GREW * first)
        text = (
            f"the policy had become more random: entropy {times(then / first)} times that of its "
            f"start by {axis} {step:g}"
        )
        return Cause("entropy grew", signal.curve.id, step, text, ("lower-lr", "reduce-regularization"))
    return None


def _since(signal: Signal, there: npt.NDArray[np.bool_]) -> float:
    return float(signal.steps[int(np.argmax(there))])


def _runs_away(
    signal: Signal | None, window: tuple[float, float], factor: float, least: float = 0.0
) -> tuple[Signal, float, float] | None:
    """The signal, and step and value of its first point in the window far above its usual level before."""
    if signal is None:
        return None
    before = np.abs(signal.y[signal.steps < window[0]])
    if len(before) < 4:
        return None
    usual, most = float(np.median(before)), float(before.max())
    near = (
        (signal.steps >= window[0])
        & (signal.steps <= window[1])
        & (np.abs(signal.y) > max(factor * usual, most, least))
    )
    if not near.any():
        return None
    at = int(np.argmax(near))
    return signal, float(signal.steps[at]), float(signal.y[at])
