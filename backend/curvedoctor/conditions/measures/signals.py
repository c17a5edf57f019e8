"""What an agent's log tells beside its reward: entropy, KL, clipping, the critic. Evidence and causes, never
judged as losses.

Steps of different curves of one run are compared as they are logged: agents count environment steps
throughout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from curvedoctor.features.blocks import median
from curvedoctor.features.case import Case
from curvedoctor.model import Curve, Floats

Kind = Literal["entropy", "kl", "clipped", "explained", "critic", "values", "curriculum"]
#: kind → the names under which libraries log it, on the lower-case tag
_NAMES: Mapping[Kind, re.Pattern[str]] = {
    "entropy": re.compile(r"entropy|loss/ent$"),
    "kl": re.compile(r"approx_?kl|policykl|kullback|(^|[/_. ])(mean_)?kl([_ ](mean|avg|div\w*|loss))?$"),
    "clipped": re.compile(r"clip[_ ]?(frac|factor|ratio)"),
    "explained": re.compile(r"explained[_ ]?var|var[_ ]?explained"),
    "critic": re.compile(
        r"(value|vf|v|critic|critics|qf|q|td|c|value[_ ]function|valuefn)[_ ]?\d?[_ ]loss"
        r"|loss(es)?\s?/\s?(value|vf|critic|q)\w*"
    ),
    "values": re.compile(
        r"q\w?\d?[_ ]values?|(max|mean|avg|average)[_ ]?(max_)?q$|max_q|value estimate|vpred"
    ),
    "curriculum": re.compile(r"curriculum|lesson|terrain|difficulty|self-play|(^|[/_ ])elo$"),
}
_NOT = re.compile(
    r"coef|target[_ ]|bonus|max_grad|reward|objective|(^|[/_ .])(std|var|min)($|[/_ .])|old_|beta|weight"
)
#: a run whose only loss this is learns values (DQN)
_ONLY = re.compile(r"(^|/)(average_)?loss(/episode)?$")
#: KL of an update that moves next to nothing, in nats
STILL_KL = 1e-4
#: fewest points that show a course
MIN_POINTS = 8


@dataclass(frozen=True, eq=False, slots=True)
class Signal:
    """One such curve: the finite points with their steps, each shape (n,)."""

    curve: Curve
    steps: Floats
    y: Floats

    def between(self, since: float, until: float) -> Floats:
        """The values logged between two steps, both included."""
        return self.y[(self.steps >= since) & (self.steps <= until)]


@lru_cache(maxsize=8)  # three conditions ask of the same run
def signals(case: Case) -> Mapping[Kind, Signal]:
    """What is logged of each kind: the curve with most points, of the shortest name."""
    found: dict[Kind, Signal] = {}
    for kind in _NAMES:
        known = [s for curve in case.run.curves if _is(kind, curve) and (s := _signal(curve)) is not None]
        if known:
            found[kind] = min(known, key=lambda s: (-len(s.y), len(s.curve.id), s.curve.id))
    if speaks(case):
        found.pop(
            "kl", None
        )  # of language models: how far the policy is from where it began, not what an update did
    if "critic" not in found and "entropy" not in found:
        only = [s for c in case.run.curves if _is_only_loss(c) and (s := _signal(c)) is not None]
        if only:
            found["critic"] = only[0]
    return found


def _is(kind: Kind, curve: Curve) -> bool:
    tag = curve.tag.lower()[-200:]
    if curve.role.quantity in ("reward", "lr", "time", "grad_norm") or curve.role.split in ("val", "test"):
        return False
    return _NAMES[kind].search(tag) is not None and (kind == "curriculum" or _NOT.search(tag) is None)


def _is_only_loss(curve: Curve) -> bool:
    return curve.role.quantity == "loss" and _ONLY.search(curve.tag.lower()) is not None


def _signal(curve: Curve) -> Signal | None:
    finite = np.isfinite(curve.values)
    steps = curve.steps[finite].astype(np.float64)
    if len(steps) < MIN_POINTS or bool((np.diff(steps) < 0).any()):
        return None
    return Signal(curve, steps, curve.values[finite])


def entropy(case: Case) -> tuple[Signal, Floats] | None:
    """The policy's entropy in nats, whatever its sign in the log: the loss made of it is its negative."""
    signal = signals(case).get("entropy")
    if signal is None:
        return None
    return signal, -signal.y if "loss" in signal.curve.tag.lower() and signal.y[0] < 0 else signal.y


def speaks(case: Case) -> bool:
    """Whether the agent is a language model: completions are logged."""
    return any("completion" in curve.tag.lower() for curve in case.run.curves)


def policy_rests(case: Case) -> bool:
    """Whether no update moved the policy: a KL next to zero throughout."""
    kl = signals(case).get("kl")
    return kl is not None and float(np.quantile(np.abs(kl.y), 0.9)) < STILL_KL


def median_late(signal: Signal | None) -> float | None:
    """The median over the last fifth; None without the signal."""
    if signal is None:
        return None
    return median(signal.y[-max(3, len(signal.y) // 5) :])
