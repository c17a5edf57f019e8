"""What MLflow promises to nobody is used in one module of each package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: documented
PUBLIC = {"mlflow", "mlflow.entities", "mlflow.exceptions"}


def inner(module: Path) -> Iterator[str]:
    """What a module imports of MLflow that its documentation does not promise."""
    tree = ast.parse(module.read_text())
    typing = {each for node in ast.walk(tree) if _for_types(node) for each in ast.walk(node)}
    for node in set(ast.walk(tree)) - typing:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mlflow":
            yield from (f"{node.module}.{each.name}" for each in node.names if _private(node, each.name))
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith("mlflow."))


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _private(node: ast.ImportFrom, name: str) -> bool:
    return node.module not in PUBLIC or name.startswith("_")


def test_one_module_of_each_package_reaches_into_mlflow() -> None:
    modules = [*(ROOT / "backend").rglob("*.py"), *(ROOT / "plugin").rglob("*.py")]
    reaching = {str(module.relative_to(ROOT)): found for module in modules if (found := list(inner(module)))}
    assert set(reaching) == {
        "backend/curvedoctor/sources/mlflow/inner.py",
        "plugin/curvedoctor_mlflow/inner.py",
    }, reaching
