"""Put the rules together: name, directory, neighbours, values → role."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from curvedoctor.model import Curve, Floats, Ints, Quantity, Role, Split
from curvedoctor.roles import better as direction
from curvedoctor.roles import frameworks, granularity, quantity, split, vocabulary
from curvedoctor.roles.neighbours import Neighbours
from curvedoctor.roles.pace import pace
from curvedoctor.roles.rules import first
from curvedoctor.roles.tag_words import Name, parse
from curvedoctor.roles.together import together
from curvedoctor.roles.trees import grown
from curvedoctor.roles.values import correct

#: characters of a run's names up to which its digest is kept for runs that log the same names
_KEPT = 50_000
Ids = tuple[tuple[str, str], ...]


def assign(curves: Sequence[Curve], *, without: Collection[str] = (), within: str = "") -> tuple[Curve, ...]:
    """Give every curve of one run its role; `without` leaves out the rules written for these frameworks.

    `within` is the name of the directory that the run was found in: it may be all that names a split.
    """
    ids = tuple((curve.id, curve.tag) for curve in curves)
    short = sum(len(id_) for id_, _ in ids) <= _KEPT
    digest = _digest if short else _digest.__wrapped__
    within = within if split.is_held_out(within) else ""
    names, around, named = digest(ids, frozenset(without), within, _summaries(curves))
    roles = [
        correct(role, name, curve.values, around)
        for role, name, curve in zip(named, names, curves, strict=True)
    ]
    roles = pace(curves, grown(curves, together(curves, roles)))
    return tuple(replace(curve, role=role) for curve, role in zip(curves, roles, strict=True))


def _summaries(curves: Sequence[Curve]) -> frozenset[int]:
    """Which curves are single values among curves: HF ends a log with one `train_loss`,
    the mean of all `loss`."""
    single = frozenset(i for i, curve in enumerate(curves) if len(curve) == 1)
    return single if any(len(curve) > 2 for curve in curves) else frozenset()


@lru_cache(maxsize=128)
def _digest(
    ids: Ids, without: frozenset[str], within: str, summaries: frozenset[int]
) -> tuple[tuple[Name, ...], Neighbours, tuple[Role, ...]]:
    """What the names alone say: the same for all runs that log the same names."""
    names = tuple(parse(id_, tag) for id_, tag in ids)
    if within and not split.speaks_of_training(names):
        names = tuple(parse(f"{within}/{id_}", tag) for id_, tag in ids)
    around = Neighbours.of(names, [names[i] for i in summaries])
    return names, around, tuple(_role(name, around, without) for name in names)


def infer(
    identifier: str,
    values: Floats | None = None,
    steps: Ints | None = None,
    neighbours: Iterable[str] = (),
    *,
    tag: str | None = None,
    without: Collection[str] = (),
) -> Role:
    """The role of one curve by its id (or its tag alone),
    with its values and its neighbours' ids where known."""
    del steps  # one curve's steps say nothing; `assign` compares them within the run
    name = parse(identifier, tag)
    around = Neighbours.of([name, *map(parse, neighbours)])
    role = _role(name, around, without)
    return role if values is None else correct(role, name, values, around)


def _role(name: Name, around: Neighbours, without: Collection[str]) -> Role:
    why = []
    what: Quantity = "other"
    if what_and_reason := first(quantity.RULES, name, without) or first(frameworks.QUANTITY, name, without):
        what, reason = what_and_reason
        why.append(f"{what}: {reason}")
    better, reason = direction.decide(name, what)
    if better == "lower" and around.only_reinforcement and what == "loss" and name.words & vocabulary.LOSS:
        better, reason = (
            "none",
            "the run's other curves are those of reinforcement learning: the target moves",
        )
    if what in ("loss", "other") and around.of_codes(name):
        what, better = "loss", "none"
        reason = "the divergence of an autoencoder's codes: what they tell costs, so it may rise"
    if what == "reward" and around.of_preferences(name):
        better, reason = "none", "a margin between answers: it grows with certainty, right or wrong"
    if what == "loss" and around.of_diffusion(name):
        better, reason = "lower", "a diffusion's loss, or a quarter of it"
    why.append(f"better {better}: {reason}")
    set_: Split = "none"
    split_and_reason = (
        around.named_split(name)
        or first(frameworks.SPLIT, name, without)
        or split.by_nature(name, what, better)
        or around.split_of_bare(name)
    )
    if split_and_reason:
        set_, reason = split_and_reason
        why.append(f"{set_}: {reason}")
    often = granularity.by_name(name)
    if often:
        why.append(f"{often[0]}: {often[1]}")
    return Role(set_, what, better, often[0] if often else "unknown", tuple(why))
