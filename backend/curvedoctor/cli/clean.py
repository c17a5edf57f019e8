"""`curvedoctor clean`."""

from __future__ import annotations

from typing import Any

import click

from curvedoctor.cli.options import reading, reading_of


@click.command("clean")
@reading
@click.option("--dry-run", is_flag=True, help="Print exactly what would be removed; remove nothing.")
def command(**said: Any) -> int:
    """Remove everything that `annotate` ever wrote to the runs in SOURCE, and nothing else."""
    from curvedoctor.cli.runs import read_runs
    from curvedoctor.cli.terminal import heedless
    from curvedoctor.cli.writeback import clean, report
    from curvedoctor.sinks.base import WriteOptions

    read = reading_of(said)
    origins = ((run.name, run.origin) for run in read_runs(said["sources"], read))
    options = WriteOptions(said["dry_run"])
    return report(clean(origins, options), options.dry_run, heedless)
