"""Agents: the reward is judged, its fall dated, its cause named,
and what is prescribed is possible for an agent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curvedoctor.actions import OF_AGENTS
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import agent
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Curve, Diagnosis, Finding, Floats, Run
from curvedoctor.roles import assign

ALONE = Options(alone=True)
SEEDS = range(10)


def told(run: Run) -> Diagnosis:
    return diagnose_runs([run], ALONE)[0]


def grave(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {f.condition: f for f in diagnosis.findings if f.severity != "info"}


def logged(**curves: Floats) -> Run:
    """A run by its tags, `__` for the slash, one point each 2048 steps; roles are inferred."""
    made = []
    for name, y in curves.items():
        tag = name.replace("__", "/")
        made.append(Curve(tag, tag, 2048 * np.arange(1, len(y) + 1), y, np.full(len(y), np.nan)))
    return Run("agent", "agent", "agents", assign(made))


def ppo(seed: int, reward: Floats, explained: Floats | None = None) -> Run:
    """What Stable-Baselines3 logs of PPO."""
    r, n = np.random.default_rng(seed), len(reward)
    x = np.linspace(0, 1, n)
    sound = np.clip(0.2 + 0.75 * (1 - np.exp(-6 * x)) + 0.04 * r.standard_normal(n), -1, 1)
    return logged(
        rollout__ep_rew_mean=reward, time__fps=900 + r.standard_normal(n),
        train__approx_kl=0.01 + 0.003 * r.random(n),
        train__clip_fraction=0.1 + 0.02 * r.random(n), train__entropy_loss=-1.4 + 0.8 * x,
        train__explained_variance=sound if explained is None else explained,
        train__learning_rate=np.full(n, 3e-4),
        train__loss=20 * np.exp(-3 * x) * (1 + 0.3 * r.standard_normal(n)),
        train__value_loss=40 * np.exp(-3 * x) * (1 + 0.2 * r.random(n)),
    )  # fmt: skip


def rising(seed: int, n: int = 200) -> Floats:
    r = np.random.default_rng(seed)
    return np.asarray(200 * (1 - np.exp(-4 * np.linspace(0, 1, n))) + 5 * r.standard_normal(n))


# --- what holds an agent back, whatever its reward does


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weight", [0.01, 1.0])
@pytest.mark.parametrize("k", [2, 4, 18])
def test_a_policy_that_entropy_keeps_random(seed: int, weight: float, k: int) -> None:
    """The reward rises a little: what is random gets something."""
    r = np.random.default_rng(seed)
    most = np.log(k) * (1 - 0.005 * r.random(100))
    run = logged(
        rollout__ep_rew_mean=20 + 8 * (1 - np.exp(-9 * np.linspace(0, 1, 100))) + r.standard_normal(100),
        train__entropy_loss=-most,
    )
    diagnosis = told(replace(run, params={"entropy_coef": weight, "lr": 3e-4}))
    assert ("over-regularized" in grave(diagnosis)) == (weight == 1.0)
    if weight == 1.0:
        assert (diagnosis.prescriptions[0].action, diagnosis.prescriptions[0].proposed) == (
            "reduce-regularization",
            0.01,
        )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("discount", "length", "says"),
    [
        (0.2, 60, True),
        (0.5, 400, True),
        (0.99, 400, False),
        (0.0, 60, False),
        (0.5, 3, False),
        (0.8, 40, False),
    ],
)
def test_a_discount_that_sees_no_farther_than_its_nose(
    seed: int, discount: float, length: int, says: bool
) -> None:
    r = np.random.default_rng(seed)
    run = logged(
        rollout__ep_rew_mean=rising(seed), rollout__ep_len_mean=length * (1 + 0.02 * r.standard_normal(200))
    )
    diagnosis = told(replace(run, params={"discount": discount}))
    assert ("wrong-loss" in grave(diagnosis)) == says
    if says:
        first = diagnosis.prescriptions[0]
        assert (first.action, first.parameter, first.proposed) == ("change-loss", "discount", 0.99)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("lr", "kl", "says"), [(0.2, 0.01, True), (3e-4, 1.2, True), (3e-4, 0.02, False), (3e-3, 0.05, False)]
)
def test_a_reward_that_is_not_held(seed: int, lr: float, kl: float, says: bool) -> None:
    """Up and down by half of its rise over and over; noise alone is nothing to say."""
    r, x = np.random.default_rng(seed), np.linspace(0, 1, 200)
    y = (
        150 * (1 - np.exp(-6 * x))
        - 130 * (np.sin(2 * np.pi * (3 * x + seed / 10)) > 0.2) * x
        + 5 * r.standard_normal(200)
    )
    run = logged(
        rollout__ep_rew_mean=y,
        train__approx_kl=kl * (1 + 0.3 * r.random(200)),
        train__learning_rate=np.full(200, lr),
    )
    diagnosis = told(replace(run, params={"optimizer": "adam", "lr": lr}))
    assert ("lr-too-high" in grave(diagnosis)) == says


@pytest.mark.parametrize("seed", SEEDS)
def test_a_policy_that_is_saturated_at_once(seed: int) -> None:
    r = np.random.default_rng(seed)
    gone = np.where(np.arange(100) < 2, 1.6, 1e-12 * r.random(100))
    slowly = 1.6 * np.exp(-6 * np.linspace(0, 1, 100))
    for entropy, says in ((gone, True), (slowly, False)):
        run = logged(
            rollout__ep_rew_mean=9 + 3 * (1 - np.exp(-np.arange(100.0))) + 0.1 * r.standard_normal(100),
            losses__entropy=entropy,
        )
        assert ("lr-too-high" in grave(told(run))) == says


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kl", "entropy", "noise", "says"),
    [(1.2, 0.02, 9.0, True), (1.2, 0.9, 9.0, False), (0.02, 0.02, 9.0, False), (1.2, 0.02, 0.2, False)],
)
def test_a_policy_that_made_up_its_mind_too_soon(
    seed: int, kl: float, entropy: float, noise: float, says: bool
) -> None:
    """Large updates leave nothing to choose from within a tenth of the run, and the reward is never steady;
    not where the policy still chooses, where updates are usual, or where each episode ends as well."""
    r, x = np.random.default_rng(seed), np.linspace(0, 1, 60)
    run = logged(
        rollout__ep_rew_mean=20 + 60 * (1 - np.exp(-9 * x)) + noise * r.standard_normal(60),
        train__approx_kl=kl * np.exp(0.5 * r.standard_normal(60)) * np.where(x < 0.3, 1, 0.01),
        train__entropy_loss=-np.where(x < 0.04, 1.3, entropy * (1 + 0.2 * r.random(60))),
    )
    assert ("lr-too-high" in grave(told(run))) == says


@pytest.mark.parametrize("seed", SEEDS)
def test_values_beyond_any_return_are_of_another_scale(seed: int) -> None:
    """Predicted values of a hundred where no episode brings more than one; not where an entropy is rewarded
    beside it, nor values as large as returns."""
    r, x = np.random.default_rng(seed), np.linspace(0, 1, 120)
    reward = -0.5 + 0.5 * (1 - np.exp(-5 * x)) + 0.08 * r.standard_normal(120)
    error = {"losses__td_loss": 1e5 * np.exp(0.1 * r.standard_normal(120))}
    grew = -30 - 150 * x + r.standard_normal(120)
    said = told(logged(charts__episodic_return=reward, losses__q_values=grew, **error))
    assert "critic-divergence" in grave(said)
    assert (said.prescriptions[0].action, said.prescriptions[0].parameter) == ("fix-targets", "reward_scale")
    for other in (
        {"losses__q_values": grew, "losses__entropy": 1.3 - x},
        {"losses__q_values": -0.3 + 0.5 * x},
    ):
        assert "critic-divergence" not in grave(told(logged(charts__episodic_return=reward, **other)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_noisy_evaluation_that_falls_with_training_has_collapsed(seed: int) -> None:
    """Training's reward loses what it had won; few noisy evaluations alone would not tell. Where they hold,
    nothing is lost."""
    r, x, few = np.random.default_rng(seed), np.linspace(0, 1, 200), np.linspace(0, 1, 26)
    training = 20 + 60 * np.interp(x, [0, 0.4, 0.6, 1], [0, 1, 0.1, 0]) + 2 * r.standard_normal(200)
    lost = 60 + 40 * np.interp(few, [0, 0.4, 0.6, 1], [0.4, 1, 0, 0]) + 9 * r.standard_normal(26)
    held = 60 + 40 * np.minimum(1, 4 * few) + 5 * r.standard_normal(26)
    for evaluated, says in ((lost, True), (held, False)):
        run = logged(rollout__ep_rew_mean=training)
        steps = np.linspace(2048, 200 * 2048, 26).astype(np.int64)
        curve = Curve("eval/mean_reward", "eval/mean_reward", steps, evaluated, np.full(26, np.nan))
        both = replace(run, curves=assign([*run.curves, curve]))
        assert ("reward-collapse" in grave(told(both))) == says


@pytest.mark.parametrize("seed", SEEDS)
def test_a_critic_whose_targets_do_not_move(seed: int) -> None:
    r = np.random.default_rng(seed)
    run = logged(
        charts__episodic_return=9.5 + 0.1 * r.standard_normal(100),
        losses__td_loss=1e-3 * (1 + 0.2 * r.random(100)) + np.exp(-np.arange(100.0)),
        losses__q_values=1.05 + 0.01 * r.standard_normal(100),
    )  # fmt: skip
    diagnosis = told(run)
    assert "reward-flat" in grave(diagnosis)
    assert (diagnosis.prescriptions[0].action, diagnosis.prescriptions[0].parameter) == (
        "fix-targets",
        "target_update",
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_language_models_distance_is_no_step(seed: int) -> None:
    """GRPO's `kl` is measured from where the policy began, and grows."""
    r, x = np.random.default_rng(seed), np.linspace(0, 1, 120)
    run = logged(
        reward=0.1 + 0.6 * (1 - np.exp(-4 * x)) + 0.05 * r.standard_normal(120),
        kl=4 * x,
        completions__mean_length=80 + r.standard_normal(120),
    )
    assert not grave(told(run))


