"""Ways to present diagnoses: one module per `--format`.

A format is a module `as_<name>.py` with a function `render`; there is no registry to edit.
See `base.Format`. This file imports nothing, so that `--help` stays quick.
"""

from __future__ import annotations

import pkgutil

PREFIX = "as_"


def formats() -> tuple[str, ...]:
    """The names of all formats, the default first."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    names = [name.removeprefix(PREFIX) for name in modules if name.startswith(PREFIX)]
    return tuple(sorted(names, key=lambda name: name != "table"))
