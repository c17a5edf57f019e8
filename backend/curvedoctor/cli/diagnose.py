"""`curvedoctor diagnose`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curvedoctor.cli.options import FILE, Given, examples, judging, options_of, output
from curvedoctor.reports import formats

if TYPE_CHECKING:
    from curvedoctor.cli.results import Results
    from curvedoctor.settings import Settings


@click.command(
    "diagnose",
    epilog=examples(
        "diagnose",
        ("runs/", "every run below a TensorBoard logdir"),
        ("mlruns sqlite:///mlflow.db", "MLflow: folders, databases, servers"),
        ("runs/ -o report.html", "a report to pass on; .json, .csv, .md and others likewise"),
        ("runs/ --fail-on error", "a gate for CI"),
        ("runs/ --condition 'Overfitting'", "one condition only"),
    ),
)
@judging
@click.option("--format", type=click.Choice(formats()), default="table", show_default=True)
@output(".html, .json, .csv …")
@click.option(
    "--resume",
    is_flag=True,
    help="Keep the runs that --output already holds (jsonl, parquet), append the rest.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "undetermined"]),
    help="Exit with 1 if there is a finding of this severity or more (with undetermined: unless "
    "every run is healthy), with 2 if anything could not be read.",
)
@click.option("--baseline", type=FILE, help="Findings in this file are known.")
@click.option("--write-baseline", type=FILE, help="Write all findings here.")
@click.option("--no-cache", is_flag=True, help="Judge anew what did not change since the last time, too.")
@click.pass_obj
def command(settings: Settings, /, **kwargs: Any) -> int:
    """Diagnose every run in SOURCE and print what was found. Writes nothing to it."""
    from curvedoctor.cli.results import Results
    from curvedoctor.cli.terminal import Progress, format_of
    from curvedoctor.known import Known, read_baseline
    from curvedoctor.reports.base import wanted

    kwargs["format"] = format_of(kwargs["format"], kwargs["output"], formats())
    refuse_binary(kwargs["format"], kwargs["output"])
    baseline = read_baseline(kwargs["baseline"]) if kwargs["baseline"] else {}
    cached = not kwargs["no_cache"]
    options = replace(options_of(kwargs, settings), curves=wanted(kwargs["format"]), memory=cached)
    options = replace(options, read=replace(options.read, cached=cached))
    results = Results(kwargs["sources"], options, Known(settings.rules, baseline), Progress())
    present(results, settings, kwargs)
    results.remind()
    return results.code(kwargs["fail_on"])


def refuse_binary(form: str, output: Path | None) -> None:
    """Raises `UsageError` where bytes would go to a terminal."""
    import sys

    from curvedoctor.errors import UsageError
    from curvedoctor.reports.base import binary

    if output is None and sys.stdout.isatty() and binary(form):
        raise UsageError(
            f"--format {form} is nothing for a terminal: name a file with --output, such as -o runs.{form}"
        )


def present(results: Results, settings: Settings, kwargs: Given) -> None:
    """Write the results where and how the user wants them."""
    from collections import Counter

    from curvedoctor.cli.resume import kept, recorded
    from curvedoctor.cli.terminal import emit, output_style, save
    from curvedoctor.reports.base import get

    output, form = kwargs["output"], kwargs["format"]
    done = kept(output, form) if kwargs["resume"] else Counter()
    if form == "parquet" and output is not None:
        _journaled(results, kwargs)
        return
    items = recorded(results, done, kwargs["write_baseline"])
    render = get(form).render(items, output_style(settings.primary, to_file=output is not None))
    if output is None:
        emit(render)
    else:
        save(render, output, append=kwargs["resume"], lasting=form == "jsonl")


def _journaled(results: Results, kwargs: Given) -> None:
    """Write a Parquet file that is whole, or what `--resume` goes on from."""
    from curvedoctor.cli.journal import Journal
    from curvedoctor.cli.resume import recorded
    from curvedoctor.cli.terminal import save
    from curvedoctor.reports.as_parquet import file_of

    journal = Journal(kwargs["output"], kwargs["resume"])
    items = recorded(results, journal.done, kwargs["write_baseline"])
    save(file_of(journal.rows(items)), kwargs["output"])
    journal.remove()