# --- the reward decides, not what is logged beside it


@pytest.mark.parametrize("seed", SEEDS)
def test_explained_variance_sickens_nobody(seed: int) -> None:
    r = np.random.default_rng(seed)
    wild = 0.9 + 0.05 * r.standard_normal(200)
    wild[r.integers(0, 200, 4)] = [-4e3, -2e5, -30, -900]
    worse = np.full(200, 0.9)
    worse[-8:] = -(2.0 ** np.arange(8))
    for explained in (None, wild, worse):
        said = told(ppo(seed, rising(seed), explained))
        assert (said.verdict, grave(said)) == ("healthy", {})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_policy_is_named_and_dated(seed: int) -> None:
    reward = rising(seed)
    reward[60:] = -1.0
    said = told(ppo(seed, reward))
    found = grave(said)
    assert list(found) == ["reward-collapse"]
    assert found["reward-collapse"].onset == 61 * 2048
    assert said.prescriptions[0].action == "restore-checkpoint"
    assert said.prescriptions[0].step == 2048 * (1 + int(np.argmax(reward)))


@pytest.mark.parametrize(
    ("scale", "offset"),
    [(1.0, 0.0), (100.0, 0.0), (0.01, 0.0), (1.0, -1000.0), (1.0, 500.0), (100.0, -5000.0)],
)
def test_a_collapse_is_one_in_any_unit_and_from_any_zero(scale: float, offset: float) -> None:
    reward = rising(1)
    reward[120:] -= 150
    assert "reward-collapse" in grave(told(ppo(1, scale * reward + offset)))


