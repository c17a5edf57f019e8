"""What an interrupted `diagnose` left, and what a finished one leaves for the next."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from curvedoctor.errors import UsageError
from curvedoctor.known import remembered, write_baseline
from curvedoctor.model import Diagnosis, Problem, Severity
from curvedoctor.reports.as_json import text


def kept(output: Path | None, form: str) -> Counter[tuple[str, str]]:
    """(source, run) of the runs that `output` holds; a line cut short is cut off. Raises `UsageError`."""
    if output is None or form != "jsonl":
        raise UsageError(
            "--resume needs --format jsonl and --output FILE: only whole lines can be gone on from"
        )
    if not output.exists():
        return Counter()
    runs: Counter[tuple[str, str]] = Counter()
    with output.open("r+b") as file:
        intact = 0
        for line in file:
            if not line.endswith(b"\n"):
                break
            try:
                run = json.loads(line)
                runs[run["source"], run["run"]] += 1
            except (ValueError, KeyError, TypeError):
                break
            intact += len(line)
        if file.read(1) and intact == 0:
            raise UsageError(f"{output}: this is no output of --format jsonl: it is left as it is")
        file.truncate(intact)
    return runs


def recorded(
    results: Iterable[Diagnosis | Problem], done: Counter[tuple[str, str]], baseline: Path | None
) -> Iterator[Diagnosis | Problem]:
    """`results` without those that are `done`; at the end all of their findings are written to `baseline`."""
    found: set[tuple[str, str, Severity]] = set()
    for result in results:
        if isinstance(result, Diagnosis):
            if baseline is not None:
                found |= remembered(result)
            key = text(result.run.source), text(result.run.name)
            if done[key] > 0:
                done[key] -= 1
                continue
        yield result
    if baseline is not None:
        write_baseline(baseline, found)
