"""Options that several commands share, and what their values mean."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from curvedoctor.address import Address
from curvedoctor.errors import UsageError

if TYPE_CHECKING:
    from curvedoctor.engine import Options
    from curvedoctor.model import ParamValue, Role
    from curvedoctor.settings import Settings
    from curvedoctor.sources.base import ReadOptions

F = TypeVar("F", bound=Callable[..., object])
Decorator = Callable[[Any], Any]
#: options by name, as click gives them
Given = dict[str, Any]

#: where a context notes that no SOURCE was given
DEFAULT = "curvedoctor.default-source"


def _given(
    ctx: click.Context, parameter: click.Parameter, sources: tuple[Address, ...]
) -> tuple[Address, ...]:
    """What was given; without anything, the store that MLflow's own variables name."""
    if sources or ctx.resilient_parsing:
        return sources
    from curvedoctor.sources.mlflow.uri import named_store

    store = named_store()
    if store is None:
        raise click.MissingParameter(ctx=ctx, param=parameter)
    ctx.meta[DEFAULT] = True
    return (store,)


READING: tuple[Decorator, ...] = (
    click.argument("sources", metavar="SOURCE...", nargs=-1, type=Address, callback=_given),
    click.option("--run", metavar="GLOB", help="Only runs whose name (or MLflow run id) matches."),
    click.option("--experiment", metavar="NAME", help="Only this MLflow experiment."),
    click.option("--filter", metavar="FILTER", help="Only runs that match this MLflow filter."),
    click.option(
        "--param", multiple=True, metavar="KEY=VALUE", help="A fact that the log lacks, such as n_val=1000."
    ),
    click.option("--columns", metavar="A,B,…", help="What the columns of a table without a header are."),
    click.option("--role", multiple=True, metavar="ID=SPLIT:QUANTITY:BETTER", help="Correct a curve's role."),
)
JUDGING: tuple[Decorator, ...] = (
    click.option(
        "--condition",
        multiple=True,
        metavar="ID",
        help="Judge only this condition, by id or title (repeatable).",
    ),
    click.option("--alone", is_flag=True, help="Take no evidence from siblings, and read none beside --run."),
    click.option(
        "--jobs", type=click.IntRange(min=0), default=1, metavar="N", help="Processes; 0 for one per core."
    ),
    click.option(
        "--backend", type=click.Choice(["loky", "dask", "ray"]), default="loky", help="Where they run."
    ),
)


FILE = click.Path(dir_okay=False, path_type=Path)


def output(endings: str) -> Decorator:
    """`--output`."""
    what = f"Write here, not to stdout; its name ({endings}) chooses the format."
    return click.option("--output", "-o", type=FILE, help=what)


def examples(command: str, *lines: tuple[str, str]) -> str:
    """Examples for the end of a command's help page: arguments, and what they do."""
    width = max(len(arguments) for arguments, _ in lines)
    rows = [f"  curvedoctor {command} {arguments:<{width}}  {what}".rstrip() for arguments, what in lines]
    # the mark keeps click from filling the lines into a paragraph
    return "\b\nExamples:\n" + "\n".join(rows)


def reading(function: F) -> F:
    """SOURCE… and what is read of it."""
    return together(READING, function)


def judging(function: F) -> F:
    """SOURCE…, what is read of it, and how it is judged."""
    return together((*READING, *JUDGING), function)


def together(decorators: Sequence[Decorator], function: F) -> F:
    """`function` with all `decorators`, in the order of the help page."""
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def read_of(kwargs: Given) -> ReadOptions:
    """What is to be read. MLflow's variable for the experiment goes with its variable for the store."""
    import os

    from curvedoctor.sources.base import ReadOptions

    experiment = kwargs["experiment"]
    if experiment is None and click.get_current_context().meta.get(DEFAULT):
        experiment = (
            os.environ.get("MLFLOW_EXPERIMENT_NAME") or os.environ.get("MLFLOW_EXPERIMENT_ID") or None
        )
    columns = tuple(name.strip() for name in (kwargs.get("columns") or "").split(",") if name.strip())
    return ReadOptions(kwargs["run"], experiment, kwargs["filter"], params_of(kwargs["param"]), columns)


def params_of(pairs: Sequence[str]) -> dict[str, ParamValue]:
    """`--param` values. Raises `UsageError` for what is no hyperparameter."""
    from curvedoctor.params import parse_param

    try:
        return dict(parse_param(pair) for pair in pairs)
    except ValueError as error:
        raise UsageError(f"--param: {error}") from None


def roles_of(pairs: Sequence[str]) -> dict[str, Role]:
    """`--role` values: curve id (or pattern) → role. Raises `UsageError` for what is no role."""
    from curvedoctor.roles.override import parse_role

    try:
        return dict(parse_role(pair) for pair in pairs)
    except ValueError as error:
        raise UsageError(f"--role: {error}") from None


def conditions_of(names: Sequence[str]) -> tuple[str, ...]:
    """`--condition` values: ids or titles, also comma-separated. Raises `UsageError` for an unknown one."""
    return tuple(condition_of(name.strip()) for listed in names for name in listed.split(",") if name.strip())


def condition_of(name: str) -> str:
    """The condition with this id or title. Raises `UsageError`."""
    from curvedoctor.reports.phrases import identifier

    condition_id = identifier(name)
    if condition_id is None:
        raise _unknown(name, "condition", _words())
    return condition_id


def explained(name: str) -> tuple[Literal["condition", "action"], str]:
    """What a name that surfaces print is, and its id. Raises `UsageError`."""
    from curvedoctor.actions import ACTIONS
    from curvedoctor.reports.phrases import identifier

    condition, action = identifier(name), "-".join(name.lower().split())
    if condition is not None:
        return "condition", condition
    if action in ACTIONS:
        return "action", action
    raise _unknown(name, "condition or action", {**_words(), **{each: each for each in ACTIONS}})


def _words() -> dict[str, str]:
    """Ids and titles of conditions → ids."""
    from curvedoctor.conditions.base import all_conditions
    from curvedoctor.reports.phrases import title

    return {word.lower(): each for each in all_conditions() for word in (each, title(each))}


def _unknown(name: str, what: str, known: Mapping[str, str]) -> UsageError:
    near = difflib.get_close_matches(name.lower(), known, n=1)
    advice = f"did you mean {known[near[0]]!r}?" if near else "curvedoctor explain lists them"
    return UsageError(f"there is no {what} {name!r}: {advice}")


def options_of(kwargs: Given, settings: Settings) -> Options:
    """The command line and the settings file, for the engine. Raises `UsageError`."""
    from curvedoctor.engine import Options

    return Options(
        read=read_of(kwargs),
        conditions=conditions_of(kwargs.get("condition", ())),
        roles=roles_of(kwargs["role"]),
        primary=settings.primary,
        alone=kwargs.get("alone", False),
        jobs=kwargs.get("jobs", 1),
        backend=kwargs.get("backend", "loky"),
    )