# --- the onset


def falls(kind: str, n: int, at: float, noise: float, rng: np.random.Generator) -> Floats:
    x = np.linspace(0, 1, n)
    up, since = 200 * (1 - np.exp(-4 * x / at)), np.maximum(x - at, 0)
    if kind == "from its peak":
        up = np.minimum(200 * x / at, 200)
    gone = {
        "at once": np.where(x >= at, 1.0, 0.0),
        "slowly": np.minimum(since / (0.7 * (1 - at)), 1),
        "decaying": 1 - np.exp(-since / 0.06),
        "from its peak": np.minimum(since / (1 - at), 1),
    }[kind]
    return np.asarray(up * (1 - 0.9 * gone) + noise * rng.standard_normal(n))


@pytest.mark.parametrize("noise", [4.0, 20.0])
@pytest.mark.parametrize("n", [100, 400, 2000])
@pytest.mark.parametrize("kind", ["at once", "slowly", "decaying", "from its peak"])
def test_the_onset_is_within_five_percent_of_the_run(kind: str, n: int, noise: float) -> None:
    off = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        at = float(rng.uniform(0.25, 0.7))
        found = grave(told(agent(falls(kind, n, at, noise, rng))))
        assert "reward-collapse" in found
        onset = found["reward-collapse"].onset
        assert onset is not None
        off.append(abs((onset / 1000 - 1) / (n - 1) - at))
    assert np.mean(np.array(off) <= 0.05) >= 0.8
    assert max(off) <= 0.1


