"""`--format parquet`: one row per finding, for pandas, DuckDB, Spark. Needs pyarrow."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from curvedoctor.errors import UsageError
from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.base import Look
from curvedoctor.reports.rows import COLUMNS, Cell, rows

#: rows per group of the file
GROUP = 10_000


def pieces(results: Iterable[Diagnosis | Problem], look: Look) -> Iterator[bytes]:
    """The file, in row groups. Raises `UsageError` without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError(
            "--format parquet needs pyarrow: pip install pyarrow (or use --format csv)"
        ) from None

    schema = pa.schema(
        [(name, pa.float64() if numeric else pa.string()) for name, numeric in COLUMNS.items()]
    )
    buffer = io.BytesIO()
    writer = pq.ParquetWriter(buffer, schema)
    waiting: list[dict[str, Cell]] = []
    for result in results:
        if isinstance(result, Diagnosis):
            waiting.extend(rows(result))
        if len(waiting) >= GROUP:
            writer.write_table(pa.Table.from_pylist(waiting, schema))
            waiting.clear()
    if waiting:
        writer.write_table(pa.Table.from_pylist(waiting, schema))
    writer.close()
    yield buffer.getvalue()
