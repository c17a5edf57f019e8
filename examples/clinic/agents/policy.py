"""PPO and REINFORCE, and what each logs under the names of a library."""

from __future__ import annotations

import numpy as np

from clinic.agents.envs import Floats, Ints, World
from clinic.agents.judge import WORLDS, Episodes, Judge
from clinic.agents.net import Net
from clinic.agents.setting import Log, Setting


def policy_gradient(s: Setting) -> Log:
    rng = np.random.default_rng((s.seed, 1))
    world = WORLDS[s.world](s.copies, rng)
    policy, critic = (Net((world.seen, 32, n), rng, last) for n, last in ((world.actions, 0.01), (1, 1.0)))
    log, episodes, seen = Log(), Episodes(s.copies), world.reset()
    judge = Judge(s, policy, log)
    for update in range(s.updates):
        judge(update, s.updates)
        seen, batch = _collect(s, world, seen, policy, critic, episodes, rng)
        told = _improve(s, policy, critic, batch, s.rate(update))
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
                train__learning_rate=s.rate(update),
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
    episodes: Episodes,
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
