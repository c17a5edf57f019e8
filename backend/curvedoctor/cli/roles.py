"""`curvedoctor roles`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from curvedoctor.cli.options import examples, read_of, reading, roles_of

if TYPE_CHECKING:
    from curvedoctor.model import Role, Run
    from curvedoctor.reports.base import OutputStyle

Row: TypeAlias = dict[str, Any]
COLUMNS = ("run", "curve", "tag", "split", "quantity", "better", "granularity", "points", "why")


@click.command(
    "roles",
    epilog=examples(
        "roles",
        ("runs/", "what each curve is taken to measure, and why"),
        ("runs/ --format csv", "for a spreadsheet"),
    ),
)
@reading
@click.option("--format", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
def command(**kwargs: Any) -> int:
    """Show what every curve in SOURCE is taken to measure, and why.

    A wrong one is corrected with --role, or under role = {…} in the settings file.
    """
    from curvedoctor.cli.runs import read_runs
    from curvedoctor.cli.terminal import emit, output_style

    rows = listing(read_runs(kwargs["sources"], read_of(kwargs)), roles_of(kwargs["role"]))
    writers = {"json": as_json, "csv": as_csv}
    writer = writers.get(kwargs["format"])
    emit(writer(rows) if writer else as_table(rows, output_style()))
    return 0


def listing(runs: Iterable[Run], corrections: dict[str, Role]) -> Iterator[Row]:
    """One row per curve, in the order of runs and curves."""
    from curvedoctor.roles.override import override

    for run in runs:
        for curve in override(run.curves, corrections):
            role = curve.role
            yield {
                "run": run.name,
                "curve": curve.id,
                "tag": curve.tag,
                "split": role.split,
                "quantity": role.quantity,
                "better": role.better,
                "granularity": role.granularity,
                "points": len(curve),
                "why": list(role.why),
            }


def as_json(rows: Iterable[Row]) -> Iterator[str]:
    """One list."""
    from curvedoctor.reports.as_json import dumps, plain

    yield dumps(plain(list(rows)), indent=2) + "\n"


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """A header, and a row per curve."""
    from curvedoctor.reports.as_csv import written

    return written(([{**row, "why": "; ".join(row["why"])}] for row in rows), COLUMNS)


def as_table(rows: Iterable[Row], style: OutputStyle) -> Iterator[str]:
    """A heading per run, a line per curve: id, role, reasons."""
    from itertools import groupby

    from curvedoctor.reports.details import named
    from curvedoctor.reports.text import Paint, ascii_only, cells, pad, safe

    paint = Paint(style.color)
    for run, members in groupby(rows, key=lambda row: str(row["run"])):
        curves = list(members)
        widest = max(cells(safe(row["curve"])) for row in curves)
        width = min(widest, style.width * 2 // 5) if style.cut else widest
        lines = [paint(named(run, style.width, style), "bold")]
        for row in curves:
            role = ":".join(row[key] for key in ("split", "quantity", "better"))
            name = pad(named(row["curve"], width, style), width)
            why = safe("; ".join(row["why"]))
            room = max(style.width - width - 28, 10)
            why = why if cells(why) <= room or not style.cut else why[: room - 3].rstrip() + "..."
            lines.append(f"  {name}  {pad(role, 22)}  {paint(why, 'dim')}")
        for line in [*lines, ""]:
            yield (line if style.unicode else ascii_only(line)).rstrip() + "\n"
