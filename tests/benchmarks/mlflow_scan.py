"""The scan of an MLflow store, and what a server with our app costs: 2,000 runs × 6 metrics × 100 points.

    python tests/benchmarks/mlflow_scan.py [RUNS] [--http] [--live]

Runs per second of processor time of one process for SQLite, microseconds a run for what has not changed;
with `--http` runs per second of the clock beside what the server can give at all (the same requests, the
answers thrown away); with `--live` the share of a core that the app takes while one run of the experiment
grows and its page is asked for every 6 s.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import numpy as np

from curvedoctor.engine import Options, diagnose_sources
from curvedoctor.engine.live import Live
from curvedoctor.model import Diagnosis
from curvedoctor.sources import find_all
from curvedoctor.sources.base import ReadOptions, Unit
from curvedoctor.sources.mlflow import http as mlflow_http
from mlflow_lab import servers

KEYS = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "lr", "grad_norm")
POINTS = 100
START = 1_700_000_000_000
#: seconds between two questions of a page
POLL = 6.0


def curves(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Falling losses with noise, a score, a learning rate."""
    progress = np.arange(POINTS) / POINTS
    noise = rng.uniform(0.01, 0.1) * rng.normal(size=POINTS)
    loss = 0.3 + 2 * np.exp(-progress * rng.uniform(2, 12)) + noise
    found = (
        loss,
        loss + 0.1 + max(0.0, rng.normal()) * progress**2,
        1 - loss / 3,
        0.95 - loss / 3,
        np.full(POINTS, 10 ** rng.uniform(-4, 0)),
        rng.uniform(1, 2, POINTS),
    )
    return dict(zip(KEYS, found, strict=True))


def fill(path: Path, count: int) -> list[str]:
    """A database with MLflow's own tables, its rows written directly; returns the ids of the runs."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{path}")
    experiment = client.create_experiment("grid", artifact_location="mlflow-artifacts:/1")
    rng = np.random.default_rng(0)
    ids = [f"{number:032x}" for number in range(1, count + 1)]
    with closing(sqlite3.connect(path)) as connection:
        for number, run_id in enumerate(ids):
            row = {
                "run_uuid": run_id, "name": f"run-{number:05}", "experiment_id": int(experiment),
                "status": "FINISHED", "lifecycle_stage": "active",
                "start_time": START + number, "end_time": START + 10**6,
                "artifact_uri": f"mlflow-artifacts:/{experiment}/{run_id}/artifacts",
                "source_type": "UNKNOWN", "user_id": "bench", "source_name": "", "entry_point_name": "",
                "source_version": "",
            }  # fmt: skip
            insert(connection, "runs", [row])
            told = curves(rng)
            params = {
                "lr": f"{told['lr'][0]:.3g}",
                "batch_size": str(2 ** int(rng.integers(4, 9))),
                "optimizer": "adam",
            }
            insert(
                connection, "params", [{"run_uuid": run_id, "key": k, "value": v} for k, v in params.items()]
            )
            insert(connection, "tags", [{"run_uuid": run_id, "key": "mlflow.runName", "value": row["name"]}])
            for key, values in told.items():
                points = [
                    {"run_uuid": run_id, "key": key, "value": float(value), "timestamp": START + 1000 * step,
                        "step": step, "is_nan": 0}
                    for step, value in enumerate(values)
                ]  # fmt: skip
                insert(connection, "metrics", points)
                insert(connection, "latest_metrics", points[-1:])
        connection.commit()
    return ids


def insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, object]]) -> None:
    names = ", ".join(f'"{name}"' for name in rows[0])
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(
        f"INSERT INTO {table} ({names}) VALUES ({marks})", [tuple(row.values()) for row in rows]
    )


def scanned(address: str, count: int, memory: bool = False) -> tuple[float, float]:
    """(seconds of the clock, of processor time) that diagnosing takes."""
    mlflow_http._KEPT = mlflow_http._Kept(0)
    wall, used = time.perf_counter(), time.process_time()
    found = diagnose_sources([address], Options(memory=memory, curves="none"))
    assert sum(isinstance(item, Diagnosis) for item in found) == count
    return time.perf_counter() - wall, time.process_time() - used


def sqlite(address: str, count: int) -> None:
    rates = [count / scanned(address, count)[1] for _ in range(3)]
    print(f"SQLite: {statistics.median(rates):.0f} runs/s of one process (wanted 400)", flush=True)
    first = scanned(address, count, memory=True)[1]
    again = [1e6 * scanned(address, count, memory=True)[1] / count for _ in range(5)]
    print(
        f"second scan, all said again: {min(again):.0f} µs/run, the first {1e6 * first / count:.0f}",
        flush=True,
    )
    known = Live(Options(curves="none"))
    looks = [looked(known, address) for _ in range(6)]
    print(
        f"looking again, as watch and the app do: {1e6 * min(looks[1:]) / count:.0f} µs/run (wanted 20)",
        flush=True,
    )


def looked(known: Live, address: str) -> float:
    """Seconds of processor time of a look at all runs."""
    used = time.process_time()
    units = [item for item in find_all([address], ReadOptions()) if isinstance(item, Unit)]
    for _ in known.look(units):
        pass
    return time.process_time() - used


def http(url: str, count: int) -> None:
    rates = [count / scanned(url, count)[0] for _ in range(3)]
    print(
        f"HTTP: {statistics.median(rates):.0f} runs/s of the clock (wanted 60, or what the server can)",
        flush=True,
    )
    ids = [f"{number:032x}" for number in range(1, count + 1)]
    requests = [
        f"{url}/ajax-api/2.0/mlflow/metrics/get-history-bulk?"
        f"{'&'.join(f'run_id={i}' for i in ids[at : at + 100])}&metric_key={key}&max_results=25000"
        for at in range(0, count, 100)
        for key in KEYS
    ]
    begin = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        size = sum(map(len, pool.map(_fetched, requests)))
    took = time.perf_counter() - begin
    print(f"  the same answers ({size / 1e6:.0f} MB), thrown away: {count / took:.0f} runs/s", flush=True)


def _fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=600) as response:
        return bytes(response.read())


def processor(process: int) -> float:
    """Seconds of processor time of a process and its children's, by /proc."""
    return sum(_ticks(number) for number in (process, *_below(process))) / os.sysconf("SC_CLK_TCK")


