"""`--format parquet`: one row per finding, for pandas, DuckDB, Spark. Needs pyarrow."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curvedoctor.errors import UsageError
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.base import OutputStyle
from curvedoctor.reports.rows import COLUMNS, Row, rows

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: nothing for a terminal
BINARY = True
#: rows per group of the file
GROUP = 10_000


def render(results: Iterable[Diagnosis | Problem], style: OutputStyle) -> Iterator[bytes]:
    """The file, in row groups. Raises `UsageError` without pyarrow."""
    return file_of(list(rows(result)) for result in results if isinstance(result, Diagnosis))


def file_of(runs: Iterable[list[Row]]) -> Iterator[bytes]:
    """The file of the rows of each run, a row group at a time. Raises `UsageError` without pyarrow."""
    pa, pq = _arrow()
    schema = pa.schema(
        [(name, pa.float64() if numeric else pa.string()) for name, numeric in COLUMNS.items()]
    )
    sink = _Sink()
    writer = pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema)
    waiting: list[Row] = []
    for of_run in runs:
        waiting.extend(of_run)
        if len(waiting) >= GROUP:
            writer.write_table(pa.Table.from_pylist(waiting, schema))
            waiting.clear()
            yield sink.take()
    if waiting:
        writer.write_table(pa.Table.from_pylist(waiting, schema))
    writer.close()
    yield sink.take()


def stored(path: Path) -> Iterator[list[Row]]:
    """The rows of each run in a file that was written before. Raises `UsageError` if it is none of ours."""
    pa, pq = _arrow()
    try:
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.names != list(COLUMNS):
                raise pa.ArrowInvalid("other columns")
            batches = (row for batch in file.iter_batches(GROUP) for row in batch.to_pylist())
            for _, of_run in groupby(batches, key=lambda row: (row["source"], row["run"])):
                yield list(of_run)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path}: this is no output of --format parquet: it is left as it is") from error


class _Sink(io.RawIOBase):
    """What was written since the last time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        """It, once."""
        part = b"".join(self._parts)
        self._parts.clear()
        return part


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError(
            "--format parquet needs pyarrow: pip install pyarrow (or use --format csv)"
        ) from None
    return pa, pq
