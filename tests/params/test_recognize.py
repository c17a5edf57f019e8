"""Hyperparameters out of the configurations of many libraries; nothing else comes out of them."""

from __future__ import annotations

import pytest

from curvedoctor.params import PARAMS, recognize

HF = {
    "per_device_train_batch_size": 8, "per_device_eval_batch_size": 32, "gradient_accumulation_steps": 4,
    "num_train_epochs": 3.0, "optim": "adamw_torch", "learning_rate": 5e-5, "max_steps": -1, "adam_beta1": 0.9,
    "lr_scheduler_type": "SchedulerType.COSINE", "warmup_ratio": 0.1, "fp16": True, "hub_token": "hf_abcdef", "max_grad_norm": 1.0,
}  # fmt: skip
CASES = [
    (HF, {"lr": 5e-5, "batch_size": 8, "grad_accumulation": 4, "epochs": 3, "optimizer": "adamw", "schedule": "cosine",
          "warmup_ratio": 0.1, "precision": "fp16", "beta1": 0.9, "clip_norm": 1.0}),
    ({"opt_name": "Adam", "opt_learning_rate": "0.001", "epochs": "10", "opt_decay": "0.0", "shuffle": "True"},
     {"optimizer": "adam", "lr": 0.001, "epochs": 10, "shuffle": True}),
    ({"optimizer": {"name": "SGD", "params": {"lr": 0.1, "momentum": 0.9}}, "loss": "CrossEntropyLoss()"},
     {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "loss": "cross-entropy"}),
    ({"optimizer": "Adam (\nParameter Group 0\n    betas: (0.9, 0.98)\n    lr: 0.01\n    weight_decay: 0.1\n)"},
     {"optimizer": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.98, "weight_decay": 0.1}),
    ({"hidden_layer_sizes": "(100, 50)", "alpha": 1e-4, "learning_rate": "constant", "learning_rate_init": 0.001,
      "max_iter": 200, "solver": "sgd", "activation": "logistic"},
     {"depth": 2, "width": 100, "weight_decay": 1e-4, "schedule": "constant", "lr": 0.001, "epochs": 200, "optimizer": "sgd",
      "activation": "sigmoid"}),
    ({"lr0": 0.01, "lrf": 0.1, "batch": 16, "optimizer": "auto", "cos_lr": True, "warmup_epochs": 3.0, "epochs": 100},
     {"lr": 0.01, "lr_final_ratio": 0.1, "batch_size": 16, "schedule": "cosine", "warmup_epochs": 3.0, "epochs": 100}),
    ({"optimizer": "<class 'torch.optim.adam.Adam'>", "criterion": "<function binary_cross_entropy at 0x7f>"},
     {"optimizer": "adam", "loss": "bce"}),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_libraries(raw: dict[str, object], expected: dict[str, object]) -> None:
    assert recognize(raw) == expected


@pytest.mark.parametrize("name", PARAMS)
def test_each_name_recognizes_itself(name: str) -> None:
    value = {"int": 1, "float": 0.05, "bool": True, "word": "none"}[PARAMS[name].kind]
    value = {"optimizer": "adam", "loss": "mse", "model": "cnn", "precision": "bf16", "init": "he"}.get(
        name, value
    )
    assert recognize({name: value}).keys() >= {name}
