"""Hyperparameters out of the configurations of many libraries."""

from __future__ import annotations

import random

import numpy as np
import pytest

from curvedoctor.params import PARAMS, recognize
from curvedoctor.params.read import vocabulary

HF = {
    "per_device_train_batch_size": 8, "per_device_eval_batch_size": 32, "gradient_accumulation_steps": 4,
    "num_train_epochs": 3.0, "optim": "adamw_torch", "learning_rate": 5e-5, "max_steps": -1,
    "adam_beta1": 0.9,
    "lr_scheduler_type": "SchedulerType.COSINE", "warmup_ratio": 0.1, "fp16": True, "hub_token": "hf_abcdef",
    "max_grad_norm": 1.0,
    "label_smoothing_factor": 0.0, "seed": 42, "eval_steps": 500, "weight_decay": 0.01,
}  # fmt: skip
ADAM = (
    "Adam (\nParameter Group 0\n    betas: (0.9, 0.98)\n    eps: 1e-08\n    lr: 0.01\n    "
    "weight_decay: 0.1\n)"
)
DETECTRON = {
    "SOLVER": {"BASE_LR": 0.02, "MAX_ITER": 90000, "IMS_PER_BATCH": 16, "GAMMA": 0.1,
               "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
               "WEIGHT_DECAY": 0.0001, "MOMENTUM": 0.9, "WARMUP_ITERS": 1000},
    "MODEL": {"ROI_HEADS": {"NUM_CLASSES": 80}},
}  # fmt: skip
MMDET = {
    "optimizer": {"type": "SGD", "lr": 0.02, "momentum": 0.9, "weight_decay": 0.0001},
    "lr_config": {"policy": "step", "warmup": "linear", "warmup_iters": 500, "gamma": 0.1},
    "data": {"samples_per_gpu": 2, "val": {"batch_size": 1}},
}
LIGHTNING_CLI = {
    "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.001, "weight_decay": 0.01}},
    "lr_scheduler": {
        "class_path": "torch.optim.lr_scheduler.CosineAnnealingLR",
        "init_args": {"T_max": 10, "eta_min": 1e-6},
    },
    "trainer": {
        "max_epochs": 10,
        "gradient_clip_val": 1.0,
        "accumulate_grad_batches": 2,
        "precision": "16-mixed",
    },
}
HYDRA = {
    "optimizer._target_": "torch.optim.SGD",
    "optimizer.lr": "0.1",
    "model.net.dropout": "0.2",
    "trainer.max_epochs": "50",
}
CASES = [
    (HF, {"lr": 5e-5, "batch_size": 8, "grad_accumulation": 4, "epochs": 3, "optimizer": "adamw",
          "schedule": "cosine",
          "warmup_ratio": 0.1, "precision": "fp16", "beta1": 0.9, "clip_norm": 1.0, "label_smoothing": 0.0,
          "seed": 42,
          "weight_decay": 0.01}),
    ({"opt_name": "Adam", "opt_learning_rate": "0.001", "epochs": "10", "opt_decay": "0.0", "shuffle": "True",
      "opt_beta_1": "0.9", "batch_size": "32", "validation_split": "0.0", "steps_per_epoch": "None"},
     {"optimizer": "adam", "lr": 0.001, "epochs": 10, "shuffle": True, "beta1": 0.9, "batch_size": 32,
         "validation_split": 0.0}),
    ({"optimizer": {"name": "SGD", "params": {"lr": 0.1, "momentum": 0.9}}, "loss": "CrossEntropyLoss()"},
     {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "loss": "cross-entropy"}),
    ({"optimizer": ADAM}, {"optimizer": "adam", "lr": 0.01, "beta1": 0.9, "beta2": 0.98,
        "weight_decay": 0.1}),
    ({"optimizer": ADAM, "lr": 0.5},
        {"optimizer": "adam", "lr": 0.5, "beta1": 0.9, "beta2": 0.98, "weight_decay": 0.1}),
    ({"hidden_layer_sizes": "(100, 50)", "alpha": 1e-4, "learning_rate": "constant",
      "learning_rate_init": 0.001,
      "max_iter": 200, "solver": "sgd", "activation": "logistic", "batch_size": "auto", "random_state": None},
     {"depth": 2, "width": 100, "weight_decay": 1e-4, "schedule": "constant", "lr": 0.001, "epochs": 200,
      "optimizer": "sgd",
      "activation": "sigmoid"}),
    ({"lr0": 0.01, "lrf": 0.1, "batch": 16, "optimizer": "auto", "cos_lr": True, "warmup_epochs": 3.0,
      "epochs": 100, "amp": True,
      "weights": "yolov8n.pt", "seed": 0},
     {"lr": 0.01, "lr_final_ratio": 0.1, "batch_size": 16, "schedule": "cosine", "warmup_epochs": 3.0,
      "epochs": 100,
      "precision": "mixed", "seed": 0, "init": "pretrained"}),
    ({"optimizer": "<class 'torch.optim.adam.Adam'>", "criterion": "<function binary_cross_entropy at 0x7f>"},
     {"optimizer": "adam", "loss": "bce"}),
    ({"eta": 0.3, "max_depth": 6, "objective": "binary:logistic", "num_boost_round": 100, "lambda": 1.0,
        "booster": "gbtree"},
     {"lr": 0.3, "loss": "bce", "max_steps": 100, "model": "tree", "library": "xgboost", "max_depth": 6,
         "weight_decay": 1.0}),
    ({"learning_rate": 0.1, "boosting_type": "gbdt", "objective": "multiclass", "num_class": 3,
        "lambda_l2": 0.5, "num_leaves": 31},
     {"lr": 0.1, "model": "tree", "loss": "cross-entropy", "n_classes": 3, "weight_decay": 0.5,
         "library": "lightgbm", "num_leaves": 31}),
    (DETECTRON, {"lr": 0.02, "max_steps": 90000, "batch_size": 16, "gamma": 0.1, "schedule": "step",
                 "weight_decay": 0.0001,
                 "momentum": 0.9, "warmup_steps": 1000.0, "n_classes": 80}),
    (MMDET, {"optimizer": "sgd", "lr": 0.02, "momentum": 0.9, "weight_decay": 0.0001, "schedule": "step",
             "warmup_steps": 500.0,
             "gamma": 0.1, "batch_size": 2}),
    (LIGHTNING_CLI, {"optimizer": "adamw", "lr": 0.001, "weight_decay": 0.01, "schedule": "cosine",
                     "min_lr": 1e-6, "epochs": 10,
                     "clip_norm": 1.0, "grad_accumulation": 2, "precision": "fp16"}),
    (HYDRA, {"optimizer": "sgd", "lr": 0.1, "dropout": 0.2, "epochs": 50}),
    ({"config": "{'lr': 0.001, 'optimizer': 'Adam', 'betas': (0.9, 0.99), 'shuffle': True, 'resume': None}"},
     {"lr": 0.001, "optimizer": "adam", "beta1": 0.9, "beta2": 0.99, "shuffle": True}),
    ({"model_type": "roberta", "hidden_size": 768, "num_hidden_layers": 12, "hidden_act": "gelu",
      "hidden_dropout_prob": 0.1,
      "attention_probs_dropout_prob": 0.3, "id2label": {"0": "World", "1": "Sports", "2": "Business"},
      "vocab_size": 50265},
     {"model": "transformer", "width": 768, "depth": 12, "activation": "gelu", "dropout": 0.1, "n_classes": 3,
         "loss": "cross-entropy"}),
    ({"id2label.0": "a", "id2label.1": "b", "num_train_epochs": 1, "max_steps": 1200},
        {"n_classes": 2, "max_steps": 1200, "loss": "cross-entropy"}),
    ({"n_epochs": 10, "gae_lambda": 0.95, "gamma": 0.99, "learning_rate": 3e-4, "n_steps": 2048,
        "batch_size": 64, "policy_class": "MlpPolicy"},
     {"lr": 3e-4, "batch_size": 64, "model": "mlp", "discount": 0.99}),
    ({"hidden": [64, 64, 32], "keep_prob": 0.8, "bn": True, "init": "kaiming_normal_",
        "nonlinearity": "LeakyReLU(0.01)"},
     {"depth": 3, "width": 64, "dropout": 0.2, "norm": "batch", "init": "he", "activation": "leaky-relu"}),
    ({"scheduler": "StepLR", "step_size": 20, "gamma": 0.5, "scheduler_gamma": 0.5},
        {"schedule": "step", "step_size": 20.0, "gamma": 0.5}),
    ({"EPOCHS": "1", "LEARNING_RATE": "0.01", "BATCH_SIZE": "16", "AUGMENTATION": "True", "CLASSES": "2",
        "WEIGHTS": "imagenet"},
     {"epochs": 1, "lr": 0.01, "batch_size": 16, "init": "pretrained", "augmentation": True, "n_classes": 2}),
    ({"train_size": 0.8, "val_size": 0.1, "test_size": 0.1}, {"validation_split": 0.1}),
    ({"gamma": 0.1, "max_depth": 3, "eta": 0.3},
        {"lr": 0.3, "model": "tree", "library": "xgboost", "max_depth": 3}),
    ({"gamma": 0.1, "C": 1.0, "kernel": "rbf"}, {}),
    ({"gamma": 0.1, "lr": 0.3}, {"gamma": 0.1, "lr": 0.3}),
    ({"n_train": 2000, "n_val": "1000", "classes": ["cat", "dog"]},
        {"n_train": 2000, "n_val": 1000, "n_classes": 2}),
    ({"lr": np.float64(0.1), "batch_size": np.int64(8), "betas": [0.9, 0.999]},
        {"lr": 0.1, "batch_size": 8, "beta1": 0.9, "beta2": 0.999}),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_libraries(raw: dict[str, object], expected: dict[str, object]) -> None:
    assert recognize(raw) == expected


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_the_order_of_keys_plays_no_part(raw: dict[str, object], expected: dict[str, object]) -> None:
    items = list(raw.items())
    random.Random(0).shuffle(items)
    assert recognize(dict(items)) == expected


def test_what_was_recognized_is_recognized_again() -> None:
    for _, expected in CASES:
        assert recognize(expected) == expected
    for name, param in PARAMS.items():
        for word in vocabulary(name) if param.kind == "word" else ():
            assert recognize({name: word}) == {name: word}


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ({"dataset": "CIFAR-10"}, "cifar10"),
        ({"dataset_name": "glue/mrpc"}, "mrpc"),
        ({"data": "/home/somebody/data/cifar10/train"}, "cifar10"),
        ({"data": "coco128.yaml"}, "coco128"),
        ({"dataset": "torchvision.datasets.FashionMNIST"}, "fashion-mnist"),
        ({"data": {"name": "imagenet"}}, "imagenet"),
        ({"env_id": "CartPole-v1"}, "cartpole"),
        ({"env": {"id": "ALE/Pong-v5"}}, "pong"),
        ({"env_name": "PongNoFrameskip-v4"}, "pong"),
        ({"dataset": "customers_of_somebody"}, None),
        ({"data_dir": "/data/mnist"}, None),
        ({"task": "detect"}, None),
        ({"eval_dataset": "mnist"}, None),
    ],
)
def test_public_data_sets_are_known_by_name(raw: dict[str, object], known: str | None) -> None:
    assert recognize(raw) == ({} if known is None else {"dataset": known})


