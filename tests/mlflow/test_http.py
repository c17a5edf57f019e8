"""Tracking servers: the same runs as in the database, cut answers noticed, trouble told in seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from curvedoctor.errors import SourceError, UsageError
from curvedoctor.sources.base import ReadOptions
from curvedoctor.sources.mlflow import history as mlflow_history
from curvedoctor.sources.mlflow import http as mlflow_http
from curvedoctor.sources.mlflow import rest as mlflow_rest
from mlflow_lab import access, flaky
from mlflow_lab.compare import assert_all, assert_same
from sources.contract import SourceContract, read_all

BULK = "get-history-bulk"


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every read asks the server."""
    monkeypatch.setattr(mlflow_http, "_KEPT", mlflow_http._Kept(0))


class TestContract(SourceContract):
    reader_name = "mlflow-http"

    @pytest.fixture
    def populated(self, server) -> str:
        return f"{server.uri}/#/experiments/{server.run('one')['experiment']}"

    @pytest.fixture
    def damaged(self, server):
        with flaky.before(server.uri) as proxy:
            proxy.rule = flaky.failing("metric_key=train_loss", 500)
            yield proxy.url


@pytest.fixture
def proxy(server):
    with flaky.before(server.uri) as proxy:
        yield proxy


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses and time limits too short for people, long enough for tests."""
    monkeypatch.setattr(mlflow_rest, "PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")


HARD, SMALL = ReadOptions(experiment="hard"), ReadOptions(experiment="small")


def assert_small(found, server) -> None:
    runs, problems = found
    assert not problems
    assert {run.name for run in runs} == {"one", "two", "three"}
    for run in runs:
        assert_same(run, server.run(run.name))


def test_a_server_gives_what_was_logged(server) -> None:
    runs, problems = read_all(server.uri, options=HARD)
    assert not problems
    assert_all(runs, server.experiment("hard"))


def test_cut_answers_are_asked_again(proxy, server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs in one request: 30,000 points of `loss` in one of them are more than an answer holds."""
    monkeypatch.setattr(mlflow_history, "AIM", 10**9)
    runs, problems = read_all(proxy.url, options=ReadOptions(experiment="long"))
    assert not problems
    for run in runs:
        assert_same(run, server.run(run.name))
    assert any(path.endswith("/get-history") for _, path in proxy.passed)
    assert sum(path.endswith(BULK) for _, path in proxy.passed) > 2


def test_an_answer_without_a_runs_last_point_is_asked_again(
    proxy, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with a lower cap than the known one."""
    asked = mlflow_rest.Server.get

    def less(self, path: str, parameters, ajax: bool = False):
        answer = asked(self, path, parameters, ajax)
        return {"metrics": answer.get("metrics", [])[:30]} if path.endswith("bulk") else answer

    monkeypatch.setattr(mlflow_rest.Server, "get", less)
    assert_small(read_all(proxy.url, options=SMALL), server)


@pytest.mark.parametrize("status", [404, 403, 501])
def test_servers_without_bulk_history_are_read_page_by_page(proxy, server, status: int) -> None:
    proxy.rule = flaky.failing(BULK, status)
    assert_small(read_all(proxy.url, options=SMALL), server)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(proxy, server, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(mlflow_rest, "PAUSES", (0.01, 0.01, 0.01))
    proxy.rule = flaky.busy_at_first(status)
    assert_small(read_all(proxy.url, options=SMALL), server)


@pytest.mark.parametrize("fault", [500, 429, "drop", "hang"])
def test_runs_that_can_not_be_read_are_told_one_by_one(proxy, server, hasty: None, fault: int | str) -> None:
    proxy.rule = flaky.failing("/metrics/", fault)
    start = time.monotonic()
    runs, problems = read_all(proxy.url, options=HARD)
    assert time.monotonic() - start < 10
    assert [run.name for run in runs] == ["sweep"]  # it has no metrics
    assert len(problems) == len(server.experiment("hard"))
    assert all("can't be read" in problem.what and problem.lost for problem in problems)
    # a server that answers has trouble with this run or that one;
    # of one that is gone there is one thing to say
    assert {"/runs/" in problem.where for problem in problems} == {isinstance(fault, int)}
    assert len(set(problems)) == (len(problems) if isinstance(fault, int) else 1)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (401, "MLFLOW_TRACKING_USERNAME"),
        (500, "500"),
        ("drop", "closed the connection"),
        ("hang", "no answer within"),
    ],
)
def test_a_server_that_refuses_is_explained(proxy, hasty: None, fault: int | str, says: str) -> None:
    proxy.rule = flaky.failing("", fault)
    start = time.monotonic()
    with pytest.raises(SourceError, match=says):
        read_all(proxy.url)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:1", "connection refused"),
        ("databricks://profile", "not supported yet|credential configuration failed"),
        ("databricks", "not supported yet|credential configuration failed"),
    ],
)
def test_other_addresses_are_refused_clearly(address: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        read_all(address)


def test_a_server_behind_tls(server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    certificate = access.certificate(tmp_path / "server.pem")
    with flaky.before(server.uri, certificate) as proxy:
        with pytest.raises(SourceError, match="MLFLOW_TRACKING_SERVER_CERT_PATH"):
            read_all(proxy.url)
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
        assert_small(read_all(proxy.url, options=SMALL), server)


def test_a_page_address_reads_what_the_page_shows(server) -> None:
    run = server.run("falls")
    runs, _ = read_all(f"{server.uri}/#/experiments/1/runs/{run['id']}")
    assert [found.name for found in runs] == ["falls"]
    assert len(read_all(f"{server.uri}/#/experiments/1?searchFilter=")[0]) > 5
    assert not read_all(f"{server.uri}/#/experiments/0")[0]


def test_the_server_does_the_search(server) -> None:
    def names(**options: str) -> set[str]:
        return {run.name for run in read_all(server.uri, options=ReadOptions(**options))[0]}

    assert names(filter="params.lr = '0.001' and metrics.val_loss > 0.5") == {"overfits"}
    assert names(filter="attributes.run_name ILIKE 'NAN%'") == {"nan-end"}
    assert names(filter="lifecycle_stage = 'deleted'") == {"deleted"}
    assert names(experiment="hard", run="child*") == {"child-0.1", "child-1.0"}
    assert names(experiment="1", run="falls") == {"falls"}
    assert not names(experiment="none")
    with pytest.raises(UsageError, match="metrics"):
        names(filter="metrics.loss ~ 1")


def test_what_has_not_changed_is_not_asked_for_again(proxy, server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_http._KEPT, "most", 10**6)
    first = read_all(proxy.url, options=SMALL)
    asked = len([path for _, path in proxy.passed if "/metrics/" in path])
    assert asked
    assert_small(read_all(proxy.url, options=SMALL), server)
    assert len([path for _, path in proxy.passed if "/metrics/" in path]) == asked
    assert_small(first, server)
