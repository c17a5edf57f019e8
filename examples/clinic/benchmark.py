"""The benchmark: whole tasks held out, first prescriptions held against remedies that were really tried.

`python -m clinic.benchmark` judges every calibration run by a model that never saw its task;
`--final` judges the held-out tasks by the model that is shipped. `--peers` adds other people's tools.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from joblib import Parallel, delayed

from clinic.dataset import Table, as_run, learnt_from
from clinic.fit import Mask, fit, folds
from clinic.score import Answer, Score, score, wilson
from clinic.store import ClinicRun, load
from curvedoctor.advice.help_probability import Model, default_model
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Diagnosis

Judge = Callable[[list[ClinicRun], Model], list[Answer]]


def answer(diagnosis: Diagnosis) -> Answer:
    """A diagnosis as the score reads it."""
    said = tuple((p.action, p.confidence) for p in diagnosis.prescriptions)
    return Answer(diagnosis.verdict == "sick", said)


def held_out_models(data: Table, masks: Sequence[Mask]) -> list[tuple[Mask, Model]]:
    """For each mask of runs to hold out: the mask, and the model fitted on the others."""
    owner = data.run.astype(int)
    fitted = Parallel(n_jobs=-1)(delayed(fit)(data, ~mask[owner]) for mask in masks)
    return list(zip(masks, fitted, strict=True))


def held_out(runs: Sequence[ClinicRun], models: Sequence[tuple[Mask, Model]], judge: Judge) -> list[Answer]:
    """Answers for every run from the model that never saw its task."""
    out: dict[int, Answer] = {}
    for mask, model in models:
        chosen = [int(i) for i in np.flatnonzero(mask)]
        out.update(zip(chosen, judge([runs[i] for i in chosen], model), strict=True))
    return [out[i] for i in range(len(runs))]


def ours(alone: bool, level: str | None = None) -> Judge:
    """curvedoctor as a judge. `level` of hyperparameters: as logged, or full, some, none."""

    def judge(runs: list[ClinicRun], model: Model) -> list[Answer]:
        made = [as_run(run, None, level) for run in runs]
        return [answer(d) for d in diagnose_runs(made, Options(alone=alone), model)]

    return judge


def always(action: str | None) -> Answer:
    """A trivial answer."""
    return Answer(action is not None, ((action, 0.5),) if action else ())


def line(name: str, s: Score) -> str:
    """One row of the Markdown table."""
    low, high = wilson(s.helps, s.sick)
    alarm_low, alarm_high = wilson(s.false_alarms, s.healthy)
    return (
        f"| {name} | {_p(s.helps)} ({_p(low)}–{_p(high)}) | {_p(s.useless)} | {_p(s.missed)} | {_p(s.top3)} "
        f"| {_p(s.false_alarms)} ({_p(alarm_low)}–{_p(alarm_high)}) | {s.calibration:.3f} | {_p(s.forced)} |"
    )


HEAD = (
    "| tool | first helps | useless | missed | one of three | false alarms | calibration error | first, whatever the verdict |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def _p(share: float) -> str:
    return f"{100 * share:.0f} %"


def details(s: Score) -> str:
    """Per fault and per action, as Markdown."""
    rows = [
        "",
        "| injected fault | sick runs | first helps | one of three | missed |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [f"| {f} | {n} | {_p(a)} | {_p(b)} | {_p(c)} |" for f, (n, a, b, c) in s.faults.items()]
    rows += [
        "",
        "| action | precision as first | given first | recall among three | helps in |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| {a} | {'–' if np.isnan(p) else _p(p)} | {n} | {'–' if np.isnan(r) else _p(r)} | {m} |"
        for a, (p, n, r, m) in s.actions.items()
    ]
    return "\n".join(rows)


def judged(runs: Sequence[ClinicRun], final: bool, kinds: bool, quick: bool) -> dict[str, Score]:
    """Our own rows of the table."""
    ways = {
        "curvedoctor, each run alone": ours(True),
        "curvedoctor, with siblings": ours(False),
        "curvedoctor, all hyperparameters": ours(True, "full"),
        "curvedoctor, some hyperparameters": ours(True, "some"),
        "curvedoctor, no hyperparameters": ours(True, "none"),
    }
    if quick:
        ways = {name: judge for name, judge in ways.items() if name.endswith("alone")}
    if final:
        model = default_model()
        assert model is not None
        return {name: score(runs, judge(list(runs), model)) for name, judge in ways.items()}
    data = learnt_from(runs)
    models = held_out_models(data, folds([run.task for run in runs]))
    rows = {name: score(runs, held_out(runs, models, judge)) for name, judge in ways.items()}
    if not kinds:
        return rows
    of = [run.modality for run in runs]
    apart = held_out_models(data, folds(of, len(set(of))))
    rows["curvedoctor, kind of data held out"] = score(runs, held_out(runs, apart, ours(True)))
    return rows


def trivial(runs: Sequence[ClinicRun]) -> dict[str, Score]:
    """What no tool at all would reach."""
    given = {"always lower-lr": "lower-lr", "always raise-lr": "raise-lr", "always healthy": None}
    return {name: score(runs, [always(action)] * len(runs)) for name, action in given.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="clinic.benchmark", description=__doc__)
    parser.add_argument(
        "--final", action="store_true", help="the held-out tasks, judged by the shipped model"
    )
    parser.add_argument(
        "--peers", action="store_true", help="also runmedic, trainspotter, trainproof (from PyPI)"
    )
    parser.add_argument("--kinds", action="store_true", help="also whole kinds of data held out in turn")
    parser.add_argument("--quick", action="store_true", help="each run alone, as it was logged, only")
    args = parser.parse_args(argv)
    runs = [run for run in load() if run.final == args.final]
    rows = judged(runs, args.final, args.kinds, args.quick) | trivial(runs)
    if args.peers:
        from clinic.peers import PEERS, answers

        rows |= {name: score(runs, answers(name, runs)) for name in PEERS}
    first = next(iter(rows.values()))
    print(f"{first.sick} sick and {first.healthy} healthy runs of {len({r.task for r in runs})} tasks\n")
    print("\n".join([HEAD, *(line(name, s) for name, s in rows.items())]))
    print(details(first))


if __name__ == "__main__":
    main()
