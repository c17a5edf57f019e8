"""What the modules of a package bring, found because they are there: there is no registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def brought(package: ModuleType, name: str) -> Iterator[Any]:
    """What each module defines under `name`, and a package of several under its plural;
    in the order of module names."""
    for listed in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{package.__name__}.{listed.name}")
        yield from getattr(module, f"{name}S", ()) or filter(None, [getattr(module, name, None)])
