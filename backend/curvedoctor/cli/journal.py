"""What `--format parquet` keeps beside its output: an unfinished Parquet file can't be read.

One line of JSON per run, with the run's rows. A scan that was killed leaves it, `--resume` goes on from it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from curvedoctor.cli.resume import whole_lines
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.as_parquet import stored
from curvedoctor.reports.rows import Row, rows


class Journal:
    """The runs that are done, in `.NAME.rows` beside the output."""

    def __init__(self, output: Path, resume: bool) -> None:
        self._path = output.with_name(f".{output.name}.rows")
        #: (source, run) of the runs that it holds
        self.done: Counter[tuple[str, str]] = Counter()
        if not resume:
            self._path.unlink(missing_ok=True)
        elif self._path.exists():
            self.done.update((line["source"], line["run"]) for line in whole_lines(self._path))
        elif output.exists():
            self._take_over(output)

    def _take_over(self, output: Path) -> None:
        """A finished file is gone on from, too. Raises `UsageError` if it is no output of ours."""
        part = self._path.with_name(f"{self._path.name}.part")
        with part.open("w", encoding="ascii") as file:
            for stored_rows in stored(output):
                file.write(_line(stored_rows))
                self.done[str(stored_rows[0]["source"]), str(stored_rows[0]["run"])] += 1
        part.replace(self._path)

    def rows(self, results: Iterable[Diagnosis | Problem]) -> Iterator[list[Row]]:
        """The rows of the runs that were done, then those of `results`,
        each run's noted before it is given out."""
        if self._path.exists():
            with self._path.open("rb") as held:
                for line in held:
                    yield json.loads(line)["rows"]
        with self._path.open("ab", buffering=0) as file:
            for result in results:
                if isinstance(result, Diagnosis):
                    of_run = list(rows(result))
                    file.write(_line(of_run).encode("ascii"))
                    yield of_run

    def remove(self) -> None:
        """The output is whole."""
        self._path.unlink(missing_ok=True)


def _line(of_run: list[Row]) -> str:
    return json.dumps({"source": of_run[0]["source"], "run": of_run[0]["run"], "rows": of_run}) + "\n"
