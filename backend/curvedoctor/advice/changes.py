"""A prescription's numbers: from what to what, by which factor, at which step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from curvedoctor.actions import ACTIONS
from curvedoctor.advice import trees
from curvedoctor.advice.agents import CHANGES as of_agents
from curvedoctor.advice.named import named
from curvedoctor.advice.possible import samples
from curvedoctor.advice.rates import change_optimizer, lower_lr, raise_lr
from curvedoctor.advice.regularization import reduce_regularization, regularize
from curvedoctor.advice.said import at_usual_norm, propose, say
from curvedoctor.advice.stopping import stop_early
from curvedoctor.conditions.base import lowered
from curvedoctor.conditions.measures.shape import name
from curvedoctor.conditions.measures.unfinished import rate_ended
from curvedoctor.features.case import Case
from curvedoctor.features.extrapolate import gain_interval
from curvedoctor.features.selects import selects
from curvedoctor.model import Finding, ParamValue, Prescription

#: a learning rate farther off than this factor is taken over only with a gain of at least this share
STRIDE, LARGE = 30.0, 0.5

#: the experiment that tells whether data are what is missing
TENTH = "Train once on a tenth of the data first: if that ends about as low, more will not help."
#: samples of which a tenth tells nothing
FEW_SAMPLES = 500
#: hyperparameters whose names do not read as words
_PLAIN = {
    "lr": "learning rate", "n_train": "number of training samples", "n_val": "number of validation samples",
    "epochs": "number of epochs", "max_steps": "number of steps",
}  # fmt: skip


#: what siblings proved: action → (hyperparameter, its value there, share by which it ended lower,
#: what it changed besides)
SiblingValues = Mapping[str, tuple[str, ParamValue, float, str]]


def change(
    case: Case,
    action: str,
    findings: Sequence[Finding],
    sibling_values: SiblingValues = MappingProxyType({}),
    lowered: float | None = None,
) -> Prescription:
    """What to change, with numbers wherever the log allows.

    `lowered` is the learning rate that another prescription of the list lowers it to.
    """
    if (in_its_words := named(case, action, findings)) is not None:
        return in_its_words
    if action in sibling_values and not leap(case, *sibling_values[action]):
        return _as_a_sibling(case, *sibling_values[action])
    grown = trees.change(case, action) if case.boosting else None
    if grown is not None:
        return grown
    if action == "change-optimizer" and not case.agent:
        return change_optimizer(case, lowered)
    special = (of_agents if case.agent else _SPECIAL).get(action)
    made = special(case, findings) if special is not None else None
    return made if made is not None else _scaled(case, action)


def leap(case: Case, name: str, proposed: ParamValue, gain: float, _: str) -> bool:
    """Whether the best lies rather between than at a sibling's far-off learning rate."""
    current = case.params.get(name)
    if name != "lr" or not isinstance(current, (int, float)) or not isinstance(proposed, (int, float)):
        return False
    return gain < LARGE and not 1 / STRIDE <= proposed / (current or proposed) <= STRIDE


def _as_a_sibling(case: Case, name: str, proposed: ParamValue, gain: float, along: str) -> Prescription:
    """What a sibling has tried, with success."""
    current = case.params.get(name)
    plain = _PLAIN.get(name, name.replace("_", " "))
    why = (
        f"{f'together with {along}, ' if along else ''}as a sibling did that "
        f"{'stayed finite' if gain == 1 else f'ended {100 * gain:.0f} % lower'}"
    )
    if current is None:
        return propose(f"Set the {plain} to {say(proposed)}, {why}.", name, None, proposed)
    if not isinstance(current, (int, float)) or not isinstance(proposed, (int, float)):
        return propose(
            f"Change the {plain} from {say(current)} to {say(proposed)}, {why}.", name, current, proposed
        )
    verb = "Raise" if proposed > current else "Lower"
    factor = float(f"{proposed / current:.3g}") if current else None
    text = f"{verb} the {plain} from {say(current)} to {say(proposed)}, {why}."
    return propose(text, name, current, proposed, factor)


