"""What an interrupted `diagnose` left, and what a finished one leaves for the next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from curvedoctor.errors import UsageError
from curvedoctor.known import remembered, write_baseline
from curvedoctor.model import Diagnosis, Problem, Severity
from curvedoctor.reports.as_json import text


def kept(output: Path | None, form: str) -> Counter[tuple[str, str]]:
    """(source, run) of the runs that `output` holds; a line cut short is cut off. Raises `UsageError`."""
    if output is None or form not in ("jsonl", "parquet"):
        raise UsageError(
            "--resume needs --format jsonl or parquet, and --output FILE: only whole runs can be gone on from"
        )
    if not output.exists() or form == "parquet":  # see `journal`
        return Counter()
    return Counter((run["source"], run["run"]) for run in whole_lines(output))


def whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The runs in the lines of `path`; what is no whole line is cut off.
    Raises `UsageError` for another file."""
    with path.open("r+b") as file:
        intact, last = 0, b""
        for last in file:
            if not last.endswith(b"\n"):
                break
            try:
                run = json.loads(last)
                yield {"source": run["source"], "run": run["run"]}
            except (ValueError, KeyError, TypeError):
                break
            intact += len(last)
        if intact == 0 and last and (last.endswith(b"\n") or not last.startswith(b"{")):
            raise UsageError(f"{path}: this is no output of curvedoctor: it is left as it is")
        file.truncate(intact)


def recorded(
    results: Iterable[Diagnosis | Problem], done: Counter[tuple[str, str]], baseline: Path | None
) -> Iterator[Diagnosis | Problem]:
    """`results` without those that are `done`; at the end all of their findings are written to `baseline`."""
    seen: set[tuple[str, str, Severity]] = set()
    for result in results:
        if isinstance(result, Diagnosis):
            if baseline is not None:
                seen |= remembered(result)
            key = text(result.run.source), text(result.run.name)
            if done[key] > 0:
                done[key] -= 1
                continue
        yield result
    if baseline is not None:
        write_baseline(baseline, seen)
