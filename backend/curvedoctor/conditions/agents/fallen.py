"""A reward that falls from what it had reached, and stays."""

from __future__ import annotations

from curvedoctor.conditions.base import REPORT_FROM, ramp
from curvedoctor.conditions.measures.returns import (
    WANDERS,
    Fall,
    fall,
    harder_task,
    noise_of_part,
    rewards,
    span,
    succeeds,
    tail,
)
from curvedoctor.conditions.measures.signals import policy_rests
from curvedoctor.features.case import Case
from curvedoctor.features.series import Series

#: share of the rise that is lost: beyond what a sound agent's reward swings by
LOST = (0.3, 0.45)
#: rise in units of the noise of a mean; the same for a fall below the start
CLEAR, BELOW = (4.0, 8.0), (8.0, 16.0)
#: by how many times its noise an evaluation must end below its best with a reward of training that collapsed
FALLS = 2.0
#: share of the run for which a level must be held that was there from the start: where a reward only sinks,
#: noise puts the beginning of its fall anywhere in the first seventh
HELD = (0.15, 0.2)
#: times the longest stretch that was as low before
LONGER = (1.2, 2.0)
#: share of the fall that every part of the end keeps
KEPT = 0.35
#: share of the run over which a reward stays the same to the last digit
FROZEN = 0.2
#: share of its rise that a reward of training may lose and still contradict an evaluation that falls
HOLDS = 0.1
#: what remains of the confidence beside that, a policy that no update moves, a success rate at its best,
#: or a task that gets harder
CONTRADICTED = 0.3


def collapsed(case: Case) -> tuple[Series, Fall, float] | None:
    """The reward that collapsed, its fall, and how sure that is: the one that is judged, or, where that falls
    too but is noisy or short, what training got."""
    judged, *others = rewards(case)
    found, confidence = collapse(case, judged)
    if found is not None and confidence >= REPORT_FROM:
        return judged, found, confidence
    eighths = judged.grid.reshape(8, -1).mean(axis=1)
    if found is None or float(eighths[6:].mean() - eighths[:6].min()) < FALLS * noise_of_part(judged):
        return None
    collapses = [(s, *collapse(case, s)) for s in others]
    return next(((s, f, c) for s, f, c in collapses if f is not None and c >= REPORT_FROM), None)


def collapse(case: Case, s: Series) -> tuple[Fall | None, float]:
    """The fall of the reward, and how sure it is that it is a collapse."""
    found = fall(s)
    if found is None:
        return None, 0.0
    noise = max(noise_of_part(s), 1e-300)
    clear = ramp(found.rise / noise, *CLEAR)
    if found.lost > 1:
        # an agent that came with what it could: the level that it had held is what it had reached
        held = ramp((s.x[found.at] - s.x[0]) / (s.x[-1] - s.x[0]), *HELD)
        clear = max(clear, held * ramp((found.end - found.best - found.rise) / noise, *BELOW))
    confidence = (
        0.95 * ramp(found.lost, *LOST) * clear * ramp(found.longest, *LONGER) * ramp(span(s), *WANDERS)
    )
    if harder_task(case) or succeeds(case) or policy_rests(case) or any(map(_holds, rewards(case)[1:])):
        confidence *= CONTRADICTED
    return found, confidence * float(_stays(s, found))


def _holds(other: Series) -> bool:
    """Whether what training got, beside an evaluation that falls, did not: a greedy policy may do well,
    or badly, by chance."""
    found = fall(other)
    return found is None or found.lost < HOLDS or span(other) < WANDERS[1]


def _stays(s: Series, found: Fall) -> bool:
    """Whether no part of the end makes good more than most of the fall, nor is on its way there."""
    last, depth = tail(s), found.end - found.best
    half = len(last) // 2
    back = float(last[:half].mean() - last[half:].mean())
    return bool(last.min() > found.best + KEPT * depth and back < 0.25 * max(found.rise, depth))
