"""Grids whose best learning rate is known, made by a model of how losses depend on lr and batch size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curvedoctor.model import Axis, Curve, Diagnosis, Floats, ParamValue, Run
from curvedoctor.roles import assign


@dataclass(frozen=True)
class World:
    """A made-up task: what lr it wants, how sharply, and where it breaks."""

    #: best lr at batch size 32; it grows as batch size ** power
    best: float = 0.03
    power: float = 0.5
    #: log-ratio of the loss one decade away from the best
    sharp: float = 0.8
    #: a batch size other than 32 costs this much (log-ratio per decade)
    batch_cost: float = 0.1
    #: runs above `best` times this do not stay finite
    breaks: float = 40.0
    floor: float = 0.2
    #: σ of the final log-loss between seeds
    noise: float = 0.03

    def best_at(self, batch: float) -> float:
        """The best lr at a batch size."""
        return self.best * float((batch / 32) ** self.power)

    def loss(self, lr: float, batch: float) -> float:
        """Expected final loss; inf where training breaks."""
        away = math.log10(lr / self.best_at(batch))
        if lr > self.breaks * self.best_at(batch):
            return math.inf
        steep = self.sharp * (away**2 if abs(away) < 1 else 2 * abs(away) - 1)
        # far too low a rate still learns a little; far too high a one nothing
        most = 2.3 - (0.3 * 10 ** (0.5 * away) if away < 0 else 0.0)
        return min(self.floor * math.exp(steep + self.batch_cost * abs(math.log10(batch / 32))), most)


def curve(name: str, values: Floats, steps: Floats | None = None) -> Curve:
    """A curve without a role yet."""
    at = np.arange(1, len(values) + 1) if steps is None else steps
    axis: Axis = "step"
    return Curve(
        name, name, at.astype(np.int64), np.asarray(values, float), np.full(len(values), np.nan), axis=axis
    )


def run(name: str, params: dict[str, ParamValue], group: str = "grid", **values: Floats) -> Run:
    """A run with roles; `val_loss` becomes the tag `val/loss`."""
    curves = assign([curve(tag.replace("_", "/", 1), y) for tag, y in values.items()])
    return Run(name, f"{group}/{name}", group, tuple(curves), params)


def grid(
    world: World,
    lrs: Sequence[float],
    batches: Sequence[int] = (32,),
    seeds: Sequence[int] = (0,),
    epochs: int = 20,
    rng: np.random.Generator | None = None,
) -> list[Run]:
    """One run per lr, batch size and seed, with training and validation
    losses that end where the world says."""
    rng = rng or np.random.default_rng(0)
    runs = []
    for lr in lrs:
        for batch in batches:
            for seed in seeds:
                name = f"lr{lr:g}_bs{batch}_seed{seed}"
                params: dict[str, ParamValue] = {
                    "lr": lr,
                    "batch_size": batch,
                    "epochs": epochs,
                    "seed": seed,
                }
                val = descent(world, lr, batch, epochs, rng)
                runs.append(run(name, params, val_loss=val, train_loss=0.9 * val))
    return runs


def descent(world: World, lr: float, batch: float, epochs: int, rng: np.random.Generator) -> Floats:
    """A validation loss from 2.3 down to the run's final level."""
    end = world.loss(lr, batch)
    t = np.arange(1, epochs + 1) / epochs
    if math.isinf(end):
        y = 2.3 + np.exp(8 * t)
        y[epochs // 3 :] = np.nan
        return y
    end *= math.exp(world.noise * rng.standard_normal())
    speed = 4 * min(1.0, (lr / world.best_at(batch)) ** 0.5) + 0.5
    fall = np.exp(-speed * t) - math.exp(-speed)
    wobble = 0.002 + 0.05 * min(lr / world.best_at(batch) / 10, 1.0)
    return np.asarray((end + (2.3 - end) * fall) * (1 + wobble * rng.standard_normal(epochs)))


def undiagnosed(runs: Sequence[Run]) -> list[Diagnosis]:
    """The runs as diagnoses that say nothing: `compare` reads curves and hyperparameters only."""
    return [Diagnosis(r, "healthy") for r in runs]