# --- the cause


COURSE = np.linspace(0, 1, 200)
SIGNALS = {
    "kl": {"train__approx_kl": np.where(np.abs(COURSE - 0.59) < 0.01, 0.5, 0.01)},
    "critic": {"train__value_loss": np.where((COURSE > 0.5) & (COURSE < 0.62), 900.0, 10.0)},
    "gradient": {"train__grad_norm": np.where(np.abs(COURSE - 0.59) < 0.01, 40.0, 0.5)},
    "rate": {"train__learning_rate": np.full(200, 0.1)},
    "entropy gone": {"train__entropy_loss": -1.4 * np.exp(-8 * COURSE)},
    "entropy grew": {"train__entropy_loss": -1.4 - 4 * COURSE},
    None: {"train__approx_kl": np.full(200, 0.01), "train__entropy_loss": -1.4 + COURSE,
        "train__value_loss": np.full(200, 9.0)},
}  # fmt: skip


@pytest.mark.parametrize("cause", SIGNALS, ids=str)
def test_what_left_its_level_first_is_the_cause(cause: str | None) -> None:
    reward = rising(3)
    reward[120:] = 20 + 5 * np.random.default_rng(3).standard_normal(80)
    r = np.random.default_rng(4)
    beside = {name: y * np.exp(0.05 * r.standard_normal(200)) for name, y in SIGNALS[cause].items()}
    if cause == "rate":
        beside = SIGNALS[cause]
    found = grave(told(logged(rollout__ep_rew_mean=reward, **beside)))["reward-collapse"]
    assert found.evidence["cause"] == cause
    if cause is not None:
        assert found.evidence["cause_curve"] == next(iter(beside)).replace("__", "/")


def test_prescriptions_follow_the_cause_and_carry_numbers() -> None:
    reward = rising(3)
    reward[120:] = 20.0
    kl = np.where(np.abs(COURSE - 0.59) < 0.01, 2.0, 0.01)
    said = told(
        logged(
            rollout__ep_rew_mean=reward, train__approx_kl=kl, train__clip_range=np.full(200, 0.4),
            train__learning_rate=np.full(200, 3e-4)
        )
    )  # fmt: skip
    told_of = {p.action: p for p in said.prescriptions}
    assert (told_of["clip-gradients"].parameter, told_of["clip-gradients"].proposed) == ("clip_range", 0.2)
    assert (told_of["lower-lr"].current, told_of["lower-lr"].proposed) == (3e-4, 1e-4)
    gone = logged(rollout__ep_rew_mean=reward, train__entropy_loss=-1.4 * np.exp(-8 * COURSE))
    run = Run("a", "a", "a", gone.curves, {"entropy_coef": 0.001})
    entropy = next(p for p in told(run).prescriptions if p.action == "regularize")
    assert (entropy.parameter, entropy.current, entropy.proposed) == ("entropy_coef", 0.001, 0.01)


def test_nothing_impossible_is_prescribed_for_an_agent() -> None:
    for condition in all_conditions().values():
        if "agents" in condition.check.__module__:
            for example in (*condition.sick, *condition.healthy):
                said = told(example(np.random.default_rng(0)))
                assert {p.action for p in said.prescriptions} <= OF_AGENTS
                assert all("data" not in p.text and "dropout" not in p.text for p in said.prescriptions)


# --- no collapse, no critic


@pytest.mark.parametrize("seed", SEEDS)
def test_up_and_down_is_no_collapse(seed: int) -> None:
    """An agent that loses and finds its way again and again has not collapsed
    when its log happens to end low."""
    r = np.random.default_rng(seed)
    x = np.linspace(0, 1, 300)
    reward = 150 * np.minimum(8 * x, 1) * (
        1 - 0.8 * (np.sin(2 * np.pi * 4.9 * x + 0.6) > 0.2)
    ) + 6 * r.standard_normal(300)
    assert "reward-collapse" not in grave(told(agent(reward)))


