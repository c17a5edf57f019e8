"""Well-trained models, logged by nothing but MLflow's `autolog`: six networks (Keras on its JAX backend,
Lightning), boosted trees (XGBoost, LightGBM) and a fit of scikit-learn.

Each framework that is installed takes part; the others are named. `curvedoctor.autolog()` annotates every run
as it ends.

Expect: none is sick, and the fit, which logs no curve, gets no tags.

    pip install keras jax lightning torch xgboost lightgbm scikit-learn
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import curvedoctor
from curvedoctor.model import Diagnosis
from training import diagnose, run

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
Table = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def pictures(quick: bool) -> Table:
    """scikit-learn's digits of 8 × 8 pixels and their classes, for training and for validation."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))[: 1200 if quick else None]
    cut = len(order) * 4 // 5
    inputs = (found.data[order] / 8 - 1).astype(np.float32)
    labels = found.target[order]
    return inputs[:cut], labels[:cut], inputs[cut:], labels[cut:]


def waves(quick: bool) -> Table:
    """A smooth function of six inputs with a tenth of noise."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(2500 if quick else 5000, 6)).astype(np.float32)
    values = np.sin(inputs[:, 0]) + inputs[:, 1] * inputs[:, 2] / 2 + 0.1 * rng.normal(size=len(inputs))
    cut = len(inputs) * 4 // 5
    return inputs[:cut], values[:cut].astype(np.float32), inputs[cut:], values[cut:].astype(np.float32)


def with_keras(quick: bool) -> None:
    """A perceptron, a convolutional network and a regression."""
    import keras
    import mlflow

    mlflow.keras.autolog(log_models=False, log_datasets=False)
    epochs = 25 if quick else 40
    shapes: tuple[tuple[str, Table, list[Any], str, list[str]], ...] = (
        ("keras-perceptron", pictures(quick),
            [keras.layers.Dense(64, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(10)], "class",
            ["accuracy"]),
        ("keras-convolutional", pictures(quick),
            [keras.layers.Reshape((8, 8, 1)), keras.layers.Conv2D(16, 3, activation="relu"),
                keras.layers.MaxPooling2D(), keras.layers.Flatten(), keras.layers.Dropout(0.2),
                keras.layers.Dense(10)], "class", ["accuracy"]),
        ("keras-regression", waves(quick),
            [keras.layers.Dense(64, "relu"), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)], "mse",
            []),
    )  # fmt: skip
    for name, (x, y, x_val, y_val), layers, loss, metrics in shapes:
        keras.utils.set_random_seed(0)
        schedule = keras.optimizers.schedules.CosineDecay(3e-3, epochs * -(-len(x) // 32))
        model = keras.Sequential(layers)
        goal = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if loss == "class" else loss
        model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-3), goal, metrics=metrics)
        with mlflow.start_run(run_name=name):
            model.fit(x, y, batch_size=32, epochs=epochs, validation_data=(x_val, y_val), verbose=0)


def with_lightning(quick: bool) -> None:
    """The same three in PyTorch."""
    import lightning
    import mlflow
    import torch
    from torch import nn

    class Net(lightning.LightningModule):
        def __init__(self, body: nn.Module, goal: Callable[..., Any], steps: int) -> None:
            super().__init__()
            self.body, self.goal, self.steps = body, goal, steps

        def told(self, batch: Any, name: str) -> Any:
            inputs, wanted = batch
            answer = self.body(inputs)
            loss = self.goal(answer if wanted.dtype == torch.long else answer[:, 0], wanted)
            self.log(f"{name}_loss", loss, on_epoch=True, on_step=False)
            if wanted.dtype == torch.long:
                self.log(
                    f"{name}_acc", (answer.argmax(1) == wanted).float().mean(), on_epoch=True, on_step=False
                )
            return loss

        def training_step(self, batch: Any, _: int) -> Any:
            return self.told(batch, "train")

        def validation_step(self, batch: Any, _: int) -> None:
            self.told(batch, "val")

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.AdamW(self.parameters(), lr=3e-3, weight_decay=1e-2)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    mlflow.pytorch.autolog(log_models=False)
    epochs = 25 if quick else 40
    shapes: tuple[tuple[str, Table, Callable[[], nn.Module]], ...] = (
        ("lightning-perceptron", pictures(quick),
            lambda: nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))),
        ("lightning-convolutional", pictures(quick),
            lambda: nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Dropout(0.2), nn.Linear(144, 10))),
        ("lightning-regression", waves(quick),
            lambda: nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(),
                nn.Linear(64, 1))),
    )  # fmt: skip
    for name, table, body in shapes:
        torch.manual_seed(0)
        x, y, x_val, y_val = map(torch.as_tensor, table)
        goal = nn.functional.mse_loss if y.is_floating_point() else nn.functional.cross_entropy
        sets = [
            torch.utils.data.TensorDataset(
                inputs.float(), wanted if wanted.is_floating_point() else wanted.long()
            )
            for inputs, wanted in ((x, y), (x_val, y_val))
        ]
        loaders = [
            torch.utils.data.DataLoader(data, 32, shuffle=first)
            for data, first in zip(sets, (True, False), strict=True)
        ]
        trainer = lightning.Trainer(
            max_epochs=epochs, logger=False, enable_checkpointing=False, enable_progress_bar=False,
            accelerator="cpu",
            enable_model_summary=False, num_sanity_val_steps=0,
        )  # fmt: skip
        with mlflow.start_run(run_name=name):
            trainer.fit(Net(body(), goal, epochs * len(loaders[0])), *loaders)


def with_xgboost(quick: bool) -> None:
    """Trees that stop when validation no longer gains."""
    import mlflow
    import xgboost

    mlflow.xgboost.autolog(log_models=False, log_datasets=False)
    x, y, x_val, y_val = waves(quick)
    sets = [(xgboost.DMatrix(x, y), "train"), (xgboost.DMatrix(x_val, y_val), "valid")]
    with mlflow.start_run(run_name="xgboost"):
        params = {"learning_rate": 0.1, "max_depth": 4, "subsample": 0.8, "lambda": 2.0, "nthread": 1}
        xgboost.train(params, sets[0][0], 400, evals=sets, early_stopping_rounds=20, verbose_eval=False)


def with_lightgbm(quick: bool) -> None:
    """The same."""
    import lightgbm
    import mlflow

    mlflow.lightgbm.autolog(log_models=False, log_datasets=False)
    x, y, x_val, y_val = waves(quick)
    sets = [lightgbm.Dataset(x, y), lightgbm.Dataset(x_val, y_val)]
    params = {
        "objective": "l2",
        "learning_rate": 0.1,
        "num_leaves": 15,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "verbose": -1,
        "num_threads": 1,
    }
    with mlflow.start_run(run_name="lightgbm"):
        lightgbm.train(
            params, sets[0], 400, valid_sets=sets, valid_names=["train", "valid"],
            callbacks=[lightgbm.early_stopping(20, verbose=False)],
        )  # fmt: skip


def with_sklearn(quick: bool) -> None:
    """A fit: no curve, nothing to say."""
    import mlflow
    from sklearn.linear_model import LogisticRegression

    mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
    x, y, *_ = pictures(quick)
    with mlflow.start_run(run_name="fit"):
        LogisticRegression(max_iter=500).fit(x, y)


#: framework → its trainings; all of what is named has to be installed
TRAININGS: dict[str, tuple[tuple[str, ...], Callable[[bool], None]]] = {
    "Keras": (("keras", "jax", "sklearn"), with_keras),
    "Lightning": (("lightning", "torch", "sklearn"), with_lightning),
    "XGBoost": (("xgboost",), with_xgboost),
    "LightGBM": (("lightgbm",), with_lightgbm),
    "scikit-learn": (("sklearn",), with_sklearn),
}


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train what can be trained here, then diagnose the store."""
    import mlflow

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    uri = f"sqlite:///{folder.resolve() / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    mlflow.create_experiment("autologged", str(folder.resolve() / "artifacts"))
    mlflow.set_experiment("autologged")
    curvedoctor.autolog()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the frameworks' own
            for name, (needs, train) in TRAININGS.items():
                missing = [package for package in needs if find_spec(package) is None]
                if missing:
                    print(f"{name}: left out, {' and '.join(missing)} not installed")
                else:
                    train(quick)
    finally:
        curvedoctor.autolog(disable=True)
    return diagnose(uri)


if __name__ == "__main__":
    run(main)
