"""Language models and fine-tuning: short runs, customary rates, spikes that recover and that don't,
preferences, what is prescribed."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.features.case import build
from curvedoctor.features.language import learns_preferences, of_language
from curvedoctor.features.rates import tuned
from curvedoctor.intake import run_of
from curvedoctor.model import Diagnosis, Floats, ParamValue, Severity
from curvedoctor.roles import infer

SEEDS = range(8)
Params = dict[str, ParamValue]
TRANSFORMER: Params = {"optimizer": "adamw", "model": "transformer", "batch_size": 16}


def fall(rng: np.random.Generator, n: int, start: float, end: float, speed: float, noise: float) -> Floats:
    return np.asarray(
        (end + (start - end) * np.exp(-speed * np.linspace(0, 1, n))) * np.exp(noise * rng.standard_normal(n))
    )


def tuning(
    loss: Floats, evaluations: list[float], lr: float, params: Params | None = None, **others: Floats
) -> Diagnosis:
    """A fine-tuning as Hugging Face's trainer logs it: loss every ten steps,
    linear schedule with warm-up, evaluations between."""
    n = len(loss)
    steps, t = 10 * np.arange(1, n + 1), np.arange(1, n + 1) / n
    rate = lr * np.where(t < 0.1, t / 0.1, (1 - t) / 0.9)
    at = np.array([10 * n * (k + 1) // len(evaluations) for k in range(len(evaluations))])
    curves = {
        "loss": (steps, loss),
        "learning_rate": (steps, rate),
        **{k.replace("__", "/"): (steps if len(v) == n else at, v) for k, v in others.items()},
    }
    if evaluations:
        curves["eval_loss"] = (at, np.array(evaluations))
    return diagnose_curves(curves, params={"lr": lr, **TRANSFORMER, **(params or {})})


def grave(diagnosis: Diagnosis) -> dict[str, str]:
    return {f.condition: f.summary for f in diagnosis.findings if f.severity != "info"}


def by_heart(rng: np.random.Generator, epochs: int, each: int = 40) -> Floats:
    """Level within an epoch, a step down with each new one."""
    levels = 1.3 * float(rng.uniform(0.5, 0.75)) ** np.arange(epochs)
    return np.concatenate([fall(rng, each, level, 0.97 * level, 3, 0.06) for level in levels])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("evaluations", [[1.15, 1.22], [1.15, 1.19, 1.33], [1.2, 1.15, 1.26]])
def test_a_few_epochs_known_by_heart(seed: int, evaluations: list[float]) -> None:
    loss = by_heart(np.random.default_rng(seed), len(evaluations))
    diagnosis = tuning(loss, evaluations, 2e-5, {"epochs": len(evaluations)})
    assert "memorized" in grave(diagnosis)["overfitting"]
    assert diagnosis.prescriptions[0].action in ("stop-early", "regularize", "lower-lr", "more-data")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("scores", "severity"),
    [
        ([0.834, 0.844, 0.848], "info"),
        ([0.834, 0.844, 0.843], "info"),
        ([0.834, 0.844, 0.79], "warning"),
        ([0.91, 0.93, 0.90], "warning"),
    ],
)
def test_a_few_epochs_memorized_while_the_score_holds(
    seed: int, scores: list[float], severity: Severity
) -> None:
    loss = by_heart(np.random.default_rng(seed), 3)
    diagnosis = tuning(loss, [0.432, 0.425, 0.455], 2e-5, {"epochs": 3}, eval_accuracy=np.array(scores))
    (found,) = [f for f in diagnosis.findings if f.condition == "overfitting"]
    assert (found.severity, "though its score holds" in found.summary) == (severity, severity == "info")


@pytest.mark.parametrize("seed", SEEDS)
def test_few_evaluations_prove_nothing_beside_a_loss_without_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert not grave(tuning(fall(rng, 100, 1.6, 1.1, 6, 0.06), [1.15, 1.21], 2e-5, {"epochs": 2}))


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_beside_an_evaluation_that_falls_are_no_fault(seed: int) -> None:
    assert not grave(tuning(by_heart(np.random.default_rng(seed), 3), [1.3, 1.22, 1.2], 2e-5, {"epochs": 3}))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("lr", "params"), [(2e-5, {}), (2e-4, {"lora_rank": 16}), (3e-5, {"init": "pretrained"}), (1e-5, {})]
)
def test_sound_fine_tunings(seed: int, lr: float, params: Params) -> None:
    rng = np.random.default_rng(seed)
    diagnosis = tuning(fall(rng, 120, 1.7, 1.1, 9, 0.08), [1.16, 1.12, 1.115], lr, {"epochs": 3, **params})
    assert not grave(diagnosis)
    assert not {"change-optimizer", "fix-init", "fix-activation"} & {
        p.action for p in diagnosis.prescriptions
    }


@pytest.mark.parametrize(
    ("lr", "params", "low"),
    [
        (1e-8, {}, True),
        (2e-5, {}, False),
        (1e-6, {"lora_rank": 8}, True),
        (2e-4, {"lora_rank": 8}, False),
        (3e-6, {"model": "cnn", "optimizer": "adam"}, True),
    ],
)
def test_rates_decades_off_where_the_loss_hardly_moves(lr: float, params: Params, low: bool) -> None:
    """A few evaluations hide it: the steps tell."""
    rng = np.random.default_rng(0)
    diagnosis = tuning(fall(rng, 100, 3.1, 2.98, 1, 0.02), [3.0, 2.99, 2.985], lr, params)
    assert ("lr-too-low" in grave(diagnosis)) == low


def test_rates_of_tuning_stay_within_custom() -> None:
    rng = np.random.default_rng(1)
    diagnosis = tuning(fall(rng, 100, 3.1, 2.98, 1, 0.02), [3.0, 2.99, 2.985], 1e-7)
    raised = next(p for p in diagnosis.prescriptions if p.action == "raise-lr")
    assert isinstance(raised.proposed, float) and 1e-6 <= raised.proposed <= 3e-4


PREFERENCES = ("rewards__chosen", "rewards__rejected", "rewards__margins")


@pytest.mark.parametrize("seed", SEEDS)
def test_margins_are_no_agents_reward(seed: int) -> None:
    """Chosen answers get less likely as well, margins waver: sound DPO."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 80)
    margins = 1.8 * np.sin(2 * t) + 0.1 * rng.standard_normal(80)
    values = dict(zip(PREFERENCES, (-0.4 * t, -0.4 * t - margins, margins), strict=True))
    diagnosis = tuning(fall(rng, 80, 0.69, 0.35, 5, 0.08), [0.5, 0.44, 0.43], 5e-7, **values)
    assert not grave(diagnosis)
    case = build([diagnosis.run])[0]
    assert case.reward is None and learns_preferences(case) and tuned(case) == "preferences"


