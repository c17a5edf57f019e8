"""What the frameworks' own autologging calls their hyperparameters."""

from __future__ import annotations

import pytest

from curvedoctor.params import recognize

PERCEPTRON = {
    "activation": "relu", "alpha": "0.1", "batch_size": "auto", "beta_1": "0.9", "beta_2": "0.999",
    "early_stopping": "False",
    "epsilon": "1e-08", "hidden_layer_sizes": "(8, 4)", "learning_rate": "constant",
    "learning_rate_init": "0.01", "max_iter": "5",
    "momentum": "0.9", "n_iter_no_change": "10", "nesterovs_momentum": "True", "solver": "adam",
    "validation_fraction": "0.1",
}  # fmt: skip
READ = {
    "lr": 0.01, "optimizer": "adam", "momentum": 0.9, "nesterov": True, "beta1": 0.9, "beta2": 0.999,
    "epsilon": 1e-08,
    "weight_decay": 0.1, "epochs": 5, "patience": 10, "schedule": "constant", "activation": "relu",
    "depth": 2, "width": 8,
}  # fmt: skip
SGD = {
    "alpha": "0.01", "early_stopping": "False", "epsilon": "0.1", "eta0": "0.02", "fit_intercept": "True",
    "l1_ratio": "0.15",
    "learning_rate": "constant", "loss": "hinge", "max_iter": "1000", "penalty": "l2",
    "validation_fraction": "0.1",
}  # fmt: skip
CASES = [
    (PERCEPTRON, READ),
    (
        {
            "steps": "[('standardscaler', StandardScaler()), ('mlpclassifier', MLPClassifier())]",
            "standardscaler": "StandardScaler()", "standardscaler__copy": "True",
            "mlpclassifier": "MLPClassifier()",
            **{f"mlpclassifier__{key}": value for key, value in PERCEPTRON.items()},
        },
        {**READ, "input_scaling": "standard"},
    ),
    (
        {"cv": "2", "param_grid": "{'mlp__learning_rate_init': [0.1, 0.3]}",
            "best_mlp__learning_rate_init": "0.3", "best_mlp__dropout": "0.2"},
        {"lr": 0.3, "dropout": 0.2},
    ),
    ({"best_epoch": "7", "best_lr": "0.1"}, {}),
    (SGD, {"lr": 0.02, "weight_decay": 0.01, "epochs": 1000, "schedule": "constant", "loss": "hinge"}),
    ({**SGD, "penalty": "l1"},
        {"lr": 0.02, "l1": 0.01, "epochs": 1000, "schedule": "constant", "loss": "hinge"}),
    ({"alpha": "0.3", "fit_intercept": "True", "max_iter": "1000", "precompute": "False",
        "selection": "cyclic"}, {"l1": 0.3, "max_steps": 1000}),
    ({"alpha": "0.3", "fit_intercept": "True", "solver": "auto"}, {"weight_decay": 0.3}),
    ({"alpha": "0.3", "fit_intercept": "True", "l1_ratio": "0.5", "precompute": "False"}, {}),
    (
        {"learning_rate": "0.1", "loss": "log_loss", "max_depth": "3", "min_samples_leaf": "1",
            "n_estimators": "50", "n_iter_no_change": "None", "validation_fraction": "0.1"},
        {"lr": 0.1, "max_steps": 50, "model": "tree", "library": "sklearn", "max_depth": 3,
            "min_data_in_leaf": 1, "loss": "cross-entropy"},
    ),
    (
        {"boosting_type": "gbdt", "learning_rate": "0.001", "num_leaves": "31", "reg_alpha": "0.1",
            "reg_lambda": "1.5", "n_estimators": "500"},
        {"lr": 0.001, "l1": 0.1, "weight_decay": 1.5, "max_steps": 500, "model": "tree",
            "library": "lightgbm", "num_leaves": 31},
    ),
    (
        {"eta": "0.3", "max_depth": "6", "lambda": "2", "alpha": "0.5", "min_child_weight": "1",
            "num_boost_round": "100", "early_stopping_rounds": "10"},
        {"lr": 0.3, "weight_decay": 2.0, "l1": 0.5, "max_steps": 100, "patience": 10, "model": "tree",
            "library": "xgboost", "max_depth": 6, "min_child_weight": 1.0},
    ),
    (
        {"iterations": "500", "depth": "6", "l2_leaf_reg": "3", "od_wait": "20", "od_type": "Iter",
            "learning_rate": "0.03", "loss_function": "Logloss"},
        {"lr": 0.03, "weight_decay": 3.0, "max_steps": 500, "patience": 20, "model": "tree",
            "library": "catboost", "max_depth": 6, "loss": "cross-entropy"},
    ),
    # a forest is not boosted: its trees are no steps of a training that a learning rate paces
    ({"n_estimators": "100", "min_samples_leaf": "1", "criterion": "gini"},
        {"max_steps": 100, "min_data_in_leaf": 1}),
    # Keras 3 numbers its objects
    ({"opt_name": "adam_1", "opt_learning_rate": "0.001", "opt_epsilon": "1e-07"},
        {"lr": 0.001, "optimizer": "adam", "epsilon": 1e-07}),
    ({"optimizer_name": "adamw_12", "optimizer_learning_rate": "0.001"}, {"lr": 0.001, "optimizer": "adamw"}),
    ({"optimizer_name": "SGD", "lr": "0.1", "momentum": "0.9"},
        {"lr": 0.1, "optimizer": "sgd", "momentum": 0.9}),
    # Optuna's way of numbering layers
    ({"n_layers": "2", "dropout_l0": "0.2", "dropout_l1": "0.4", "n_units_l0": "64", "n_units_l1": "32"},
        {"depth": 2, "dropout": 0.4, "width": 64}),
    ({"dropout": "0.1", "dropout_l0": "0.4"}, {"dropout": 0.1}),
    # Keras Tuner's, and by hand
    ({"units_0": "64", "units_1": "128", "dropout_0": "0.2", "lr": "0.001"},
        {"lr": 0.001, "width": 128, "dropout": 0.2}),
    ({"dense1_units": "32", "dense2_units": "16", "layer_1_dropout": "0.1", "units_layer_3": "8"},
        {"width": 32, "dropout": 0.1}),
    ({"lstm_units_1": "50", "p_1": "0.3", "conv_1": "16", "units": "20"}, {"width": 20}),
    # Auto-PyTorch's, of a net that narrows from its first layer on
    ({"max_units": "512", "max_dropout": "0.3", "num_layers": "4"},
        {"depth": 4, "width": 512, "dropout": 0.3}),
    ({"encoder_lr": "1e-5", "epochs": "3"}, {"lr": 1e-5, "epochs": 3}),
    ({"lr": "1e-4", "lr_backbone": "1e-5"}, {"lr": 1e-4}),
    ({"encoder_lr": "1e-5", "decoder_lr": "1e-3"}, {}),
    ({"generator_lr": "1e-4", "discriminator_lr": "1e-4"}, {}),
    ({"lr_scheduler_factor": "0.5", "lr_scheduler_patience": "5"}, {"gamma": 0.5}),
    ({"len_train_dataset": "5000", "len_val_dataset": "500"}, {"n_train": 5000, "n_val": 500}),
    (
        {"opt_func": "Adam", "wd": "0.01", "lr_max": "0.003", "pct_start": "0.25",
            "loss_func": "FlattenedLoss of CrossEntropyLoss()", "n_epoch": "5"},
        {"optimizer": "adam", "weight_decay": 0.01, "lr": 0.003, "warmup_ratio": 0.25,
            "loss": "cross-entropy", "epochs": 5},
    ),
    ({"stepSize": "0.1", "maxIter": "20", "featuresCol": "f", "maxDepth": "5"},
        {"lr": 0.1, "max_steps": 20, "model": "tree", "max_depth": 5}),
    ({"stepSize": "0.03", "regParam": "0.1", "maxIter": "100", "solver": "l-bfgs"},
        {"lr": 0.03, "weight_decay": 0.1, "max_steps": 100, "optimizer": "lbfgs"}),
    ({"GBTClassifier.stepSize": "0.1", "GBTClassifier.maxIter": "20", "GBTClassifier.maxDepth": "5"},
        {"lr": 0.1, "max_steps": 20, "model": "tree", "max_depth": 5}),
    # elsewhere these words mean what they always meant
    ({"step_size": "10", "gamma": "0.5", "lr": "0.1"}, {"lr": 0.1, "gamma": 0.5, "step_size": 10.0}),
    ({"eps": "1e-6", "depth": "6", "lr": "0.1"}, {"epsilon": 1e-6, "depth": 6, "lr": 0.1}),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_autologged(raw: dict[str, str], expected: dict[str, object]) -> None:
    assert recognize(raw) == expected


def test_a_configuration_of_very_many_keys_is_read_at_once() -> None:
    import time

    raw = {f"a{i}_lr": "0.1" for i in range(40_000)} | {"lr": "0.1"}
    start = time.perf_counter()
    assert recognize(raw) == {"lr": 0.1}
    assert time.perf_counter() - start < 10
