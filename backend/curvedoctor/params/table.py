"""The hyperparameters that curvedoctor knows: name, type, unit, meaning, limits.
Everything else in a configuration is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["int", "float", "bool", "word"]


@dataclass(frozen=True, slots=True)
class Param:
    """One hyperparameter: what it means and which values are plausible."""

    name: str
    kind: Kind
    #: unit of the value; empty for pure numbers, words and switches
    unit: str
    meaning: str
    #: plausible values lie in low..high, both included
    low: float = 0.0
    high: float = 1e15
    #: whether `low` itself is excluded (a learning rate of 0 is no learning rate)
    above_low: bool = False


def _table(rows: Iterable[Param]) -> Mapping[str, Param]:
    return MappingProxyType({row.name: row for row in rows})


#: name → Param; the names are those of `Run.params`, of `--param` and of every report
PARAMS: Mapping[str, Param] = _table(
    (
        Param(
            "lr",
            "float",
            "",
            "learning rate (initial, or peak where a schedule raises it first)",
            0,
            1e4,
            True,
        ),
        Param("min_lr", "float", "", "learning rate that the schedule ends at", 0, 1e4),
        Param("lr_final_ratio", "float", "", "final over initial learning rate", 0, 1),
        Param("batch_size", "int", "samples", "samples per batch (per device where the log says so)", 1, 1e9),
        Param(
            "grad_accumulation", "int", "batches", "batches whose gradients are summed before a step", 1, 1e6
        ),
        Param("optimizer", "word", "", "optimizer"),
        Param("momentum", "float", "", "momentum", 0, 1),
        Param("nesterov", "bool", "", "Nesterov momentum"),
        Param("beta1", "float", "", "decay rate of Adam's first moment", 0, 1),
        Param("beta2", "float", "", "decay rate of Adam's second moment", 0, 1),
        Param("epsilon", "float", "", "Adam's stabilising constant", 0, 0.1, True),
        Param("weight_decay", "float", "", "weight decay or L2 penalty", 0, 1e4),
        Param("l1", "float", "", "L1 penalty", 0, 1e4),
        Param("dropout", "float", "", "share of units that are dropped", 0, 1),
        Param("label_smoothing", "float", "", "label smoothing", 0, 1),
        Param("clip_norm", "float", "", "norm that gradients are clipped to", 0, 1e9, True),
        Param("clip_value", "float", "", "value that gradients are clipped to", 0, 1e9, True),
        Param(
            "clip_range",
            "float",
            "",
            "how far PPO's ratio of policies may leave 1 in one update",
            0,
            10,
            True,
        ),
        Param("target_kl", "float", "nats", "KL at which the epochs of one policy update end", 0, 100, True),
        Param("discount", "float", "", "discount of later rewards", 0, 1),
        Param("entropy_coef", "float", "", "weight of the policy's entropy in an agent's loss", 0, 100),
        Param("epochs", "int", "epochs", "passes over the training data that were planned", 1, 1e9),
        Param("max_steps", "int", "steps", "steps (or boosting rounds) that were planned", 1, 1e13),
        Param("steps_per_epoch", "int", "steps", "steps in an epoch", 1, 1e12),
        Param("patience", "int", "epochs", "evaluations without improvement before stopping early", 0, 1e9),
        Param("schedule", "word", "", "learning-rate schedule"),
        Param("warmup_steps", "float", "steps", "steps of warm-up", 0, 1e12),
        Param("warmup_epochs", "float", "epochs", "epochs of warm-up", 0, 1e6),
        Param("warmup_ratio", "float", "", "share of the training that is warm-up", 0, 1),
        Param("gamma", "float", "", "factor of each decay of the learning rate", 0, 1, True),
        Param(
            "step_size",
            "float",
            "epochs or steps",
            "distance between decays of the learning rate",
            0,
            1e12,
            True,
        ),
        Param("activation", "word", "", "activation of the hidden layers"),
        Param("last_activation", "word", "", "activation of the output"),
        Param("lora_rank", "int", "", "rank of low-rank adapters", 1, 1e5),
        Param("depth", "int", "layers", "hidden layers", 0, 1e5),
        Param("width", "int", "units", "units of the (widest) hidden layer", 1, 1e7),
        Param("init", "word", "", "initialization of the weights"),
        Param("init_scale", "float", "", "scale of the initial weights", 0, 1e9),
        Param("norm", "word", "", "normalization layers"),
        Param("residual", "bool", "", "skip connections"),
        Param("model", "word", "", "family of the model"),
        Param("library", "word", "", "library that grows the boosted trees"),
        Param("num_leaves", "int", "leaves", "most leaves of a tree", 1, 1e7),
        Param("max_depth", "int", "levels", "greatest depth of a tree", 1, 1e4),
        Param("min_data_in_leaf", "int", "samples", "fewest samples in a leaf", 1, 1e9),
        Param("min_child_weight", "float", "", "least sum of second derivatives in a leaf", 0, 1e9),
        Param("subsample", "float", "", "share of the samples that each tree sees", 0, 1, True),
        Param("colsample", "float", "", "share of the features that each tree sees", 0, 1, True),
        Param("n_params", "int", "weights", "weights of the model", 1, 1e15),
        Param("n_outputs", "int", "units", "units of the output layer", 1, 1e7),
        Param("loss", "word", "", "loss function"),
        Param("dataset", "word", "", "public data set or environment that is trained on"),
        Param("n_train", "int", "samples", "training samples", 1, 1e13),
        Param("n_val", "int", "samples", "validation samples", 1, 1e13),
        Param("n_test", "int", "samples", "test samples", 1, 1e13),
        Param("validation_split", "float", "", "share of the data held out for validation", 0, 1),
        Param("n_classes", "int", "classes", "classes", 1, 1e7),
        Param("n_features", "int", "features", "inputs of a sample", 1, 1e9),
        Param("shuffle", "bool", "", "training samples are shuffled"),
        Param("augmentation", "bool", "", "training samples are augmented"),
        Param("input_scaling", "word", "", "scaling of the inputs"),
        Param("class_weights", "bool", "", "the loss weighs classes"),
        Param("precision", "word", "", "floating-point format of the training"),
        Param("seed", "int", "", "random seed", 0, 2**63),
        Param("fold", "int", "", "which fold of a cross-validation is held out", 0, 10_000),
    )
)