@pytest.mark.parametrize("held", [0.0, 0.25])
@pytest.mark.parametrize("n", [60, 133, 300])
@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_what_was_held_collapses_and_what_only_sinks_never_rose(held: float, n: int, noise: float) -> None:
    """An agent that came with what it could and held it for a quarter of the run has lost it; one that sinks
    from its first step on is said to, whatever its noise."""
    x = np.linspace(0, 1, n)
    for seed in SEEDS:
        r = np.random.default_rng(seed)
        reward = 49 - 44 * np.maximum(0, x - held) / (1 - held) + noise * r.standard_normal(n)
        said = set(grave(told(agent(reward)))) & {"reward-collapse", "reward-flat"}
        assert said == {"reward-collapse" if held else "reward-flat"}


def test_a_curriculum_that_gets_harder_lowers_the_reward_by_right() -> None:
    reward = rising(0)
    reward[100:] *= 0.4
    level = np.where(np.arange(200) < 100, 1.0, 2.0)
    assert "reward-collapse" in grave(told(logged(Train__mean_reward=reward)))
    assert "reward-collapse" not in grave(
        told(logged(Train__mean_reward=reward, Curriculum__terrain_levels=level))
    )
    wins = np.clip(np.linspace(0.1, 0.9, 200), 0, 1)
    assert "reward-collapse" not in grave(
        told(logged(rollout__ep_rew_mean=reward, rollout__success_rate=wins))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reward_that_still_rises_wants_more_steps(seed: int) -> None:
    reward = 100 * np.linspace(0, 1, 150) + 4 * np.random.default_rng(seed).standard_normal(150)
    said = told(agent(reward))
    assert list(grave(said)) == ["undertrained"]
    assert said.prescriptions[0].action == "train-longer"
    assert (said.prescriptions[0].current, said.prescriptions[0].proposed) == (150_000, 300_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_left_of_a_cost_is_no_more_than_the_cost(seed: int) -> None:
    """A reward that was below zero at all of its points and has nearly come to zero rises no farther; one
    that has as far to go as it came does."""
    r, x = np.random.default_rng(seed), np.linspace(0, 1, 150)
    near = -130 + 124 * x**0.8 + 2 * r.standard_normal(150)
    assert "undertrained" not in grave(told(agent(np.minimum(near, -0.5))))
    assert "undertrained" in grave(told(agent(near - 150)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_reward_at_its_best_for_long_is_information(seed: int) -> None:
    reward = 100 * (1 - np.exp(-20 * np.linspace(0, 1, 200))) + 2 * np.random.default_rng(
        seed
    ).standard_normal(200)
    said = told(agent(reward))
    assert (said.verdict, [f.condition for f in said.findings]) == ("healthy", ["wasted-training"])


def test_a_loss_that_is_lost_is_lost_for_agents_too() -> None:
    loss = np.full(200, 3.0)
    loss[150:] = np.nan
    assert "non-finite" in grave(told(logged(rollout__ep_rew_mean=rising(0), train__value_loss=loss)))


def test_few_points_judge_no_reward() -> None:
    said = told(agent(np.linspace(0, 100, 8)))
    assert said.verdict == "undetermined"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [0.1, 1.0, 100.0])
def test_a_policy_that_learns_to_get_less(seed: int, scale: float) -> None:
    """The sign of its loss is turned: no rate mends that."""
    y = (
        9.2
        + 6 * np.exp(-12 * np.linspace(0, 1, 120))
        + 0.15 * np.random.default_rng(seed).standard_normal(120)
    )
    diagnosis = told(logged(rollout__ep_rew_mean=scale * y))
    assert "the sign of its loss" in grave(diagnosis)["reward-flat"].summary
    assert diagnosis.prescriptions[0].action == "overfit-one-batch"


def test_a_reward_that_stays_at_its_best_is_judged() -> None:
    """Means of a constant differ by rounding: that is no fall."""
    r = np.random.default_rng(0)
    for n in range(20, 200, 3):
        best = float(100 * r.standard_normal())
        rises = best - abs(best * r.standard_normal(n // 3))
        said = told(logged(rollout__ep_rew_mean=np.concatenate((rises, np.full(n - n // 3, best)))))
        assert not said.problems
        assert "reward-collapse" not in grave(said)
