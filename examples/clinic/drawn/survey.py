"""The campaign over drawn tasks: search rates, train base runs, choose remedies, train those; wave by wave.

Resumable: finished trainings, choices and finished waves are kept in the work folder.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from clinic.campaign import (
    CHUNK,
    Journal,
    gain,
    larger_validation,
    measured,
    repeated,
    reseeded,
    variants,
    watched_seeds,
)
from clinic.config import Config
from clinic.drawn.choose import Choices
from clinic.drawn.families import family_of
from clinic.drawn.plan import bases, wave
from clinic.drawn.store import next_wave
from clinic.drawn.tuning import grid, learn
from clinic.faults import Base
from clinic.programs import signature
from clinic.remedies import Variant
from clinic.tasks import TASKS, padded_outputs
from clinic.truth import HELPS, USELESS, compare

#: rounds of asking what is missing: first tries, larger ones, repeats
TURNS = 6
#: base runs whose remedies are trained together: enough to fill the lanes, few enough to see them finished
BLOCK = 160
#: tasks that are finished before others are begun
TASKS_AT_ONCE = 12
#: share of the base runs that are trained first: the others take most of the time
CHEAP = 0.85
#: base runs that make a program worth its compilation before others are finished
SHARED = 4
#: seeds of a base run from the start; the third only where a gain must be repeated
SEEDS = 2


class TimeUp(Exception):
    """The deadline has passed."""


def own(base: Config) -> tuple[list[Config], list[Config]]:
    """A base run's own trainings: those that are watched, and the others."""
    task = TASKS[base.task]
    seeds = [reseeded(base, k) for k in range(3 if task.scarce else SEEDS)]
    watched = seeds[: watched_seeds(base)]
    if base.n_val <= min(128, task.n_val // 2) and base.probe == "":
        watched.append(larger_validation(base))
    return watched, seeds


def missing(journal: Journal, base: Config, actions: Iterable[str]) -> list[Config]:
    """Trainings that these actions on this base run still need."""
    task, chosen = TASKS[base.task], set(actions)
    wanted: list[Config] = []
    for variant in variants(journal, base):
        if variant.action not in chosen:
            continue
        wanted += [reseeded(variant.config, k) for k in range(3 if task.scarce else 1)]
        found = gain(journal, base, variant)
        if found is not None and not settled(journal, base, variant):
            wanted += [reseeded(c, k) for c in (base, variant.config) for k in range(1, found[2] + 1)]
    return [c for c in dict.fromkeys(wanted) if not journal.has(c)]


def settled(journal: Journal, base: Config, variant: Variant) -> bool:
    """Whether a variant that was tried needs no further seed: clear at once, or two seeds that agree."""
    if repeated(journal, base, variant):
        return True
    both = [(reseeded(base, k), reseeded(variant.config, k)) for k in range(2)]
    if not all(journal.has(c) for pair in both for c in pair):
        return False
    what = measured(base, variant.action)
    gains = [compare(*(journal.levels([c], *what) for c in pair))[0] for pair in both]
    return min(gains) >= HELPS or max(gains) < USELESS


def work(config: Config) -> float:
    """About how many multiplications a training takes."""
    wide = float(config.width or 8)
    return config.steps * config.batch * wide * (wide * max(config.depth, 1) + 64)


def costs(planned: list[Base]) -> list[bool]:
    """Which of these base runs are dear: they take much work, or a program that hardly any other needs."""
    if not planned:
        return []
    limit = float(np.quantile([work(b.config) for b in planned], CHEAP))
    programs = Counter(signature(b.config) for b in planned)
    return [work(b.config) > limit or programs[signature(b.config)] < SHARED for b in planned]


def parts(names: Iterable[str]) -> list[list[str]]:
    """Tasks whose trainings share compiled programs, cheap nets first, a few at a time:
    each part fills its lanes by itself."""
    shared: dict[tuple[bool, int, str], list[str]] = {}
    for name in names:
        task = TASKS[name]
        key = (task.family != "mlp", padded_outputs(task), task.family)
        shared.setdefault(key, []).append(name)
    return [
        shared[key][at : at + TASKS_AT_ONCE]
        for key in sorted(shared)
        for at in range(0, len(shared[key]), TASKS_AT_ONCE)
    ]


class Survey:
    """One campaign in one work folder."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self.journal, self.choices, self.deadline = Journal(folder), Choices(folder), deadline
        self.started, self.finished = folder / "begun.txt", folder / "waves.txt"
        self.trainings, self.runs, self.start = 0, 0, time.time()

    def train(self, configs: Iterable[Config], watch: bool, originals: set[Config]) -> int:
        """Train what is not in the journal yet; returns how many."""
        from clinic.train import train_many

        def keep(config: Config, result: Any) -> None:
            self.journal.add(family_of(config.task), originals, config, result)

        todo = [c for c in dict.fromkeys(configs) if not self.journal.has(c)]
        for i in range(0, len(todo), CHUNK // 4):
            if time.time() > self.deadline:
                raise TimeUp
            train_many(todo[i : i + CHUNK // 4], watch, keep)
        self.trainings += len(todo)
        return len(todo)

    def planned(self, names: list[str]) -> list[Base]:
        """The base runs of these tasks, after a search for their rates."""
        self.train((c for name in names for c in grid(name).values()), False, set())
        for name in names:
            learn(self.journal, name)
        return [base for name in names for base in bases(name)]

    def wave(self, number: int) -> None:
        """Everything that one wave needs, finished part by part; the dearest runs come at the end."""
        shared = parts(wave(number))
        for dear in (False, True):
            for names in shared:
                planned = self.planned(names)
                chosen = [b for b, costly in zip(planned, costs(planned), strict=True) if costly is dear]
                self.part(chosen)
                self.runs += len(chosen)

    def part(self, planned: list[Base]) -> None:
        """Everything that these base runs need."""
        originals = {c for b in planned for c in (b.config, larger_validation(b.config))}
        both = [own(b.config) for b in planned]
        self.train((c for one in both for c in one[0]), True, originals)
        self.train((c for one in both for c in one[1]), False, originals)
        new = [b for b in planned if b.config not in self.choices]
        if new:
            self.choices.make(new, [self.curves(b.config) for b in new])
        for at in range(0, len(planned), BLOCK):
            self.remedies(planned[at : at + BLOCK])

    def remedies(self, bases: list[Base]) -> None:
        """What was chosen for these base runs: first tries, larger ones, repeats."""
        for _ in range(TURNS):
            wants = [
                c for b in bases for c in missing(self.journal, b.config, self.choices.of[b.config.key()])
            ]
            if not self.train(wants, False, {b.config for b in bases}):
                break

    def curves(self, config: Config) -> dict[str, Any]:
        """The stored curves of a base run."""
        from clinic.pack import curves_of

        return curves_of(self.journal, config)

    def _noted(self, path: Path) -> set[int]:
        return {int(n) for n in path.read_text().split()} if path.exists() else set()

    def begun(self) -> list[int]:
        """The waves of which something may be known."""
        return sorted(self._noted(self.started) | self._noted(self.finished))

    def carry_out(self, waves: int | None = None, since: int | None = None) -> None:
        """Waves from `since` on that are not finished yet, until the deadline (or so many).

        By default a work folder goes on with its own, and a new one with the first that nobody has packed.
        Several processes may share a work folder if their waves are far apart.
        """
        done = self._noted(self.finished)
        if since is None:
            since = min(self.begun(), default=next_wave())
        for number in range(since, since + waves) if waves is not None else count(since):
            if number in done:
                continue
            if number not in self._noted(self.started):
                with self.started.open("a") as out:
                    out.write(f"{number}\n")
            try:
                self.wave(number)
            except TimeUp:
                return
            except Exception:  # one wave that fails shall not end a night's work; it is begun again next time
                traceback.print_exc()
                continue
            with self.finished.open("a") as out:
                out.write(f"{number}\n")
            self._tell(number)

    def _tell(self, number: int) -> None:
        hours = (time.time() - self.start) / 3600
        print(f"wave {number}: {self.runs} base runs, {self.trainings} trainings, "
                  f"{self.runs / hours:.0f} runs/h, "
              f"{self.trainings / hours / 3600:.1f} trainings/s", file=sys.stderr, flush=True)  # fmt: skip