def _ticks(number: int) -> int:
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _below(process: int) -> Iterator[int]:
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield int(child)
        yield from _below(int(child))


def live(folder: Path, ids: list[str], seconds: float = 90) -> None:
    """One run grows by a point a second; its page asks every 6 s;
    the same again without our app's questions."""
    from mlflow import MlflowClient

    database = f"sqlite:///{folder / 'mlflow.db'}"
    with servers.serve(sys.executable, database, folder, "--app-name", "curvedoctor", workers=1) as server:
        client = MlflowClient(server.url)
        client.update_run(ids[0], status="RUNNING")
        routes = f"{server.url}/ajax-api/3.0/curvedoctor"
        brief, counts = f"{routes}/brief?run_id={ids[0]}", f"{routes}/counts?experiment_id=1"
        begin = time.perf_counter()
        told = json.loads(_fetched(brief))
        print(
            f"live: the page's own run ({told['state']}) after {time.perf_counter() - begin:.2f} s",
            flush=True,
        )
        used, step = processor(server.process.pid), POINTS
        while json.loads(_fetched(counts))["phase"] == "reading":
            time.sleep(2)
        spent = processor(server.process.pid) - used
        print(f"  the first look: {spent:.1f} CPU-s, {time.perf_counter() - begin:.0f} s", flush=True)
        for what, asked in (("asked every 6 s", True), ("not asked", False)):
            used, begin, last = processor(server.process.pid), time.perf_counter(), -POLL
            while (now := time.perf_counter() - begin) < seconds:
                client.log_metric(ids[0], "train_loss", 0.3 + 1 / step, step=step)
                step += 1
                if asked and now - last >= POLL:
                    last = now
                    _fetched(brief)
                time.sleep(1)
            spent = processor(server.process.pid) - used
            print(
                f"  {what}: {spent:.2f} CPU-s in {now:.0f} s, {100 * spent / now:.1f} % of a core", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=int, nargs="?", default=2000)
    parser.add_argument("--http", action="store_true")
    parser.add_argument("--live", action="store_true")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CURVEDOCTOR_CACHE"] = str(folder / "cache")
        ids = fill(folder / "mlflow.db", said.runs)
        database = f"sqlite:///{folder / 'mlflow.db'}"
        if not (said.http or said.live):
            sqlite(database, said.runs)
        if said.http:
            with servers.serve(sys.executable, database, folder, workers=4) as server:
                http(server.url, said.runs)
        if said.live:
            live(folder, ids)


if __name__ == "__main__":
    main()
