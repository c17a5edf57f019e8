"""Conditions are tested on their own rules: the statistical model has its own tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def rules_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curvedoctor.advice.odds.default_model", lambda: None)