def test_margins_that_collapse_with_a_loss_that_climbs_are_no_reward_collapse() -> None:
    rng = np.random.default_rng(0)
    margins = np.concatenate([np.linspace(0, 3, 40), np.linspace(3, -1, 40)])
    values = dict(zip(PREFERENCES, (margins, 0 * margins, margins), strict=True))
    loss = np.concatenate([fall(rng, 40, 0.69, 0.3, 5, 0.05), np.linspace(0.3, 1.2, 40)])
    found = grave(tuning(loss, [0.4, 0.35, 0.9], 5e-6, **values))
    assert "divergence" in found and "reward-collapse" not in found


def pretraining(y: Floats, **others: Floats) -> Diagnosis:
    n = len(y)
    t, steps = np.linspace(0, 1, n), 100 * np.arange(1, n + 1)
    rate = 3e-4 * np.where(t < 0.02, t / 0.02, 0.1 + 0.45 * (1 + np.cos(np.pi * (t - 0.02) / 0.98)))
    curves = {
        "train/loss": (steps, y),
        "train/lr": (steps, rate),
        "tokens_seen": (steps, 524288.0 * steps),
        **{k: (steps, v) for k, v in others.items()},
    }
    return diagnose_curves(curves, params={"lr": 3e-4, **TRANSFORMER})


