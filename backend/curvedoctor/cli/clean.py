"""`curvedoctor clean`."""

from __future__ import annotations

from typing import Any

import click

from curvedoctor.cli.exits import PARTLY
from curvedoctor.cli.options import examples, read_of, reading


@click.command(
    "clean",
    epilog=examples(
        "clean",
        ("runs/ --dry-run", "what would be removed"),
        ("runs/", "all that annotate ever wrote"),
    ),
)
@reading
@click.option("--dry-run", is_flag=True, help="Print exactly what would be removed; remove nothing.")
def command(**kwargs: Any) -> int:
    """Remove everything that `annotate` ever wrote to the runs in SOURCE, and nothing else."""
    from curvedoctor.cli.runs import read_runs
    from curvedoctor.cli.terminal import print_best_effort
    from curvedoctor.cli.writeback import report
    from curvedoctor.model import Problem
    from curvedoctor.sinks.base import WriteOptions
    from curvedoctor.sinks.writeback import clean

    problems: list[Problem] = []
    origins = ((run.name, run.origin) for run in read_runs(kwargs["sources"], read_of(kwargs), problems))
    options = WriteOptions(kwargs["dry_run"])
    code = report(clean(origins, options), options.dry_run, print_best_effort)
    return PARTLY if any(problem.lost for problem in problems) else code
