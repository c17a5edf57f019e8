"""The two sides of an adversarial training, where a run logs them: discriminator (or critic) and generator.

Their losses have no direction of their own. What they say, they say together: how far apart they are, and
whether that stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from curvedoctor.features.series import Series
from curvedoctor.model import Floats

Side = Literal["discriminator", "generator"]
JUDGES = frozenset("d disc discr dis discriminator netd dloss critic".split())  # noqa: SIM905
MAKERS = frozenset("g gen generator netg gloss".split())  # noqa: SIM905
#: words for a generator's adversarial term, where its whole loss has others beside
ADVERSARIAL = frozenset("gan adv adversarial".split())  # noqa: SIM905
#: words that say nothing of which of several pairs a curve belongs to
_PLAIN = (
    JUDGES | MAKERS | ADVERSARIAL
    | frozenset("train training loss losses total all mean epoch step iter batch avg".split())  # noqa: SIM905
    | frozenset("err error mse bce hinge accuracy acc real fake 1 2".split())  # noqa: SIM905
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
#: found inside of longer words too ("discriminatorloss")
_RUN_TOGETHER = ("discriminator", "generator")
_HALVES = ("real", "fake")


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """One discriminator and its generator. Levels are means over parts of the run, shape (GRID,)."""

    #: the discriminator's loss, or its parts for real and made-up data
    judged_by: tuple[Series, ...]
    maker: Series
    #: the discriminator's share of right answers, where it is logged
    accuracy: Series | None
    #: a critic or discriminator, as the log calls it
    name: str

    @property
    def discriminator(self) -> Floats:
        """Mean level of the discriminator's loss."""
        return np.asarray(np.mean([s.grid for s in self.judged_by], axis=0))

    @property
    def generator(self) -> Floats:
        """Level of the generator's loss."""
        return self.maker.grid

    @property
    def right(self) -> Floats | None:
        """The discriminator's share of right answers, 0..1."""
        if self.accuracy is None:
            return None
        return self.accuracy.grid / (100.0 if self.accuracy.stats.top > 1.5 else 1.0)

    @property
    def points(self) -> float:
        """Points of the shorter curve."""
        return min(s.stats.n for s in (*self.judged_by, self.maker))


def pairs(series: Mapping[str, Series]) -> tuple[Pair, ...]:
    """The adversarial pairs among a run's curves: one, or one per direction of a cycle."""
    if any(s.curve.role.quantity == "reward" for s in series.values()):
        return ()  # an actor and its critic play no such game
    judges = _grouped(series, JUDGES, MAKERS)
    makers = _grouped(series, MAKERS | ADVERSARIAL, JUDGES)
    if len(judges) == len(makers) == 1:
        judges = {next(iter(makers)): next(iter(judges.values()))}
    accuracy = _accuracies(series)
    return tuple(
        Pair(
            _whole_or_halves(judges[key]), _adversarial(makers[key]), accuracy.get(key), _called(judges[key])
        )
        for key in sorted(judges)
        if key in makers
    )


def sides(identifier: str) -> frozenset[str]:
    """The words of a name that say which side it belongs to."""
    return _words(identifier) & (JUDGES | MAKERS)


@lru_cache(maxsize=1024)
def _words(identifier: str) -> frozenset[str]:
    """The words of a curve's id, split at signs and at capitals: "errD_real" → err, d, real."""
    words = frozenset(word.lower() for word in _WORD.findall(identifier[:300]))
    whole = frozenset(long for long in _RUN_TOGETHER if long in identifier[:300].lower())
    return words | whole


def _grouped(
    series: Mapping[str, Series], of: frozenset[str], other: frozenset[str]
) -> dict[frozenset[str], list[Series]]:
    """Losses without a direction that belong to one side, by what else their names say ("A", "B")."""
    groups: dict[frozenset[str], list[Series]] = {}
    for s in series.values():
        role = s.curve.role
        if role.quantity != "loss" or role.better != "none" or s.stats.n < 2 or role.split in ("val", "test"):
            continue
        words = _words(s.curve.id)
        if words & of and not words & other:
            groups.setdefault(words - _PLAIN, []).append(s)
    return groups


def _accuracies(series: Mapping[str, Series]) -> dict[frozenset[str], Series]:
    """How often the discriminator is right, on the whole."""
    out = {}
    for s in series.values():
        words = _words(s.curve.id)
        if s.curve.role.quantity == "accuracy" and s.curve.role.better == "none" and not words & set(_HALVES):
            out[words - _PLAIN] = s
    return out


def _whole_or_halves(known: list[Series]) -> tuple[Series, ...]:
    """The loss that sums up the others, or its two halves."""
    halves = {half: s for s in known for half in _HALVES if half in _words(s.curve.id)}
    whole = [s for s in known if s not in halves.values()]
    if whole or len(halves) < 2:
        return (min(whole or known, key=_shortest),)
    return tuple(halves[half] for half in _HALVES)


def _adversarial(known: list[Series]) -> Series:
    """The term by which the generator meets its opponent, before sums that hold others."""
    terms = [s for s in known if _words(s.curve.id) & ADVERSARIAL]
    return min(terms or known, key=_shortest)


def _shortest(s: Series) -> tuple[float, int, str]:
    return -s.stats.n, len(s.curve.id), s.curve.id


def _called(known: list[Series]) -> str:
    return "critic" if any("critic" in _words(s.curve.id) for s in known) else "discriminator"
