"""The sentences that all renderers share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from curvedoctor.compare.types import Comparison, Effect, Factor, Group, Place, Prolong, RangeTest, Region
from curvedoctor.model import ParamValue
from curvedoctor.reports.text import number, percent, safe, shorten

RULES = {
    "start_of_descent": "start of the steep descent",
    "steepest": "steepest descent",
    "valley": "valley",
    "minimum_over_10": "minimum / 10",
}
#: how the notes begin that are told with the result: no setting differs; runs of one setting end far apart
ALIKE, UNLOGGED = "No recognized hyperparameter differs", "Something that is not logged differs"
REPEATED = "One setting, repeated"
MAYBE_SEVERAL = "Whether these runs are of one task is not known"
STATES = {"done": "done", "failed": "not right yet", "missing": "not in the logs", "unknown": "can't be told"}
#: factor between the ends of an interval beyond which it says nothing where neither value is clearly better
LOOSE = 4.0
#: marks of a step's state: Unicode, ASCII, colour
MARKS = {
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "red"),
    "missing": ("○", "o", "yellow"),
    "unknown": ("?", "?", "yellow"),
}


def value(v: ParamValue | None) -> str:
    """A hyperparameter's value."""
    return "not logged" if v is None else number(v)


def level(v: float | None) -> str:
    """An outcome as logged, or a dash where there is none."""
    return "–" if v is None or not math.isfinite(v) else f"{v:.4g}"


def listed(values: Sequence[object], last: str = "and") -> str:
    """ "a, b and c"."""
    words = [str(v) for v in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def shown(name: str) -> str:
    """A group's name; "." is where one is."""
    head, dot, rest = name.partition(" · ")
    return ("this directory" if head in (".", "") else head) + dot + rest


def title(group: Group) -> str:
    """What is compared."""
    name = f" in {shown(group.name)}" if group.name else ""
    return (
        f"{len(group.outcomes)} runs{name}, by their {group.outcome} {group.metric} "
        f"({group.better} is better)"
    )


def tried(factor: Factor) -> str:
    """The range of the values that were tried."""
    numbers = [lv.value for lv in factor.levels if isinstance(lv.value, (int, float))]
    return f"{number(numbers[0])} … {number(numbers[-1])}"


def place(factor: Factor, where_best: Place) -> str:
    """Where the best value lies, and what to do."""
    if where_best.where == "unknown":
        return f"Where the best {factor.name} lies can't be told: {where_best.why}."
    text = (
        f"The best {factor.name} lies {where_best.where} the tried range {tried(factor)} "
        f"({percent(where_best.confidence)} sure): {where_best.why}."
    )
    if where_best.propose:
        verb = "Extend the grid: try" if where_best.how == "extend" else "Refine: try"
        text += f" {verb} {listed([f'{v:g}' for v in where_best.propose])}."
    elif where_best.how == "":
        text += " The grid is fine enough there."
    return text


def region(best: Region, group: Group) -> list[str]:
    """The best setting, and those as good."""
    setting = ", ".join(f"{n} {value(v)}" for n, v in best.best.items())
    runs = (
        f" (median of {len(best.runs)} runs)"
        if len(best.runs) > 1
        else f" ({shorten(safe(best.runs[0]), 48)})"
    )
    word = "Lowest" if group.one_task == "unknown" else "Best"
    lines = [f"{word}: {setting}: {group.metric} {level(best.level)}{runs}."]
    wider = {n: vs for n, vs in best.values.items() if len(vs) > 1}
    if wider:
        words = []
        for name, values in wider.items():
            numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
            if len(numbers) == len(values) > 2:
                words.append(f"{name} {number(numbers[0])} … {number(numbers[-1])}")
            else:
                words.append(f"{name} {listed([value(v) for v in values], 'or')}")
        lines.append(f"Not clearly worse: {', '.join(words)}.")
    return lines


def ratio(effect: Effect) -> str:
    """How much worse than the best a value is."""
    if math.isinf(effect.ratio):
        return "does not converge"
    if effect.ratio == 0:
        return "the best did not converge beside it"
    if not telling(effect):
        return "–"
    return f"×{_factor(effect.ratio)}"


def telling(effect: Effect) -> bool:
    """Whether its interval says anything: one from a tenth to a thousandfold does not."""
    if math.isinf(effect.ratio) or effect.ratio == 0:
        return True
    return effect.sure != "not clear" or effect.high <= LOOSE * effect.low


def _factor(value: float) -> str:
    """A ratio with two decimals, or as many digits as it takes."""
    return f"{value:.2f}" if 0.1 <= value < 100 else f"{value:.2g}"


def interval(effect: Effect) -> str:
    """The 95 % interval of the ratio."""
    if math.isinf(effect.ratio) or effect.ratio == 0 or not telling(effect):
        return ""
    high = "∞" if math.isinf(effect.high) else _factor(effect.high)
    return f"{_factor(effect.low)}–{high}"


def sure(effect: Effect) -> str:
    """How sure, and on how many pairs."""
    n = f"{effect.pairs} pair{'' if effect.pairs == 1 else 's'}"
    if effect.sure == "no difference":
        return f"no difference, {n}"
    return f"{effect.sure}, {effect.wins} of {n}" if effect.pairs > 1 else f"{effect.sure}, {n}"


def heading(factor: Factor) -> str:
    """A hyperparameter's name, what goes along with it, and what its values were paired over."""
    text = factor.name
    if factor.along:
        text += f" (together with {listed(factor.along)}: always changed at once, not separable)"
    if factor.how != "same":
        text += f" ({factor.how})"
    return text


def prolong(p: Prolong) -> str:
    """A short run's prospects."""
    text = f"{level(p.level)} now, {p.expected:.2g} expected ({p.low:.2g}–{p.high:.2g})"
    if p.crosses is not None:
        text += f", overtakes the leader near epoch {p.crosses:.0f}"
    return text


def prospects(prolongs: Sequence[Prolong]) -> str:
    """The heading of the short runs."""
    worth = [p for p in prolongs if p.worth]
    horizon = prolongs[0].horizon
    return (
        f"{len(worth)} of {len(prolongs)} short runs are worth prolonging "
        f"(what they may reach after {horizon:g} times as many epochs, and how probably the best of all)"
    )


def test_line(test: RangeTest) -> str:
    """What a range test suggests."""
    if test.suggested is None:
        return f"Range test {test.run}: {test.reason or 'no suggestion'}."
    return f"Range test {test.run} suggests lr {test.suggested:g}."


def rules(test: RangeTest) -> list[tuple[str, str]]:
    """The four rules and their values."""
    return [(RULES[name], f"{v:g}") for name, v in test.rules.items()]


def nothing(comparison: Comparison) -> str:
    """What to say when there is nothing to compare."""
    return (
        f"{comparison.runs} run{'' if comparison.runs == 1 else 's'}, none with a sibling to compare with. "
        "Runs of one directory or experiment are compared; --together compares all."
    )
