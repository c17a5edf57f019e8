"""The Python interface; `curvedoctor` itself exports it.

>>> import curvedoctor
>>> for diagnosis in curvedoctor.diagnose("runs"):              # doctest: +SKIP
...     print(diagnosis.run.name, diagnosis.verdict)
>>> curvedoctor.diagnose_curves({"train/loss": losses}, params={"lr": 0.1})   # doctest: +SKIP
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from curvedoctor.diagnoses import Diagnoses
from curvedoctor.engine import Options, diagnose_runs, diagnose_sources
from curvedoctor.errors import SourceError, UsageError
from curvedoctor.model import SEVERITIES, Axis, Diagnosis, ParamValue, Problem, Role, Severity
from curvedoctor.sources.base import ReadOptions

Source = str | os.PathLike[str]


class ReadWarning(UserWarning):
    """Something in a source could not be read; the rest was used."""


def diagnose(
    source: Source | Sequence[Source] | None = None,
    *,
    run: str | None = None,
    experiment: str | None = None,
    filter: str | None = None,
    params: Mapping[str, ParamValue] | None = None,
    roles: Mapping[str, Role | str] | None = None,
    conditions: Sequence[str] = (),
    alone: bool = False,
    jobs: int = 1,
    backend: str = "loky",
    on_problem: Callable[[Problem], None] | None = None,
) -> Diagnoses:
    """Diagnose every run at `source` (one or several), ordered by run; nothing is written. Without a source,
    the run that MLflow is logging to just now.

    Returns a sequence that is made as it is read: iterate over it, index it, show it in a notebook, or take
    its `.to_frame()` and `.compare()`. The options are those of the command line; a role may be given as
    "val:accuracy:higher". What could not be read goes to `on_problem`; without one, it is a `ReadWarning`.
    Raises `SourceError` if nothing can be read at all, `UsageError` for options that make no sense.
    """
    if source is None:
        from curvedoctor.sources.mlflow.active import active_run

        source, run = active_run()
    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    options = Options(
        read=ReadOptions(run, experiment, filter, dict(params or {})),
        conditions=checked(conditions),
        roles={key: role_of(key, role) for key, role in (roles or {}).items()},
        alone=alone,
        jobs=jobs,
        backend=backend,
    )
    results = diagnose_sources([os.fspath(each) for each in sources], options)
    return Diagnoses(_reported(results, on_problem))


def _reported(
    results: Iterable[Diagnosis | Problem], on_problem: Callable[[Problem], None] | None
) -> Iterator[Diagnosis]:
    """The diagnoses; problems are handed over, or are warnings."""
    for result in results:
        if isinstance(result, Diagnosis):
            yield result
        elif on_problem is not None:
            on_problem(result)
        else:
            warnings.warn(f"{result.where}: {result.what}", ReadWarning, stacklevel=5)


def diagnose_curves(
    curves: object,
    params: Mapping[str, Any] | None = None,
    *,
    name: str = "run",
    axis: Axis | None = None,
    roles: Mapping[str, Role | str] | None = None,
    conditions: Sequence[str] = (),
) -> Diagnosis:
    """Diagnose one run that is in memory, or in a history file.

    `curves` is a dict of arrays of shape (n,), of (steps, values) or of pandas Series; a pandas frame; a
    Keras history or its `.history`; Hugging Face's `log_history` or trainer state; or the path of a
    `trainer_state.json`, Lightning's `metrics.csv`, Ultralytics' `results.csv` and the like. `axis` says
    what its steps count. Raises `UsageError` if that holds no curves, `SourceError` for an unreadable file.
    """
    corrections = {key: role_of(key, role) for key, role in (roles or {}).items()}
    options = Options(conditions=checked(conditions), roles=corrections)
    if isinstance(curves, str | os.PathLike):
        from curvedoctor.params import recognize

        given = recognize(dict(params or {}))
        diagnoses = list(diagnose(curves, params=given, roles=corrections, conditions=conditions))
        if len(diagnoses) != 1:
            raise SourceError(
                f"{os.fspath(curves)}: holds {len(diagnoses)} runs, not one: use "
                "curvedoctor.diagnose, which yields them all"
            )
        return diagnoses[0]
    from curvedoctor.intake import run_of

    return diagnose_runs([run_of(curves, params, name, axis)], options)[0]


def checked(conditions: Sequence[str]) -> tuple[str, ...]:
    """`conditions` (ids or titles) as ids, all known. Raises `UsageError`."""
    if isinstance(conditions, str):
        conditions = (conditions,)
    if conditions:
        from curvedoctor.conditions.base import all_conditions
        from curvedoctor.reports.phrases import identifier

        known = {name: identifier(name) for name in conditions}
        unknown = sorted(name for name, condition_id in known.items() if condition_id is None)
        if unknown:
            raise UsageError(f"there is no condition {unknown[0]!r}: known are {', '.join(all_conditions())}")
        return tuple(condition_id for condition_id in known.values() if condition_id is not None)
    return ()


def role_of(key: str, role: Role | str) -> Role:
    """A role, also from its text. Raises `UsageError`."""
    if isinstance(role, Role):
        return role
    from curvedoctor.roles.override import parse_role

    try:
        return parse_role(f"{key}={role}")[1]
    except ValueError as error:
        raise UsageError(str(error)) from None


def assert_healthy(
    source: Source | Sequence[Source], *, fail_on: Severity = "warning", **options: Any
) -> None:
    """For tests: fail if a run at `source` has a finding of severity `fail_on` or more.

    `options` are those of `diagnose`. Raises `AssertionError` that says what was found and what to try,
    `SourceError` if there is no run.
    """
    __tracebackhide__ = True
    if fail_on not in SEVERITIES:
        raise UsageError(f"fail_on={fail_on!r} must be one of {', '.join(SEVERITIES)}")
    heavy = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    diagnoses = list(diagnose(source, **options))
    if not diagnoses:
        raise SourceError(f"no run was found in {source}")
    sentences = []
    for diagnosis in diagnoses:
        weighty = tuple(finding for finding in diagnosis.findings if finding.severity in heavy)
        if weighty:
            sentences.append(sentence(replace(diagnosis, findings=weighty)))
    if sentences:
        raise AssertionError(
            f"{len(sentences)} of {len(diagnoses)} runs are not healthy:\n" + "\n".join(sentences)
        )


def sentence(diagnosis: Diagnosis) -> str:
    """A run's findings and its first prescription in one line."""
    from curvedoctor.reports.text import safe

    summaries = "; ".join(f"{finding.condition}: {finding.summary}" for finding in diagnosis.findings)
    first = f" Try first: {diagnosis.prescriptions[0].text}" if diagnosis.prescriptions else ""
    return safe(f"{diagnosis.run.name}: {summaries}{first}")
