"""Reading 200 runs × 6 metrics × 1,000 points: our readers beside `MlflowClient.get_metric_history` per key.

    python tests/benchmarks/mlflow_reading.py [RUNS]

Both read the same stores, in turns, so that a busy machine slows both; the client reads a sample of the
runs and is extrapolated. Ratios are of processor time where all work is done by this process, of wall
clock for the server. Memory is the peak of Python's own allocations while a quarter of the runs, and
all of them, stream through: it must not grow with their number.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

from curvedoctor.model import Run
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
from curvedoctor.sources.mlflow import http as mlflow_http
from mlflow_lab import servers

METRICS, POINTS = 6, 1000
#: runs that the client reads in each turn, and turns
SAMPLE, TURNS = 4, 5
KEYS = [f"train/metric_{i}" for i in range(METRICS)]


def one_run(uri: str) -> str:
    """Log one run through MLflow; returns its id."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(uri)
    run = client.create_run(client.create_experiment("bench"), run_name="bench")
    for key in KEYS:
        points = [Metric(key, 1.0 / (1 + i), 1_700_000_000_000 + 1000 * i, i) for i in range(POINTS)]
        client.log_batch(run.info.run_id, metrics=points, params=[Param("lr", "0.1")])
    return str(run.info.run_id)


def many_in_database(path: Path, count: int) -> list[str]:
    """One run through MLflow, the others as copies of its rows."""
    first = one_run(f"sqlite:///{path}")
    ids = [first]
    connection = sqlite3.connect(path)
    tables = {
        table: connection.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", (first,))
        for table in ("runs", "metrics", "latest_metrics", "params", "tags")
    }
    content = {
        table: ([column[0] for column in cursor.description], cursor.fetchall())
        for table, cursor in tables.items()
    }
    for _ in range(count - 1):
        ids.append(uuid.uuid4().hex)
        for table, (columns, rows) in content.items():
            place = columns.index("run_uuid")
            new = [(*row[:place], ids[-1], *row[place + 1 :]) for row in rows]
            names = ", ".join(f'"{column}"' for column in columns)
            connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", new
            )
    connection.commit()
    connection.close()
    return ids


def many_in_folder(path: Path, count: int) -> list[str]:
    first = one_run(str(path))
    ids = [first]
    (folder,) = path.glob(f"*/{first}")
    for _ in range(count - 1):
        ids.append(uuid.uuid4().hex)
        shutil.copytree(folder, folder.parent / ids[-1])
        meta = folder.parent / ids[-1] / "meta.yaml"
        meta.write_text(meta.read_text().replace(first, ids[-1]))
    return ids


@dataclass(frozen=True)
class Spent:
    """Seconds."""

    wall: float
    processor: float


@contextlib.contextmanager
def timed(into: list[Spent]) -> Iterator[None]:
    start, used = time.perf_counter(), time.process_time()
    yield
    into.append(Spent(time.perf_counter() - start, time.process_time() - used))


def found(address: str) -> list[Unit]:
    mlflow_http._KEPT = mlflow_http._Kept(0)  # every turn asks the server anew
    return [item for item in find_all([address]) if isinstance(item, Unit)]


def points(units: Sequence[Unit]) -> int:
    """How many points the runs have, which are read one after the other."""
    count = 0
    for run in load_units(units):
        assert isinstance(run, Run), run
        count += sum(len(curve) for curve in run.curves)
    return count


def theirs(client: object, ids: Sequence[str]) -> None:
    for run_id in ids:
        for key in KEYS:
            assert len(client.get_metric_history(run_id, key)) == POINTS


def peak(units: Sequence[Unit]) -> float:
    """Megabytes of Python's allocations at most."""
    tracemalloc.start()
    points(units)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def compare(name: str, address: str, uri: str, ids: Sequence[str], wanted: float) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    theirs(client, ids[:1])
    points(found(address))
    client_spent: list[Spent] = []
    own_spent: list[Spent] = []
    for turn in range(TURNS):
        with timed(client_spent):
            theirs(client, ids[turn * SAMPLE : (turn + 1) * SAMPLE])
        with timed(own_spent):
            assert points(found(address)) == len(ids) * METRICS * POINTS
    what = "wall" if address.startswith("http") else "processor"
    client_run = [getattr(spent, what) / SAMPLE for spent in client_spent]
    own_run = [getattr(spent, what) / len(ids) for spent in own_spent]
    ratios = [theirs / own for theirs, own in zip(client_run, own_run, strict=True)]
    quarter, whole = peak(found(address)[: len(ids) // 4]), peak(found(address))
    print(
        f"{name:10} {what} per run: client {1e3 * statistics.median(client_run):6.1f} ms, "
        f"ours {1e3 * statistics.median(own_run):5.1f} ms: {statistics.median(ratios):5.1f} × "
        f"({min(ratios):.1f}–{max(ratios):.1f}; wanted ≥ {wanted} ×); "
        f"peak {quarter:.1f} MB for {len(ids) // 4} runs, {whole:.1f} MB for {len(ids)}",
        flush=True,
    )


def main(count: int = 200) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = many_in_database(folder / "mlflow.db", count)
        database = f"sqlite:///{folder / 'mlflow.db'}"
        compare("SQLite", database, database, ids, 15)
        runs = folder / "mlruns"
        compare("file store", str(runs), str(runs), many_in_folder(runs, count), 8)
        with servers.serve(sys.executable, database, folder, workers=4) as server:
            compare("HTTP", server.url, server.url, ids, 1.5)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
