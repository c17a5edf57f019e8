"""`curvedoctor demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curvedoctor.cli.options import examples

if TYPE_CHECKING:
    from curvedoctor.settings import Settings


@click.command(
    "demo",
    epilog=examples(
        "demo",
        ("", "six tiny trainings in curvedoctor-demo"),
        ("trained", "in another folder"),
    ),
)
@click.argument(
    "folder", metavar="[DIR]", default="curvedoctor-demo", type=click.Path(file_okay=False, path_type=Path)
)
@click.pass_obj
def command(settings: Settings, /, folder: Path) -> int:
    """Train a handful of tiny real models that go wrong in different ways, log and diagnose them.

    The logs go to DIR, curvedoctor-demo if it is not given, with a report to look at. It takes well under a
    minute.
    """
    # before numpy comes in: threads cost more than they bring on matrices this small
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from curvedoctor.cli.results import Results
    from curvedoctor.cli.terminal import emit, emit_line, output_style, print_error, save
    from curvedoctor.demo.runs import train_all
    from curvedoctor.engine import Options
    from curvedoctor.known import Known
    from curvedoctor.reports.base import get

    print_error(f"training six small networks, five of them wrong on purpose; logs go to {folder}")
    for recipe in train_all(folder):
        print_error(f"trained {recipe.name} ({recipe.wrong})")
    results = list(Results([str(folder)], Options(), Known()))
    emit(get("table").render(results, output_style(settings.primary)))
    report = folder / "report.html"
    save(get("html").render(results, output_style(settings.primary, to_file=True)), report)
    for line in next_steps(str(folder), report.resolve().as_uri()):
        emit_line(line)
    return 0


def next_steps(folder: str, report: str) -> list[str]:
    """What to look at next."""
    import shlex

    here, board, doctor = shlex.quote(folder), program("tensorboard"), program("curvedoctor")
    steps = (
        ("See the curves, with what is wrong drawn in", report),
        ("The same in TensorBoard's Diagnosis tab", f"{board} --logdir {here}"),
        ("Write the diagnoses beside the runs (clean takes them away again)", f"{doctor} annotate {here}"),
        ("Diagnose your own logs", f"{doctor} diagnose LOGDIR"),
    )
    return ["", "Next:", *(line for what, how in steps for line in (f"  {what}:", f"    {how}"))]


def program(name: str) -> str:
    """How to call a program that was installed with this one: by its path, where PATH does not find it."""
    import shlex
    import shutil
    import sys

    beside = Path(sys.argv[0]).with_name(name)
    return shlex.quote(str(beside)) if shutil.which(name) is None and beside.is_file() else name
