"""The command group: finds its commands among the modules of this package."""

from __future__ import annotations

import importlib
import importlib.util

import click

from curvedoctor.version import __version__

#: in the order of the help page; one whose module is not there is not offered
COMMANDS = ("diagnose", "annotate", "clean", "watch", "compare", "explain", "roles", "demo")


class Commands(click.Group):
    """Loads a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands that are installed."""
        return [name for name in COMMANDS if importlib.util.find_spec(f"{__package__}.{name}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{__package__}.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for a mistyped one."""
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            advice = (
                f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(self.list_commands(ctx))}"
            )
            ctx.fail(f"there is no command {args[0]!r}: {advice}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A SOURCE is a TensorBoard logdir or event file, an mlruns folder, an MLflow database or server, "
    "a training history (CSV, JSON, JSONL …), a console log, a run of W&B or trackio, - "
    "for what is piped in, or a remote path (s3://, gs://).",
)
@click.version_option(__version__, prog_name="curvedoctor", message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Read training curves, say what went wrong, and prescribe the one change to try first."""
    from curvedoctor.settings import load

    if ctx.resilient_parsing:
        return
    settings = load()
    ctx.obj = settings
    ctx.default_map = {name: dict(settings.options) for name in COMMANDS}
    for name in ("roles", "compare"):  # their formats are others
        ctx.default_map[name].pop("format", None)
