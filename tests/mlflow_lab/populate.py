"""Fills an MLflow store with runs that are hard to read. Run by the MLflow under test, in its own
environment:

    python populate.py TRACKING_URI TRUTH_FILE [ARTIFACT_ROOT]

TRUTH_FILE gets what was logged, as JSON: [{"id", "name", "params", "metrics": {key: [[step, time, value as
text]]}}].
"""

import json
import math
import sys

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

START = 1_700_000_000_000
#: more than the 25,000 points at which a bulk answer is cut
LONG = 30_000
HTML = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"


def curve(count, function):
    """[(step, milliseconds, value)] at one point per second."""
    return [(step, START + 1000 * step, float(function(step))) for step in range(count)]


def runs():
    """(name, params, metrics, tags) of each plain run."""
    down = curve(200, lambda i: 2.0 / (1 + 0.1 * i) + 0.02 * math.sin(12.9898 * i))
    yield "falls", {"lr": "0.01", "batch_size": "64"}, {"train/loss": down, "val/loss": down}, {}
    lost = curve(120, lambda i: 1.5 / (1 + i) if i < 60 else math.nan)
    yield (
        "nan-end",
        {"learning_rate": "0.5"},
        {"train/loss": lost, "val_accuracy": curve(120, lambda i: 0.5)},
        {},
    )
    jumps = {10: math.inf, 20: -math.inf, 30: math.nan}
    yield "infinite", {}, {"loss": curve(50, lambda i: jumps.get(i, 1.0 / (1 + i)))}, {}
    untimed = [(0, START + 1000 * i, 1.0 / (1 + i)) for i in range(40)]
    yield "equal-steps", {}, {"loss": untimed}, {}
    twice = [(i // 2, START + 1000 * i, 1.0 / (1 + i)) for i in range(60)]
    yield "two-per-step", {}, {"loss": twice}, {}
    yield HTML, {"optimizer": "<script>document.title='owned'</script>"}, {"loss": down}, {}
    quiet = {"loss": down, "system/cpu_utilization_percentage": curve(30, lambda i: 50 + i)}
    yield "with-system", {"n_layers": "3"}, quiet, {"mlflow.note.content": "My own words.\n\n# And a title\n"}
    rise = curve(100, lambda i: 1.0 / (1 + 0.2 * i) if i < 30 else 0.143 + 0.012 * (i - 30))
    fall = curve(100, lambda i: 1.0 / (1 + 0.2 * i))
    yield "overfits", {"lr": "0.001"}, {"train_loss": fall, "val_loss": rise}, {}


def other_runs():
    """(experiment, name, params, metrics, tags) of runs in experiments of their own."""
    for name in ("one", "two", "three"):
        yield "small", name, {"lr": "0.1"}, {"loss": curve(20, lambda i: 1.0 / (1 + i))}, {}
    long = {"loss": curve(LONG, lambda i: 1.0 / (1 + 0.001 * i)), "acc": curve(50, lambda i: i / 50)}
    yield "long", "long", {}, long, {}
    yield "long", "beside", {}, {"loss": curve(50, lambda i: 1.0 / (1 + i))}, {}


def log(client, experiment, name, params, metrics, tags):
    """Log one run as fast as a client can."""
    run = client.create_run(experiment, run_name=name, tags=tags, start_time=START)
    run_id = run.info.run_id
    client.log_batch(run_id, params=[Param(key, value) for key, value in params.items()])
    for key, points in metrics.items():
        for first in range(0, len(points), 1000):
            part = points[first : first + 1000]
            client.log_batch(run_id, metrics=[Metric(key, value, time, step) for step, time, value in part])
    client.set_terminated(run_id, end_time=START + 10**6)
    written = {
        key: [[step, time, repr(value)] for step, time, value in points] for key, points in metrics.items()
    }
    return {
        "id": run_id,
        "name": name,
        "params": params,
        "metrics": written,
        "tags": tags,
        "experiment": experiment,
    }


def main(uri, truth, artifacts=None):
    """Fill the store at `uri`."""
    client = MlflowClient(uri)
    experiment = client.create_experiment("hard", artifact_location=artifacts)
    written = [log(client, experiment, *run) for run in runs()]
    others = {name: client.create_experiment(name, artifact_location=artifacts) for name in ("small", "long")}
    written += [log(client, others[name], *run) for name, *run in other_runs()]
    parent = client.create_run(experiment, run_name="sweep", start_time=START)
    for lr in ("0.1", "1.0"):
        tags = {"mlflow.parentRunId": parent.info.run_id}
        child = {"loss": curve(60, lambda i, lr=lr: float(lr) / (1 + i))}
        written.append(
            {**log(client, experiment, f"child-{lr}", {"lr": lr}, child, tags), "parent": parent.info.run_id}
        )
    gone = client.create_run(experiment, run_name="deleted", start_time=START)
    client.log_batch(
        gone.info.run_id,
        metrics=[Metric("loss", 1.0 / (1 + i), START + i, i) for i in range(5)],
        tags=[RunTag("a", "b")],
    )
    client.delete_run(gone.info.run_id)
    with open(truth, "w") as file:
        json.dump(written, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
