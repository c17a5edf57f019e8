"""`curvedoctor annotate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from curvedoctor.cli.exits import PARTLY
from curvedoctor.cli.options import examples, judging, options_of

if TYPE_CHECKING:
    from curvedoctor.settings import Settings


@click.command(
    "annotate",
    epilog=examples(
        "annotate",
        ("runs/ --dry-run", "what would be written, and where"),
        ("runs/", "beside every run; TensorBoard's Text tab shows it"),
        ("mlruns --note", "MLflow: tags, artifacts, and a note in the description"),
    ),
)
@judging
@click.option("--dry-run", is_flag=True, help="Print exactly what would change; change nothing.")
@click.option("--note", is_flag=True, help="Also write a block into the description of MLflow runs.")
@click.option("--pictures", is_flag=True, help="Also write the annotated curve for TensorBoard's Images tab.")
@click.option(
    "--hparams",
    is_flag=True,
    help="Also write two numbers per run, verdict and severity, for TensorBoard's HParams.",
)
@click.option(
    "--overlay",
    is_flag=True,
    help="Also draw the curve without its noise, and where it is heading, over TensorBoard's own chart.",
)
@click.pass_obj
def command(settings: Settings, /, **kwargs: Any) -> int:
    """Diagnose every run in SOURCE and write the diagnosis back to it.

    MLflow runs get tags and artifacts, TensorBoard runs a sub-directory of their own, with the diagnosis
    as text; charts and tables stay as they are unless you ask. Nothing that you logged is changed;
    `curvedoctor clean` removes it all. Repeating it changes nothing.
    """
    from curvedoctor.cli.results import Results
    from curvedoctor.cli.terminal import Progress, print_best_effort
    from curvedoctor.cli.writeback import report
    from curvedoctor.known import Known
    from curvedoctor.model import Diagnosis
    from curvedoctor.sinks.base import WriteOptions
    from curvedoctor.sinks.writeback import annotate

    results = Results(kwargs["sources"], options_of(kwargs, settings), Known(settings.rules), Progress())
    options = WriteOptions(
        kwargs["dry_run"], kwargs["note"], kwargs["overlay"], kwargs["pictures"], kwargs["hparams"]
    )
    diagnoses = (result for result in results if isinstance(result, Diagnosis))
    code = report(annotate(diagnoses, options), options.dry_run, print_best_effort)
    results.remind()
    return PARTLY if results.lost else code
