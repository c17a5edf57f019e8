"""Worlds for small agents, many copies of one at a time: every array's first axis is the copy.

Episodes begin anew by themselves; a step gives what is seen next, the reward, and whether the episode has
ended.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class CartPole:
    """A pole on a cart, kept upright for at most 200 steps (Barto, Sutton and Anderson 1983; constants of
    Gym's)."""

    seen, actions, horizon = 4, 2, 200

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self._rng, self._copies = rng, copies

    def reset(self) -> Floats:
        self._state = self._rng.uniform(-0.05, 0.05, (self._copies, 4))
        self._age = np.zeros(self._copies, dtype=np.int64)
        return self._state.copy()

    def step(self, action: Ints) -> tuple[Floats, Floats, Bools]:
        x, v, angle, turn = self._state.T
        force = np.where(action == 1, 10.0, -10.0)
        sin, cos = np.sin(angle), np.cos(angle)
        push = (force + 0.05 * turn**2 * sin) / 1.1
        swing = (9.8 * sin - cos * push) / (0.5 * (4.0 / 3.0 - 0.1 * cos**2 / 1.1))
        self._state = np.stack(
            (
                x + 0.02 * v,
                v + 0.02 * (push - 0.05 * swing * cos / 1.1),
                angle + 0.02 * turn,
                turn + 0.02 * swing,
            ),
            axis=1,
        )
        self._age += 1
        fell = (np.abs(self._state[:, 0]) > 2.4) | (np.abs(self._state[:, 2]) > 12 * 2 * math.pi / 360)
        done = fell | (self._age >= self.horizon)
        self._state[done] = self._rng.uniform(-0.05, 0.05, (int(done.sum()), 4))
        self._age[done] = 0
        return self._state.copy(), np.ones(self._copies), done


class Grid:
    """From one corner of a 6 × 6 room to the other, −1 a step; after 60 steps it is over."""

    seen, actions, horizon, side = 36, 4, 60, 6
    _MOVES = np.array(((0, 1), (0, -1), (1, 0), (-1, 0)))

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self._rng, self._copies = rng, copies

    def reset(self) -> Floats:
        self._at = np.zeros((self._copies, 2), dtype=np.int64)
        self._age = np.zeros(self._copies, dtype=np.int64)
        return self._look()

    def _look(self) -> Floats:
        return np.asarray(np.eye(self.seen)[self._at[:, 0] * self.side + self._at[:, 1]])

    def step(self, action: Ints) -> tuple[Floats, Floats, Bools]:
        slips = self._rng.random(self._copies) < 0.1
        action = np.where(slips, self._rng.integers(0, 4, self._copies), action)
        self._at = np.clip(self._at + self._MOVES[action], 0, self.side - 1)
        self._age += 1
        done = (self._at == self.side - 1).all(axis=1) | (self._age >= self.horizon)
        self._at[done], self._age[done] = 0, 0
        return self._look(), np.full(self._copies, -1.0), done


class Bandit:
    """Eight contexts, five arms each, one of which pays best; noisy pay, twenty pulls an episode."""

    seen, actions, horizon = 8, 5, 20

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self._rng, self._copies = rng, copies
        self._pay = np.random.default_rng(5).uniform(0, 1, (self.seen, self.actions))

    def reset(self) -> Floats:
        self._age = 0
        return self._look()

    def _look(self) -> Floats:
        self._context = self._rng.integers(0, self.seen, self._copies)
        return np.asarray(np.eye(self.seen)[self._context])

    def step(self, action: Ints) -> tuple[Floats, Floats, Bools]:
        reward = self._pay[self._context, action] + 0.3 * self._rng.standard_normal(self._copies)
        self._age = (self._age + 1) % self.horizon
        return self._look(), reward, np.full(self._copies, self._age == 0)


class Catch:
    """A ball falls through a field of 8 × 7 and drifts; a paddle below it catches it or doesn't: 1 or −1
    at the end."""

    seen, actions, horizon, wide, high = 15, 3, 8, 7, 8

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self._rng, self._copies = rng, copies

    def reset(self) -> Floats:
        every = np.ones(self._copies, dtype=bool)
        self._ball, self._drift, self._paddle = np.zeros((3, self._copies), dtype=np.int64)
        self._age = 0
        self._begin(every)
        return self._look()

    def _begin(self, which: Bools) -> None:
        n = int(which.sum())
        self._ball[which], self._drift[which] = (
            self._rng.integers(0, self.wide, n),
            self._rng.integers(-1, 2, n),
        )
        self._paddle[which] = self.wide // 2

    def _look(self) -> Floats:
        where = np.eye(self.wide)
        return np.concatenate(
            (where[self._ball], where[self._paddle], np.full((self._copies, 1), self._age / self.high)),
            axis=1,
        )

    def step(self, action: Ints) -> tuple[Floats, Floats, Bools]:
        self._paddle = np.clip(self._paddle + action - 1, 0, self.wide - 1)
        drifts = self._rng.random(self._copies) < 0.5
        self._ball = np.clip(self._ball + self._drift * drifts, 0, self.wide - 1)
        self._age += 1
        over = self._age == self.high
        reward = np.where(self._ball == self._paddle, 1.0, -1.0) * over
        done = np.full(self._copies, over)
        if over:
            self._age = 0
            self._begin(done)
        return self._look(), reward, done


class Doors:
    """A room of 5 × 5 with a door in the middle of each wall, one of which is lit: 1 through that one, −1
    through another, −1 for neither within 16 steps."""

    seen, actions, horizon, side = 29, 4, 16, 5
    _MOVES = np.array(((0, 1), (0, -1), (1, 0), (-1, 0)))
    _DOORS = np.array(((2, 4), (2, 0), (4, 2), (0, 2)))

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self._rng, self._copies = rng, copies

    def reset(self) -> Floats:
        self._at, self._age = np.zeros((self._copies, 2), dtype=np.int64), np.zeros(self._copies, np.int64)
        self._lit = np.zeros(self._copies, dtype=np.int64)
        self._begin(np.ones(self._copies, dtype=bool))
        return self._look()

    def _begin(self, which: Bools) -> None:
        n = int(which.sum())
        self._at[which], self._age[which] = self._rng.integers(1, 4, (n, 2)), 0
        self._lit[which] = self._rng.integers(0, 4, n)

    def _look(self) -> Floats:
        place = self._at[:, 0] * self.side + self._at[:, 1]
        return np.concatenate((np.eye(25)[place], np.eye(4)[self._lit]), axis=1)

    def step(self, action: Ints) -> tuple[Floats, Floats, Bools]:
        slips = self._rng.random(self._copies) < 0.1
        action = np.where(slips, self._rng.integers(0, 4, self._copies), action)
        self._at = np.clip(self._at + self._MOVES[action], 0, self.side - 1)
        self._age += 1
        through = (self._at[:, None] == self._DOORS).all(axis=2)
        right = through[np.arange(self._copies), self._lit]
        done = through.any(axis=1) | (self._age >= self.horizon)
        self._begin(done)
        return self._look(), np.where(right, 1.0, -1.0) * done, done


class Track:
    """A cart that is pushed left, right or not at all is to stay near a mark, for forty steps: each costs the
    squared distance and a little of the squared speed."""

    seen, actions, horizon = 2, 3, 40

    def __init__(self, copies: int, rng: np.random.Generator) -> None:
        self._rng, self._copies = rng, copies

    def reset(self) -> Floats:
        self._age = 0
        self._state = self._rng.uniform(-1, 1, (self._copies, 2))
        return self._state.copy()

    def step(self, action: Ints) -> tuple[Floats, Floats, Bools]:
        x, v = self._state.T
        v = 0.95 * v + 0.25 * (action - 1) + 0.05 * self._rng.standard_normal(self._copies)
        x = np.clip(x + 0.2 * v, -3, 3)
        self._state, self._age = np.stack((x, v), axis=1), self._age + 1
        over, reward = self._age == self.horizon, -(x**2) - 0.1 * v**2
        return (self.reset() if over else self._state.copy()), reward, np.full(self._copies, over)


World = CartPole | Grid | Bandit | Catch | Doors | Track
