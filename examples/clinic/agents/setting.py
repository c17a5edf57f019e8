"""One training of a small agent: what it is trained with, and what it logs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Setting:
    """One training. The defaults are those of PPO on CartPole, which learns."""

    world: str = "cartpole"
    algorithm: str = "ppo"
    lr: float = 3e-3
    updates: int = 200
    copies: int = 16
    horizon: int = 32
    epochs: int = 6
    gamma: float = 0.98
    clip_range: float = 0.2
    target_kl: float = float("inf")
    clip_norm: float = 0.5
    entropy_coef: float = 0.01
    target_every: int = 100
    reward_scale: float = 1.0
    #: from this share of the run on the rate is so many times higher: a fault whose onset is known
    late: float = 1.0
    burst: float = 1.0
    seed: int = 0

    def rate(self, done: int) -> float:
        """The learning rate after so many updates."""
        return self.lr * (self.burst if done >= self.late * self.updates else 1.0)


@dataclass
class Log:
    """What was logged: tag → (steps, values); and how good the last and the best evaluated weights are."""

    curves: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    steps: int = 0
    final: float = -np.inf
    best: float = -np.inf

    def add(self, **values: float) -> None:
        for name, value in values.items():
            steps, logged = self.curves.setdefault(name.replace("__", "/"), ([], []))
            steps.append(self.steps)
            logged.append(float(value))
