"""The names under which ten libraries log their agents, run by run:
role by role as a practitioner reads them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.features.case import build
from curvedoctor.model import Curve, Run
from curvedoctor.roles import assign

TABLE = Path(__file__).parents[1] / "data" / "agents.csv"
#: what each library's reward is called that is to be judged
JUDGED = {
    "sb3": "eval/mean_reward", "sb3-off": "eval/mean_reward", "sb2": "episode_reward",
    "rllib": "ray/tune/evaluation/episode_reward_mean",
    "rllib-new": "ray/tune/evaluation/env_runners/episode_return_mean",
    "tianshou": "test/reward", "tianshou-1": "test/returns_stat/mean", "rsl_rl": "Train/mean_reward",
    "ml-agents": "Environment/Cumulative Reward", "cleanrl": "eval/episodic_return",
    "cleanrl-q": "charts/episodic_return",
    "trl-ppo-old": "env/reward_mean", "trl-ppo": "objective/rlhf_reward", "trl-grpo": "eval/reward",
    "d3rlpy": "environment",
    "d3rlpy-tb": "metrics/environment", "skrl": "Reward / Total reward (mean)", "rl_games": "rewards/iter",
}  # fmt: skip


def rows() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with TABLE.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["framework"], []).append(row)
    return found


def curves(framework: str) -> tuple[Curve, ...]:
    made = [
        Curve(row["tag"], row["tag"], np.arange(30), np.linspace(0.1, 1, 30), np.full(30, np.nan))
        for row in rows()[framework]
    ]
    return assign(made)


@pytest.mark.parametrize("framework", sorted(rows()))
def test_every_name_of_a_library_has_its_role(framework: str) -> None:
    wrong = []
    for row, curve in zip(rows()[framework], curves(framework), strict=True):
        role = curve.role
        measured = role.quantity in ("reward", "loss", "accuracy", "error")
        right = role.quantity in row["quantity"].split("|") and role.better in row["better"].split("|")
        if not right or (measured and role.split not in row["split"].split("|")):
            wrong.append(f"{curve.id}: {role.split}:{role.quantity}:{role.better}, not {row}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("framework", sorted(rows()))
def test_the_run_is_an_agents_and_its_whole_reward_is_judged(framework: str) -> None:
    (case,) = build([Run("a", "a", "a", curves(framework))])
    assert case.agent
    assert case.primary is None
    assert case.reward is not None
    assert case.reward.curve.id == JUDGED[framework]


def test_the_list_of_judged_rewards_is_whole() -> None:
    assert set(JUDGED) == set(rows())


@pytest.mark.parametrize(
    "tags",
    [
        (
            "train/loss",
            "eval/loss",
            "train/rewards/chosen",
            "train/rewards/rejected",
            "train/rewards/margins",
        ),  # DPO
        ("train/loss", "train/rewards/chosen", "train/rewards/accuracies", "train/logps/chosen"),
        (
            "train/loss",
            "eval/loss",
            "train/mean_reward",
            "train/max_reward",
            "eval/accuracy",
        ),  # a reward model
    ],
)
def test_losses_beside_rewards_that_supervise_keep_their_direction(tags: tuple[str, ...]) -> None:
    n = np.arange(30)
    made = assign([Curve(t, t, n, np.linspace(1, 0.1, 30), np.full(30, np.nan)) for t in tags])
    (case,) = build([Run("a", "a", "a", made)])
    assert not case.agent
    assert case.primary is not None
    assert case.primary.curve.id == "train/loss"