@pytest.mark.parametrize("name", PARAMS)
def test_each_name_recognizes_itself(name: str) -> None:
    kind = PARAMS[name].kind
    value = {"int": 1, "float": 0.05, "bool": True}.get(kind) or sorted(vocabulary(name))[0]
    assert recognize({name: value}) == {name: value}
    assert recognize({name: str(value)}) == {name: value}


@pytest.mark.parametrize(
    "raw",
    [
        {"lr": 0}, {"lr": -0.1}, {"lr": 1e5}, {"lr": "nan"}, {"lr": "inf"}, {"lr": True}, {"lr": None},
        {"lr": [0.1, 0.2]},
        {"batch_size": 0}, {"batch_size": -1}, {"batch_size": 1.5}, {"batch_size": "auto"}, {"epochs": 0},
        {"dropout": 1.5},
        {"momentum": 2}, {"shuffle": "maybe"}, {"optimizer": 3}, {"optimizer": "my_own"}, {"n_val": 0},
        {"max_steps": -1},
        {"optimizer": {}}, {"optimizer": []}, {"": 1}, {"lr": {}}, {"eval_batch_size": 4}, {"lr_mult": 2},
        {"eval": {"batch_size": 4}}, {"ema_momentum": 0.9}, {"discriminator": {"lr": 0.1}},
        {"attention_dropout": 0.1},
    ],
)  # fmt: skip
def test_implausible_or_foreign(raw: dict[str, object]) -> None:
    assert recognize(raw) == {}


