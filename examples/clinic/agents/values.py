"""Q-learning with a replay memory and a target network, and what it logs."""

from __future__ import annotations

import numpy as np

from clinic.agents.envs import Floats
from clinic.agents.judge import WORLDS, Episodes, Judge
from clinic.agents.net import Net
from clinic.agents.setting import Log, Setting


def q_learning(s: Setting) -> Log:
    rng = np.random.default_rng((s.seed, 2))
    world, log, episodes = WORLDS[s.world](s.copies, rng), Log(), Episodes(s.copies)
    net, target = (Net((world.seen, 32, world.actions), rng, 0.1) for _ in range(2))
    target.weights = net.copy()
    seen, judge, size = world.reset(), Judge(s, net, log), 20_000
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
        off, q = _bellman(s, net, target, [held[pick] for held in memory], s.rate(k))
        if s.target_every and k % s.target_every == 0:
            target.weights = net.copy()
        if k % max(1, s.updates // 150) == 0 and episodes.returns:
            log.add(
                charts__episodic_return=episodes.mean(), charts__episodic_length=episodes.length(),
                losses__td_loss=off, losses__q_values=q,
                charts__learning_rate=s.rate(k), charts__epsilon=explore,
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
