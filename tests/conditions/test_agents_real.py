"""Stable-Baselines3's own logs of agents that learn and agents that were broken, as
`examples/real_runs/agents.py` makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curvedoctor import diagnose

LOGS = Path(__file__).parents[1] / "data" / "agents"
#: run → what makes it sick, and what is tried first; nothing for agents that learn
EXPECTED = {
    "cartpole_ppo": (set(), None),
    "cartpole_ppo_unclipped": ({"reward-collapse"}, "restore-checkpoint"),
    "cartpole_ppo_lr_tiny": ({"reward-flat"}, "raise-lr"),
    "cartpole_ppo_lr_huge": ({"reward-flat"}, "lower-lr"),
    "pendulum_td3": (set(), None),
    "pendulum_td3_lr_tiny": ({"reward-flat"}, "raise-lr"),
    "pendulum_td3_no_target": ({"critic-divergence", "reward-flat"}, "lower-lr"),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_agents(name: str) -> None:
    (said,) = diagnose(LOGS / name)
    found, first = EXPECTED[name]
    assert {f.condition for f in said.findings if f.severity != "info"} == found
    assert said.verdict == ("sick" if found else "healthy")
    assert (said.prescriptions[0].action if said.prescriptions else None) == first


def test_the_collapse_is_dated_and_its_cause_named() -> None:
    """The evaluation holds 500 at step 30 000 and 240 at 33 000; without clipping,
    each update moves by a KL of several nats."""
    (said,) = diagnose(LOGS / "cartpole_ppo_unclipped")
    (found,) = said.findings
    assert found.onset is not None
    assert abs(found.onset - 30_000) <= 0.05 * 60_000
    assert found.evidence["cause"] == "kl"
    told = {p.action: p for p in said.prescriptions}
    assert told["restore-checkpoint"].step == 30_000
    assert (told["clip-gradients"].parameter, told["clip-gradients"].current) == ("clip_range", 50.0)
    assert (told["lower-lr"].current, told["lower-lr"].proposed) == (0.01, 9.7e-4)


def test_logs_are_small_and_all_expected() -> None:
    kept = list(LOGS.glob("*/*"))
    assert {path.parent.name for path in kept} == set(EXPECTED)
    assert all(path.stat().st_size < 50_000 for path in kept)
