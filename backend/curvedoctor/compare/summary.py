"""What a person wants to know after a sweep, in a few sentences: which setting mattered, where the best
region is, and which value comes next."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from curvedoctor.compare import wording
from curvedoctor.compare.types import Comparison, Effect, Factor, Group, Place
from curvedoctor.model import ParamValue
from curvedoctor.reports.text import number, percent

#: groups and, of a group that is alone or not, hyperparameters and their values that are told
GROUPS, FACTORS, OF_MANY, VALUES = 2, 2, 1, 3
#: how the sentence of what comes next begins
NEXT = "Next: "
#: how notes begin that are part of the result
TOLD = (wording.ALIKE, wording.UNLOGGED, wording.REPEATED, wording.MAYBE_SEVERAL)
_KNOWN = ("clear", "likely")


def of_comparison(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    """A title and its sentences, for the groups that differ in something and have the most runs."""
    several = [group for group in comparison.groups if len(group.outcomes) > 1]
    telling = [group for group in several if group.factors or group.prolong] or several
    telling = sorted(telling, key=lambda group: -len(group.outcomes))[:GROUPS]
    for group in telling:
        yield heading(group), of_group(group, FACTORS if len(telling) == 1 else OF_MANY)
    rest = comparison.runs - len(comparison.range_tests) - sum(len(group.outcomes) for group in telling)
    if rest > 0:
        yield f"{rest} more run{'s' * (rest > 1)}: other tasks, or nothing recognized that differs", []


def heading(group: Group) -> str:
    """How many runs of what are compared by what."""
    bad = sum(outcome.bad is not None for outcome in group.outcomes)
    ended = f", {bad} did not end soundly" if bad else ""
    where = wording.shown(group.name)
    return f"{len(group.outcomes)} runs in {where}, by the {group.outcome} {group.metric}{ended}"


def of_group(group: Group, most: int) -> list[str]:
    """What mattered, the best region, what comes next."""
    told = sorted((f for f in group.factors if _sure(f)), key=_weight, reverse=True)
    quiet = [factor for factor in group.factors if not _sure(factor)]
    lines = [mattered(group, factor) for factor in told[:most]]
    if quiet or told[most:]:
        rest = [factor.name for factor in told[most:]]
        lines.append(
            (f"Mattered as well: {', '.join(rest)}. " if rest else "")
            + (f"No clear difference by {_names(quiet)}." if quiet else "")
        )
    if group.region is not None:
        lines.append(" ".join(wording.region(group.region, group)))
    if most == FACTORS:
        lines += [move.text for move in group.interactions if move.power is not None][:1]
    if group.prolong:
        lines.append(_prolong(group))
    lines += [note for note in group.notes if note.startswith(TOLD)]
    return [*lines, *coming(group)]


def mattered(group: Group, factor: Factor) -> str:
    """A hyperparameter whose values differ, with its best one and how much worse others end."""
    ended = [effect for effect in _sure(factor) if math.isfinite(effect.ratio)][:VALUES]
    broken = [wording.value(effect.value) for effect in _sure(factor) if not math.isfinite(effect.ratio)]
    measured = group.metric if group.better == "lower" else f"rest to a perfect {group.metric}"
    worse = [f"{wording.ratio(effect)} at {wording.value(effect.value)}" for effect in ended]
    along = f" (or {wording.listed(factor.along, 'or')}, changed at once with it)" if factor.along else ""
    text = f"{factor.name} matters{along}: {wording.value(factor.best)} is best"
    text += f"; the {measured} is {wording.listed(worse)}" if worse else ""
    text += f"; {wording.listed(broken[:VALUES])} did not converge." if broken else "."
    place = factor.place
    if place is not None and place.where != "unknown":
        sure = percent(place.confidence)
        text += f" The best lies {place.where} the tried {wording.tried(factor)} ({sure} sure)."
    return text


def coming(group: Group) -> list[str]:
    """The values to try next: beyond the grid, of the lr first, else of what mattered most; repetitions where
    the grid is fine enough."""
    if group.one_task == "unknown":
        return [
            f"{NEXT}log what each trains on (dataset, n_train), or name the runs of one task with --run and "
            "--together; until then no value is called better than another."
        ]
    if not any(map(_sure, group.factors)) and any(n.startswith(wording.UNLOGGED) for n in group.notes):
        return [f"{NEXT}find what differs there and log it; until then no setting can be told from another."]
    placed = [(factor, place) for factor in group.factors if (place := factor.place) and place.propose]
    if placed:
        factor, place = max(placed, key=lambda pair: _urgency(*pair))
        values = [f"{v:g}" for v in place.propose]
        return [f"{NEXT}{factor.name} {wording.listed(values)}{_beside(group, factor)}."]
    if group.region is None:
        return []
    best = _setting(group.region.best)
    if group.seed_noise is None:
        return [f"{NEXT}{best} again, with two other seeds: nothing was repeated, so this rests on a guess."]
    return [f"{NEXT}nothing finer is worth a run; keep {best}."]


def _urgency(factor: Factor, place: Place) -> tuple[bool, bool, float]:
    beyond = place.how == "extend"
    return beyond and factor.name == "lr", beyond, _weight(factor)


def _beside(group: Group, factor: Factor) -> str:
    """What the other hyperparameters are to be."""
    others = {n: v for n, v in (group.region.best if group.region else {}).items() if n != factor.name}
    known = {name: value for name, value in others.items() if value is not None}
    return f", with {_setting(known)}" if known else ""


def _setting(best: Mapping[str, ParamValue | None]) -> str:
    return ", ".join(f"{name} {wording.value(value)}" for name, value in best.items())


def _sure(factor: Factor) -> list[Effect]:
    """Values that end clearly worse, the worst first."""
    return sorted((e for e in factor.effects if e.sure in _KNOWN), key=lambda e: -e.ratio)


def _weight(factor: Factor) -> float:
    finite = [effect.ratio for effect in _sure(factor) if math.isfinite(effect.ratio)]
    return max(finite, default=math.inf if _sure(factor) else 0.0)


def _names(factors: Sequence[Factor]) -> str:
    return wording.listed(
        [f"{factor.name} ({_range([lv.value for lv in factor.levels])})" for factor in factors[:3]]
    )


def _range(values: Sequence[ParamValue | None]) -> str:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(values) > 2:
        return f"{number(numbers[0])} … {number(numbers[-1])}"
    return wording.listed([wording.value(value) for value in values[:VALUES]])


def _prolong(group: Group) -> str:
    worth = [p.run for p in group.prolong if p.worth]
    if not worth:
        return f"Of {len(group.prolong)} short runs none is worth prolonging."
    more = f" and {len(worth) - VALUES} more" if len(worth) > VALUES else ""
    return f"Worth prolonging, of {len(group.prolong)} short runs: {', '.join(worth[:VALUES])}{more}."
