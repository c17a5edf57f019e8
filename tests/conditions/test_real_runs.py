"""Logs of real runs by real libraries, sound and broken, as `real_runs.agents` (Stable-Baselines3) and
`real_runs.libraries` (torch, Hugging Face's Trainer, TRL, Ultralytics) in examples/ make them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curvedoctor import diagnose

LOGS = Path(__file__).parents[1] / "data"
#: run → what makes it sick, and what may be tried first; nothing for sound runs
EXPECTED: dict[str, tuple[set[str], set[str]]] = {
    "agents/cartpole_ppo": (set(), set()),
    "agents/cartpole_ppo_unclipped": ({"reward-collapse"}, {"restore-checkpoint"}),
    "agents/cartpole_ppo_lr_tiny": ({"reward-flat"}, {"raise-lr"}),
    "agents/cartpole_ppo_lr_huge": ({"reward-flat"}, {"lower-lr"}),
    "agents/pendulum_td3": (set(), set()),
    "agents/pendulum_td3_lr_tiny": ({"reward-flat"}, {"raise-lr"}),
    "agents/pendulum_td3_no_target": ({"critic-divergence", "reward-flat"}, {"lower-lr"}),
    "libraries/dcgan_sound": (set(), set()),
    "libraries/dcgan_generator_too_slow": ({"adversary-dominates"}, {"regularize"}),
    "libraries/dcgan_discriminator_asleep": ({"adversary-dominates"}, {"regularize"}),
    "libraries/vae_sound": (set(), set()),
    "libraries/vae_posterior_collapse": ({"over-regularized"}, {"reduce-regularization"}),
    # at a rate of 0.1 the codes fall silent too; the rate is not logged
    "libraries/vae_lr_huge": ({"over-regularized"}, {"reduce-regularization"}),
    "libraries/transformer_sound": (set(), set()),
    "libraries/transformer_memorizes": ({"overfitting"}, {"stop-early", "regularize"}),
    "libraries/transformer_lr_tiny": ({"not-learning", "lr-too-low"}, {"raise-lr", "overfit-one-batch"}),
    "libraries/grpo_sound": (set(), set()),
    "libraries/grpo_lr_huge": ({"reward-collapse"}, {"restore-checkpoint"}),
    "libraries/grpo_no_reward": ({"reward-flat"}, {"regularize", "overfit-one-batch"}),
    # dfl_loss rises while mAP does, which is told and no sickness
    "libraries/detector_sound": (set(), set()),
    # mAP stays below a hundredth: it decides nothing, and the losses of validation speak
    "libraries/detector_labels_off": ({"overfitting"}, {"regularize", "stop-early", "more-data"}),
    # at a rate of 1 it finds nothing from the sixth epoch on: all losses are nothing, and so is mAP
    "libraries/detector_lr_huge": ({"collapsed"}, {"lower-lr"}),
    # mAP is measured on four pictures: no change of the training is asked for by name
    "libraries/detector_four_validation_pictures": ({"validation-too-small"}, set()),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_runs(name: str) -> None:
    (said,) = diagnose(LOGS / name)
    found, first = EXPECTED[name]
    assert {f.condition for f in said.findings if f.severity != "info"} == found
    assert said.verdict == ("sick" if found else "healthy")
    if first:
        assert said.prescriptions[0].action in first


def test_the_collapse_is_dated_and_its_cause_named() -> None:
    """The evaluation holds 500 at step 30 000 and 240 at 33 000; without clipping,
    each update moves by a KL of several nats."""
    (said,) = diagnose(LOGS / "agents/cartpole_ppo_unclipped")
    (found,) = said.findings
    assert found.onset is not None
    assert abs(found.onset - 30_000) <= 0.05 * 60_000
    assert found.evidence["cause"] == "kl"
    told = {p.action: p for p in said.prescriptions}
    assert told["restore-checkpoint"].step == 30_000
    assert (told["clip-gradients"].parameter, told["clip-gradients"].current) == ("clip_range", 50.0)
    assert (told["lower-lr"].current, told["lower-lr"].proposed) == (0.01, 9.7e-4)


def test_grpo_s_collapse_is_dated_and_its_rate_named() -> None:
    """A hundredth of a reward is had by step 8; from 10 on there is none any more."""
    (said,) = diagnose(LOGS / "libraries/grpo_lr_huge")
    (found,) = (f for f in said.findings if f.condition == "reward-collapse")
    assert found.onset is not None and abs(found.onset - 9) <= 0.05 * 120
    assert found.evidence["cause"] == "rate"


def test_a_detector_s_checkpoint_is_kept_by_map() -> None:
    (said,) = diagnose(LOGS / "libraries/detector_sound")
    assert said.readings["checkpoint"]["curve"] == "metrics/mAP50-95(B)"
    assert {f.condition for f in said.findings} == {"overfitting"}


def test_a_detector_that_is_validated_on_four_pictures_wants_more_of_them() -> None:
    (said,) = diagnose(LOGS / "libraries/detector_four_validation_pictures")
    (wanted,) = (p for p in said.prescriptions if "validation-too-small" in p.treats)
    assert wanted.action == "more-validation-data"


def test_logs_are_small_and_all_expected() -> None:
    kept = [*LOGS.glob("agents/*/*"), *LOGS.glob("libraries/*/*")]
    assert {path.parent.relative_to(LOGS).as_posix() for path in kept} == set(EXPECTED)
    assert all(path.stat().st_size < 60_000 for path in kept)
