"""Real agents by a real library: Stable-Baselines3 on CartPole and Pendulum, sound ones and broken ones.

    pip install stable-baselines3 tensorboard
    cd examples
    python -m real_runs.agents LOGS            # every run, some minutes on one core
    python -m real_runs.agents LOGS cartpole_ppo pendulum_td3 --seed 3
    curvedoctor diagnose LOGS

The logs of seed 0 are kept in `tests/data/agents`: scalars only, as TensorBoard's writer leaves them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from real_runs.asked import make_all


@dataclass(frozen=True)
class Plan:
    """One run: what learns what, for how long, and what was changed to break it."""

    algorithm: str
    env: str
    steps: int
    settings: Mapping[str, object] = field(default_factory=dict)


_PPO: Mapping[str, object] = {
    "n_steps": 64,
    "batch_size": 128,
    "n_epochs": 8,
    "learning_rate": 1e-3,
    "gae_lambda": 0.95,
}
_OFF: Mapping[str, object] = {
    "learning_rate": 1e-3,
    "learning_starts": 400,
    "policy_kwargs": {"net_arch": [64, 64]},
}
_DQN: Mapping[str, object] = {
    "learning_rate": 2.3e-3, "batch_size": 64, "buffer_size": 100_000, "learning_starts": 1000,
    "target_update_interval": 10,
    "train_freq": 64, "gradient_steps": 32, "exploration_fraction": 0.16, "exploration_final_eps": 0.04,
}  # fmt: skip

PLANS: Mapping[str, Plan] = {
    "cartpole_ppo": Plan("PPO", "CartPole-v1", 40_000, _PPO),
    # nothing limits a step of the policy: a high rate, no clipping of the ratio, none of the gradient
    "cartpole_ppo_unclipped": Plan(
        "PPO", "CartPole-v1", 60_000,
        {**_PPO, "learning_rate": 1e-2, "clip_range": 50.0, "max_grad_norm": 1e6}
    ),
    "cartpole_ppo_lr_tiny": Plan("PPO", "CartPole-v1", 40_000, {**_PPO, "learning_rate": 1e-7}),
    "cartpole_ppo_lr_huge": Plan("PPO", "CartPole-v1", 40_000, {**_PPO, "learning_rate": 0.3}),
    "cartpole_dqn": Plan("DQN", "CartPole-v1", 30_000, _DQN),
    "pendulum_td3": Plan("TD3", "Pendulum-v1", 8_000, _OFF),
    "pendulum_td3_lr_tiny": Plan("TD3", "Pendulum-v1", 6_000, {**_OFF, "learning_rate": 1e-7}),
    # the target network follows at once and nothing is discounted: nothing holds the critic
    "pendulum_td3_no_target": Plan(
        "TD3", "Pendulum-v1", 8_000, {**_OFF, "tau": 1.0, "gamma": 1.0, "learning_rate": 1e-2}
    ),
}  # fmt: skip


def train(name: str, seed: int, to: Path) -> None:
    """Train one run and leave its event file in `to/name`."""
    import gymnasium
    import stable_baselines3
    import torch
    from stable_baselines3.common.callbacks import EvalCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.monitor import Monitor

    torch.set_num_threads(1)
    plan = PLANS[name]
    on_policy = plan.algorithm == "PPO"
    env = make_vec_env(plan.env, n_envs=8, seed=seed) if on_policy else gymnasium.make(plan.env)
    held_out = Monitor(gymnasium.make(plan.env))
    held_out.reset(seed=seed + 1000)
    with tempfile.TemporaryDirectory() as place:
        algorithm = getattr(stable_baselines3, plan.algorithm)
        model = algorithm("MlpPolicy", env, seed=seed, tensorboard_log=place, device="cpu", **plan.settings)
        judge = EvalCallback(
            held_out, eval_freq=plan.steps // 20 // (8 if on_policy else 1), n_eval_episodes=5, verbose=0
        )
        model.learn(
            plan.steps, callback=judge, log_interval=4 if on_policy or plan.env.startswith("Cart") else 1
        )
        (log,) = Path(place).glob("*/events.out.tfevents.*")
        (to / name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, to / name / "events.out.tfevents.0.agents")


if __name__ == "__main__":
    make_all(__doc__, PLANS, train)
