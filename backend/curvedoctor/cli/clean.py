"""`curvedoctor clean`."""

from __future__ import annotations

from typing import Any

import click

from curvedoctor.cli.options import examples, params_of, reading


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
def command(**said: Any) -> int:
    """Remove everything that `annotate` ever wrote to the runs in SOURCE, and nothing else."""
    from curvedoctor.cli.runs import read_runs
    from curvedoctor.cli.terminal import heedless
    from curvedoctor.cli.writeback import clean, report
    from curvedoctor.sinks.base import WriteOptions
    from curvedoctor.sources.base import ReadOptions

    read = ReadOptions(said["run"], said["experiment"], said["filter"], params_of(said["param"]))
    origins = ((run.name, run.origin) for run in read_runs(said["sources"], read))
    options = WriteOptions(said["dry_run"])
    return report(clean(origins, options), options.dry_run, heedless)
