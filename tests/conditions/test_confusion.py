"""Verdicts on the examples move only on purpose."""

from __future__ import annotations

from conditions.confusion import PATH, matrix


def test_confusion_matrix() -> None:
    assert matrix() == PATH.read_text(encoding="utf-8"), (
        "if it is meant: python tests/conditions/confusion.py"
    )
