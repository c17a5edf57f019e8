"""What helps, decided by what was tried (the rules of the contract, section 4). numpy only."""

from __future__ import annotations

import math
from typing import Any

#: at least this much lower: helps; less than the second: does not; between: not scored
HELPS, USELESS = 0.10, 0.05
#: gains in this band (and all gains of noisy runs) are repeated with two more seeds
BORDER = (0.03, 0.25)
#: share of the loss at chance below which differences do not count
FLOOR = 1e-3
#: losses are capped at this multiple of the loss at chance (also infinite ones)
CAP = 30.0

TRAINING = (
    "lower-lr", "raise-lr", "add-warmup", "decay-later", "decay-lr", "fix-schedule", "clip-gradients",
    "change-optimizer", "change-loss", "train-longer", "stop-early", "regularize", "reduce-regularization",
    "more-data", "bigger-model", "smaller-model", "bigger-batch", "shuffle", "fix-init", "fix-activation",
    "normalize-input", "clean-data",
)  # fmt: skip
MEASUREMENT = ("rebalance-classes", "more-validation-data", "fix-metric", "check-split", "fix-logging")
DIAGNOSTIC = ("overfit-one-batch", "run-lr-range-test")
#: actions that may have been impossible to try (no more data, buffers full): then nothing is known
LIMITED = ("more-data", "bigger-model", "smaller-model", "train-longer", "bigger-batch")


def level(loss: float | None, chance: float) -> float:
    """Logarithm of a loss, floored and capped, so that gains can be averaged."""
    value = CAP * chance if loss is None or not math.isfinite(loss) else min(max(loss, 0.0), CAP * chance)
    return math.log(value + FLOOR * chance)


def compare(base: list[float], changed: list[float]) -> tuple[float, float]:
    """Gain (1 − ratio of geometric means) over paired levels, and the standard error of its logarithm."""
    n = min(len(base), len(changed))
    steps = [changed[i] - base[i] for i in range(n)]
    mean = sum(steps) / n
    spread = math.sqrt(sum((s - mean) ** 2 for s in steps) / (n - 1) / n) if n > 1 else 0.0
    return 1.0 - math.exp(mean), spread


def verdict(gain: float, error: float) -> bool | None:
    """Whether one variant helps: clearly, clearly not, or None."""
    if gain >= HELPS and math.log(1.0 - gain + 1e-12) + error < math.log(1.0 - USELESS):
        return True
    return False if gain < USELESS else None


def any_helps(verdicts: list[bool | None]) -> bool | None:
    """One variant that helps is enough; all must fail for a no."""
    if any(v is True for v in verdicts):
        return True
    return False if all(v is False for v in verdicts) else None


def noisy(base: list[float]) -> float:
    """Standard deviation of the base run's level over its seeds."""
    mean = sum(base) / len(base)
    return math.sqrt(sum((b - mean) ** 2 for b in base) / max(len(base) - 1, 1))


def wants_repeat(gain: float, base: list[float]) -> bool:
    """Whether a gain measured with one seed must be repeated."""
    return BORDER[0] <= gain <= BORDER[1] or (noisy(base) > 0.06 and -0.05 < gain < 0.6)


def second_difference_variance(values: list[float]) -> float:
    """Noise variance of a series, insensitive to its trend: mean squared second difference / 6."""
    steps = [values[i] - 2 * values[i - 1] + values[i - 2] for i in range(2, len(values))]
    return sum(s * s for s in steps) / (6 * len(steps)) if steps else 0.0


def measurement(facts: dict[str, Any]) -> dict[str, bool | None]:
    """Truth of the actions that change what is measured, not what is trained.

    `facts`: metric, log_fault, val_dup, n_val, and the measured
    logged_accuracy / true_accuracy, val_loss / true_loss, variance_ratio
    (validation noise on the larger set over that on the logged one),
    relative_noise (its standard deviation / level). That dropout puts the
    training loss above validation is how it is meant to be, not a wrong split.
    """

    def off(a: float | None, b: float | None) -> bool:
        return a is not None and b is not None and abs(a - b) >= 0.1 * max(abs(b), 1e-6)

    wrong_metric = facts["metric"] != "right"
    fix_metric = (
        (True if off(facts["logged_accuracy"], facts["true_accuracy"]) else None) if wrong_metric else False
    )
    split: bool | None = False
    if facts["val_dup"] > 0:
        split = True if off(facts["val_loss"], facts["true_loss"]) else None
    if facts.get("batch_norm") == "stale":  # scoring the training set in evaluation mode shows it
        split = True if off(facts["val_loss"], facts["true_loss"]) else None
    more: bool | None = False
    ratio = facts["variance_ratio"]
    if ratio is not None and (ratio <= 0.5 or off(facts["val_loss"], facts["val_loss_large"])):
        more = True if facts["n_val"] <= 64 else (None if facts["relative_noise"] > 0.05 else False)
    return {"fix-metric": fix_metric, "check-split": split, "more-validation-data": more,
            "fix-logging": bool(facts["log_fault"])}  # fmt: skip
