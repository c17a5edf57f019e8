"""Trainings with autologging, by the installed MLflow: networks' curves with data sets, and what is no
training at all.

python trained.py TRACKING_URI
"""

import sys
import warnings

import mlflow
import numpy as np

#: rows for training and for validation
ROWS = (500, 120)
#: what leaves no curve behind
NO_TRAININGS = ("fit", "trace", "evaluation", "empty", "search")


def data_inputs(run_id):
    """The two data sets of a run, as a framework's autologging describes them."""
    train = mlflow.data.from_numpy(np.zeros((ROWS[0], 3)), targets=np.zeros(ROWS[0]), name="all")
    held_out = mlflow.data.from_numpy(np.ones((ROWS[1], 3)), targets=np.ones(ROWS[1]), name="held-out")
    with mlflow.start_run(run_id=run_id):
        mlflow.log_input(train, context="train")
        mlflow.log_input(held_out, context="eval")


def main(uri):
    warnings.simplefilter("ignore")
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("trained")
    with mlflow.start_run(run_name="network") as run:
        mlflow.log_params({"learning_rate": 0.1, "opt_name": "adam_1"})
        for step in range(60):
            mlflow.log_metrics({"loss": 2 / (1 + step) + 0.1, "val_loss": 2.1 / (1 + step) + 0.12}, step=step)
    data_inputs(run.info.run_id)
    import lightgbm
    from sklearn.datasets import make_classification
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    inputs, labels = make_classification(400, 8, random_state=0)
    mlflow.sklearn.autolog(log_models=False, silent=True)
    mlflow.lightgbm.autolog(log_models=False, silent=True)
    with mlflow.start_run(run_name="boosted"):
        sets = [lightgbm.Dataset(inputs[:300], labels[:300]), lightgbm.Dataset(inputs[300:], labels[300:])]
        lightgbm.train(
            {"learning_rate": 0.1, "num_leaves": 7, "reg_lambda": 0.5, "objective": "binary", "verbose": -1},
            sets[0],
            40,
            valid_sets=sets,
        )
    with mlflow.start_run(run_name="fit"):
        LogisticRegression().fit(inputs, labels)
    with mlflow.start_run(run_name="search"):
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(inputs, labels)
    with mlflow.start_run(run_name="evaluation"):
        mlflow.log_metrics({"toxicity/v1/mean": 0.1, "exact_match": 0.8, "latency": 1.2})
        mlflow.log_param("model", "gpt-x")
    with mlflow.start_run(run_name="trace"), mlflow.start_span("answer") as span:
        span.set_inputs({"question": "why"})
    with mlflow.start_run(run_name="empty"):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