def text(rng: np.random.Generator, n: int = 500) -> Floats:
    t = np.linspace(0, 1, n)
    return np.asarray(
        (2.9 + 8 * np.exp(-30 * t) + 0.5 * (1 - t) ** 2) * np.exp(0.012 * rng.standard_normal(n))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_spikes_that_recover(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = text(rng)
    for at in rng.choice(np.arange(80, 440), 2, replace=False):
        y[at : at + 5] *= 1 + rng.uniform(0.3, 1.2) * np.exp(-np.arange(5) / 2)
    assert not grave(pretraining(y))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spike_that_does_not_recover(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = text(rng)
    at, up = int(rng.integers(150, 380)), float(rng.uniform(0.5, 2.0))
    y[at:] += up * (0.5 + 0.5 * np.exp(-np.arange(500 - at) / 60))
    diagnosis = pretraining(y)
    found = next(f for f in diagnosis.findings if f.condition == "loss-spikes")
    assert found.severity == "warning" and "not recovered" in found.summary
    assert found.onset == 100 * (at + 1)
    assert diagnosis.prescriptions[0].action in ("clip-gradients", "lower-lr", "restore-checkpoint")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sound_pre_training(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = text(rng)
    diagnosis = pretraining(y, **{"train/perplexity": np.exp(y), "loss_scale": np.full(len(y), 65536.0)})
    assert not grave(diagnosis)
    assert of_language(build([diagnosis.run])[0])


def test_nobody_leaves_adam_for_sgd_or_widens_a_transformer() -> None:
    rng = np.random.default_rng(4)
    for params in ({}, {"lora_rank": 16}, {"model": "transformer", "width": 768}):
        for lr in (1e-5, 3e-4):
            diagnosis = tuning(fall(rng, 60, 5.3, 4.9, 2, 0.01), [5.2, 5.0, 4.95, 4.9], lr, params)
            for p in diagnosis.prescriptions:
                assert p.parameter != "width" and "SGD" not in p.text, p.text


def test_ranks_and_accumulation() -> None:
    case = build([run_of({"loss": np.linspace(2, 1, 20)}, {"lora_rank": 16, **TRANSFORMER}, "run", None)])[0]
    from curvedoctor.advice.changes import change

    assert change(case, "smaller-model", ()).proposed == 4
    assert "accumulating" in change(case, "bigger-batch", ()).text
    assert "adapters" in change(case, "regularize", ()).text


@pytest.mark.parametrize(
    ("tag", "quantity", "better"),
    [
        ("train/perplexity", "error", "lower"), ("val_bpb", "loss", "lower"),
        ("bits_per_byte", "loss", "lower"), ("eval_bpc", "loss", "lower"),
        ("train/mean_token_accuracy", "accuracy", "higher"), ("token_acc", "accuracy", "higher"),
        ("grad_norm", "grad_norm", "none"),
        ("loss_scale", "other", "none"), ("loss-scale", "other", "none"), ("tokens_seen", "other", "none"),
        ("num_input_tokens_seen", "other", "none"),
        ("lm loss validation ppl", "error", "lower"), ("IS", "accuracy", "higher"),
        ("gradient_penalty", "loss", "none"),
    ],
)  # fmt: skip
def test_roles(tag: str, quantity: str, better: str) -> None:
    role = infer(tag, neighbours=["loss", "eval_loss"])
    assert (role.quantity, role.better) == (quantity, better)


@pytest.mark.parametrize("tag", ["kl_loss", "train/kl", "KLD", "kl_divergence"])
def test_the_divergence_of_codes_has_no_direction(tag: str) -> None:
    role = infer(tag, neighbours=["loss", "recon_loss"])
    assert (role.quantity, role.better) == ("loss", "none")
    assert infer("kl", neighbours=["reward", "policy_loss"]).quantity == "other"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lr", [3e-3, 0.05])
def test_few_samples_of_a_small_model_are_no_high_rate(seed: int, lr: float) -> None:
    """At a hundred times the custom of large models: training halves again and again while validation climbs,
    which few samples do. Where training is lost with it, the rate does."""
    rng = np.random.default_rng(seed)
    memorized = fall(rng, 120, 2.0, 0.15, 8, 0.08)
    thrown = 1.5 + 0.9 * np.linspace(0, 1, 120) + 0.1 * rng.standard_normal(120)
    climbs = [1.4, 1.5, 1.8, 2.1, 2.3, 2.5, 2.6, 2.7]
    for loss, says in ((memorized, False), (thrown, True)):
        said = tuning(loss, climbs, lr, {"optimizer": "adamw", "init": "pretrained"})
        assert ("lr-too-high" in {f.condition for f in said.findings}) == says
        if says:
            lower = next(p for p in said.prescriptions if p.action == "lower-lr")
            assert isinstance(lower.proposed, float) and lower.proposed < lr / 10
            assert (
                lr < 0.01 or lower.proposed > 1e-4
            )  # a small model at the custom of large ones learns nothing
