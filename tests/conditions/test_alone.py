"""A condition says nothing about others: what several need stands beside them, or in a measure."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import curvedoctor.conditions as package

NAMES = [module.name for module in walk_packages(package.__path__, f"{package.__name__}.")]
CONDITIONS = {name for name in NAMES if hasattr(import_module(name), "CONDITION")}


def imported(source: str) -> set[str]:
    """The modules that a text imports, those that are named in `from … import` as well."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_none_imports_a_condition(name: str) -> None:
    source = import_module(name).__file__
    assert source is not None
    assert not imported(Path(source).read_text(encoding="utf-8")) & CONDITIONS


def test_what_is_imported_is_seen() -> None:
    some = sorted(CONDITIONS)[0]
    folder, _, module = some.rpartition(".")
    assert imported(f"from {some} import check") & CONDITIONS
    assert imported(f"from {folder} import {module}") & CONDITIONS
    assert len(CONDITIONS) >= 38
