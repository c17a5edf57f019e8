"""From runs in memory to diagnoses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.once import judged
from curvedoctor.differential.odds import Model, told, with_odds
from curvedoctor.differential.rank import led_by, order, prescribe, verdict
from curvedoctor.differential.siblings import Siblings, Trial
from curvedoctor.engine.options import Options
from curvedoctor.features.case import Case, build
from curvedoctor.features.summary import Summary, summarize
from curvedoctor.model import Diagnosis, Finding, Run, Unjudged
from curvedoctor.readings import read_all

#: what siblings have tried, run by run
Trials = Sequence[Sequence[Trial]]


def prepare(runs: Iterable[Run], options: Options, model: Model | None = None) -> list[Case]:
    """Cases with the model's odds, roles and parameters corrected as asked."""
    return with_odds(build([_corrected(run, options) for run in runs], options.primary), model)


def judge(
    cases: Sequence[Case], options: Options, trials: Trials | None = None, model: Model | None = None
) -> list[Diagnosis]:
    """One diagnosis per case, with what their siblings have tried, if given."""
    if trials is not None:
        cases = [told(case, tried, model) for case, tried in zip(cases, trials, strict=True)]
    return [_diagnose(case, options) for case in cases]


def tried_by_siblings(summaries: Iterable[Summary]) -> list[list[Trial]]:
    """For each run of one group: what its siblings have tried."""
    held = list(summaries)
    group = Siblings(held)
    return [group.trials(own) for own in held]


def judge_groups(cases: Sequence[Case], options: Options, model: Model | None = None) -> list[Diagnosis]:
    """Diagnose whole groups: those of one group are each other's siblings."""
    if options.alone:
        return judge(cases, options, None, model)
    groups: dict[str, list[int]] = {}
    for i, case in enumerate(cases):
        groups.setdefault(case.run.group, []).append(i)
    out: dict[int, Diagnosis] = {}
    for members in groups.values():
        chosen = [cases[i] for i in members]
        trials = tried_by_siblings(map(summarize, chosen)) if len(chosen) > 1 else None
        out.update(zip(members, judge(chosen, options, trials, model), strict=True))
    return [out[i] for i in range(len(cases))]


def _diagnose(case: Case, options: Options) -> Diagnosis:
    known = all_conditions()
    asked = [known[c] for c in options.conditions] if options.conditions else list(known.values())
    findings: list[Finding] = []
    unjudged: list[Unjudged] = []
    for condition in asked:
        result = judged(case, condition.id, condition.check)
        if isinstance(result, Unjudged):
            unjudged.append(result)
        elif result is not None:
            findings.append(result)
    ranked = order(findings)
    prescriptions = prescribe(case, ranked, known)
    return Diagnosis(
        run=case.run,
        verdict=verdict(case, ranked, judged=len(asked) - len(unjudged)),
        findings=led_by(next(iter(prescriptions), None), ranked, known),
        prescriptions=prescriptions,
        readings=read_all(case),
        unjudged=tuple(unjudged),
        problems=case.run.problems,
    )


def _corrected(run: Run, options: Options) -> Run:
    if options.read.params:
        run = replace(run, params={**run.params, **options.read.params})
    if options.roles:
        from curvedoctor.roles import override

        run = replace(run, curves=tuple(override(run.curves, options.roles)))
    return run
