"""`curvedoctor compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from curvedoctor.cli.options import examples, output, reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curvedoctor.compare.types import Comparison
    from curvedoctor.reports.base import OutputStyle
    from curvedoctor.settings import Settings

FORMATS = ("table", "json", "markdown", "html")


@click.command(
    "compare",
    epilog=examples(
        "compare",
        ("runs/", "what sibling runs say together"),
        ("runs/ -o sweep.html", "the same as a page"),
        ("runs/ --metric 'val/acc*' --outcome best", "by another curve"),
    ),
)
@reading
@click.option("--format", type=click.Choice(FORMATS), default="table", show_default=True)
@output(".html, .json, .md")
@click.option(
    "--outcome",
    type=click.Choice(["final", "best"]),
    default="final",
    show_default=True,
    help="Compare the final validation loss (of a curve that fluctuates, its mean at the end), or its best.",
)
@click.option("--metric", metavar="GLOB", help="Compare by the curve whose id matches, such as 'val/acc*'.")
@click.option(
    "--together", is_flag=True, help="Compare all runs, whatever directory or experiment they are in."
)
@click.option(
    "--details",
    is_flag=True,
    help="All values with their intervals, and the steps to a learning rate (table).",
)
@click.pass_obj
def command(settings: Settings, /, **kwargs: Any) -> int:
    """Say what the runs in SOURCE show together.

    Which values of a hyperparameter help and how sure that is, where the best lies at the edge of
    what was tried, which region to refine, which short runs to prolong, and the next step to do.
    """
    from curvedoctor.cli.options import options_of
    from curvedoctor.cli.results import Results
    from curvedoctor.cli.terminal import Progress, emit, format_of, output_style, save
    from curvedoctor.compare.analyze import compare
    from curvedoctor.known import Known
    from curvedoctor.model import Diagnosis

    results = Results(
        kwargs["sources"], options_of({**kwargs, "alone": True}, settings), Known(settings.rules), Progress()
    )
    diagnoses = [item for item in results if isinstance(item, Diagnosis)]
    comparison = compare(
        diagnoses,
        final=kwargs["outcome"] == "final",
        metric=kwargs["metric"] or settings.primary,
        together=kwargs["together"],
    )
    output = kwargs["output"]
    text = render(
        comparison,
        format_of(kwargs["format"], output, FORMATS),
        output_style(settings.primary, to_file=output is not None),
        details=kwargs["details"],
    )
    if output is None:
        emit(text)
    else:
        save(text, output)
    results.remind()
    return 0


def render(comparison: Comparison, form: str, style: OutputStyle, *, details: bool) -> Iterator[str]:
    """The comparison in one of FORMATS."""
    import importlib

    module = importlib.import_module(f"curvedoctor.compare.formats.as_{form}")
    rendered = module.render(comparison, style, details) if form == "table" else module.render(comparison)
    yield from ([rendered] if isinstance(rendered, str) else rendered)
