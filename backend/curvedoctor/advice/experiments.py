"""What to ask first where no remedy is likely: the experiment whose answer tells which one is.

Its worth is how likely what is done after its answer helps, its price the time until then. Simulated on
trainings whose remedies were really tried (`python -m clinic.benchmark`): where it is asked first, the
likeliest remedy at once would have helped in half of the runs, the likeliest after the answer in three
quarters.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

#: a remedy as likely as this is tried at once
LIKELY = 0.5
#: experiment → the remedies that its answer names or rules out, and what is at fault where it does
TELLS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "run-lr-range-test": (("lower-lr", "raise-lr"), "the learning rate"),
    "overfit-one-batch": (("overfit-one-batch",), "the code"),
    "check-split": (("check-split",), "the evaluation"),
}  # fmt: skip
#: how likely an experiment must name a remedy,
#: and by how much it must raise the probability that what follows helps
NAMES, RAISES = 0.25, 0.15


@dataclass(frozen=True, slots=True)
class Experiment:
    """What to ask, and how likely its answer names what helps."""

    action: str
    chance: float
    reason: str


def experiment(
    chance: Mapping[str, float], expected: Mapping[str, float], asked: Container[str]
) -> Experiment | None:
    """The experiment worth doing before the likeliest remedy; None where that is better tried at once.

    `chance` is that of each remedy that fits the run, `expected` those of all actions. What is `asked`
    already (a finding names it) is not asked, nor is a direction of which a finding excludes the other.
    """
    likeliest = max(chance.values(), default=1.0)
    if likeliest >= LIKELY:
        return None
    best, most = None, likeliest + RAISES
    for action, (remedies, fault) in TELLS.items():
        named = sum(expected.get(remedy, 0.0) for remedy in remedies)
        fits = all(remedy in chance or remedy == action for remedy in remedies)
        rest = max((p for remedy, p in chance.items() if remedy not in remedies), default=0.0)
        worth = named + (1 - min(named, 1.0)) * rest
        if action not in asked and fits and named >= NAMES and worth >= most:
            why = f"no change is likely by itself: this tells whether {fault} is at fault"
            best, most = Experiment(action, named, why), worth
    return best
