"""PPO, REINFORCE and Q-learning in numpy, and what each logs under the names of a library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from clinic.agents.envs import Bandit, Bools, CartPole, Catch, Doors, Floats, Grid, Ints, Track, World

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


class Net:
    """Two tanh layers; Adam with a clipped gradient norm."""

    def __init__(self, sizes: tuple[int, ...], rng: np.random.Generator, last: float) -> None:
        scales = [1 / np.sqrt(n) for n in sizes[:-1]]
        scales[-1] *= last
        self.weights = [
            s * rng.standard_normal((a, b)) for a, b, s in zip(sizes[:-1], sizes[1:], scales, strict=True)
        ]
        self.weights += [np.zeros(b) for b in sizes[1:]]
        self._m = [np.zeros_like(w) for w in self.weights]
        self._v = [np.zeros_like(w) for w in self.weights]
        self._t = 0

    def __call__(self, x: Floats) -> Floats:
        depth = len(self.weights) // 2
        self._seen = [x]
        for i in range(depth):
            x = x @ self.weights[i] + self.weights[depth + i]
            if i < depth - 1:
                x = np.tanh(x)
                self._seen.append(x)
        return x

    def step(self, slope: Floats, lr: float, clip: float) -> float:
        """One step of Adam down the slope of the last output; returns the gradient norm before clipping."""
        depth = len(self.weights) // 2
        grads: list[Floats] = [np.empty(0)] * len(self.weights)
        for i in reversed(range(depth)):
            grads[i], grads[depth + i] = self._seen[i].T @ slope, slope.sum(axis=0)
            if i:
                slope = (slope @ self.weights[i].T) * (1 - self._seen[i] ** 2)
        norm = float(np.sqrt(sum(float((g**2).sum()) for g in grads)))
        self._t += 1
        rate = lr * np.sqrt(1 - 0.999**self._t) / (1 - 0.9**self._t)
        for w, g, m, v in zip(self.weights, grads, self._m, self._v, strict=True):
            g = g * min(1.0, clip / (norm + 1e-12))
            m += 0.1 * (g - m)
            v += 0.001 * (g**2 - v)
            w -= rate * m / (np.sqrt(v) + 1e-8)
        return norm

    def copy(self) -> list[Floats]:
        return [w.copy() for w in self.weights]


def train(s: Setting) -> Log:
    """Train one agent and log it."""
    with np.errstate(all="ignore"):
        return _q_learning(s) if s.algorithm == "q" else _policy_gradient(s)


def evaluate(s: Setting, net: Net, seed: int) -> float:
    """Mean return of the greedy policy over fresh episodes."""
    world = WORLDS[s.world](EPISODES, np.random.default_rng((s.seed, 77, seed)))
    seen, alive, total = world.reset(), np.ones(EPISODES, dtype=bool), np.zeros(EPISODES)
    for _ in range(world.horizon):
        seen, reward, done = world.step(np.argmax(np.nan_to_num(net(seen)), axis=1))
        total += reward * alive
        alive &= ~done
    return float(total.mean())


class _Judge:
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


class _Episodes:
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


def _rate(s: Setting, done: int) -> float:
    return s.lr * (s.burst if done >= s.late * s.updates else 1.0)


def _policy_gradient(s: Setting) -> Log:
    rng = np.random.default_rng((s.seed, 1))
    world = WORLDS[s.world](s.copies, rng)
    policy, critic = (Net((world.seen, 32, n), rng, last) for n, last in ((world.actions, 0.01), (1, 1.0)))
    log, episodes, seen = Log(), _Episodes(s.copies), world.reset()
    judge = _Judge(s, policy, log)
    for update in range(s.updates):
        judge(update, s.updates)
        seen, batch = _collect(s, world, seen, policy, critic, episodes, rng)
        told = _improve(s, policy, critic, batch, _rate(s, update))
        log.steps += s.copies * s.horizon
        if update % 2 == 0 and episodes.returns:
            ppo = s.algorithm == "ppo"
            reward, length = (
                ("rollout__ep_rew_mean", "rollout__ep_len_mean")
                if ppo
                else ("charts__episodic_return", "charts__episodic_length")
            )
            log.add(
                **{reward: episodes.mean(), length: episodes.length()},
                train__learning_rate=_rate(s, update),
                **told,
            )
    judge(0, 1)
    return judge.finish()


def _collect(
    s: Setting,
    world: World,
    seen: Floats,
    policy: Net,
    critic: Net,
    episodes: _Episodes,
    rng: np.random.Generator,
) -> tuple[Floats, tuple[Floats, Ints, Floats, Floats, Floats]]:
    """A batch: what was seen and done, its log-probability, advantage and return."""
    rows, values = [], []
    for _ in range(s.horizon):
        logits = policy(seen)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        action = (p.cumsum(axis=1) < rng.random((s.copies, 1))).sum(axis=1).clip(0, world.actions - 1)
        values.append(critic(seen)[:, 0] if s.algorithm == "ppo" else np.zeros(s.copies))
        now, reward, done = world.step(action)
        episodes.see(reward, done)
        logp = np.log(p[np.arange(s.copies), action] + 1e-12)
        rows.append((seen, action, logp, reward * s.reward_scale, done))
        seen = now
    values.append(critic(seen)[:, 0] if s.algorithm == "ppo" else np.zeros(s.copies))
    ahead, advantages = np.zeros(s.copies), []
    for (_, _, _, reward, done), value, after in zip(rows[::-1], values[-2::-1], values[::-1], strict=False):
        alive, trace = 1.0 - done, 0.95 if s.algorithm == "ppo" else 1.0
        ahead = reward + s.gamma * after * alive - value + s.gamma * trace * alive * ahead
        advantages.append(ahead)
    gain = np.concatenate(advantages[::-1])
    back = gain + np.concatenate(values[:-1])
    x, a, logp = (np.concatenate([row[k] for row in rows]) for k in range(3))
    return seen, (x, a.astype(np.int64), logp, (gain - gain.mean()) / (gain.std() + 1e-8), back)


def _improve(
    s: Setting, policy: Net, critic: Net, batch: tuple[Floats, Ints, Floats, Floats, Floats], lr: float
) -> dict[str, float]:
    x, a, old, gain, back = batch
    rows, n = np.arange(len(a)), len(a)
    kl = clipped = entropy = norm = loss = 0.0
    explained = 1 - float(np.var(back - critic(x)[:, 0]) / (np.var(back) + 1e-12))
    for _ in range(s.epochs if s.algorithm == "ppo" else 1):
        logits = policy(x)
        logits = logits - logits.max(axis=1, keepdims=True)
        logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        p, ratio = np.exp(logp), np.exp(np.clip(logp[rows, a] - old, -20, 20))
        held = (np.abs(ratio - 1) > s.clip_range) & ((ratio > 1) == (gain > 0))
        each = -(p * logp).sum(axis=1)
        kl, clipped = (
            float(np.mean(ratio - 1 - np.log(ratio))),
            float(np.mean(np.abs(ratio - 1) > s.clip_range)),
        )
        entropy = float(each.mean())
        if kl > s.target_kl:
            break
        slope = (
            -(gain * ratio * ~held)[:, None] * (np.eye(p.shape[1])[a] - p)
            + s.entropy_coef * p * (logp + each[:, None])
        ) / n
        norm = policy.step(slope, lr, s.clip_norm)
        off = critic(x)[:, 0] - back
        loss = float(np.mean(off**2))
        critic.step(off[:, None] / n, lr, 10 * s.clip_norm)
    if s.algorithm != "ppo":
        return {
            "losses__entropy": entropy,
            "losses__policy_loss": float(-(gain * old).mean()),
            "grad_norm": norm,
        }
    return {
        "train__approx_kl": kl, "train__clip_fraction": clipped, "train__entropy_loss": -entropy,
        "train__value_loss": loss,
        "train__explained_variance": explained, "train__clip_range": s.clip_range, "train__grad_norm": norm,
    }  # fmt: skip


def _q_learning(s: Setting) -> Log:
    rng = np.random.default_rng((s.seed, 2))
    world, log, episodes = WORLDS[s.world](s.copies, rng), Log(), _Episodes(s.copies)
    net, target = (Net((world.seen, 32, world.actions), rng, 0.1) for _ in range(2))
    target.weights = net.copy()
    seen, judge, size = world.reset(), _Judge(s, net, log), 20_000
    memory = [np.zeros((size, k)) for k in (world.seen, 1, 1, world.seen, 1)]
    for k in range(s.updates):
        judge(k, s.updates)
        explore = max(0.05, 1 - 5 * k / s.updates)
        random = rng.random(s.copies) < explore
        action = np.where(random, rng.integers(0, world.actions, s.copies), np.argmax(net(seen), axis=1))
        now, reward, done = world.step(action)
        episodes.see(reward, done)
        at = (np.arange(s.copies) + log.steps) % size
        new = (seen, action[:, None], reward[:, None], now, done[:, None])
        for held, one in zip(memory, new, strict=True):
            held[at] = one
        seen, log.steps = now, log.steps + s.copies
        if log.steps < 1000:
            continue
        pick = rng.integers(0, min(size, log.steps), 64)
        off, q = _bellman(s, net, target, [held[pick] for held in memory], _rate(s, k))
        if s.target_every and k % s.target_every == 0:
            target.weights = net.copy()
        if k % max(1, s.updates // 150) == 0 and episodes.returns:
            log.add(
                charts__episodic_return=episodes.mean(), charts__episodic_length=episodes.length(),
                losses__td_loss=off, losses__q_values=q,
                charts__learning_rate=_rate(s, k), charts__epsilon=explore,
            )  # fmt: skip
    judge(0, 1)
    return judge.finish()


def _bellman(s: Setting, net: Net, target: Net, batch: list[Floats], lr: float) -> tuple[float, float]:
    """One step towards the target network's values; mean squared error and mean value."""
    x, action, reward, after, end = batch
    best = s.reward_scale * reward[:, 0] + s.gamma * (1 - end[:, 0]) * target(after).max(axis=1)
    q, place = net(x), (np.arange(len(x)), action[:, 0].astype(int))
    off, slope = q[place] - best, np.zeros_like(q)
    slope[place] = off / len(x)
    net.step(slope, lr, 20 * s.clip_norm)
    return float(np.mean(off**2)), float(q.mean())
