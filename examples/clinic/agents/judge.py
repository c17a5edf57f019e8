"""How well a small agent does: returns while it learns, and evaluations of its greedy policy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clinic.agents.envs import Bandit, Bools, CartPole, Catch, Doors, Floats, Grid, Track, World
from clinic.agents.net import Net
from clinic.agents.setting import Log, Setting

WORLDS: dict[str, Callable[[int, np.random.Generator], World]] = {
    "cartpole": CartPole,
    "grid": Grid,
    "bandit": Bandit,
    "catch": Catch,
    "doors": Doors,
    "track": Track,
}
#: evaluations of a run, and episodes of each
EVALUATIONS, EPISODES = 25, 16


def evaluate(s: Setting, net: Net, seed: int) -> float:
    """Mean return of the greedy policy over fresh episodes."""
    world = WORLDS[s.world](EPISODES, np.random.default_rng((s.seed, 77, seed)))
    seen, alive, total = world.reset(), np.ones(EPISODES, dtype=bool), np.zeros(EPISODES)
    for _ in range(world.horizon):
        seen, reward, done = world.step(np.argmax(np.nan_to_num(net(seen)), axis=1))
        total += reward * alive
        alive &= ~done
    return float(total.mean())


class Judge:
    """Evaluates now and then, and keeps the best weights."""

    def __init__(self, s: Setting, net: Net, log: Log) -> None:
        self._s, self._net, self._log, self._kept = s, net, log, net.copy()
        self._top = -np.inf

    def __call__(self, done: int, total: int) -> None:
        if done % max(1, total // EVALUATIONS):
            return
        reward = evaluate(self._s, self._net, done)
        self._log.add(eval__mean_reward=reward)
        if reward > self._top:
            self._top, self._kept = reward, self._net.copy()

    def finish(self) -> Log:
        self._log.final = float(np.mean([evaluate(self._s, self._net, 10_000 + k) for k in range(4)]))
        self._net.weights = self._kept
        self._log.best = float(np.mean([evaluate(self._s, self._net, 10_000 + k) for k in range(4)]))
        return self._log


class Episodes:
    """Returns of episodes as they end; the mean over the last hundred."""

    def __init__(self, copies: int) -> None:
        self._running = np.zeros(copies)
        self._ages = np.zeros(copies)
        self.returns: list[float] = []
        self.lengths: list[float] = []

    def see(self, reward: Floats, done: Bools) -> None:
        self._running += reward
        self._ages += 1
        self.returns += self._running[done].tolist()
        self.lengths += self._ages[done].tolist()
        self._running[done] = self._ages[done] = 0.0

    def mean(self) -> float:
        return float(np.mean(self.returns[-100:]))

    def length(self) -> float:
        return float(np.mean(self.lengths[-100:]))
