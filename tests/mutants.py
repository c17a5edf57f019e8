"""Small faults of the judging code, made from its syntax: numbers moved, signs and branches swapped,
results given up."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "backend" / "curvedoctor"
#: what is mutated: the code that judges
JUDGING = (
    "features/*.py", "conditions/**/*.py", "advice/*.py", "engine/verdict.py", "engine/judge.py",
    "sources/tensorboard/segments.py", "sources/tensorboard/assemble.py",
)  # fmt: skip
#: words and made-up runs, not judgements
APART = {"features/sentences.py", "conditions/examples.py"}
#: numbers beyond these guard against division by zero and overflow: moving them changes nothing
LEAST, MOST = 1e-8, 1e8
_SIGNS: dict[type[ast.AST], str] = {
    ast.Lt: ">", ast.Gt: "<", ast.LtE: ">", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not",
    ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in", ast.And: "or", ast.Or: "and", ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/", ast.Div: "*",
}  # fmt: skip
_SWAPS = {"min": "max", "any": "all", "minimum": "maximum", "argmin": "argmax", "floor": "ceil"}
_NAMES = _SWAPS | {there: here for here, there in _SWAPS.items()}
#: what a function gives back when it gives up, by its annotation
_GIVEN_UP = {"float": "0.0", "int": "0", "bool": "False", "str | None": "None", "float | None": "None"}


@dataclass(frozen=True)
class Mutant:
    """One changed expression."""

    path: str
    line: int
    start: int
    end: int
    was: str
    now: str
    #: a part of a module's own value, as thresholds are
    constant: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.start + 1}  {self.was}  →  {self.now}"

    @property
    def module(self) -> str:
        return ".".join(("curvedoctor", *Path(self.path).with_suffix("").parts)).removesuffix(".__init__")

    def source(self) -> str:
        lines = (PACKAGE / self.path).read_text(encoding="utf-8").splitlines(keepends=True)
        held = lines[self.line - 1].encode()
        lines[self.line - 1] = (held[: self.start] + self.now.encode() + held[self.end :]).decode()
        return "".join(lines)


def mutants() -> list[Mutant]:
    """All of them, in the order of the files."""
    files = sorted({f for pattern in JUDGING for f in PACKAGE.glob(pattern)})
    paths = [f.relative_to(PACKAGE).as_posix() for f in files]
    return [m for path in paths if path not in APART for m in of_file(path)]


def of_file(path: str) -> Iterator[Mutant]:
    """The mutants of one file; expressions over several lines are passed over."""
    text = (PACKAGE / path).read_text(encoding="utf-8")
    for part in ast.parse(text).body:
        constant = isinstance(part, (ast.Assign, ast.AnnAssign))
        for node, now in _changes([part], None):
            was = ast.get_source_segment(text, node)
            assert was is not None
            line, start, end = node.lineno, node.col_offset, node.end_col_offset
            if node.end_lineno == line and now != was and end is not None:
                yield Mutant(path, line, start, end, was, now, constant)


def _changes(nodes: Sequence[ast.AST], returns: str | None) -> Iterator[tuple[ast.expr, str]]:
    """Expressions and what stands in their place."""
    for node in nodes:
        if _idle(node):
            continue
        if isinstance(node, ast.FunctionDef):
            returns = ast.unparse(node.returns) if node.returns is not None else None
            yield from _changes([*node.args.defaults, *node.body], returns)
            continue
        if isinstance(node, ast.Return) and node.value is not None and returns in _GIVEN_UP:
            yield node.value, _GIVEN_UP[returns]
        if isinstance(node, ast.expr):
            yield from ((node, now) for now in _instead(node))
        yield from _changes(list(ast.iter_child_nodes(node)), returns)


def _idle(node: ast.AST) -> bool:
    """What decides nothing: texts, imports, types, assertions, runs made up as examples,
    a condition's description."""
    if isinstance(node, ast.FunctionDef):
        return any("Generator" in ast.unparse(a.annotation) for a in node.args.args if a.annotation)
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return True
    if isinstance(node, ast.Assign):
        return any(isinstance(t, ast.Name) and t.id in {"CONDITION", "ID", "__all__"} for t in node.targets)
    if isinstance(node, ast.keyword):
        return node.arg in {"maxsize", "slots", "dtype"}
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes))
    return isinstance(node, (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Assert, ast.Raise))


def _instead(node: ast.expr) -> Iterator[str]:
    """Small faults that an expression may have."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        assert isinstance(node.value, (int, float))
        yield from _moved(node.value)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield f"{_in(node.left)} {_SIGNS[type(node.ops[0])]} {_in(node.comparators[0])}"
    elif isinstance(node, ast.BoolOp):
        yield f" {_SIGNS[type(node.op)]} ".join(_in(v) for v in node.values)
    elif isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        yield f"{_in(node.left)} {_SIGNS[type(node.op)]} {_in(node.right)}"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield _in(node.operand)
    elif isinstance(node, ast.IfExp):
        yield f"{_in(node.orelse)} if {_in(node.test)} else {_in(node.body)}"
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield _NAMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES and isinstance(node.value, ast.Name):
        yield f"{node.value.id}.{_NAMES[node.attr]}"


def _moved(value: float) -> Iterator[str]:
    """A number moved by a clear amount."""
    if isinstance(value, int):
        yield str(value + 1 if abs(value) < 10 else round(1.5 * value))
    elif value == 0 or LEAST < abs(value) < MOST:
        yield repr(1.5 * value if value else 1.0)


def _in(node: ast.expr) -> str:
    """An operand, in parentheses where it is more than a word."""
    text = ast.unparse(node)
    return (
        text
        if isinstance(node, (ast.Name, ast.Constant, ast.Attribute, ast.Call, ast.Subscript))
        else f"({text})"
    )
