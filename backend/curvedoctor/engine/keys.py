"""What decides what is said of a group of runs, as a short key to remember it under."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from curvedoctor.engine.codec import dumps
from curvedoctor.engine.options import Options
from curvedoctor.engine.record import of_role
from curvedoctor.engine.units import of_unit
from curvedoctor.sources import reader_named
from curvedoctor.sources.base import Unit
from curvedoctor.store import LAYOUT
from curvedoctor.version import __version__

#: parts of the package that only show or write what was diagnosed
_SILENT = frozenset({"cli", "compare", "demo", "reports", "sinks"})


def key_of(units: Sequence[Unit], options: Options, database: str | None = None) -> bytes | None:
    """What decides what is said of these units; None where they don't tell every change.

    `database` is the state of the file that they are all in, where that is known.
    """
    if database is not None and all(unit.reader == "mlflow-sql" for unit in units):
        return digest(deciding(options), [of_unit(unit) for unit in units], database)
    if not all(reader_named(unit.reader).traits.stamped and unit.dated for unit in units):
        return None
    return digest(deciding(options), [of_unit(unit) for unit in units])


def deciding(options: Options) -> list[object]:
    """Of the options, those that change what is said."""
    read = options.read
    roles = sorted((key, of_role(role)) for key, role in options.roles.items())
    return [
        *(read.only, read.experiment, read.filter, sorted(read.params.items()), list(read.columns)),
        *(options.conditions, roles, options.alone, options.primary),
    ]


def digest(*what: object) -> bytes:
    """A key of `what`, for this place on this version."""
    directory = str(Path.cwd())  # addresses may be relative
    return hashlib.blake2b(dumps([version(), directory, *what]), digest_size=20).digest()


@cache
def version() -> str:
    """Changes with everything that has a say in a diagnosis: the package's version, sources and model."""
    root = Path(__file__).parents[1]
    digest_ = hashlib.blake2b(f"{__version__} {LAYOUT}".encode(), digest_size=16)
    for path in sorted((*root.rglob("*.py"), *root.rglob("*.npz"))):
        relative = path.relative_to(root)
        if relative.parts[0] not in _SILENT:
            content = path.read_bytes()
            digest_.update(f"\0{relative.as_posix()}\0{len(content)}\0".encode())
            digest_.update(content)
    return digest_.hexdigest()
