"""From diagnoses to a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from curvedoctor.compare import effects, place, prolong, protocol, region, repeats, tasks
from curvedoctor.compare.grid import FOLLOW_LR, Grid, grid, is_number, params_of, seed_noise
from curvedoctor.compare.outcome import Ended, ended
from curvedoctor.compare.range_tests import range_test
from curvedoctor.compare.types import Comparison, Effect, Factor, Group, Level, Place, Region
from curvedoctor.compare.wording import MAYBE_SEVERAL, listed
from curvedoctor.features.case import Case, build
from curvedoctor.model import Diagnosis, ParamValue, Run
from curvedoctor.readings import overfit_check

#: hyperparameters whose best value is looked for on a logarithmic axis
PLACED = frozenset(
    {
        "lr",
        "batch_size",
        "weight_decay",
        "width",
        "depth",
        "epochs",
        "n_train",
        "l1",
        "clip_norm",
        "max_steps",
    }
)
#: more hyperparameters than this are not worth a reader's time
MOST_FACTORS = 8


def compare(
    diagnoses: Sequence[Diagnosis], *, final: bool = True, metric: str | None = None, together: bool = False
) -> Comparison:
    """Compare runs with their siblings (with each other whatever their group, if `together`).

    `final`: by the final level of the outcome curve, else by its best. `metric`: shell-style pattern
    of the curve to compare by; None for the validation loss, or what comes nearest to it.
    """
    cases = build(_named([d.run for d in diagnoses]))
    tests = tuple(t for case in cases if (t := range_test(case)) is not None)
    probes = {t.run for t in tests} | {c.run.name for c in cases if overfit_check.read(c) is not None}
    by_group: dict[str, list[Case]] = {}
    for case in cases:
        if case.run.name not in probes:
            by_group.setdefault("" if together else case.run.group, []).append(case)
    parts = [
        (name, members, what)
        for name, every in sorted(by_group.items())
        for members, what in (tasks.by_curves(every) if metric is None and not together else [(every, "")])
    ]
    groups = tuple(
        _group(name, members, final, metric, ", ".join(filter(None, (what, which, scale))))
        for name, same, what in parts
        for data, which in ([(same, "")] if together else tasks.by_data(same))
        for members, scale in tasks.apart(data, metric)
    )
    groups = groups if together else tuple(map(_reserved, groups))
    compared = tuple(g for g in groups if len(g.outcomes) > 1 or len(groups) == 1)
    steps = protocol.steps(cases, diagnoses, compared, tests)
    return Comparison(compared, tests, steps, protocol.next_step(steps, compared), len(diagnoses))


def _named(runs: Sequence[Run]) -> list[Run]:
    """The runs, each under a name of its own: its group stands before a name that occurs twice."""
    seen = Counter(run.name for run in runs)
    named = [
        run
        if seen[run.name] == 1
        else replace(run, name=f"{run.group.rstrip('/').rsplit('/', 1)[-1]}/{run.name}")
        for run in runs
    ]
    again = Counter(run.name for run in named)
    return [
        run if again[run.name] == 1 else replace(run, name=f"{run.name} ({i})") for i, run in enumerate(named)
    ]


def _group(name: str, cases: Sequence[Case], final: bool, metric: str | None, task: str) -> Group:
    params = [params_of(case) for case in cases]
    end = ended(cases, params, final, metric)
    faulty = tasks.faulty(grid(end.outcomes), end.never)
    end = replace(end, outcomes=tuple(o for o in end.outcomes if o.run not in faulty))
    g = grid(end.outcomes)
    noise = seed_noise(g)
    by_name = {case.run.name: case for case in cases}
    members = [by_name[o.run] for o in end.outcomes]
    best = region.region(g, noise) if g.varied else None
    factors = tuple(_factor(g, n, noise, by_name, best) for n in g.varied[:MOST_FACTORS])
    moves = (region.interaction(g, n, noise) for n in g.varied if n == "batch_size" and "lr" in g.varied)
    return Group(
        name=f"{name} · {task}" if task else name,
        metric=end.metric,
        better="higher" if end.better == "higher" else "lower",
        outcome="final" if final else "best",
        outcomes=end.outcomes,
        factors=factors,
        region=best,
        interactions=tuple(m for m in moves if m is not None),
        prolong=prolong.prolong(members, end.outcomes),
        seed_noise=noise,
        notes=(*_faults(faulty), *_notes(g, end, noise)),
        one_task=tasks.one(g, end.outcomes),
    )


def _reserved(group: Group) -> Group:
    """The same, no surer than it is that the runs are of one task."""
    if group.one_task == "known":
        return group
    if group.one_task == "likely":
        return replace(group, factors=tuple(map(_likely, group.factors)))
    unknown = Place("unknown", 0.5, MAYBE_SEVERAL[0].lower() + MAYBE_SEVERAL[1:])
    factors = (
        replace(f, effects=tuple(replace(e, sure="not clear") for e in f.effects), place=f.place and unknown)
        for f in group.factors
    )
    note = f"{MAYBE_SEVERAL}: they log other settings, and hardly two differ in one thing only."
    return replace(group, factors=tuple(factors), interactions=(), prolong=(), notes=(note, *group.notes))


def _likely(factor: Factor) -> Factor:
    doubted = (replace(e, sure="likely") if e.sure == "clear" else e for e in factor.effects)
    where = factor.place and replace(factor.place, confidence=min(factor.place.confidence, place.UNSURE))
    return replace(factor, effects=tuple(doubted), place=where)


def _factor(
    g: Grid, name: str, noise: float | None, cases: Mapping[str, Case], setting: Region | None
) -> Factor:
    free = "lr" if name != "lr" and "lr" in g.varied else None
    best, pairwise = effects.against_best(g, name, free, noise)
    return Factor(
        name=name,
        along=g.along[name],
        levels=tuple(_level(g, name, v, free) for v in g.values(name)),
        best=best,
        effects=tuple(pairwise),
        place=_place(g, name, noise, points(g, name, cases, setting), pairwise),
        how="same" if free is None else "each at its own best lr",
    )


def _level(g: Grid, name: str, value: ParamValue | None, free: str | None) -> Level:
    """How the runs of one value ended; the median is over settings of the others, each at its best `free`."""
    members = [o for o in g.outcomes if g.value(o, name) == value]
    sound = [o for o in members if o.level is not None]
    chosen = sound if free is None else effects.at_their_best(g, sound, name, free)
    levels = [o.level for o in chosen if o.level is not None]
    return Level(
        value=value,
        runs=len(members),
        bad=sum(o.bad is not None for o in members),
        median=float(np.median(levels)) if levels else None,
        best=min(sound, key=lambda o: o.score).level if sound else None,
    )


def _place(
    g: Grid, name: str, noise: float | None, made: Sequence[place.Point], pairwise: Sequence[Effect]
) -> Place | None:
    if name not in PLACED or len(made) < 2:
        return None
    if tangled := [n for n in g.along[name] if n not in FOLLOW_LR]:
        return Place("unknown", 0.5, f"it always changed together with {listed(tangled)}")
    sure = any(e.sure in {"clear", "likely"} for e in pairwise)
    if not sure and repeats.apart(g) is not None:
        return Place("unknown", 0.5, "runs of one setting end as far apart as those of different values")
    if name != "lr" and not sure:
        return Place("unknown", 0.5, "no value that was tried is clearly worse than another")
    best = place.place(made, effects.GUESS / 2 if noise is None else noise)
    return best if name == "lr" or not _whole(g, name) else _rounded(best)


def points(g: Grid, name: str, cases: Mapping[str, Case], setting: Region | None = None) -> list[place.Point]:
    """The profile of a numeric hyperparameter with what is known of the best run at each value, and how each
    ended beside the best setting."""
    fixed = {n: v for n, v in setting.best.items() if n != name} if setting else {}
    beside = dict(region.profile(g, name, fixed))
    made = []
    for value, score in region.profile(g, name, {}):
        best = cases[min((o for o in g.outcomes if o.params.get(name) == value), key=lambda o: o.score).run]
        made.append(place.Point(value, score, *_learnt(best), beside.get(value)))
    return made


def _learnt(case: Case) -> tuple[float, float]:
    """How far the outcome's curve fell: as a share of its first level, and in units of its noise."""
    s = case.outcome
    if s is None:
        return 0.0, 0.0
    fall = s.stats.start - s.stats.end
    return fall / max(abs(s.stats.start), 1e-300), fall / max(
        s.stats.noise, 1e-6 * abs(s.stats.start), 1e-300
    )


