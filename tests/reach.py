"""Which tests, and which looks at what is kept, reach which functions of the package; how long they take, and
which tests fail."""

from __future__ import annotations

import ast
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest

from mutants import PACKAGE, Mutant

#: seconds of tests that are asked about one mutant, quickest first; observed, they take about twice as long
ENOUGH = 40.0


class Reach(NamedTuple):
    """What is known of one test."""

    #: seconds
    takes: float
    fails: bool
    #: path → its functions that are called, by their qualified names
    functions: dict[str, list[str]]


#: name → what `Reach` holds
Told = dict[str, tuple[float, bool, dict[str, list[str]]]]


class Observer:
    """Notes what is called; as a plugin of pytest by each test."""

    def __init__(self) -> None:
        self.failed, self.seen = set[str](), dict[str, tuple[float, set[CodeType]]]()

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        called, began = set[CodeType](), time.process_time()

        def note(frame: FrameType, event: str, arg: object) -> None:
            called.add(frame.f_code)

        sys.settrace(note)
        yield
        sys.settrace(None)
        self.seen[name] = time.process_time() - began, called

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        with self.noting(item.nodeid):
            yield

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def told(self) -> Told:
        return {
            name: (round(takes, 3), name in self.failed, _by_path(called))
            for name, (takes, called) in self.seen.items()
        }


def _by_path(called: set[CodeType]) -> dict[str, list[str]]:
    ours, lines = f"{PACKAGE}/", dict[str, set[int]]()
    for code in called:
        if code.co_filename.startswith(ours):
            lines.setdefault(code.co_filename.removeprefix(ours), set()).add(code.co_firstlineno)
    return {
        path: [name for name, first, last in functions(path) if any(first <= n <= last for n in held)]
        for path, held in sorted(lines.items())
    }


@cache
def functions(path: str) -> list[tuple[str, int, int]]:
    """A module's functions and methods: qualified name, first and last line, decorators included."""
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    known = [("", node) for node in tree.body]
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            known += [(f"{node.name}.", part) for part in node.body]
    return [
        (
            within + node.name,
            min([node.lineno, *(d.lineno for d in node.decorator_list)]),
            node.end_lineno or 0,
        )
        for within, node in known
        if isinstance(node, ast.FunctionDef)
    ]


def observe(tests: Sequence[str]) -> Told:
    """All of some tests, run once, with nothing changed."""
    observer = Observer()
    quiet = ("-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", "--tb=no")
    pytest.main([*quiet, *tests], plugins=[observer])
    return observer.told()


def observe_all(looks: Mapping[str, Callable[[], str]]) -> Told:
    """The same of looks at what is kept."""
    observer = Observer()
    for name, look in looks.items():
        with observer.noting(name):
            if look():
                observer.failed.add(name)
    return observer.told()


def read(path: Path) -> dict[str, Reach]:
    return {test: Reach(*it) for test, it in json.loads(path.read_text(encoding="utf-8")).items()}


def reaching(mutant: Mutant, known: Mapping[str, Reach]) -> list[str]:
    """What calls a mutant's function, or any of its module where it stands in none; quickest first."""
    around = {name for name, first, last in functions(mutant.path) if first < mutant.line <= last}
    found = [
        (it.takes, name)
        for name, it in known.items()
        if not it.fails and mutant.path in it.functions
        and (not around or around & set(it.functions[mutant.path]))
    ]  # fmt: skip
    total, out = 0.0, list[str]()
    for takes, name in sorted(found):
        total += takes * ("::" in name)  # what is kept is looked at however long it takes
        if total <= ENOUGH:
            out.append(name)
    return out
