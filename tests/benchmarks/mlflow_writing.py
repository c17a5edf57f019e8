"""Writing the tags of 1,000 runs to a local server: our sink beside one `set_tag` call per tag.

    python tests/benchmarks/mlflow_writing.py [RUNS]

Both write the same tags to the same server, in turns of 50 runs. Artifacts (report, JSON, picture)
are timed apart: most of their time is drawing, not writing.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import numpy as np

from curvedoctor.engine import diagnose_runs
from curvedoctor.model import Curve, Diagnosis, Origin, Run
from curvedoctor.roles import assign
from curvedoctor.sinks.base import WriteOptions
from curvedoctor.sinks.mlflow import content as mlflow_content
from curvedoctor.sinks.mlflow.server import SINK
from mlflow_lab import servers

#: runs per turn
TURN = 50


def diagnosis(address: str, run_id: str, number: int) -> Diagnosis:
    """A run that becomes NaN, so that every tag is written."""
    steps = np.arange(200)
    values = np.where(steps < 100 + number % 50, 1.0 / (1 + steps), np.nan)
    curve = Curve("train/loss", "train/loss", steps, values, steps.astype(float))
    run = Run(
        f"run-{number}",
        address,
        "bench",
        tuple(assign([curve])),
        {"lr": 0.5},
        origin=Origin("mlflow-http", address, run_id),
    )
    return diagnose_runs([run])[0]


def main(count: int = 1000) -> None:
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with servers.serve(sys.executable, f"sqlite:///{folder / 'mlflow.db'}", folder, workers=4) as server:
            client = MlflowClient(server.url)
            experiment = client.create_experiment("bench")
            ids = [client.create_run(experiment).info.run_id for _ in range(count)]
            some = [diagnosis(server.url, run_id, i) for i, run_id in enumerate(ids)]
            files = mlflow_content.files
            ratios, ours, theirs = [], 0.0, 0.0
            # half of each turn's runs by one way, half by the other: the same server, the same moment
            for start in range(0, count, TURN):
                part = some[start : start + TURN]
                left, right = part[: TURN // 2], part[TURN // 2 :]
                begin = time.perf_counter()
                for item in right:
                    for key, value in mlflow_content.tags(item).items():
                        client.set_tag(item.run.origin.key, key, value)
                their = time.perf_counter() - begin
                mlflow_content.files = lambda item: {}
                begin = time.perf_counter()
                assert {outcome.status for outcome in SINK.annotate(left, WriteOptions())} == {"written"}
                own = time.perf_counter() - begin
                mlflow_content.files = files
                ratios.append((their / len(right)) / (own / len(left)))
                ours, theirs = ours + own / len(left), theirs + their / len(right)
            turns = len(ratios)
            print(
                f"tags of {count} runs: set_tag {1e3 * theirs / turns:.1f} ms/run, ours "
                f"{1e3 * ours / turns:.1f} ms/run: {statistics.median(ratios):.1f} × (wanted ≥ 4 ×)"
            )
            artifacts(some[:20])


def artifacts(some: list[Diagnosis]) -> None:
    """What report, JSON and picture cost: to make them, and to write them through the server."""
    begin = time.perf_counter()
    for item in some:
        mlflow_content.files(item)
    made = time.perf_counter() - begin
    assert {outcome.status for outcome in SINK.clean([item.run.origin for item in some], WriteOptions())} == {
        "removed"
    }
    begin = time.perf_counter()
    assert {outcome.status for outcome in SINK.annotate(some, WriteOptions())} == {"written"}
    whole = time.perf_counter() - begin
    print(
        f"artifacts: {1e3 * made / len(some):.0f} ms/run to make (report, JSON, picture), "
        f"{1e3 * whole / len(some):.0f} ms/run to make and write, with the tags"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