def _whole(g: Grid, name: str) -> bool:
    return all(isinstance(v, int) for v in g.values(name) if is_number(v))


def _rounded(best: Place) -> Place:
    """Proposals for a hyperparameter that counts something."""
    whole = tuple(sorted({float(max(1, round(v))) for v in best.propose}))
    return Place(best.where, best.confidence, best.why, whole, best.how)


def _faults(runs: Sequence[str]) -> list[str]:
    if not runs:
        return []
    more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    return [
        f"{runs[0]}{more}: not finite from the first point on, where another run with the same settings is "
        "sound: the data are at fault, not the settings; left out."
    ]


def _notes(g: Grid, end: Ended, noise: float | None) -> list[str]:
    notes = []
    if end.left_out:
        listed = ", ".join(end.left_out[:3]) + (" …" if len(end.left_out) > 3 else "")
        notes.append(f"{len(end.left_out)} of the runs log no {end.metric} and are left out: {listed}.")
    notes += repeats.notes(g, end.logarithmic)
    if noise is None and g.varied:
        notes.append(
            "No setting was repeated with another seed, so how sure a difference is rests on a guess "
            f"(final losses of seeds differ by about {100 * effects.GUESS:.0f} %): repeat the best settings."
        )
    if not end.logarithmic:
        notes.append("Some losses are below zero: differences are compared, not ratios.")
    bad = [o for o in end.outcomes if o.bad]
    if bad:
        notes.append(
            f"{len(bad)} of {len(end.outcomes)} runs did not end soundly; they count as worst, they "
            "are not dropped."
        )
    return notes
