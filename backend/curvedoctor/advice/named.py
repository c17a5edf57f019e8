"""Changes whose words depend on what was found: which side of an adversarial pair, which term of a loss."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.advice.said import propose, say
from curvedoctor.conditions.measures.codes import weight
from curvedoctor.features.case import Case
from curvedoctor.features.language import of_language
from curvedoctor.features.pair import JUDGES, MAKERS, sides
from curvedoctor.features.rates import tuned
from curvedoctor.model import Finding, Prescription

#: what targets of a regression are brought to
STANDARDIZE = (
    "Standardize the targets to mean 0, variance 1 (statistics of the training set), and turn predictions "
    "back."
)
#: losses of regressions
ERRORS = ("mse", "mae", "huber")
#: what the winner's learning rate is multiplied by:
#: the two-time-scale rule's ratios are of this order (Heusel et al. 2017)
HELD_BACK = 0.25
#: last activations that reach any target; None: not logged
LINEAR = (None, "linear", "identity", "none")
#: a weight of the KL term up to which it is the evidence bound's own, or nearly
PLAIN = 1.5
#: of validation that is far worse than training (`below` tells that it is too good)
_OF_FINDINGS = {
    ("train-val-mismatch", "check-split"): "Check how validation is prepared and evaluated: scaled, encoded "
    "and labeled as training is, cut from the same data, in evaluation mode.",
    ("inputs-unscaled", "fix-targets"): STANDARDIZE,
}


def named(case: Case, action: str, findings: Sequence[Finding]) -> Prescription | None:
    """The change in the words of the finding that asks for it; None where it has none of its own."""
    for finding in findings:
        winner = finding.evidence.get("winner")
        if finding.condition == "adversary-dominates" and isinstance(winner, str):
            if action == "lower-lr":
                return _slower(case, winner)
            if action == "regularize":
                return _held_back(winner)
        if (own := _OF_FINDINGS.get((finding.condition, action))) and finding.evidence.get("below") is None:
            return propose(own)
        if finding.evidence.get("kl") is not None and action == "reduce-regularization":
            return _lighter(weight(case))
    if action == "fix-targets" and not case.agent and case.word("loss") in ERRORS:
        return propose(STANDARDIZE if (last := case.word("last_activation")) in LINEAR else _reach(last))
    if tuned(case) is not None or case.word("model") == "transformer" or of_language(case):
        return _of_language(case, action)
    return None


def _reach(output: str | None) -> str:
    """Targets for an output that is not linear."""
    return f"Bring the targets into the range that a {output} output reaches."


def _lighter(weight: float | None) -> Prescription:
    """A smaller weight of the KL term: 1 where it is known to be larger, that of the evidence bound."""
    rising = "or raise it from zero over the first third of the run (KL annealing)."
    if weight is None or weight <= PLAIN:
        return propose(f"Lower the weight of the KL term (β) tenfold, {rising}", "beta", weight, None, 0.1)
    text = f"Lower the weight of the KL term (β) from {say(weight)} to 1, {rising}"
    return propose(text, "beta", weight, 1.0, float(f"{1 / weight:.3g}"))


def _of_language(case: Case, action: str) -> Prescription | None:
    """What people change who train and tune transformers: ranks, accumulation,
    more layers and width together."""
    rank, size = case.number("lora_rank"), case.number("batch_size")
    if rank and action in ("bigger-model", "smaller-model"):
        to = max(1, round(rank * (4 if action == "bigger-model" else 0.25)))
        verb = "Raise" if action == "bigger-model" else "Lower"
        return propose(
            f"{verb} the rank of the adapters from {rank:g} to {to}.", "lora_rank", int(rank), to, to / rank
        )
    if action == "bigger-model":
        return propose("Use a larger model of the same family: more layers and width together.")
    if action == "smaller-model":
        return propose("Use a smaller model of the same family: fewer layers and less width together.")
    if action == "bigger-batch" and size:
        to, by = round(4 * size), "by accumulating the gradients of four batches"
        return propose(
            f"Raise the batch size from {size:g} to {to}, {by} where memory is short.",
            "batch_size",
            int(size),
            to,
            4.0,
        )
    if action == "regularize" and tuned(case) is not None:
        how = (
            "dropout 0.1 on the adapters, or a lower rank"
            if rank
            else "weight decay 0.1, dropout 0.1, or fewer weights (LoRA)"
        )
        return propose(f"Regularize: {how}.")
    return None


def _slower(case: Case, winner: str) -> Prescription:
    loser = "generator" if winner != "generator" else "discriminator"
    lr = _rate(case, winner)
    if lr is None:
        text = (
            f"Lower the learning rate of the {winner}, the winner, to a quarter of what it is; the "
            f"{loser}'s stays."
        )
        return propose(text, "lr", None, None, HELD_BACK)
    to = float(f"{lr * HELD_BACK:.2g}")
    text = (
        f"Lower the learning rate of the {winner}, the winner, from {lr:.4g} to {to:.4g}; the "
        f"{loser}'s stays."
    )
    return propose(text, "lr", lr, to, HELD_BACK)


def _rate(case: Case, winner: str) -> float | None:
    """The winner's learning rate: by its own curve, else the one that both sides have."""
    mine = MAKERS if winner == "generator" else JUDGES
    rates = [c for c in case.run.curves if c.role.quantity == "lr" and len(c)]
    for curve in rates:
        if sides(curve.id) & mine:
            return float(curve.values.max())
    unsided = [c for c in rates if not sides(c.id)]
    return case.number("lr") or (float(unsided[0].values.max()) if unsided else None)


def _held_back(winner: str) -> Prescription:
    if winner == "generator":
        return propose(
            "Hold the generator, the winner, back: several steps of the discriminator to each of "
            "its own, or a higher learning rate for the discriminator."
        )
    return propose(
        f"Regularize the {winner}, the winner: label real data 0.9, dropout 0.3, spectral "
        "normalization or a gradient penalty."
    )
