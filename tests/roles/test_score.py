"""The roles' scores against tags labelled by hand, as assertions."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _score_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("roles_score", Path(__file__).with_name("score.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["roles_score"] = module
    spec.loader.exec_module(module)
    return module


score = _score_module()


@pytest.mark.parametrize("neighbours", [True, False])
@pytest.mark.parametrize(("leave_out", "least"), [(False, 0.97), (True, 0.90)])
@pytest.mark.parametrize(("file", "rows"), [("tags.csv", 250), ("more_tags.csv", 2000)])
def test_labelled_tags(file: str, rows: int, neighbours: bool, leave_out: bool, least: float) -> None:
    wrong: list[str] = []
    counts = score.score(
        score.load(score.DATA / file), neighbours=neighbours, leave_out=leave_out, wrong=wrong
    )
    assert counts["all"].asked > rows
    for field in ("all", "all: quantity", "all: better", "all: split"):
        assert counts[field].share >= least, "\n".join(wrong)


def test_left_out_rules_exist() -> None:
    assert score.FRAMEWORKS
    assert all(score.without_own(framework) for framework in score.FRAMEWORKS)


def test_one_mixed_run() -> None:
    """All tags as curves of one run: neighbours must help, never mislead."""
    rows = score.load(score.DATA / "tags.csv")
    one = [score.Row(r.tag, "mixed", r.split, r.quantity, r.better, r.confidence) for r in rows]
    assert score.score(one)["all"].share >= 0.97
