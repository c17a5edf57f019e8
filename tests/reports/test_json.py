"""JSON and JSON Lines: the published schema holds, and nothing but strict JSON comes out."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

import cases
from curvedoctor.actions import ACTIONS
from curvedoctor.model import QUANTITIES, SEVERITIES, Diagnosis, Problem
from curvedoctor.reports import as_json, as_jsonl
from curvedoctor.reports.base import OutputStyle

SCHEMA = json.loads(files("curvedoctor.reports").joinpath("schema.json").read_text(encoding="utf-8"))


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text.encode("ascii")
    return json.loads(text, parse_constant=refuse)


def document(results: list[Diagnosis | Problem]) -> Any:
    return strict("".join(as_json.render(results, OutputStyle())))


@pytest.mark.parametrize(
    "results", [list(cases.ALL), [*cases.hostile(), cases.PROBLEM]], ids=["all", "hostile"]
)
def test_the_published_schema_holds(results: list[Diagnosis | Problem]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    data = document(results)
    validator.validate(data)
    assert [run["run"] for run in data["runs"]] == [
        as_json.text(item.run.name) for item in results if isinstance(item, Diagnosis)
    ]


def test_the_schema_refuses_what_the_contract_does_not_have() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for path, value in ((("verdict",), "ill"), (("extra",), 1), (("findings", 0, "severity"), "fatal"),
                        (("prescriptions", 0, "action"), "pray"),
                        (("findings", 0, "confidence"), 1.5)):  # fmt: skip
        data = document([cases.sick()])
        place: Any = data["runs"][0]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(data)


def test_the_schema_knows_the_closed_vocabularies() -> None:
    shapes = SCHEMA["$defs"]
    assert set(shapes["prescription"]["properties"]["action"]["enum"]) == set(ACTIONS)
    assert shapes["finding"]["properties"]["severity"]["enum"] == list(SEVERITIES)
    assert shapes["curve"]["properties"]["quantity"]["enum"] == list(QUANTITIES)


def test_the_contract_example_comes_out() -> None:
    data = document([cases.sick(), cases.PROBLEM])
    assert data["schema"] == "curvedoctor.diagnosis/1"
    assert data["problems"] == [
        {"where": cases.PROBLEM.where, "offset": 1203, "what": "truncated record: 27 bytes missing"}
    ]
    run = data["runs"][0]
    assert run["findings"][0] == {
        "condition": "lr-too-high",
        "severity": "error",
        "confidence": 0.93,
        "curves": ["train/loss"],
        "onset": 40,
        "span": [40, 199],
        "axis": "step",
        "summary": "The loss bounces by ±38 % and has not improved since step 40.",
        "evidence": {"noise": 0.38, "best": 1.92},
    }
    first = run["prescriptions"][0]
    assert first["for"] == ["lr-too-high"]
    assert (first["current"], first["proposed"], first["factor"], first["step"]) == (0.5, 0.05, 0.1, None)
    assert run["params"] == {"lr": 0.5, "batch_size": 64, "optimizer": "sgd"}
    assert run["curves"][0] == {
        "id": "train/loss", "tag": "train/loss", "split": "train", "quantity": "loss",
        "better": "lower", "granularity": "step", "points": 200,
    }  # fmt: skip


def test_what_a_suggestion_rests_on_and_brings() -> None:
    run = document([cases.improvable()])["runs"][0]
    assert (run["verdict"], run["reason"], run["findings"]) == ("healthy", None, [])
    first, second = run["prescriptions"]
    assert (first["basis"], first["gain"], first["for"]) == ("odds", [0.12, 0.35, 0.6], [])
    assert (second["basis"], second["gain"]) == ("siblings", None)
    assert document([cases.sick()])["runs"][0]["prescriptions"][0]["basis"] == "seen"


def test_the_reason_of_what_cannot_be_told() -> None:
    said = replace(cases.undetermined(), reason="Its longest curve has 1 point.")
    run = document([said])["runs"][0]
    assert (run["verdict"], run["reason"]) == ("undetermined", "Its longest curve has 1 point.")


@pytest.mark.parametrize(
    ("field", "value"), [("basis", "luck"), ("gain", [0.1, 0.2]), ("gain", "much"), ("confidence", 2)]
)
def test_the_schema_holds_what_a_suggestion_says(field: str, value: object) -> None:
    data = document([cases.improvable()])
    data["runs"][0]["prescriptions"][0][field] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(data)


def test_what_is_not_a_number_is_null() -> None:
    run = document([cases.extreme()])["runs"][0]
    assert run["findings"][0]["evidence"] == {"a": None, "b": 0.5, "c": None, "d": None, "e": "x"}
    assert run["findings"][0]["span"][1] is None
    assert run["prescriptions"][0]["current"] is None
    assert run["readings"]["lr-range-test"] == {"steepest": 0.1, "points": [0, 1, 2], "bad": None}
    assert run["problems"] == [
        {"where": "logs/extreme/events", "offset": 1203, "what": "truncated record: 27 bytes missing"}
    ]


def test_jsonl_is_one_run_per_line_and_streams() -> None:
    pulled = []

    def results() -> Any:
        for item in cases.ALL:
            pulled.append(item)
            yield item

    render = as_jsonl.render(results(), OutputStyle())
    first = next(iter(render))
    assert len(pulled) == 1
    lines = [first, *render]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert [strict(line) for line in lines] == document(list(cases.ALL))["runs"]
