"""The stored runs on drawn tasks: `load()`. numpy and the standard library only.

Format: `data/drawn/wave-<number>.jsonl.xz` holds one JSON object per run of a
wave, `wave-<number>.curves.xz` the curves of all of them (see `codec`), whose
lengths stand in the objects.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Collection
from pathlib import Path
from typing import Any

from clinic.config import expand
from clinic.drawn.codec import Shorts, decoded, unpacked
from clinic.split import is_final
from clinic.store import CURVES, ClinicRun

DATA = Path(__file__).parents[1] / "data" / "drawn"


def load(*, final: bool | None = False, folder: Path = DATA, waves: Collection[int] = ()) -> list[ClinicRun]:
    """All stored runs, or those of some waves; `final=False` leaves the held-out tasks out, `True` gives only
    them, None all.

    `run.tried` holds the actions that were really tried, with the probability
    with which that was decided; `run.helps` of the others is None: not known.
    """
    runs: list[ClinicRun] = []
    for path in sorted(folder.glob("*.jsonl.xz")):
        if waves and _number(path) not in waves:
            continue
        records = [json.loads(line) for line in lzma.decompress(path.read_bytes()).decode().splitlines()]
        lengths = [n for record in records for n in record["lengths"]]
        curves = unpacked((folder / path.name.replace(".jsonl", ".curves")).read_bytes(), lengths)
        for i, record in enumerate(records):
            if final is None or is_final(record["task"]) == final:
                runs.append(_run(record, curves[i * len(CURVES) : (i + 1) * len(CURVES)]))
    return runs


def next_wave(folder: Path = DATA) -> int:
    """The first wave of which nothing is stored, nor of any later one: its tasks are new."""
    return max((_number(path) for path in folder.glob("wave-*.jsonl.xz")), default=-1) + 1


def _number(path: Path) -> int:
    return int(path.name[5:9])


def _run(record: dict[str, Any], curves: list[Shorts]) -> ClinicRun:
    del record["lengths"]
    record["config"] = expand(record["config"])
    raw = {name: decoded(c) for name, c in zip(CURVES, curves, strict=True) if len(c)}
    return ClinicRun(**record, raw=raw)
