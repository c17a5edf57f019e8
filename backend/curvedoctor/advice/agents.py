"""A prescription's numbers for an agent: learning rate, trust region, entropy, batch, checkpoint.

Nothing here speaks of data sets or classes. Usual values are those of the libraries' defaults
(Stable-Baselines3, CleanRL, RLlib; Andrychowicz et al. 2021).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from curvedoctor.advice.said import at_usual_norm, propose, say
from curvedoctor.conditions.measures.held_back import out_of_scale
from curvedoctor.conditions.measures.signals import signals, speaks
from curvedoctor.features.case import Case
from curvedoctor.features.rates import logged_lr
from curvedoctor.model import Finding, Prescription

#: learning rate, entropy coefficient, gradient norm and target KL that agents are usually trained with
LR, ENTROPY, NORM, KL = 3e-4, 0.01, 0.5, 0.02
#: the customary rate where the agent is a language model
LANGUAGE = 1e-5
#: discount, and updates after which a target network is copied
DISCOUNT, UPDATES = 0.99, 100
#: what a rate is multiplied with; a rate farther off than FAR goes to the usual one at once,
#: or most of the way down
STEP, FAR = 3.0, 10.0
_CLIP_RANGE = re.compile(r"(^|[/_ ])e?_?clip_?(range|coef|param|eps\w*)?$")


def _rate(*, up: bool) -> Callable[[Case, Sequence[Finding]], Prescription]:
    def make(case: Case, findings: Sequence[Finding]) -> Prescription:
        lr, verb, custom = logged_lr(case), "Raise" if up else "Lower", LANGUAGE if speaks(case) else LR
        factor = STEP if up else 1 / STEP
        if lr is None:
            text = (
                f"{verb} the learning rate {'three times' if up else 'to a third'}; {custom:g} is customary."
            )
            return propose(text, "lr", None, None, round(factor, 3))
        lr = float(f"{lr:.6g}")  # logged in float32
        far = lr * FAR <= custom if up else lr >= custom * FAR
        # most of the way down: at the customary rate what was planned for a higher one may take too long
        towards = custom if up else lr ** (1 / 3) * custom ** (2 / 3)
        proposed = float(f"{towards if far else lr * factor:.2g}")
        usual = f"; {custom:g} is customary" if far and not up else ", which is customary" if far else ""
        text = f"{verb} the learning rate from {say(lr)} to {say(proposed)}{usual}."
        return propose(text, "lr", lr, proposed, float(f"{proposed / lr:.3g}"))

    return make


def _smaller_updates(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    """Where KL ran away, the trust region; else the gradient norm."""
    if any(f.evidence.get("cause") == "kl" for f in findings):
        return _trust(case)
    usual = propose(f"Clip the gradient norm at {NORM:g}.", "clip_norm", case.params.get("clip_norm"), NORM)
    return at_usual_norm(case) or usual


def _trust(case: Case) -> Prescription:
    clip, kl = _clip_range(case), signals(case).get("kl")
    usual = 1.5 * float(np.median(np.abs(kl.y))) if kl is not None else KL
    target = float(f"{usual:.2g}") if KL / 2 <= usual <= 5 * KL else KL
    if clip is not None and clip > 0.1:
        proposed = float(f"{min(clip / 2, 0.2):.2g}")
        text = (
            f"Lower the clip range from {say(clip)} to {say(proposed)}, and end an update's epochs "
            f"at a KL of {target:g}."
        )
        return propose(text, "clip_range", clip, proposed, float(f"{proposed / clip:.3g}"))
    text = f"End the epochs of an update at a KL of {target:g} (target KL)."
    return propose(text, "target_kl", case.params.get("target_kl"), target)


def _clip_range(case: Case) -> float | None:
    """As configured, else as logged last."""
    known = case.number("clip_range")
    if known is not None:
        return known
    for curve in case.run.curves:
        if _CLIP_RANGE.search(curve.tag.lower()) and len(curve) and 0 < curve.values[-1] < 100:
            return float(f"{float(curve.values[0]):.3g}")
    return None


def _more_entropy(case: Case, findings: Sequence[Finding]) -> Prescription:
    current = case.number("entropy_coef")
    proposed = max(ENTROPY, float(f"{(current or 0.0) * STEP:.2g}"))
    text = (
        "Raise the entropy coefficient "
        f"{'to' if current is None else f'from {say(current)} to'} {say(proposed)}: explore longer."
    )
    return propose(text, "entropy_coef", current, proposed, proposed / current if current else None)


def _less_entropy(case: Case, findings: Sequence[Finding]) -> Prescription:
    current = case.number("entropy_coef")
    if not current:
        return propose("Lower the entropy coefficient to a tenth.", "entropy_coef", current, None, 0.1)
    proposed = ENTROPY if current >= FAR * ENTROPY else float(f"{current / 10:.2g}")
    text = f"Lower the entropy coefficient from {say(current)} to {say(proposed)}."
    return propose(text, "entropy_coef", current, proposed, float(f"{proposed / current:.3g}"))


def _batch(case: Case, findings: Sequence[Finding]) -> Prescription:
    size = case.number("batch_size")
    if not size:
        return propose("Collect four times as many steps for each update.", "batch_size", None, None, 4.0)
    text = (
        f"Raise the batch size from {say(size)} to {round(4 * size)}, and the steps collected "
        "for each update with it."
    )
    return propose(text, "batch_size", case.params["batch_size"], round(4 * size), 4.0)


def _train_longer(case: Case, findings: Sequence[Finding]) -> Prescription:
    s, planned = case.reward, case.number("max_steps")
    if planned is None and s is not None and s.curve.axis == "step":
        planned = s.step_at(len(s.y) - 1)
    if planned is None:
        return propose("Train twice as long.", "max_steps", None, None, 2.0)
    # a library counts steps of the world or episodes; its counter is named, not what it counts
    text = f"Train until step {round(2 * planned)} instead of {round(planned)}: the reward still rises."
    return propose(text, "max_steps", round(planned), round(2 * planned), 2.0)


def _restore(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    s = case.reward
    at = next(
        (f.evidence["best_at"] for f in findings if isinstance(f.evidence.get("best_at"), (int, float))), None
    )
    if s is None or not isinstance(at, (int, float)):
        return None
    what = "evaluation" if s.curve.role.split in ("val", "test") else "reward"
    text = (
        f"Go back to the checkpoint of the best {what}, at {s.curve.axis} {at:.10g}, and go on "
        "from there with smaller steps."
    )
    return propose(text, None, None, None, None, float(at))


def _simplest(case: Case, findings: Sequence[Finding]) -> Prescription:
    return propose(
        "Try the simplest task of the kind first (a short horizon, a dense reward): if it "
        "stays, the code is at fault."
    )


def _adam(case: Case, findings: Sequence[Finding]) -> Prescription:
    current = case.word("optimizer")
    return propose(
        f"Change the optimizer from {current} to Adam with lr {LR:g}.", "optimizer", current, "adam"
    )


def _discount(case: Case, findings: Sequence[Finding]) -> Prescription:
    current = case.number("discount")
    text = (
        f"Raise the discount{'' if current is None else f' from {say(current)}'} to "
        f"{DISCOUNT:g}: what comes later counts too."
    )
    return propose(text, "discount", current, DISCOUNT)


def _targets(case: Case, findings: Sequence[Finding]) -> Prescription:
    """The critic's targets: of another scale than the returns, or a network that is never copied."""
    if out_of_scale(case):
        return propose("Scale the rewards to order one before the critic sees them.", "reward_scale")
    text = (
        f"Copy the network to the target network every {UPDATES} updates, or let the target "
        "follow by 0.005 a step."
    )
    return propose(text, "target_update", None, UPDATES)


CHANGES: Mapping[str, Callable[[Case, Sequence[Finding]], Prescription | None]] = {
    "lower-lr": _rate(up=False),
    "raise-lr": _rate(up=True),
    "clip-gradients": _smaller_updates,
    "regularize": _more_entropy,
    "reduce-regularization": _less_entropy,
    "bigger-batch": _batch,
    "train-longer": _train_longer,
    "restore-checkpoint": _restore,
    "overfit-one-batch": _simplest,
    "change-optimizer": _adam,
    "change-loss": _discount,
    "fix-targets": _targets,
}
