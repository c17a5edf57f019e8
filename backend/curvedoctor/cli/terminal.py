"""What the terminal can show; messages and progress on stderr; output on stdout."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from curvedoctor.address import hidden
from curvedoctor.reports.text import ascii_only, safe

if TYPE_CHECKING:
    from curvedoctor.reports.base import OutputStyle

#: columns
WIDTH, NARROWEST = 80, 40
#: seconds between two redrawings of the progress
PACE = 0.1


def print_error(message: str) -> None:
    """One line on stderr, harmless whatever the message holds."""
    line = f"curvedoctor: {safe(hidden(message))}"
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write((line if unicode(sys.stderr) else ascii_only(line)) + "\n")
        sys.stderr.flush()


def unicode(stream: IO[str]) -> bool:
    """Whether `stream` can carry more than ASCII."""
    return (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")


def color(stream: IO[str]) -> bool:
    """Whether `stream` wants colours: a terminal that is not dumb, unless NO_COLOR or FORCE_COLOR decide."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def output_style(primary: str | None = None, to_file: bool = False) -> OutputStyle:
    """How output on stdout (or in a file) is to look."""
    from curvedoctor.reports.base import OutputStyle

    if to_file:
        return OutputStyle(WIDTH, False, True, False, primary, command())
    width = max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST)
    return OutputStyle(width, color(sys.stdout), unicode(sys.stdout), sys.stdout.isatty(), primary, command())


def command() -> str:
    """The command line, without where its output goes, and without credentials in addresses."""
    shown: list[str] = []
    skip = False
    for argument in sys.argv[1:]:
        name = argument.partition("=")[0]
        if not skip and name not in {"-o", "--output"}:
            shown.append(re.sub(r"(?<=://)[^/@\s]+@", "", argument))
        skip = not skip and argument in {"-o", "--output"}
    return shlex.join(["curvedoctor", *shown])


#: what a file is to hold, by the end of its name
ENDINGS = {
    ".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet", ".html": "html", ".htm": "html",
    ".sarif": "sarif", ".xml": "junit", ".md": "markdown", ".txt": "table", ".log": "table",
}  # fmt: skip


def format_of(asked: str, output: Path | None, formats: Sequence[str]) -> str:
    """The format: as said on the command line, else as the output's name says, else as set.

    Raises `UsageError` for an ending that no format has: what is in a file should be what its name says.
    """
    import click

    from curvedoctor.errors import UsageError

    given = click.get_current_context().get_parameter_source("format")
    if given is click.core.ParameterSource.COMMANDLINE or output is None or not output.suffix:
        return asked
    ending = ENDINGS.get(output.suffix.lower())
    if ending is not None and ending in formats:
        return ending
    known = ", ".join(name for name, form in ENDINGS.items() if form in formats)
    raise UsageError(
        f"{output.name}: no format here has the ending {output.suffix}: use one of {known}, or say --format"
    )


def emit(chunks: Iterator[str] | Iterator[bytes], encoding: str = "utf-8") -> None:
    """Write chunks to stdout, each as soon as it is there."""
    for chunk in chunks:
        if isinstance(chunk, str):
            chunk = chunk.encode(encoding, "backslashreplace")
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def emit_line(line: str) -> None:
    """One line of text on stdout."""
    encoding = sys.stdout.encoding if unicode(sys.stdout) else "ascii"
    emit(iter([(line if unicode(sys.stdout) else ascii_only(line)) + "\n"]), encoding)


def print_best_effort(line: str) -> None:
    """As `emit_line`, but a reader that has gone away stops nothing: work on a store is always finished."""
    try:
        emit_line(line)
    except BrokenPipeError:
        quiet_stdout()


def save(
    chunks: Iterator[str] | Iterator[bytes], path: Path, append: bool = False, lasting: bool = False
) -> None:
    """Write chunks to `path`: all or nothing, unless it is appended to, or `lasting`. Raises `OSError`.

    Lasting chunks stay, each as soon as it is there, whatever becomes of the rest: `--resume` goes on
    from them. What was in the file before goes when the first one is there.
    """
    if append or lasting:
        save_each(chunks, path, append)
        return
    whole = not path.exists() or path.is_file()
    target = path.with_name(f".{path.name}.{os.getpid()}.part") if whole else path
    try:
        with target.open("wb") as file:
            for chunk in chunks:
                file.write(chunk.encode("utf-8", "backslashreplace") if isinstance(chunk, str) else chunk)
        if whole:
            target.replace(path)
    except BaseException:
        if whole:
            target.unlink(missing_ok=True)
        raise


def save_each(chunks: Iterator[str] | Iterator[bytes], path: Path, append: bool) -> None:
    """Write chunks to `path`, each at once."""
    first = next(chunks, b"")
    with path.open("ab" if append else "wb", buffering=0) as file:
        for chunk in itertools.chain([first], chunks):
            data = chunk.encode("utf-8", "backslashreplace") if isinstance(chunk, str) else chunk
            while data:
                data = data[file.write(data) :]


def quiet_stdout() -> None:
    """Keep Python from complaining about a closed pipe when it exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Progress:
    """A line on stderr that counts runs: only on a terminal, gone when done."""

    def __init__(self, shown: bool = True) -> None:
        self.shown = shown and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.started = time.monotonic()
        self.drawn = 0.0

    def __call__(self, runs: int) -> None:
        """Show that `runs` have been judged."""
        now = time.monotonic()
        if self.shown and now - self.drawn >= PACE:
            self.drawn = now
            pace = runs / max(now - self.started, PACE)
            sys.stderr.write(f"\r\x1b[K{runs} run{'s' * (runs != 1)} judged, {pace:.0f} per second")
            sys.stderr.flush()

    def wipe(self) -> None:
        """Take the line away, for other output."""
        if self.shown and self.drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self.drawn = 0.0
