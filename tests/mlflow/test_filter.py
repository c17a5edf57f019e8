"""The filter's evaluation, held against MLflow's own."""

from __future__ import annotations

import pytest

from curvedoctor.errors import UsageError
from curvedoctor.sources.mlflow import filter as mlflow_filter
from curvedoctor.sources.mlflow.facts import Facts
from curvedoctor.sources.mlflow.filter import parse

FACTS = Facts(
    attributes={
        "status": "FINISHED",
        "run_name": "Ähre 1",
        "start_time": 1700,
        "run_id": "abc",
        "lifecycle_stage": "active",
    },
    params={"lr": "0.1", "a.b": "x", "odd name": "50%"},
    tags={"team": "Vision", "mlflow.user": "me", "quote": "it's"},
    metrics={"loss": 0.5, "train/acc": 0.9},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.loss < 1", True),
        ("metrics.loss >= 0.5 and metrics.loss<=.5", True),
        ("metric.loss > 5e-1", False),
        ("metrics.`train/acc` != 0.8", True),
        ('metrics."train/acc" = 0.9', True),
        ("params.lr = '0.1'", True),
        ('parameters.lr = "0.1"', True),
        ("params.a.b = 'x'", True),
        ("params.`odd name` LIKE '50%'", True),
        ("params.lr != '0.2'", True),
        ("params.absent != '0.2'", False),
        ("params.absent IS NULL AND params.lr IS NOT NULL", True),
        ("tags.team LIKE 'vis%'", False),
        ("tags.team ILIKE 'vis%'", True),
        ("tags.team LIKE 'V_sion'", True),
        ("tags.team like 'V'", False),
        ("tag.mlflow.user = 'me'", True),
        ("tags.quote = 'it\\'s'", False),
        ("attributes.status = 'FINISHED' AND attributes.start_time > 1000", True),
        ("status = 'FAILED'", False),
        ("run_name LIKE 'Ä%'", True),
        ("attributes.run_id IN ('abc', 'def')", True),
        ("attributes.run_id NOT IN ('abc')", False),
        ("attributes.lifecycle_stage = 'active'", True),
        ("", True),
    ],
)
def test_a_filter_selects(text: str, expected: bool) -> None:
    assert parse(text).matches(FACTS) is expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("metrics.loss < 'a'", "a number"),
        ("params.lr > 0.1", "a quoted string"),
        ("params.lr = 0.1", "quoted string"),
        ("params.lr < '0.1'", "can't be compared"),
        ("metrics.loss LIKE 1", "can't be compared"),
        ("metrics.loss < 1 OR metrics.loss > 2", "AND only"),
        ("metrics.loss <", "too early"),
        ("nothing.loss < 1", "none of metrics"),
        ("attributes.color = 'red'", "no attribute"),
        ("params.lr = red", "quotes"),
        ("params.lr ~ 'a'", "can't read"),
        ("attributes.run_id IN 'abc'", "a list"),
        ("params.lr == '0.1'", "number or stand in quotes"),
    ],
)
def test_a_wrong_filter_is_explained(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse(text)


def test_deleted_runs_are_asked_for_by_lifecycle() -> None:
    text = "params.lr = '1' AND attributes.lifecycle_stage = 'deleted' AND metrics.loss < 1"
    assert parse(text).deleted
    assert mlflow_filter.asks_deleted(text)
    assert mlflow_filter.without_lifecycle(text) == "params.lr = '1'   AND metrics.loss < 1".replace(
        "   ", " "
    )
    assert mlflow_filter.without_lifecycle("lifecycle_stage = 'deleted'") == ""
    assert not parse("params.lr = '1'").deleted
    assert not mlflow_filter.asks_deleted("attributes.lifecycle_stage = 'active'")
