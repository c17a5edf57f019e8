"""The closed vocabulary of prescriptions: what each action is, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Cost = Literal["number", "code", "machines", "data"]
#: share of what an action promises that its effort takes
EFFORT: Mapping[Cost, float] = {"number": 0.0, "code": 0.03, "machines": 0.06, "data": 0.15}
#: the same in words
TAKES: Mapping[Cost, str] = {
    "number": "a number to change",
    "code": "code to write",
    "machines": "longer or larger runs",
    "data": "data to get or to clean",
}
#: what treats a finding counts as so much likelier
TREATS = 0.2


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to change. `text` is used where the log gives no numbers."""

    text: str
    #: the hyperparameter it changes, if there is one
    parameter: str | None = None
    #: usual factor on the current value
    factor: float | None = None
    #: value to propose where there is no current one to scale
    default: float | str | None = None
    #: what it takes: a number to change, code to write, longer or larger runs, data to get
    cost: Cost = "number"
    #: a change of the training itself (its odds are measured by trying), not of a measurement
    training: bool = True


#: pairs of which one undoes the other: at most one of each is prescribed
OPPOSITES = (
    frozenset({"lower-lr", "raise-lr"}), frozenset({"bigger-model", "smaller-model"}),
    frozenset({"regularize", "reduce-regularization"}), frozenset({"train-longer", "stop-early"}),
)  # fmt: skip
#: what helps only where something was put wrong: hardly any training shows it, a finding says more than odds
SELDOM = frozenset({
    "add-warmup", "change-loss", "clean-data", "fix-init", "fix-activation", "fix-schedule",
    "normalize-input", "rebalance-classes", "reduce-regularization", "shuffle",
})  # fmt: skip
#: what changes nothing, and tells what is wrong
EXPERIMENTS = frozenset({"overfit-one-batch", "run-lr-range-test"})
#: what boosted trees, which have no gradient steps, batches or activations, know nothing of
NETWORKS_ONLY = frozenset(
    {
        "add-warmup", "decay-later", "decay-lr", "fix-schedule", "clip-gradients", "change-optimizer",
        "bigger-batch", "shuffle",
        "fix-init", "fix-activation", "normalize-input", "overfit-one-batch", "run-lr-range-test",
    }
)  # fmt: skip

#: what can be done for an agent: it has no data set, no split and no classes;
#: to regularize it is to weigh its entropy
OF_AGENTS = frozenset(
    {
        "lower-lr", "raise-lr", "add-warmup", "decay-later", "decay-lr", "fix-schedule", "clip-gradients",
        "change-optimizer",
        "train-longer", "stop-early", "regularize", "reduce-regularization", "bigger-batch",
        "normalize-input", "fix-logging",
        "fix-precision", "restore-checkpoint", "overfit-one-batch", "fix-targets", "change-loss",
    }
)  # fmt: skip

ACTIONS: Mapping[str, Action] = {
    "lower-lr": Action("Lower the learning rate to a tenth.", "lr", 0.1),
    "raise-lr": Action("Raise the learning rate tenfold.", "lr", 10.0),
    "add-warmup": Action(
        "Warm the learning rate up over the first 5 % of the steps.", "warmup_ratio", None, 0.05
    ),
    "decay-later": Action(
        "Start decaying the learning rate later, after three quarters of the run.", "schedule"
    ),
    "decay-lr": Action(
        "Decay the learning rate to zero towards the end (cosine).", "schedule", None, "cosine"
    ),
    "fix-schedule": Action(
        "Repair the learning-rate schedule: it does not do what was meant.", "schedule", cost="code"
    ),
    "clip-gradients": Action("Clip the gradient norm at 1.", "clip_norm", None, 1.0),
    "change-optimizer": Action("Change the optimizer.", "optimizer", cost="code"),
    "change-loss": Action("Use the loss function that fits the task.", "loss", cost="code"),
    "train-longer": Action(
        "Train twice as long, the schedule stretched with it.", "epochs", 2.0, cost="machines"
    ),
    "stop-early": Action("Stop at the best validation loss and keep that checkpoint.", "epochs"),
    "regularize": Action("Regularize: dropout, weight decay or augmentation.", "weight_decay"),
    "reduce-regularization": Action("Reduce weight decay and dropout.", "weight_decay", 0.1),
    "more-data": Action("Train on more data, or augment what there is.", "n_train", 4.0, cost="data"),
    "bigger-model": Action(
        "Use a bigger model: more units or one more layer.", "width", 4.0, cost="machines"
    ),
    "smaller-model": Action("Use a smaller model.", "width", 0.25),
    "bigger-batch": Action("Use a batch four times larger.", "batch_size", 4.0),
    "shuffle": Action("Shuffle the training data anew every epoch.", "shuffle", None, "true", cost="code"),
    "fix-init": Action(
        "Use the default initialization (He for ReLU, Xavier for tanh).", "init", None, "he", cost="code"
    ),
    "fix-activation": Action(
        "Use ReLU hidden units, with normalization or residuals if it is deep.", "activation", cost="code"
    ),
    "normalize-input": Action(
        "Standardize the inputs to mean 0, variance 1.", "input_scaling", None, "standard", cost="code"
    ),
    "clean-data": Action("Clean the data: outliers, missing values, wrong labels.", None, cost="data"),
    "rebalance-classes": Action("Weight the classes by the inverse of their frequency.", None, cost="code"),
    "more-validation-data": Action("Validate on more samples.", "n_val", 10.0, training=False, cost="data"),
    "fix-metric": Action(
        "Repair the metric: predictions and labels in one shape, classes along the right axis, "
        "all batches counted.",
        training=False,
        cost="code",
    ),
    "check-split": Action(
        "Check the split: duplicates, and score training data in evaluation mode.",
        training=False,
        cost="code",
    ),
    "fix-logging": Action("Repair the logging.", training=False, cost="code"),
    "fix-targets": Action(
        "Bring the targets into the range that output and loss are made for: 0..1 for a cross-entropy, "
        "mean 0 and variance 1 for a squared error.",
        training=False,
        cost="code",
    ),
    "fix-precision": Action(
        "Train in bfloat16 or float32; with float16, use dynamic loss scaling.",
        "precision",
        None,
        "bf16",
        training=False,
    ),
    "restore-checkpoint": Action("Go on from the best checkpoint, before the fall.", training=False),
    "overfit-one-batch": Action(
        "Try to overfit one batch: if the loss stays, the code is at fault.", training=False, cost="code"
    ),
    "run-lr-range-test": Action(
        "Run a learning-rate range test over 100 to 500 steps.", training=False, cost="code"
    ),
}


def promise(action: str, chance: float) -> float:
    """The probability that an action helps, less what its effort takes."""
    return chance * (1.0 - EFFORT[ACTIONS[action].cost])


def worth(action: str, chance: float, *, treats: bool) -> float:
    """What prescriptions are ordered by: what an action promises, and more where it treats a finding."""
    return promise(action, chance) + (TREATS if treats else 0.0)
