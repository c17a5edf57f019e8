"""Kinds of fault that practitioners found judged wrongly: each with variations, and with what must stay
so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from curvedoctor import diagnose_curves
from curvedoctor.model import Diagnosis, Finding, ParamValue

Y = npt.NDArray[np.float64]


def judged(params: Mapping[str, ParamValue] | None = None, **curves: object) -> Diagnosis:
    return diagnose_curves(
        {name.replace("__", "/"): y for name, y in curves.items()}, params=dict(params or {})
    )


def seen(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {f.condition: f for f in diagnosis.findings if f.severity != "info"}


def first(diagnosis: Diagnosis) -> str:
    return diagnosis.prescriptions[0].action


def down(n: int, start: float, end: float, rate: float = 5.0, noise: float = 0.01, seed: int = 0) -> Y:
    """A descent from start to end, with noise in proportion."""
    rng = np.random.default_rng(seed)
    y = end + (start - end) * np.exp(-rate * np.linspace(0, 1, n))
    return np.asarray(y * np.exp(noise * rng.standard_normal(n)))


# --- lost from the first epoch on

TOO_HIGH: list[dict[str, ParamValue]] = [
    {"optimizer": "sgd", "lr": 0.3, "loss": "mse"},
    {"optimizer": "sgd", "lr": 0.1, "loss": "mse"},
    {"optimizer": "sgd", "lr": 0.3},
    {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9},
    {"optimizer": "adam", "lr": 0.1},
    {"optimizer": "rmsprop", "lr": 0.05},
    {"lr": 0.5},
]
CUSTOMARY: list[dict[str, ParamValue]] = [
    {"optimizer": "sgd", "lr": 0.01, "loss": "mse"},
    {"optimizer": "sgd", "lr": 0.1, "loss": "cross-entropy"},
    {"optimizer": "adam", "lr": 0.001},
    {"lr": 0.001},
    {},
]


@pytest.mark.parametrize("n", [1, 3, 20, 200])
@pytest.mark.parametrize("params", TOO_HIGH)
def test_lost_in_the_first_epoch_at_a_high_rate_asks_for_a_lower_one(
    params: dict[str, ParamValue], n: int
) -> None:
    lost = np.full(n, np.nan)
    assert first(judged(params, loss=lost, val_loss=lost)) == "lower-lr"
    assert first(judged(params, train__loss=lost)) == "lower-lr"
    assert first(judged(params, loss=np.full(n, np.inf))) == "lower-lr"


@pytest.mark.parametrize("n", [1, 3, 20])
@pytest.mark.parametrize("params", CUSTOMARY)
def test_at_a_customary_rate_the_data_are_asked_about(params: dict[str, ParamValue], n: int) -> None:
    lost = np.full(n, np.nan)
    assert first(judged(params, loss=lost, val_loss=lost)) == "clean-data"


@pytest.mark.parametrize("params", TOO_HIGH)
def test_no_update_has_done_what_is_lost_before_the_first(params: dict[str, ParamValue]) -> None:
    steps = (np.arange(0, 1000, 10), np.full(100, np.nan))
    assert first(judged(params, train__loss=steps)) == "clean-data"


# --- where a schedule was when the log ended


def cosine(n: int, of: int, peak: float = 1e-3) -> Y:
    return np.asarray(peak * 0.5 * (1 + np.cos(np.pi * np.arange(n) / of)))


def one_cycle(n: int, of: int, peak: float = 1e-2, warm: float = 0.3) -> Y:
    at = np.arange(n) / of
    up = 0.04 + 0.96 * 0.5 * (1 - np.cos(np.pi * np.minimum(at / warm, 1)))
    come_down = 0.5 * (1 + np.cos(np.pi * np.clip((at - warm) / (1 - warm), 0, 1)))
    return np.asarray(peak * np.where(at < warm, up, come_down))


def by_rate(lr: Y, noise: float = 0.01, seed: int = 0) -> Y:
    """A loss that the noise of the rate holds up, as of language models: it falls as the rate does."""
    way = np.cumsum(lr) / lr.max()
    base = 2.2 * (1 + way / len(lr) * 20) ** -0.5 + 2.5
    rng = np.random.default_rng(seed)
    return np.asarray((base + 0.4 * lr / lr.max()) * np.exp(noise * rng.standard_normal(len(lr))))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("of", [30, 100, 600])
@pytest.mark.parametrize("share", [0.3, 0.45, 0.6])
def test_a_log_that_ends_in_its_cosine_was_interrupted_or_goes_on(share: float, of: int, seed: int) -> None:
    lr = cosine(int(share * of), of)
    y = by_rate(lr, seed=seed)
    found = seen(judged(train_loss=y, val_loss=1.02 * y, lr=lr))["undertrained"]
    assert "if the run goes on" in found.summary
    assert found.evidence["planned_end"] == pytest.approx(of, rel=0.15)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("of", [30, 100, 600])
@pytest.mark.parametrize("share", [0.2, 0.25, 0.3])
def test_so_was_one_that_ends_while_the_rate_rises(share: float, of: int, seed: int) -> None:
    lr = one_cycle(int(share * of) + 1, of)
    y = down(len(lr), 2.3, 1.0, 2, 0.01, seed)
    found = seen(judged(train_loss=y, val_loss=1.02 * y, lr=lr))["undertrained"]
    assert "the highest it ever was" in found.summary


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("of", [30, 100, 600])
def test_a_schedule_that_came_to_its_end_leaves_nothing_undone(of: int, seed: int) -> None:
    """A loss that falls as the rate does still falls at the end, and a longer run is no promise."""
    for lr in (cosine(of, of), one_cycle(of, of)):
        y = by_rate(lr, 0.003, seed)
        assert "undertrained" not in seen(judged(train_loss=y, val_loss=1.02 * y, lr=lr))
    warm = np.minimum(np.arange(of) / (0.1 * of), 1.0) * 1e-3
    y = down(of, 2.3, 0.5, 8, 0.01, seed)
    assert "undertrained" not in seen(judged(train_loss=y, val_loss=1.02 * y, lr=warm))


# --- evaluated wrongly


def wild(n: int, spread: float, seed: int) -> tuple[Y, Y]:
    """Training falls calmly; statistics of normalization that don't fit multiply validation's loss."""
    rng = np.random.default_rng(seed)
    y = 0.3 + 1.5 * np.exp(-4 * np.linspace(0, 1, n))
    return y * np.exp(0.02 * rng.standard_normal(n)), 1.1 * y * np.exp(
        spread * np.abs(rng.standard_normal(n))
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [20, 60, 200])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 50.0])
def test_wild_validation_beside_calm_training_is_evaluated_wrongly(n: int, seed: int, scale: float) -> None:
    train, val = wild(n, 2.0, seed)
    said = judged({"optimizer": "adam", "lr": 1e-3}, train_loss=scale * train, val_loss=scale * val)
    assert "train-val-mismatch" in seen(said)
    assert first(said) == "check-split"
    assert "lr-too-high" not in seen(said)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [20, 60, 200])
def test_what_jumps_a_little_is_not(n: int, seed: int) -> None:
    train, val = wild(n, 0.2, seed)
    assert "train-val-mismatch" not in seen(judged(train_loss=train, val_loss=val))


@pytest.mark.parametrize("seed", range(4))
def test_nor_what_a_rate_far_above_custom_throws_about(seed: int) -> None:
    train, val = wild(60, 2.0, seed)
    said = judged({"optimizer": "adam", "lr": 0.1}, train_loss=train, val_loss=val)
    assert "train-val-mismatch" not in seen(said)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n_val", [40, 113, 190])
def test_an_easier_sample_of_few_is_no_leak(n_val: int, seed: int) -> None:
    """A small validation set is a quarter easier by chance; its size is in the steps of its accuracy."""
    rng = np.random.default_rng(seed)
    train = down(60, 2.3, 0.03, 6, 0.02, seed)
    right = np.round(n_val * np.clip(1 - 0.4 * train, 0, 1) + rng.normal(0, 1, 60)) / n_val
    said = judged({"dropout": 0.0}, train_loss=train, val_loss=0.7 * train, val_accuracy=np.clip(right, 0, 1))
    assert "train-val-mismatch" not in seen(said)


# --- labels that have nothing to do with their inputs


def memorized(
    k: float, n: int, seed: int, n_val: int = 500, share: float | None = None, init: float = 1.0
) -> dict[str, Y]:
    """Training is learnt by heart to some part; held-out answers are right as often as one answer is."""
    rng = np.random.default_rng(seed)
    x, p = np.linspace(0, 1, n), share or 1 / k
    return {
        "train_loss": np.log(k) * (init * 0.1 * np.exp(-30 * x) + 1 - 0.65 * x),
        "train_accuracy": p + (0.85 - p) * (0.02 + 0.98 * x) + 0.005 * rng.standard_normal(n),
        "val_loss": np.log(k) * (1.02 + 0.1 * init * np.exp(-30 * x) + 0.6 * x),
        "val_accuracy": rng.binomial(n_val, p, n) / n_val,
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [12, 40, 200])
@pytest.mark.parametrize(("k", "share"), [(2, None), (3, None), (5, 0.27), (10, None), (10, 0.14)])
@pytest.mark.parametrize("percent", [False, True])
def test_what_is_learnt_and_never_holds_asks_about_labels_and_split(
    k: int, share: float | None, n: int, seed: int, percent: bool
) -> None:
    curves = memorized(k, n, seed, share=share, init=3.0 if seed == 2 and share is None else 1.0)
    if percent:
        curves |= {name: 100 * curves[name] for name in ("train_accuracy", "val_accuracy")}
    said = judged({"optimizer": "adam", "lr": 1e-3}, **curves)
    assert {"not-learning", "train-val-mismatch"} & set(seen(said))
    assert first(said) in ("clean-data", "check-split")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [12, 40, 200])
@pytest.mark.parametrize(("k", "ends"), [(2, 0.62), (5, 0.4), (10, 0.3), (10, 0.45)])
def test_what_holds_a_little_is_learnt(k: int, ends: float, n: int, seed: int) -> None:
    """A hard task that few samples are learnt by heart of: validation gets somewhere, and turns."""
    rng, x = np.random.default_rng(seed), np.linspace(0, 1, n)
    curves = memorized(k, n, seed)
    rises = 1 / k + (ends - 1 / k) * np.minimum(1, 0.2 + 4 * x)
    curves["val_accuracy"] = rng.binomial(500, rises) / 500
    informed = np.log(k) * (1 - (ends - 1 / k) * np.minimum(1, 0.1 + 4 * x))
    curves["val_loss"] = informed + 0.5 * np.maximum(0, x - 0.25)
    assert "not-learning" not in seen(judged({"optimizer": "adam", "lr": 1e-3}, **curves))


# --- no warm-up


def thrown_back(n: int, height: float, seed: int, noise: float = 0.01) -> Y:
    rng, x = np.random.default_rng(seed), np.linspace(0, 1, n)
    since = np.maximum(x - 0.03, 0)
    back = np.exp(-since / 0.06) * (1 - np.exp(-since / 0.01))
    y = 10.8 * (0.4 + 0.6 / (1 + 12 * x) + height * back)
    return np.asarray(y * np.exp(noise * rng.standard_normal(n)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [300, 1000, 5000])
@pytest.mark.parametrize("height", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_first_steps_that_throw_back_what_was_gained_want_a_warm_up(
    height: float, n: int, seed: int, scale: float
) -> None:
    steps = 10 * np.arange(n)
    curves = {"train/loss": (steps, scale * thrown_back(n, height, seed))}
    params: dict[str, ParamValue] = {"optimizer": "adam", "lr": 1e-3}
    constant = diagnose_curves({**curves, "lr": (steps, np.full(n, 1e-3))}, params=params)
    assert first(constant) == "add-warmup"
    found = seen(constant)["warmup-missing"]
    assert found.onset is not None and found.onset <= 0.06 * 10 * n
    assert "warmup-missing" in seen(diagnose_curves(curves, params=params))
    warm = 1e-3 * np.minimum(1, np.arange(n) / (0.05 * n))
    assert "warmup-missing" not in seen(diagnose_curves({**curves, "lr": (steps, warm)}, params=params))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [300, 1000, 5000])
@pytest.mark.parametrize("noise", [0.005, 0.03, 0.1])
def test_noise_throws_nothing_back(n: int, noise: float, seed: int) -> None:
    curves = {"train/loss": (10 * np.arange(n), thrown_back(n, 0.0, seed, noise))}
    assert "warmup-missing" not in seen(diagnose_curves(curves, params={"optimizer": "adam", "lr": 1e-3}))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [40, 400])
def test_a_transformer_that_rests_high_up_at_a_rate_far_above_its_custom(n: int, seed: int) -> None:
    """Really seen: post-norm, Adam at 0.02, 3.7 → 2.9, where a warm-up or 0.001 comes to 1.9."""
    y = down(n, 3.7, 2.93, 20, 0.02, seed)
    params: dict[str, ParamValue] = {"optimizer": "adam", "lr": 0.02, "model": "transformer"}
    assert first(judged(params, train_loss=y)) == "lower-lr"
    assert "lr-too-high" not in seen(judged({**params, "lr": 1e-3}, train_loss=y))
    assert "lr-too-high" not in seen(judged(params, train_loss=down(n, 3.7, 1.9, 20, 0.02, seed)))


# --- a handful of samples, and codes


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [12, 60, 300])
def test_a_handful_that_is_on_its_way_takes_more_steps(n: int, seed: int) -> None:
    params: dict[str, ParamValue] = {"optimizer": "adam", "lr": 1e-3, "n_train": 8}
    said = judged(params, train_loss=2.3 * (1 - 0.7 * np.linspace(0, 1, n)) + 0.0 * seed)
    assert set(seen(said)) == {"overfit-check-failed"}
    assert first(said) in ("train-longer", "raise-lr")
    assert "change-optimizer" not in {p.action for p in said.prescriptions}
    rests = judged(params, train_loss=down(n, 2.3, 1.2, 12, 0.01, seed))
    assert "overfit-check-failed" in seen(rests)
    assert "change-optimizer" not in {p.action for p in rests.prescriptions}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("found", [1.0, 0.995, 0.6])
def test_boxes_have_no_loss_of_zero_and_what_finds_all_has_learnt_them(found: float, seed: int) -> None:
    n = 40
    curves: dict[str, object] = {
        "train/box_loss": down(n, 2.5, 0.5, 5, 0.03, seed),
        "train/cls_loss": down(n, 4, 0.4, 5, 0.03, seed + 1),
        "train/dfl_loss": down(n, 2, 0.9, 5, 0.02, seed + 2),
        "metrics/mAP50(B)": found * (1 - np.exp(-12 * np.linspace(0, 1, n))),
    }
    said = diagnose_curves(curves, params={"optimizer": "adamw", "lr": 1e-3, "n_train": 8})
    assert ("overfit-check-failed" in seen(said)) is (found < 0.9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_no_variational_autoencoder_is_told_to_leave_adam(optimizer: str, seed: int) -> None:
    recon, kl = down(40, 180, 90, 6, 0.01, seed), 25 - down(40, 24.9, 5, 6, 0.01, seed + 9)
    curves = {"loss": recon + kl, "reconstruction_loss": recon, "kl_loss": kl}
    said = diagnose_curves(curves, params={"optimizer": optimizer, "lr": 1e-3})
    assert "change-optimizer" not in {p.action for p in said.prescriptions}


# --- agents at a rate far below custom


def risen(n: int, gain: float, seed: int, *, settled: bool = False) -> Y:
    x = np.linspace(0, 1, n)
    way = 1 - np.exp(-20 * x) if settled else x
    return np.asarray(20 + 200 * gain * way + 8 * np.random.default_rng(seed).standard_normal(n))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [40, 150, 600])
@pytest.mark.parametrize("gain", [0.2, 0.4])
def test_an_agent_that_learns_faintly_far_below_custom(gain: float, n: int, seed: int) -> None:
    y = risen(n, gain, seed)
    said = judged({"lr": 1.5e-5, "optimizer": "adam"}, rollout__ep_rew_mean=y)
    assert "lr-too-low" in seen(said)
    assert first(said) == "raise-lr"
    assert "lr-too-low" not in seen(judged({"lr": 3e-4, "optimizer": "adam"}, rollout__ep_rew_mean=y))
    assert "lr-too-low" not in seen(judged({"lr": 6e-5, "optimizer": "adam"}, rollout__ep_rew_mean=y))
    moves = {"rollout__ep_rew_mean": y, "train__approx_kl": np.full(n, 0.012)}
    assert "lr-too-low" not in seen(judged({"lr": 1.5e-5, "optimizer": "adam"}, **moves))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [40, 150, 600])
def test_one_that_has_arrived_was_fast_enough(n: int, seed: int) -> None:
    y = risen(n, 0.8, seed, settled=True)
    assert "lr-too-low" not in seen(judged({"lr": 1.5e-5, "optimizer": "adam"}, rollout__ep_rew_mean=y))


@pytest.mark.parametrize("seed", range(3))
def test_language_models_are_taught_by_rewards_at_such_rates(seed: int) -> None:
    y = risen(200, 0.3, seed)
    curves = {"train/reward": y, "train/kl": np.full(200, 1e-3), "train/completions/mean_length": y}
    said = diagnose_curves(curves, params={"learning_rate": 1e-6, "model_name_or_path": "Qwen/Qwen2-0.5B"})
    assert "lr-too-low" not in seen(said)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("of", [60, 200])
def test_what_is_flat_before_its_decay_has_wasted_nothing(of: int, seed: int) -> None:
    lr = cosine(of // 2, of)
    y = down(len(lr), 2.3, 0.6, 25, 0.01, seed)
    said = judged({"lr": 1e-3}, train_loss=y, val_loss=1.02 * y, lr=lr)
    assert {f.condition for f in said.findings} == {"undertrained"}
    assert first(said) == "train-longer"
