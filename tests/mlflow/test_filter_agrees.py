"""The same queries, asked of MLflow itself and of curvedoctor:
on every kind of store they select the same runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from curvedoctor.errors import UsageError
from curvedoctor.sources.base import ReadOptions
from mlflow_lab import servers
from mlflow_lab.varied import QUERIES, RUNS
from sources.contract import units_of

REFUSED = "refused"
#: where MLflow's own stores disagree we do as its databases: its folders' LIKE ends at a line break
FOLDERS_OWN = "tags.mlflow.note.content LIKE '%lines'"


@pytest.fixture(scope="module", params=["database", "folder", "server"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("varied")
    if request.param == "folder":
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
            uri = str(folder / "mlruns")
            servers.run_script(
                sys.executable, "varied.py", uri, environment={"MLFLOW_ALLOW_FILE_STORE": "true"}
            )
            yield uri
        return
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    servers.run_script(sys.executable, "varied.py", uri)
    if request.param == "database":
        yield uri
        return
    with servers.serve(sys.executable, uri, folder) as running:
        yield running.url


def mlflows(client: MlflowClient, query: str) -> set[str] | str:
    experiment = client.get_experiment_by_name("varied")
    try:
        return {run.info.run_name for run in client.search_runs([experiment.experiment_id], query)}
    except MlflowException:
        return REFUSED


def ours(address: str, query: str) -> set[str] | str:
    try:
        units = units_of(address, options=ReadOptions(experiment="varied", filter=query))
    except UsageError:
        return REFUSED
    return {unit.run for unit in units}


def test_every_query(store: str) -> None:
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("varied").experiment_id
    ids = [run.info.run_id for run in client.search_runs([experiment])][:3]
    wrong = {}
    for query in QUERIES:
        asked = query.format(ids=", ".join(map(repr, ids)))
        theirs, found = mlflows(client, asked), ours(store, asked)
        if theirs != found and not (asked == FOLDERS_OWN and store.endswith("mlruns")):
            wrong[asked] = (theirs, found)
    assert not wrong, "\n".join(
        f"{query}: MLflow {theirs}, ours {found}" for query, (theirs, found) in wrong.items()
    )


def test_the_queries_tell_runs_apart(store: str) -> None:
    """A set of queries that all select everything, or nothing, would prove nothing."""
    client = MlflowClient(store)
    answers = [mlflows(client, query) for query in QUERIES if "{" not in query]
    sizes = [len(answer) for answer in answers if isinstance(answer, set)]
    assert answers.count(REFUSED) > 15
    assert sum(0 < size < len(RUNS) for size in sizes) > 40
