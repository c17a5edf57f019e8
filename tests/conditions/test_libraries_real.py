"""Logs of real runs by torch, Hugging Face's Trainer, TRL and Ultralytics, as
`examples/real_runs/libraries.py` makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curvedoctor import diagnose

LOGS = Path(__file__).parents[1] / "data" / "libraries"
#: run → what makes it sick, and what may be tried first; nothing for sound runs
EXPECTED: dict[str, tuple[set[str], set[str]]] = {
    "dcgan_sound": (set(), set()),
    "dcgan_generator_too_slow": ({"adversary-dominates"}, {"regularize"}),
    "dcgan_discriminator_asleep": ({"adversary-dominates"}, {"regularize"}),
    "vae_sound": (set(), set()),
    "vae_posterior_collapse": ({"over-regularized"}, {"reduce-regularization"}),
    # at a rate of 0.1 the codes fall silent too; the rate is not logged
    "vae_lr_huge": ({"over-regularized"}, {"reduce-regularization"}),
    "transformer_sound": (set(), set()),
    "transformer_memorizes": ({"overfitting"}, {"stop-early", "regularize"}),
    "transformer_lr_tiny": ({"not-learning", "lr-too-low"}, {"raise-lr", "overfit-one-batch"}),
    "grpo_sound": (set(), set()),
    "grpo_lr_huge": ({"reward-collapse"}, {"restore-checkpoint"}),
    "grpo_no_reward": ({"reward-flat"}, {"regularize", "overfit-one-batch"}),
    # dfl_loss rises while mAP does, which is told and no sickness
    "detector_sound": (set(), set()),
    # mAP stays below a hundredth: it decides nothing, and the losses of validation speak
    "detector_labels_off": ({"overfitting"}, {"regularize", "stop-early", "more-data"}),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_runs(name: str) -> None:
    (said,) = diagnose(LOGS / name)
    found, first = EXPECTED[name]
    assert {f.condition for f in said.findings if f.severity != "info"} == found
    assert said.verdict == ("sick" if found else "healthy")
    if found:
        assert said.prescriptions[0].action in first


def test_grpo_s_collapse_is_dated_and_its_rate_named() -> None:
    """A hundredth of a reward is had by step 8; from 10 on there is none any more."""
    (said,) = diagnose(LOGS / "grpo_lr_huge")
    (found,) = (f for f in said.findings if f.condition == "reward-collapse")
    assert found.onset is not None and abs(found.onset - 9) <= 0.05 * 120
    assert found.evidence["cause"] == "rate"


def test_a_detector_s_checkpoint_is_kept_by_map() -> None:
    (said,) = diagnose(LOGS / "detector_sound")
    assert said.readings["checkpoint"]["curve"] == "metrics/mAP50-95(B)"
    assert {f.condition for f in said.findings} == {"overfitting"}


def test_logs_are_small_and_all_expected() -> None:
    kept = list(LOGS.glob("*/*"))
    assert {path.parent.name for path in kept} == set(EXPECTED)
    assert all(path.stat().st_size < 60_000 for path in kept)
