"""Fills a store with runs that a filter can tell apart. Run by the MLflow under test:

python varied.py TRACKING_URI
"""

import json
import math
import sys

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

START = 1_700_000_000_000
#: (name, parameters, last values, tags, status, data sets as (name, digest, context))
RUNS = (
    ("plain", {"lr": "0.1", "a.b": "x"}, {"loss": 0.5, "train/acc": 0.9}, {"team": "Vision"}, "FINISHED",
        [("mnist", "d1", "training"), ("mnist", "d2", "eval")]),
    ("nan", {"lr": "0.1"}, {"loss": math.nan}, {"team": "vision"}, "FAILED", [("digits", "d3", "training")]),
    ("inf", {"lr": "1"}, {"loss": math.inf, "zero": 0.0}, {"team": "NLP", "empty": ""}, "KILLED", []),
    ("minus", {"odd name": "50%"}, {"loss": -math.inf}, {"quote": "it's"}, "RUNNING",
        [("Mnist", "d1", None)]),
    ("none", {}, {}, {"mlflow.note.content": "two\nlines"}, "FINISHED", []),
    ("Über_1", {"lr": "0.10", "deep.er.key": "y"}, {"loss": 0.0, "val-loss": 1e-3},
        {"a.b": "c", "my tag": "v"}, "FINISHED", [("mnist", "d4", "training")]),
)  # fmt: skip
#: asked of MLflow and of curvedoctor
QUERIES = (
    "metrics.loss < 1", "metrics.loss > 0", "metrics.loss != 0.5", "metrics.loss != 7", "metrics.loss = 0",
    "metrics.loss >= 0",
    "metrics.loss <= 0", "metrics.loss > 1e300", "metrics.loss < -1e300", "metric.loss > 5e-1",
    "metrics.`train/acc` = 0.9",
    'metrics."train/acc" > 0.5', "metrics.`val-loss` < 0.01", "metrics.zero = 0", "metrics.absent < 1",
    "metrics.absent != 1",
    "metrics.loss > -1", "metrics.loss < .6", "metrics.loss < 'a'", "metrics.loss LIKE '1'",
    "metrics.loss IS NULL", "metrics.loss == 1",
    "metrics.loss <> 0.5", "metrics.loss IN (1, 2)",
    "params.lr = '0.1'", 'params.lr = "0.1"', "parameters.lr = '0.1'", "parameter.lr != '0.1'",
    "param.lr LIKE '0%'", "params.lr ILIKE '0%'",
    "params.lr = 0.1", "params.lr > '0'", "params.lr IN ('0.1', '1')", "params.lr NOT IN ('0.1')",
    "params.a.b = 'x'", "params.`a.b` = 'x'",
    "params.deep.er.key = 'y'", "params.`odd name` LIKE '50%'", "params.`odd name` = '50%'",
    "params.lr IS NULL", "params.lr IS NOT NULL",
    "params.lr is not null and metrics.loss < 1",
    "tags.team = 'vision'", "tags.team != 'vision'", "tags.team LIKE 'vis%'", "tags.team ILIKE 'vis%'",
    "tags.team LIKE 'V_sion'",
    "tags.team LIKE 'V'", "tag.team = 'NLP'", "tags.`my tag` = 'v'", "tags.'my tag' = 'v'", "tags.a.b = 'c'",
    "tags.empty = ''",
    "tags.absent = 'x'", "tags.absent IS NULL", "tags.team IS NOT NULL",
    "tags.`mlflow.note.content` LIKE 'two%'", "tags.mlflow.note.content LIKE '%lines'",
    "tags.mlflow.runName = 'plain'", "tags.mlflow.user IS NULL", "tags.team IN ('NLP')",
    "attributes.status = 'FINISHED'", "attribute.status != 'FINISHED'", "attr.status = 'FAILED'",
    "run.status = 'KILLED'", "status = 'RUNNING'",
    "status = 'finished'", "status LIKE 'F%'", "status ILIKE 'f%'", "status IN ('FAILED', 'KILLED')",
    "attributes.run_name = 'plain'", "run_name LIKE '%n%'", "attributes.`run name` = 'nan'",
    "attributes.`Run name` ILIKE 'NAN'", "run_name LIKE 'Ü%'",
    "run_name != 'plain'", "attributes.start_time > 1700000000002", "attributes.created <= 1700000000002",
    "start_time >= 1700000000001 AND start_time < 1700000000004",
    "attributes.end_time > 0", "end_time < 0", "attributes.start_time = '1'",
    "attributes.start_time LIKE '17%'", "attributes.run_id = 'nothing'",
    "attributes.run_id IN ({ids})", "attributes.run_id NOT IN ({ids})", "run_id IN ('x')", "run_id IN ()",
    "run_id IN (1, 2)", "attributes.artifact_uri LIKE '%artifacts'",
    "attributes.color = 'red'", "attributes.experiment_id = '1'", "user_id = 'nobody'",
    "datasets.name = 'mnist'", "dataset.name = 'mnist'", "datasets.name != 'mnist'",
    "datasets.name LIKE 'm%'", "datasets.name ILIKE 'm%'",
    "datasets.digest = 'd1'", "datasets.digest IN ('d1', 'd3')", "datasets.digest NOT IN ('d1')",
    "datasets.context = 'training'",
    "datasets.context != 'training'", "datasets.context IN ('eval')", "datasets.context LIKE 'e%'",
    "datasets.name = 'mnist' AND datasets.context = 'eval'",
    "datasets.size = '1'", "datasets.name > 'a'",
    "metrics.loss < 1 AND params.lr = '0.1' AND tags.team LIKE '%'",
    "metrics.loss < 1 and attributes.status = 'FINISHED'", "metrics.loss < 1 OR metrics.loss > 2",
    "  metrics.loss<1  ", "metrics.loss\n<\t1", "nothing.loss < 1", "metrics.loss <", "lr = '1'",
    "params.lr = lr", "'a' = 'a'", "",
)  # fmt: skip


def main(uri: str) -> None:
    client = MlflowClient(uri)
    experiment = client.create_experiment("varied")
    for number, (name, params, metrics, tags, status, data) in enumerate(RUNS):
        run_id = client.create_run(experiment, run_name=name, start_time=START + number).info.run_id
        client.log_batch(
            run_id,
            # what came before the last value must not count
            metrics=[Metric(key, 0.123, START, 0) for key in metrics] + [Metric(key, value, START + 1,
                5) for key, value in metrics.items()]
            + [Metric(key, 99.0, START + 2, 3) for key in metrics],
            params=[Param(key, value) for key, value in params.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )  # fmt: skip
        inputs = [
            DatasetInput(
                Dataset(title, digest, "local", json.dumps({"uri": "x"})),
                [] if context is None else [InputTag("mlflow.data.context", context)],
            )
            for title, digest, context in data
        ]
        if inputs:
            client.log_inputs(run_id, inputs)
        if status != "RUNNING":
            client.set_terminated(run_id, status, end_time=START + 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