def test_two_keys_of_equal_standing_that_disagree_say_nothing() -> None:
    assert recognize({"a": {"lr": 0.1}, "b": {"lr": 0.2}}) == {}
    assert recognize({"a": {"lr": 0.1}, "b": {"lr": 0.1}}) == {"lr": 0.1}
    assert recognize({"learning_rate": 0.1, "max_lr": 0.5}) == {"lr": 0.1}


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("optimizer", {
            "adam": ["Adam", "FusedAdam", "tf.keras.optimizers.legacy.Adam",
                "<keras.src.optimizers.adam.Adam object at 0x7f>", "Adam(lr=x)"],
            "adamw": ["adamw_torch", "adamw_bnb_8bit", "paged_adamw_32bit", "OptimizerNames.ADAMW_HF",
                "!!python/name:torch.optim.AdamW"],
            "sgd": ["torch.optim.SGD", "<class 'torch.optim.sgd.SGD'>"],
            "momentum": ["momentum", "sgd_momentum", "Nesterov"],
        }),
        ("scheduler", {
            "cosine": ["CosineAnnealingLR", "<torch.optim.lr_scheduler.CosineAnnealingLR object at 0x7f>",
                "get_cosine_schedule_with_warmup"],
            "linear": ["get_linear_schedule_with_warmup", "SchedulerType.LINEAR"],
            "step": ["StepLR", "MultiStepLR", "PiecewiseConstantDecay"], "plateau": ["ReduceLROnPlateau"],
            "constant": ["none", "constant_with_warmup"],
        }),
        ("loss_fn", {
            "cross-entropy": ["CrossEntropyLoss()", "nn.CrossEntropyLoss", "sparse_categorical_crossentropy",
                "F.cross_entropy"],
            "bce": ["BCEWithLogitsLoss", "binary_crossentropy", "BCELoss()"],
            "mse": ["MSELoss", "mean_squared_error", "mse_loss"], "mae": ["L1Loss", "mae"],
        }),
        ("model", {
            "cnn": ["resnet-50", "SimpleCNN", "efficientnet_b0"],
            "transformer": ["google/vit-base-patch16-224", "distilbert-base-uncased"],
            "rnn": ["BiLSTM"], "mlp": ["MLPClassifier"], "linear": ["LogisticRegression"],
            "tree": ["xgboost", "RandomForestClassifier"],
        }),
    ],
)  # fmt: skip
def test_words(key: str, values: dict[str, list[str]]) -> None:
    name = {"scheduler": "schedule", "loss_fn": "loss"}.get(key, key)
    for expected, texts in values.items():
        for text in texts:
            assert recognize({key: text}).get(name) == expected, text


