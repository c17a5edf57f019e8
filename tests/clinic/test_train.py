"""One tiny training per model family, and the trainings that are stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clinic.config import Config, compact, expand, lr_curve
from clinic.remedies import first
from clinic.tasks import TASKS, chance
from clinic.tune import plain
from clinic.verify import verify

FAMILY = {"mlp": "ring-mlp", "cnn2d": "textures-cnn", "cnn1d": "waves-cnn1d", "rnn": "majority-rnn",
          "gru": "topics-gru", "attn": "chars-attn"}  # fmt: skip


def small(task: str, **changes: object) -> Config:
    return plain(TASKS[task], **({"epochs": 3, "batch": 16, "lr": 0.01, "n_train": 256, "seed": 3} | changes))


@pytest.mark.parametrize("family", sorted(FAMILY))
def test_every_family_trains_and_repeats(family: str) -> None:
    from clinic.train import train_many

    config = small(FAMILY[family])
    other = replace(config, lr=1e-6)
    results = train_many([config, other])
    result = results[config]
    assert result.steps.shape == (48, 4)
    assert result.epochs.shape == (3, 4)
    assert np.isfinite(result.steps).all()
    assert not np.allclose(
        result.steps[-8:, 0], results[other].steps[-8:, 0], rtol=1e-3
    )  # each lane has its own lr
    assert result.truth[0] < 1.5 * chance(config.task)
    alone = train_many([config])[config]
    assert alone.truth == pytest.approx(result.truth, rel=1e-3)


@pytest.mark.parametrize("changes", [{"depth": 1}, {"depth": 2, "norm": True, "dropout": 0.2}])
def test_a_net_trains_alike_in_a_program_for_larger_ones(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinic import programs
    from clinic.train import train_many

    config = small("ring-mlp", **changes)
    padded = train_many([config])[config]
    monkeypatch.setattr(programs, "DEPTHS", (0, 1, 2, 3, 8))
    exact = train_many([config])[config]
    assert len(padded.weights) > len(exact.weights)
    np.testing.assert_allclose(padded.steps, exact.steps, rtol=1e-4)
    np.testing.assert_allclose(padded.epochs, exact.epochs, rtol=1e-4)
    assert padded.truth == pytest.approx(exact.truth, rel=1e-4)


@pytest.mark.parametrize(
    "task", ["ring-mlp", "digits-linear", "line-linear", "blobs-hinge", "digits-autoencoder"]
)
def test_one_program_serves_every_loss(task: str) -> None:
    import jax.numpy as jnp

    from clinic.losses import KINDS, canonical, loss_index, own

    rng, kind = np.random.default_rng(0), TASKS[task].kind
    coded, classes = kind == "autoencoder", {"multiclass": 7, "autoencoder": 10}.get(kind, 1)
    out = rng.normal(size=(5, 10))
    y = {"multiclass": rng.integers(0, 7, 5), "autoencoder": rng.normal(size=(5, 10)),
        "regression": rng.normal(size=5)}.get(
        kind, rng.integers(0, 2, 5))  # fmt: skip
    z = out[:, 0]
    expected = {
        "multiclass": np.log(np.exp(out[:, :7]).sum(1)) - out[np.arange(5), y if kind == "multiclass" else 0],
        "binary": np.log1p(np.exp(z)) - z * y if kind == "binary" else z,
        "hinge": np.maximum(0, 1 - (2 * y - 1) * z) if kind == "hinge" else z,
        "regression": (z - y) ** 2 if kind == "regression" else z,
        "autoencoder": ((out - y) ** 2).mean(1) if coded else z,
    }[kind]
    lane = {"loss": jnp.int32(loss_index(kind, "right")), "kind": jnp.int32(KINDS.index(kind)),
            "outputs": (jnp.arange(10) < classes).astype(float)}  # fmt: skip
    for of in (own, canonical):
        np.testing.assert_allclose(of(coded, jnp.array(out), jnp.array(y), lane), expected, rtol=1e-4)


def test_faults_do_what_they_say() -> None:
    from clinic.train import train_many

    base = small("ring-mlp", epochs=6, lr=0.02)
    frozen = replace(base, frozen="all")
    missing = replace(base, missing=0.01, missing_mode="nan")
    unrelated = replace(base, label_noise=1.0)
    results = train_many([base, frozen, missing, unrelated])
    assert np.ptp(results[frozen].epochs[:, 0]) == 0
    assert np.isnan(results[missing].steps[-1, 0])
    assert results[unrelated].truth[1] > 0.4
    assert results[base].truth[1] < 0.3


def test_the_plateau_schedule_lowers_lr() -> None:
    from clinic.train import train_many

    config = small("ring-mlp", schedule="plateau", epochs=30, lr=0.05)
    lr = train_many([config])[config].lr
    assert lr[-1] < 0.5 * lr[0]


def test_configurations_survive_storage() -> None:
    config = small("digits-cnn", schedule="one-cycle", warmup=0.1)
    assert expand(compact(config)) == config
    assert expand(compact(config)).key() == config.key()


@pytest.mark.parametrize("kind", ["step", "cosine", "linear", "exponential", "polynomial", "inverse-sqrt"])
def test_schedules_fall_from_the_peak(kind: str) -> None:
    lr = lr_curve(small("ring-mlp", schedule=kind, epochs=10))
    assert lr[0] == pytest.approx(0.01)
    assert (np.diff(lr) <= 1e-9).all()
    assert lr[-1] < 0.5 * lr[0]


def test_no_remedy_leaves_the_run_as_it_is() -> None:
    base = small("ring-mlp", dropout=0.3, shuffle="sorted", init="tiny", activation="sigmoid", depth=3)
    variants = first(base)
    assert {"lower-lr", "raise-lr", "shuffle", "fix-init", "fix-activation"} <= {v.action for v in variants}
    assert all(v.config != base for v in variants)


def test_a_sample_of_the_stored_runs_trains_again(capsys: pytest.CaptureFixture[str]) -> None:
    code = verify(5, ["ring-mlp", "mixture-linear", "digits-linear"])
    assert code == 0, capsys.readouterr().out
