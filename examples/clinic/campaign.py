"""Which trainings a base run needs, and the journal of those that are finished.

What is needed depends on what is known (larger magnitudes follow smaller ones
that gained, borderline gains are repeated), so the campaign asks, trains and
asks again until nothing is missing. Interrupt it at any time.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from clinic.config import Config
from clinic.curves import logged
from clinic.faults import Base
from clinic.plan import base_runs
from clinic.remedies import Variant, first, follow_up
from clinic.tasks import TASKS, chance
from clinic.truth import compare, level, verdict, wants_repeat

SEED_STEP = 1_000_003
#: trainings between two looks at the clock
CHUNK = 1500


_SEEDED: dict[tuple[str, int], Config] = {}


def reseeded(config: Config, k: int) -> Config:
    """The same configuration, other initial weights, order and training rows (kept: asked for very often)."""
    if k == 0:
        return config
    name = (config.key(), k)
    if name not in _SEEDED:
        _SEEDED[name] = replace(config, seed=config.seed + k * SEED_STEP)
    return _SEEDED[name]


class Journal:
    """Finished trainings in a folder: one JSON line each, and the curves of base runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: dict[str, dict[str, Any]] = {}
        (folder / "curves").mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.jsonl")):
            for line in path.read_text().splitlines():
                try:
                    record = json.loads(line)
                except ValueError:  # a torn last line: that training is simply done again
                    continue
                self.done[record["k"]] = record
        for path in (folder / "curves").glob("*.npz"):
            with np.load(path) as held:
                if np.isnan(held["val_loss"]).all() and np.isfinite(held["train_loss"]).all():
                    self.done.pop(path.stem, None)  # trained without being watched: train it again

    def add(self, task: str, originals: set[Config], config: Config, result: Any) -> None:
        """Keep one finished training; of the `originals` also the curves."""

        def clean(values: Iterable[float]) -> list[float | None]:
            return [float(f"{v:.6g}") if math.isfinite(v) else None for v in values]

        tail = result.steps[-config.steps_per_epoch :, 0]
        val = result.epochs[:, 0]
        record = {
            "k": config.key(), "t": clean(result.truth), "b": clean(result.best), "s": clean(result.seen),
            "l": clean([float(tail.mean()), float(val[-1])]), "e": result.best_epoch,
        }  # fmt: skip
        if config in originals:
            arrays: dict[str, Any] = dict(logged(config, result))
            half = self.folder / f"{record['k']}.half.npz"  # an interrupted write leaves no broken curves
            np.savez(half, **arrays)
            half.replace(self.folder / "curves" / f"{record['k']}.npz")
        self.done[record["k"]] = record
        with (self.folder / f"{task}.jsonl").open("a") as out:
            out.write(json.dumps(record) + "\n")

    def has(self, config: Config) -> bool:
        """Whether this training is finished."""
        return config.key() in self.done

    def levels(self, configs: list[Config], measure: str = "t", column: int = 0) -> list[float]:
        """Log-levels of the finished ones among these configurations."""
        found = (self.done.get(c.key()) for c in configs)
        return [level(r[measure][column], chance(c.task)) for c, r in zip(configs, found, strict=True) if r]


@cache
def _first(base: Config) -> list[Variant]:
    return first(base)


def measured(config: Config, action: str = "") -> tuple[str, int]:
    """Which recorded number decides: validation loss, training loss of a probe, balanced error."""
    if config.probe == "overfit-check":
        return "s", 0
    return ("t", 3) if action == "rebalance-classes" else ("t", 0)


def gain(journal: Journal, base: Config, variant: Variant) -> tuple[float, float, int] | None:
    """Gain, its standard error and the number of seeds of a variant (None: not trained yet)."""
    pairs = [(reseeded(base, k), reseeded(variant.config, k)) for k in range(3)]
    pairs = [p for p in pairs if journal.has(p[0]) and journal.has(p[1])]
    if not pairs:
        return None
    what = measured(base, variant.action)
    old, new = (journal.levels([p[i] for p in pairs], *what) for i in (0, 1))
    return *compare(old, new), len(pairs)


def variants(journal: Journal, base: Config) -> list[Variant]:
    """All variants of a base run as far as they are known now."""
    tried = _first(base)
    gains: dict[str, float] = {}
    for variant in tried:
        found = gain(journal, base, variant)
        if found is not None:
            gains[variant.action] = max(gains.get(variant.action, -9.0), found[0])
    return tried + follow_up(base, gains)