YES = (True, "true", "True", 1, "1", "yes", "imagenet", "bert-base-uncased", "run/x.ckpt")
NO = (False, "false", "False", 0, "0", "no", "None", None, "", "random", "scratch")
LOADED = [
    *({"pretrained": value} for value in YES),
    {"use_pretrained": "True"}, {"model": {"pretrained": "true"}}, {"model.pretrained": "1"},
    {"finetune": "yes"}, {"weights": "IMAGENET1K_V1"}, {"weights": "imagenet"}, {"weights": "yolov5s.pt"},
    {"weights": "DEFAULT"}, {"backbone_weights": "ResNet50_Weights.IMAGENET1K_V2"},
    {"encoder_weights": "imagenet"}, {"pretrained_model_name_or_path": "roberta-base"},
    {"init_from": "gpt2-xl"}, {"model_name_or_path": "bert-base-uncased"}, {"model_name": "t5-small"},
    {"model": "google/vit-base-patch16-224"}, {"pretrained": "imagenet", "init": "he"},
]  # fmt: skip
NOT_LOADED = [
    *({"pretrained": value} for value in NO),
    {"weights": "balanced"}, {"weights": "[0.1, 0.9]"}, {"weights": None}, {"weights": 2},
    {"init_from": "scratch"}, {"init_from": "resume"}, {"model": "resnet50"}, {"model": "models/resnet50"},
    {"model": "gpt2"}, {"model": "vit_base_patch16_224"}, {"teacher": {"pretrained": True}},
    {"model_name_or_path": "bert-base-uncased", "pretrained": False},
    {"pretrained": "no", "model": "bert-base-uncased"},
]  # fmt: skip


@pytest.mark.parametrize("raw", LOADED, ids=str)
def test_weights_that_were_trained_before(raw: dict[str, object]) -> None:
    assert recognize(raw).get("init") == "pretrained"


@pytest.mark.parametrize("raw", NOT_LOADED, ids=str)
def test_weights_that_were_not(raw: dict[str, object]) -> None:
    assert recognize(raw).get("init") != "pretrained"


def test_what_was_loaded_is_not_shown() -> None:
    """A path may tell a secret."""
    assert recognize({"pretrained": "s3://bucket/hidden-name.ckpt"}) == {"init": "pretrained"}
