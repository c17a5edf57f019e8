"""Where conditions flip: an example changed little by little until what is said of it changes.

`python -m conditions.boundaries` (from tests/) writes the places anew: read the difference before you commit
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from curvedoctor.conditions.base import Condition, Example, all_conditions
from curvedoctor.features.case import build
from curvedoctor.model import Curve, Finding, Floats, Run

PATH = Path(__file__).with_name("boundaries.txt")
HEAD = "condition | example | change | what is said before | after | at which share of the change"
#: the two runs beside a boundary are so far from it, as share of the whole change
HAIR = 0.008
#: points of the search for a boundary, round by round
ROUNDS = (13, 8, 7)
#: relative noise under which a boundary that is kept stays where it is
SHAKEN = 1e-6

#: values and a share 0..1 → values
Shaping = Callable[[Floats, float], Floats]


def _time(y: Floats) -> Floats:
    return np.linspace(0.0, 1.0, len(y))


def _noise(y: Floats) -> Floats:
    return np.random.default_rng(7).standard_normal(len(y))


def _smooth(y: Floats) -> Floats:
    width = max(1, len(y) // 6)
    padded = np.pad(y, width, mode="edge")
    return np.array([padded[k : k + 2 * width + 1].mean() for k in range(len(y))])


#: what may become of a loss; a score is shaped as its distance from one, a reward as that from its best
SHAPES: dict[str, Shaping] = {
    "flattened": lambda y, p: y[-1] + (1 - p) * (y - y[-1]),
    "smoothed": lambda y, p: (1 - p) * y + p * _smooth(y),
    "shaken": lambda y, p: y * np.exp(0.6 * p * _noise(y)),
    "lifted": lambda y, p: y + 4 * p**2 * np.abs(y).max(),
    "lowered": lambda y, p: y - p * y.min(),
    "falling": lambda y, p: y * (1 - 0.95 * p * _time(y)),
    "rising": lambda y, p: y * (1 + 3 * p**2 * _time(y)),
    "scaled up": lambda y, p: y * 10 ** (3 * p),
    "scaled down": lambda y, p: y * 10 ** (-3 * p),
    "ever flatter": lambda y, p: y[-1] + 10 ** (-7 * p) * (y - y[-1]),
    "still from the end on": lambda y, p: np.where(_time(y) < 1 - p, y, y[int((1 - p) * (len(y) - 1))]),
    "higher from the middle on": lambda y, p: np.where(_time(y) < 0.5, y, y * (1 + 9 * p**2)),
    "high at the end": lambda y, p: np.where(_time(y) < 0.85, y, y + 4 * p**2 * np.abs(y).max()),
    "high at the start": lambda y, p: np.where(_time(y) > 0.08, y, y + 9 * p**2 * np.abs(y).max()),
    "with spikes": lambda y, p: np.where(np.arange(len(y)) % (len(y) // 7 + 2) == 2, y * (1 + 30 * p**2), y),
}
WHOLE = ("shortened", "begun later", "thinned")
FACTORS = {"up": 4.0, "down": -4.0}
#: hyperparameters that a run without them is given, from the first value to the last, evenly in decades
GIVEN: dict[str, tuple[float, float]] = {
    "lr": (1e-8, 10.0), "batch_size": (1, 1e4), "epochs": (1, 1e4), "n_train": (3, 1e6), "n_val": (3, 1e5),
    "n_classes": (2, 1e4), "weight_decay": (1e-6, 100.0), "dropout": (0.01, 0.99), "clip": (1e-4, 1e3),
    "warmup_steps": (1, 1e4), "entropy_coef": (1e-4, 10.0),
}  # fmt: skip
#: those that are shares, whose distance from one counts
SHARES = ("momentum", "discount", "dropout")


@dataclass(frozen=True)
class Way:
    """A change, little by little: of all curves of a kind, or of one hyperparameter."""

    name: str
    run: Callable[[float], Run]


def ways(made: Run) -> Iterator[Way]:
    """All ways to change a run."""
    for name in WHOLE:
        yield Way(name, lambda p, name=name: _cut(made, name, p))  # type: ignore[misc]
    for split in ("train", "val"):
        if any(_shapeable(c, split) for c in made.curves):
            for name in SHAPES:
                yield Way(f"{split} {name}", lambda p, split=split, name=name: _shaped(made, split, name, p))  # type: ignore[misc]
    for each in made.curves:
        if len(each) > 2:
            yield Way(f"{each.id} thinned", lambda p, each=each: _thinned(made, each, p))  # type: ignore[misc]
        if len(each) > 2 and np.isfinite(each.values).all() and not _is_alone(each, made):
            for name in SHAPES:
                yield Way(f"{each.id} {name}", lambda p, each=each, name=name: _one(made, each, name, p))  # type: ignore[misc]
    for key, (first, last) in GIVEN.items():
        if key not in made.params:
            yield Way(f"{key} given", lambda p, k=key, a=first, b=last: _put(made, k, a * (b / a) ** p))  # type: ignore[misc]
    for key in SHARES:
        if 0 < float(made.params.get(key) or 0) < 1:
            yield Way(
                f"{key} to one",
                lambda p, k=key: _put(made, k, 1 - (1 - float(made.params[k])) * 10 ** (-4 * p)),  # type: ignore[misc]
            )
    for key, value in made.params.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            for name in FACTORS:
                yield Way(f"{key} {name}", lambda p, key=key, name=name: _set(made, key, name, p))  # type: ignore[misc]


def _shapeable(curve: Curve, split: str) -> bool:
    role = curve.role
    judged = role.quantity in ("loss", "error", "accuracy", "reward") and role.split == split
    return judged and len(curve) > 2 and bool(np.isfinite(curve.values).all())


def _is_alone(curve: Curve, made: Run) -> bool:
    """Whether to change its whole split is to change this curve only."""
    split = curve.role.split
    return split in ("train", "val") and [c for c in made.curves if _shapeable(c, split)] == [curve]


def _reshaped(c: Curve, name: str, p: float) -> Curve:
    if c.role.quantity == "accuracy":
        return replace(c, values=np.clip(1 - SHAPES[name](1 - c.values, p), 0, 1))
    if c.role.quantity == "reward":
        return replace(c, values=c.values.max() - SHAPES[name](c.values.max() - c.values, p))
    return replace(c, values=SHAPES[name](c.values, p))


def _shaped(made: Run, split: str, name: str, p: float) -> Run:
    curves = [_reshaped(c, name, p) if _shapeable(c, split) else c for c in made.curves]
    return replace(made, curves=tuple(curves))


def _one(made: Run, curve: Curve, name: str, p: float) -> Run:
    return replace(made, curves=tuple(_reshaped(c, name, p) if c is curve else c for c in made.curves))


def _kept(c: Curve, name: str, p: float) -> Curve:
    """A curve without so much of it: its end, its start, or points of it all over."""
    n = round(0.97 * p * len(c))
    kept = np.arange(len(c))
    kept = {"shortened": kept[: len(c) - n], "begun later": kept[n:]}.get(
        name, np.linspace(0, len(c) - 1, len(c) - n).round().astype(int)
    )
    return replace(c, steps=c.steps[kept], values=c.values[kept], wall_times=c.wall_times[kept])


def _cut(made: Run, name: str, p: float) -> Run:
    return replace(made, curves=tuple(_kept(c, name, p) for c in made.curves))


def _thinned(made: Run, curve: Curve, p: float) -> Run:
    return replace(made, curves=tuple(_kept(c, "thinned", p) if c is curve else c for c in made.curves))


def _set(made: Run, key: str, name: str, p: float) -> Run:
    return _put(made, key, float(made.params[key]) * 10 ** (FACTORS[name] * p))


def _put(made: Run, key: str, value: float) -> Run:
    whole = isinstance(made.params.get(key, GIVEN.get(key, (0.5,))[0]), int)
    return replace(made, params={**made.params, key: max(1, round(value)) if whole else value})


def said(condition: Condition, runs: Sequence[Run]) -> list[str]:
    """The severity of what a condition finds in each run; "-" where it finds nothing."""
    results = [condition.check(case) for case in build(runs)]
    return [r.severity if isinstance(r, Finding) else "-" for r in results]


def found(
    condition: Condition, way: Way, low: float = 0.0, high: float = 1.0, rounds: Sequence[int] = ROUNDS
) -> Iterator[tuple[str, str, float]]:
    """What is said before and after, and the place between, wherever it changes."""
    places = np.linspace(low, high, rounds[0]).tolist()
    told = said(condition, [way.run(p) for p in places])
    for k in (k for k in range(len(places) - 1) if told[k] != told[k + 1]):
        if rounds[1:]:
            yield from found(condition, way, places[k], places[k + 1], rounds[1:])
        else:
            yield told[k], told[k + 1], (places[k] + places[k + 1]) / 2


def examples(condition: Condition) -> dict[str, Example]:
    return {e.__name__.strip("_"): e for e in (*condition.sick, *condition.healthy)}


@cache
def example(condition: str, name: str) -> Run:
    return examples(all_conditions()[condition])[name](np.random.default_rng(1))


def sides(condition: Condition, way: Way, at: float) -> list[str]:
    """What is said a hair before a place and a hair after it."""
    return said(condition, [way.run(at - HAIR), way.run(at + HAIR)])


def _shake(way: Way, seed: int) -> Way:
    def run(p: float) -> Run:
        rng = np.random.default_rng(seed)
        moved = [
            replace(c, values=c.values * (1 + SHAKEN * rng.standard_normal(len(c))))
            for c in way.run(p).curves
        ]
        return replace(way.run(p), curves=tuple(moved))

    return Way(way.name, run)


def lines(condition: Condition) -> Iterator[str]:
    """The boundaries of one condition that hold when values move by next to nothing."""
    for name in examples(condition):
        for way in ways(example(condition.id, name)):
            held = [way, *(_shake(way, seed) for seed in range(3))]
            for before, after, at in found(condition, way):
                if HAIR < at < 1 - HAIR and all(sides(condition, w, at) == [before, after] for w in held):
                    yield f"{condition.id} | {name} | {way.name} | {before} | {after} | {at:.3f}"


@cache
def kept() -> list[list[str]]:
    """The table's lines, in their fields."""
    return [line.split(" | ") for line in PATH.read_text(encoding="utf-8").splitlines()[1:]]


def moved(condition: str) -> Iterator[str]:
    """The boundaries of a condition that are no longer where they are kept."""
    for _, name, change, before, after, at in (line for line in kept() if line[0] == condition):
        way = next(w for w in ways(example(condition, name)) if w.name == change)
        told = sides(all_conditions()[condition], way, float(at))
        if told != [before, after]:
            yield f"{name}, {change}: {before} → {after} at {at} ± {HAIR}, now {' → '.join(told)}"


if __name__ == "__main__":
    told = [line for condition in all_conditions().values() for line in lines(condition)]
    PATH.write_text("\n".join([HEAD, *told]) + "\n", encoding="utf-8")