def _scaled(case: Case, action: str) -> Prescription:
    """Current value × the action's usual factor."""
    known = ACTIONS[action]
    if known.parameter is None:
        return propose(known.text)
    current = case.params.get(known.parameter)
    if (
        known.factor is not None
        and isinstance(current, (int, float))
        and not isinstance(current, bool)
        and current
    ):
        proposed: ParamValue = float(f"{current * known.factor:.3g}")
        if isinstance(current, int) and known.parameter != "weight_decay":
            proposed = max(1, round(current * known.factor))
        text = f"{_verb(action)} from {say(current)} to {say(proposed)}."
        return propose(text, known.parameter, current, proposed, known.factor)
    return propose(known.text, known.parameter, current, known.default, known.factor)


def _restore(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    """Where the checkpoint to go back to is."""
    s = selects(case) or case.val or case.primary
    if s is None:
        return None
    at = s.step_at(s.best_index)
    text = (
        f"Go back to the checkpoint of the best {name(s)}, at {s.curve.axis} {say(at)}, and go on from "
        "there with smaller steps."
    )
    return propose(text, None, None, None, None, at)


def _train_longer(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    s = case.outcome
    epochs = case.number("epochs")
    planned = next((f.evidence["planned_end"] for f in findings if "planned_end" in f.evidence), None)
    if isinstance(planned, float) and not case.cut_short and case.lr is not None:
        axis = case.lr.axis
        text = f"Run it to the end of its schedule, {round(planned)} {axis}s, or fit the schedule to the run."
        return propose(text, "epochs" if axis == "epoch" else "max_steps", None, round(planned))
    least = 0.0
    if s is not None and not rate_ended(case):  # a schedule that has ended ends what goes on by itself
        least = gain_interval(s.grid, s.stats.n)[0] / max(abs(s.stats.end), 1e-300)
    hope = f" Extrapolation expects the loss to fall {lowered(least)}." if least >= 0.02 else ""
    if epochs is None:
        return propose(ACTIONS["train-longer"].text + hope, "epochs", None, None, 2.0)
    if case.cut_short:
        text = f"Run it to its end: {say(epochs)} epochs are configured.{hope}"
        return propose(text, "epochs", None, epochs)
    proposed = round(2 * epochs)
    text = f"Train for {proposed} epochs instead of {say(epochs)}, and stretch the schedule with it.{hope}"
    return propose(text, "epochs", case.params["epochs"], proposed, 2.0)


def _clip(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    return at_usual_norm(case)


def _more_data(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    made, n = _scaled(case, "more-data"), samples(case)
    return made if n is not None and n < FEW_SAMPLES else replace(made, text=f"{made.text} {TENTH}")


def _fix_activation(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    """Where the output's activation is what doesn't fit, it is the output's that changes."""
    last = case.word("last_activation")
    if last is None or not any(
        f.actions[:1] == ("fix-activation",) for f in findings if f.severity == "error"
    ):
        return None
    proposed, how = ("linear", "a linear output, which reaches every target")
    if last == "softmax":
        proposed, how = "sigmoid", "a sigmoid on the single output unit, or two units under the softmax"
    return propose(f"Change the output's activation from {last} to {how}.", "last_activation", last, proposed)


def _batch(case: Case, findings: Sequence[Finding]) -> Prescription | None:
    size = case.number("batch_size")
    if not size:
        return None
    to = round(size * 4)
    return propose(
        f"Raise the batch size from {say(size)} to {to}.", "batch_size", case.params["batch_size"], to, 4.0
    )


_SPECIAL: dict[str, Callable[[Case, Sequence[Finding]], Prescription | None]] = {
    "lower-lr": lower_lr,
    "raise-lr": raise_lr,
    "stop-early": stop_early,
    "train-longer": _train_longer,
    "restore-checkpoint": _restore,
    "regularize": regularize,
    "reduce-regularization": reduce_regularization,
    "clip-gradients": _clip,
    "bigger-batch": _batch,
    "more-data": _more_data,
    "fix-activation": _fix_activation,
}

_VERBS = {
    "lower-lr": "Lower the learning rate",
    "raise-lr": "Raise the learning rate",
    "reduce-regularization": "Lower weight decay",
    "more-data": "Train on more data, or augment: the number of samples",
    "bigger-model": "Use a bigger model: the width",
    "smaller-model": "Use a smaller model: the width",
    "more-validation-data": "Validate on more samples: the number",
}


def _verb(action: str) -> str:
    return _VERBS.get(action, ACTIONS[action].text.rstrip("."))
