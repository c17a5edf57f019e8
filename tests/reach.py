"""Which tests reach which functions of the package, how long they take, and which of them fail."""

from __future__ import annotations

import ast
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest

from mutants import PACKAGE, Mutant

#: seconds of tests that are asked about one mutant, quickest first
ENOUGH = 60.0


class Reach(NamedTuple):
    """What is known of one test."""

    #: seconds
    takes: float
    fails: bool
    #: path → first lines of its functions
    functions: dict[str, list[int]]


class Observer:
    """A plugin of pytest that notes what each test calls."""

    def __init__(self) -> None:
        self.failed, self.seen = set[str](), dict[str, tuple[float, set[CodeType]]]()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        called, began = set[CodeType](), time.process_time()

        def note(frame: FrameType, event: str, arg: object) -> None:
            called.add(frame.f_code)

        sys.settrace(note)
        yield
        sys.settrace(None)
        self.seen[item.nodeid] = time.process_time() - began, called

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def told(self) -> dict[str, tuple[float, bool, dict[str, list[int]]]]:
        return {
            test: (round(takes, 3), test in self.failed, _by_path(called))
            for test, (takes, called) in self.seen.items()
        }


def _by_path(called: set[CodeType]) -> dict[str, list[int]]:
    ours, out = f"{PACKAGE}/", dict[str, list[int]]()
    for code in called:
        if code.co_filename.startswith(ours):
            out.setdefault(code.co_filename.removeprefix(ours), []).append(code.co_firstlineno)
    return {path: sorted(lines) for path, lines in sorted(out.items())}


def observe(tests: Sequence[str]) -> dict[str, Any]:
    """All of some tests, run once, with nothing changed."""
    observer = Observer()
    quiet = ("-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", "--tb=no")
    pytest.main([*quiet, *tests], plugins=[observer])
    return observer.told()


def read(path: Path) -> dict[str, Reach]:
    return {test: Reach(*it) for test, it in json.loads(path.read_text(encoding="utf-8")).items()}


def reaching(mutant: Mutant, tests: dict[str, Reach]) -> list[str]:
    """The tests that call a mutant's function, or any of its module where it stands in none;
    quickest first."""
    first, last = _around(mutant)
    found = [
        (it.takes, test)
        for test, it in tests.items()
        if not it.fails and any(first <= line <= last for line in it.functions.get(mutant.path, ()))
    ]
    out, total = list[str](), 0.0
    for takes, test in sorted(found):
        total += takes
        if total > ENOUGH:
            break
        out.append(test)
    return out


def _around(mutant: Mutant) -> tuple[int, int]:
    """The lines of the innermost function around a mutant."""
    tree = ast.parse((PACKAGE / mutant.path).read_text(encoding="utf-8"))
    around = [
        (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno < mutant.line <= (node.end_lineno or 0)
    ]
    return max(around, default=(0, sys.maxsize))
