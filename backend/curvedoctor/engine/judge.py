"""From runs in memory to diagnoses."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from curvedoctor.advice.help_probability import Estimate, Model, estimates
from curvedoctor.advice.looks import look
from curvedoctor.advice.prescribe import led_by, order, prescribe
from curvedoctor.advice.siblings import Siblings
from curvedoctor.advice.trial import UNLOGGED, Trial
from curvedoctor.conditions.base import all_conditions
from curvedoctor.engine.options import Options
from curvedoctor.engine.verdict import verdict
from curvedoctor.features.case import Case, build
from curvedoctor.features.summary import Summary, ending, summarize
from curvedoctor.model import Diagnosis, Finding, Problem, Run, Unjudged
from curvedoctor.readings import read_all

_logger = logging.getLogger(__name__)

#: what siblings have tried, run by run
Trials = Sequence[Sequence[Trial]]


def prepare(runs: Iterable[Run], options: Options) -> list[Case]:
    """Cases, roles and parameters corrected as asked."""
    return build([_corrected(run, options) for run in runs], options.primary)


def judge(
    cases: Sequence[Case], options: Options, trials: Trials | None = None, model: Model | None = None
) -> list[Diagnosis]:
    """One diagnosis per case, with what their siblings have tried, if given."""
    tried = trials if trials is not None else [()] * len(cases)
    return [
        _diagnose(case, each.with_trials([t for t in by if t.action]), options, by)
        for case, each, by in zip(cases, estimates(cases, model), tried, strict=True)
    ]


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


def prepared(runs: Sequence[Run], options: Options) -> list[Case]:
    """Cases; of a run that makes us fail, a case without curves. The others are prepared all the same."""
    try:
        return prepare(runs, options)
    except Exception as error:
        if len(runs) > 1:
            return [case for run in runs for case in prepared([run], options)]
        problems = (*runs[0].problems, _fault(runs[0], error))
        return prepare([replace(runs[0], curves=(), problems=problems)], options)


def judged(cases: Sequence[Case], options: Options, trials: Trials | None) -> list[Diagnosis]:
    """Diagnoses; one that makes us fail is shown as such, and the others are judged all the same."""
    try:
        return judge(cases, options, trials)
    except Exception as error:
        if len(cases) > 1:
            return [diagnosis for case in cases for diagnosis in judged([case], options, None)]
        return [Diagnosis(cases[0].run, "undetermined", problems=(_fault(cases[0].run, error),))]


def _fault(run: Run, error: Exception) -> Problem:
    _logger.error("a run could not be judged", exc_info=error)
    return Problem(run.source, f"this run could not be judged: {type(error).__name__}: {error}")


def _diagnose(case: Case, expected: Estimate, options: Options, tried: Sequence[Trial]) -> Diagnosis:
    known = all_conditions()
    asked = [known[c] for c in options.conditions] if options.conditions else list(known.values())
    results = [condition.judge(case) for condition in asked]
    unjudged = tuple(r for r in results if isinstance(r, Unjudged))
    ranked = order([r for r in results if isinstance(r, Finding)])
    outcome, reason = verdict(case, ranked, unjudged, len(asked))
    prescriptions = prescribe(case, ranked, expected, known)
    readings = read_all(case)
    if (far := next((trial for trial in tried if trial.action == UNLOGGED), None)) is not None:
        readings["unlike"] = {"sibling": far.value, "lower": far.gain}
    if (before := look(case, ranked, next(iter(prescriptions), None), expected)) is not None:
        readings["look"] = before
    return Diagnosis(
        run=case.run,
        verdict=outcome,
        findings=led_by(next(iter(prescriptions), None), ranked, known),
        prescriptions=prescriptions,
        readings=readings,
        unjudged=unjudged,
        problems=case.run.problems,
        reason=reason,
        ending=ending(case),
    )


def _corrected(run: Run, options: Options) -> Run:
    if options.read.params:
        run = replace(run, params={**run.params, **options.read.params})
    if options.roles:
        from curvedoctor.roles import override

        run = replace(run, curves=tuple(override(run.curves, options.roles)))
    return run
