"""All that odds are fitted on: the clinic, its drawn tasks, and other people's curves, in one table.

Feature rows take minutes to compute, so they are kept in a folder, under a name that changes with the code
and the data that made them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import curvedoctor
from clinic.dataset import Table, joined, learnt_from, of_others
from clinic.drawn import store as drawn
from clinic.outside import SOURCES
from clinic.outside import load as published
from clinic.outside.record import Outside
from clinic.store import DATA, ClinicRun
from clinic.store import load as stored

CACHE = Path.home() / ".cache" / "clinic" / "features"
#: runs of one of other people's sources that are looked at
EACH = 1000
#: weight of each of other people's sources, as a share of the clinic's
SHARE = 0.15


def runs() -> list[ClinicRun]:
    """The clinic's runs, fixed tasks and drawn ones; nothing of the held-out part."""
    return [*stored(final=False), *drawn.load(final=False)]


def others(folder: Path, source: str, each: int = EACH) -> list[Outside]:
    """Of one of other people's sources at most so many runs, drawn evenly."""
    found = published(folder, (source,))
    at = sorted(np.random.default_rng(len(found)).permutation(len(found))[:each])
    return [found[i] for i in at]


def experience(
    mine: Sequence[ClinicRun], folder: Path | None, styled: int, habitual: int, cache: Path = CACHE
) -> Table:
    """One table of the clinic's runs and, from a folder, other people's."""
    held = []
    for name, folder_, part in (
        ("fixed", DATA, [run for run in mine if "~" not in run.task]),
        ("drawn", drawn.DATA, [run for run in mine if "~" in run.task]),
    ):
        if part:
            name = f"{name}-{styled}-{habitual}-{len(part)}-{_sizes(folder_)}"
            held.append(kept(cache, name, partial(learnt_from, part, styled, habitual)))
    whole = sum(float(table.weight.sum()) for table in held)
    for source in SOURCES if folder else ():
        found = kept(cache, f"{source}-{EACH}", partial(_of_others, folder, source))
        if len(found.rows):
            share = SHARE * whole / found.weight.sum()
            held.append(replace(found, weight=found.weight * share))
    return joined(held)


def _of_others(folder: Path, source: str) -> Table:
    return of_others(others(folder, source))


def kept(cache: Path, name: str, make: Callable[[], Table]) -> Table:
    """A table that was made before by the same code from the same data, else made now."""
    path = cache / f"{name}-{_mark()}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as held:
            numbers = {k: held[k] for k in ("rows", "labels", "gains", "weight", "run")}
            return Table(
                tasks=tuple(held["tasks"].tolist()), sources=tuple(held["sources"].tolist()), **numbers
            )
    table = make()
    cache.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half.npz")
    np.savez(half, **{k: np.asarray(getattr(table, k)) for k in Table.__dataclass_fields__})
    half.replace(path)
    return table


def _mark() -> str:
    """Changes with the code that computes features."""
    digest = hashlib.sha256()
    package, clinic = Path(curvedoctor.__file__).parent, Path(__file__).parent
    code = [p for part in ("features", "roles", "params") for p in sorted((package / part).rglob("*.py"))]
    code += [package / "actions.py", *(clinic / f"{n}.py" for n in ("dataset", "habits", "render", "truth"))]
    code += sorted((clinic / "outside").glob("*.py"))
    for path in code:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sizes(folder: Path) -> str:
    """Changes with the runs that are stored in a folder."""
    text = " ".join(f"{path.name} {path.stat().st_size}" for path in sorted(folder.glob("*.*")))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
