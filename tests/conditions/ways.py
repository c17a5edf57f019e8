"""Ways to change a run little by little: all curves of a kind, one curve, or one hyperparameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from curvedoctor.model import Curve, Floats, Run

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


def _still(y: Floats, p: float) -> Floats:
    return np.where(_time(y) < 1 - p, y, y[int((1 - p) * (len(y) - 1))])


def _spiky(y: Floats, p: float) -> Floats:
    return np.where(np.arange(len(y)) % (len(y) // 7 + 2) == 2, y * (1 + 30 * p**2), y)


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
}
#: the same, by decades or in a part of the run
FURTHER: dict[str, Shaping] = {
    "ever flatter": lambda y, p: y[-1] + 10 ** (-7 * p) * (y - y[-1]),
    "still from the end on": _still,
    "higher from the middle on": lambda y, p: np.where(_time(y) < 0.5, y, y * (1 + 9 * p**2)),
    "high at the end": lambda y, p: np.where(_time(y) < 0.85, y, y + 4 * p**2 * np.abs(y).max()),
    "high at the start": lambda y, p: np.where(_time(y) > 0.08, y, y + 9 * p**2 * np.abs(y).max()),
    "with spikes": _spiky,
}
WHOLE, THINNED = ("shortened", "begun later"), "thinned"
FACTORS = {"up": 4.0, "down": -4.0}
#: hyperparameters that a run without them is given, from the first value to the last, evenly in decades
GIVEN: dict[str, tuple[float, float]] = {
    "lr": (1e-8, 10.0), "batch_size": (1, 1e4), "epochs": (1, 1e4), "n_train": (3, 1e6), "n_val": (3, 1e5),
    "n_classes": (2, 1e4), "weight_decay": (1e-6, 100.0), "dropout": (0.01, 0.99), "clip": (1e-4, 1e3),
    "warmup_steps": (1, 1e4), "entropy_coef": (1e-4, 10.0),
}  # fmt: skip
#: those whose distance from one counts
SHARES = ("momentum", "discount", "dropout")


@dataclass(frozen=True)
class Way:
    """A change, little by little: of all curves of a kind, or of one hyperparameter."""

    name: str
    run: Callable[[float], Run]

    @property
    def kind(self) -> str:
        """The change, whichever curves it changes."""
        known = (*SHAPES, *FURTHER, *WHOLE, THINNED)
        return next((name for name in known if self.name.endswith(name)), self.name)


def ways(made: Run) -> Iterator[Way]:
    """Changes of all curves of a split, of their length, and of the hyperparameters."""
    for name in WHOLE:
        yield Way(name, partial(_cut, made, name, made.curves))
    for split in ("train", "val"):
        if chosen := _of_split(made, split):
            yield from (Way(f"{split} {name}", partial(_shaped, made, name, chosen)) for name in SHAPES)
    for key, value in made.params.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            yield from (Way(f"{key} {name}", partial(_set, made, key, name)) for name in FACTORS)


def further(made: Run) -> Iterator[Way]:
    """Further changes of splits, those of single curves, and hyperparameters that the run is without."""
    yield Way(THINNED, partial(_cut, made, THINNED, made.curves))
    splits = [(split, chosen) for split in ("train", "val") if (chosen := _of_split(made, split))]
    for split, chosen in splits:
        yield from (Way(f"{split} {name}", partial(_shaped, made, name, chosen)) for name in FURTHER)
    for each in made.curves:
        if len(each) <= 2:
            continue
        yield Way(f"{each.id} {THINNED}", partial(_cut, made, THINNED, (each,)))
        if bool(np.isfinite(each.values).all()) and all(chosen != (each,) for _, chosen in splits):
            for name in (*SHAPES, *FURTHER):
                yield Way(f"{each.id} {name}", partial(_shaped, made, name, (each,)))
    yield from (Way(f"{key} given", partial(_give, made, key)) for key in GIVEN if key not in made.params)
    for key in SHARES:
        if 0 < float(made.params.get(key) or 0) < 1:
            yield Way(f"{key} to one", partial(_to_one, made, key))


def _of_split(made: Run, split: str) -> tuple[Curve, ...]:
    """The curves of a split that say how well it does, if they are long and finite."""
    judged = [
        c
        for c in made.curves
        if c.role.quantity in ("loss", "error", "accuracy", "reward") and c.role.split == split
    ]
    return tuple(c for c in judged if len(c) > 2 and np.isfinite(c.values).all())


def _shaped(made: Run, name: str, chosen: tuple[Curve, ...], p: float) -> Run:
    return replace(made, curves=tuple(_shape(c, name, p) if c in chosen else c for c in made.curves))


def _shape(c: Curve, name: str, p: float) -> Curve:
    shaping = (SHAPES | FURTHER)[name]
    if c.role.quantity == "accuracy":
        return replace(c, values=np.clip(1 - shaping(1 - c.values, p), 0, 1))
    if c.role.quantity == "reward":
        return replace(c, values=c.values.max() - shaping(c.values.max() - c.values, p))
    return replace(c, values=shaping(c.values, p))


def _cut(made: Run, name: str, chosen: tuple[Curve, ...], p: float) -> Run:
    def of(c: Curve) -> Curve:
        n = round(0.97 * p * len(c))
        kept = np.linspace(0, len(c) - 1, len(c) - n).round().astype(int)  # thinned
        if name in WHOLE:
            kept = np.arange(len(c))[: len(c) - n] if name == "shortened" else np.arange(n, len(c))
        return replace(c, steps=c.steps[kept], values=c.values[kept], wall_times=c.wall_times[kept])

    return replace(made, curves=tuple(of(c) if c in chosen else c for c in made.curves))


def _set(made: Run, key: str, name: str, p: float) -> Run:
    return _put(made, key, float(made.params[key]) * 10 ** (FACTORS[name] * p), made.params[key])


def _give(made: Run, key: str, p: float) -> Run:
    first, last = GIVEN[key]
    return _put(made, key, first * (last / first) ** p, first)


def _to_one(made: Run, key: str, p: float) -> Run:
    return _put(made, key, 1 - (1 - float(made.params[key])) * 10 ** (-4 * p), 0.5)


def _put(made: Run, key: str, value: float, like: object) -> Run:
    """A hyperparameter set; whole where it is like a whole number."""
    return replace(
        made, params={**made.params, key: max(1, round(value)) if isinstance(like, int) else value}
    )
