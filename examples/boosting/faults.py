"""Healthy settings found by trying, and settings broken in known ways,
with the truth found by trying as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from boosting.tasks import Task, task
from boosting.train import LIBRARIES, Setting, Trained

#: share by which a remedy must lower the final validation loss to help, and below which it does not
HELPS, HELPS_NOT = 0.10, 0.05
#: rounds without improvement after which a practitioner's training stops
PATIENCE = 20
#: most rounds that anybody waits for here
MOST = 1200


@dataclass(frozen=True, slots=True)
class Where:
    """What is trained: by whom, on what, on which share of the rows."""

    library: str
    task: str
    seed: int
    share: float = 1.0

    @property
    def data(self) -> Task:
        whole = task(self.task, self.seed)
        return whole if self.share == 1 else whole.fewer(self.share)


@dataclass(frozen=True, slots=True)
class Made:
    """One training with its truth: what was done to it, and what the best known remedy brings (share)."""

    where: Where
    kind: str
    setting: Setting
    log: Trained
    better: float


@cache
def trained(where: Where, setting: Setting) -> Trained:
    """The training, done once."""
    return LIBRARIES[where.library](where.data, setting, where.seed)


def stopped(where: Where, setting: Setting) -> Setting:
    """Stopped early: at the best round so far once it has not got better for `PATIENCE` rounds."""
    return replace(setting, rounds=best_round(trained(where, setting).validation, PATIENCE) + 1)


def best_round(curve: Sequence[float], patience: int) -> int:
    """The best round, counted from zero, once so many others have brought nothing better."""
    best = 0
    for at, value in enumerate(curve):
        if value < curve[best]:
            best = at
        elif at - best >= patience:
            break
    return best


def neighbours(s: Setting) -> Iterator[Setting]:
    """One thing changed, as the usual remedies change it."""
    yield replace(s, rate=s.rate / 3, rounds=min(3 * s.rounds, MOST))
    yield replace(s, rate=min(3 * s.rate, 0.5))
    yield replace(s, rounds=min(2 * s.rounds, MOST))
    yield replace(s, rounds=max(5, s.rounds // 2))
    for depth in (s.depth - 1, s.depth + 1):
        if 2 <= depth <= 7:
            yield replace(s, depth=depth)
    yield replace(s, leaf=min(4 * s.leaf, 40))
    yield replace(s, penalty=10 * s.penalty)
    if s.rows == 1:
        yield replace(s, rows=0.7)


def healthy(where: Where) -> Setting:
    """A setting that none of its neighbours improves by 5 %, by going to the best of them again and again."""
    now = stopped(where, Setting(rounds=300))
    for _ in range(4):
        best = min(neighbours(now), key=lambda s: trained(where, s).final)
        if trained(where, best).final > (1 - HELPS_NOT) * trained(where, now).final:
            break
        now = best
    return now


def _early_stopped(s: Setting) -> Setting:
    return replace(s, rounds=s.rounds + PATIENCE)


#: fault → (what is done to the healthy setting, share of the rows that is left)
FAULTS: dict[str, tuple[Callable[[Setting], Setting], float]] = {
    "lr too high": (lambda s: replace(s, rate=1.0, rounds=max(s.rounds, 60)), 1.0),
    "lr too low": (lambda s: replace(s, rate=s.rate / 20), 1.0),
    "too many rounds": (lambda s: replace(s, rounds=min(MOST, max(12 * s.rounds, 500))), 1.0),
    "too few rounds": (lambda s: replace(s, rounds=max(8, s.rounds // 6)), 1.0),
    "too deep": (lambda s: replace(s, depth=8, leaf=1, penalty=1e-3, rows=1.0, rounds=max(s.rounds, 100)),
        0.2),
}  # fmt: skip


def cases(library: str, name: str, seed: int) -> Iterator[Made]:
    """The healthy trainings of a task, and the broken ones."""
    where = Where(library, name, seed)
    good = healthy(where)
    for kind, setting in (("healthy", good), ("healthy, stopped early", _early_stopped(good))):
        yield _made(where, kind, setting, ())
    for kind, (break_, share) in FAULTS.items():
        there = replace(where, share=share)
        # what is known to be better: the healthy setting, and stopping this one at its best
        broken = break_(good)
        yield _made(there, kind, broken, (good, stopped(there, broken)))


def _made(where: Where, kind: str, setting: Setting, cures: tuple[Setting, ...]) -> Made:
    log = trained(where, setting)
    best = min(
        (trained(where, s).final for s in (*cures, *(() if cures else neighbours(setting)))), default=0.0
    )
    return Made(where, kind, setting, log, 1 - best / max(log.final, 1e-12))
