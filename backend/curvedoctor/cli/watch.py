"""`curvedoctor watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from curvedoctor.cli.options import examples, judging, options_of

if TYPE_CHECKING:
    from curvedoctor.settings import Settings


@click.command(
    "watch",
    epilog=examples(
        "watch",
        ("runs/", "tell what changes"),
        ("runs/ --notify 'notify-send curvedoctor'", "call a program on a new finding"),
        ("runs/ --annotate", "write what changed beside the runs"),
    ),
)
@judging
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    help="Seconds between looks.",
)
@click.option("--times", type=click.IntRange(min=1), help="Look this many times, then stop.")
@click.option("--annotate", "write", is_flag=True, help="Also write a diagnosis back when it changed.")
@click.option(
    "--notify", metavar="CMD", help="Run this on a new finding; it is told by environment and on stdin."
)
@click.option(
    "--notify-on", type=click.Choice(["error", "warning", "info"]), default="warning", show_default=True,
    help="The least severity that --notify is for.",
)  # fmt: skip
@click.pass_obj
def command(settings: Settings, /, **kwargs: Any) -> int:
    """Keep diagnosing while the runs in SOURCE grow; say what changed, and when.

    CMD runs without a shell; CURVEDOCTOR_RUN, _SOURCE, _CONDITION, _SEVERITY, _SUMMARY and _PRESCRIPTION
    are in its environment, the whole diagnosis as JSON on its standard input.
    """
    from curvedoctor.cli.watching import Watch
    from curvedoctor.known import Known

    watch = Watch(
        kwargs["sources"], options_of(kwargs, settings), Known(settings.rules), write=kwargs["write"]
    )
    watch.notify = kwargs["notify"]
    watch.notify_on = kwargs["notify_on"]
    watch.keep(kwargs["interval"], kwargs["times"])
    return 0
