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
def test_seen_tags(neighbours: bool, leave_out: bool, least: float) -> None:
    wrong: list[str] = []
    counts = score.score(
        score.load(score.DATA / "tags.csv"), neighbours=neighbours, leave_out=leave_out, wrong=wrong
    )
    assert counts["all"].asked > 250
    for field in ("all", "all: quantity", "all: better", "all: split"):
        assert counts[field].share >= least, "\n".join(wrong)