def tried(journal: Journal, base: Config) -> bool:
    """Whether the run's own trainings and every remedy's first try are finished (repeats may be missing)."""
    own = [reseeded(base, k) for k in range(3)]
    firsts = [reseeded(v.config, k) for v in _first(base) for k in range(3 if TASKS[base.task].scarce else 1)]
    return all(journal.has(c) for c in own + firsts)


def needed(journal: Journal, base: Config) -> tuple[list[Config], list[Config]]:
    """Missing trainings: those whose validation curve is wanted, and the others."""
    task = TASKS[base.task]
    seeds = [reseeded(base, k) for k in range(3)]
    watched = seeds[: watched_seeds(base)]
    if base.n_val <= min(128, task.n_val // 2) and base.probe == "":
        watched.append(larger_validation(base))
    rest = seeds + [reseeded(v.config, k) for v in _first(base) for k in range(3 if task.scarce else 1)]
    if all(journal.has(s) for s in seeds):
        levels = journal.levels(seeds, *measured(base))
        for variant in variants(journal, base):
            rest.append(variant.config)
            found = gain(journal, base, variant)
            if found is not None and found[2] < 3 and wants_repeat(found[0], levels):
                rest += [reseeded(variant.config, k) for k in (1, 2)]
    known = set(watched)
    return ([c for c in watched if not journal.has(c)],
            [c for c in dict.fromkeys(rest) if c not in known and not journal.has(c)])  # fmt: skip


def watched_seeds(base: Config) -> int:
    """How many seeds of a base run are validated every epoch (so that their best checkpoint is known)."""
    return 3 if TASKS[base.task].scarce else 1


def larger_validation(base: Config) -> Config:
    """The very same training, validated on all rows that there are."""
    return replace(base, n_val=TASKS[base.task].n_val)


def carry_out(
    journal: Journal, names: list[str], rounds: int, limit: int | None, deadline: float, since: int = 0
) -> int:
    """Train everything that the base runs of these tasks need; returns the number of trainings."""
    from clinic.train import train_many

    total, start = 0, time.monotonic()
    waves = [limit // 2, limit] if limit and limit > 16 else [limit]  # stopped halfway, all tasks have runs
    for most, name in itertools.product(waves, names):
        bases = base_runs(name, rounds, most)[since:]
        originals = {c for b in bases for c in (b.config, larger_validation(b.config))}
        open_ = [b.config for b in bases]
        for turn in range(5):
            wants = [needed(journal, c) for c in open_]
            open_ = [c for c, w in zip(open_, wants, strict=True) if w[0] or w[1]]
            for watch in (True, False):
                todo = list(dict.fromkeys(c for w in wants for c in w[0 if watch else 1]))
                # a remedy of one grid run is another grid run: it was trained, and watched, a moment ago
                todo = [c for c in todo if not journal.has(c)]
                for i in range(0, len(todo), CHUNK):
                    if time.time() > deadline:
                        return total
                    part = todo[i : i + CHUNK]
                    train_many(part, watch, partial(journal.add, name, originals))
                    total += len(part)
                    _tell(name, turn, len(bases), total, time.monotonic() - start)
            if not open_:
                break
    return total


def _tell(name: str, turn: int, bases: int, total: int, seconds: float) -> None:
    line = (
        f"{name}: {bases} base runs, pass {turn + 1}, {total} trainings, {total / max(seconds, 1e-9):.1f}/s"
    )
    print(f"\r{line:<78}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n",
          file=sys.stderr,
          flush=True)  # fmt: skip


Settled = Callable[[Journal, Config, Variant], bool]


def repeated(journal: Journal, base: Config, variant: Variant) -> bool:
    """Whether a variant that was tried has as many seeds as its gain and the run's noise ask for."""
    found = gain(journal, base, variant)
    levels = journal.levels([reseeded(base, k) for k in range(3)], *measured(base))
    return found is not None and (found[2] >= 3 or not wants_repeat(found[0], levels))


def outcome_of(journal: Journal, base: Base, settled: Settled = repeated) -> dict[str, list[dict[str, Any]]]:
    """Per action the variants tried: what, factor, gain, seeds, helps (None where not `settled`)."""
    outcomes: dict[str, list[dict[str, Any]]] = {}
    for variant in variants(journal, base.config):
        found = gain(journal, base.config, variant)
        if found is None:
            continue
        unsure = not settled(journal, base.config, variant)
        row = {"what": variant.what, "factor": variant.factor, "gain": round(found[0], 3), "seeds": found[2],
               "helps": None if unsure else verdict(found[0], found[1])}  # fmt: skip
        outcomes.setdefault(variant.action, []).append(row)
    return outcomes
