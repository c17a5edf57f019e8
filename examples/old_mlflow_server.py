"""An MLflow server from the past: experiments that were tracked long ago, read today and left untouched.

`mlruns/` is a file store as MLflow 1 wrote it (one text file per metric), with three real trainings: a
healthy one, one with a learning rate far too low, and one that overfits. Where MLflow is installed, the
same runs are also tracked to a real server on this machine, diagnosed through its address, and once
more from its database after it has been shut down.

Expect: the same diagnoses from all three, `lr-too-low` with `raise-lr` and `overfitting` among them, and a
store in which not a byte has changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from colleague_logdir import sums
from curvedoctor.model import Diagnosis
from data_sets import digits
from tiny_net import cnn
from training import Recipe, diagnose, learn, logged, run, scheduled

#: milliseconds since 1970: May 2020
THEN = 1_588_300_000_000
Metrics = list[tuple[str, int, float]]


def trainings(quick: bool) -> Iterator[tuple[str, dict[str, str], Metrics]]:
    """Name, parameters and metrics of each run."""
    n = 1500 if quick else 3000
    for name, samples, hidden, recipe in (
        ("fine", n, 32, Recipe(epochs=15, batch=32, lr=0.005, rate=scheduled("cosine"), log_every=0)),
        ("slow", n, 32, Recipe(epochs=15, batch=32, lr=1e-5, log_every=0)),
        ("by-heart", 200, 128, Recipe(epochs=50, batch=32, lr=0.005, log_every=0)),
    ):
        data = digits(np.random.default_rng(0), samples)
        network = cnn(np.random.default_rng(1), 10, (8,), 10, hidden=hidden)
        metrics = [
            (tag.replace("/", "_"), at, value)
            for _, at, values in learn(network, data, recipe)
            for tag, value in values.items()
        ]
        yield name, {k: str(v) for k, v in logged(recipe, data).items()}, metrics


def file_store(folder: Path, runs: list[tuple[str, dict[str, str], Metrics]]) -> None:
    """`mlruns` as MLflow 1.8 left it."""
    experiment = folder / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text(
        f"artifact_location: {experiment}\nexperiment_id: '1'\nlifecycle_stage: active\nname: digits\n"
    )
    for number, (name, params, metrics) in enumerate(runs):
        key = f"{number + 1:032x}"
        home = experiment / key
        for part in ("metrics", "params", "tags", "artifacts"):
            (home / part).mkdir(parents=True)
        (home / "meta.yaml").write_text(
            f"artifact_uri: {home}/artifacts\nend_time: {THEN + 10**6}\nentry_point_name: "
            "''\nexperiment_id: '1'\n"
            f"lifecycle_stage: active\nname: ''\nrun_id: {key}\nrun_uuid: {key}\nsource_name: "
            "''\nsource_type: 4\n"
            f"source_version: ''\nstart_time: {THEN}\nstatus: 3\ntags: []\nuser_id: somebody\n"
        )
        (home / "tags" / "mlflow.runName").write_text(name)
        for param, value in params.items():
            (home / "params" / param).write_text(value)
        for tag, step, level in metrics:
            with (home / "metrics" / tag).open("a") as file:
                file.write(f"{THEN + 1000 * step} {level} {step}\n")


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """A real MLflow server on this machine only; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri",
               f"sqlite:///{folder / 'mlflow.db'}",
               "--default-artifact-root", str(folder / "artifacts"), "--host", "127.0.0.1", "--port",
               str(port),
               "--workers", "1"]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(
        command, env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}, start_new_session=True, **quiet
    )  # type: ignore[call-overload]
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield uri
    finally:  # the server and its workers
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)


def post(uri: str, what: str, body: dict[str, object]) -> dict[str, dict[str, dict[str, str]]]:
    """One call of MLflow's REST interface, as any old client makes it."""
    request = urllib.request.Request(
        f"{uri}/api/2.0/mlflow/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, dict[str, dict[str, str]]] = json.load(answer)
    return found


def track(uri: str, runs: list[tuple[str, dict[str, str], Metrics]]) -> None:
    """Log the runs to a server."""
    experiment = str(post(uri, "experiments/create", {"name": "digits"})["experiment_id"])
    for name, params, metrics in runs:
        body: dict[str, object] = {"experiment_id": experiment, "start_time": THEN, "run_name": name}
        key = post(uri, "runs/create", body)["run"]["info"]["run_id"]
        said = [{"key": k, "value": v} for k, v in params.items()]
        points = [{"key": t, "value": v, "timestamp": THEN + 1000 * s, "step": s} for t, s, v in metrics]
        post(uri, "runs/log-batch", {"run_id": key, "params": said, "metrics": points})
        post(uri, "runs/update", {"run_id": key, "status": "FINISHED", "end_time": THEN + 10**6})


def main(folder: Path, quick: bool) -> dict[str, list[Diagnosis]]:
    """Make the past, then read it: diagnoses by where they were read from."""
    shutil.rmtree(folder, ignore_errors=True)
    runs = list(trainings(quick))
    file_store(folder / "mlruns", runs)
    before = sums(folder)
    print("From the file store:\n")
    found = {"files": diagnose(folder / "mlruns")}
    assert sums(folder) == before, "the store was changed"
    if find_spec("mlflow") is not None and find_spec("sqlalchemy") is not None:
        with server(folder) as uri:
            track(uri, runs)
            print(f"\nFrom the server at {uri}:\n")
            found["server"] = diagnose(uri)
        before = sums(folder)
        print("\nFrom its database, the server being gone:\n")
        found["database"] = diagnose(f"sqlite:///{folder / 'mlflow.db'}")
        assert sums(folder) == before, "the database was changed"
    print("\nNot a byte of the stores has changed.")
    return found


if __name__ == "__main__":
    run(main)
