"""Journal of a survey → the data files of the repository."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

from clinic.campaign import outcome_of, variants
from clinic.config import Config, compact
from clinic.curves import STEP_POINTS
from clinic.drawn.codec import Shorts, encoded, packed
from clinic.drawn.plan import bases, wave
from clinic.drawn.store import DATA
from clinic.drawn.survey import Survey, missing, own, settled
from clinic.drawn.tuning import grid, learn
from clinic.faults import Base
from clinic.pack import curves_of, facts_of, healthy, verdicts_of
from clinic.remedies import first
from clinic.render import style_of
from clinic.store import CURVES
from clinic.tasks import TASKS, chance

#: of step curves every so-manieth point is kept, to two significant digits and a half
THIN, COARSE = 2, 4
#: a wave's files, and bytes that all may take in the repository
NAME, MOST = "wave-{:04d}", 15_000_000

Record = dict[str, Any]


def best_of(survey: Survey, name: str, planned: list[Base]) -> float:
    """Lowest loss on the clean test rows that anything reached on this task."""
    configs: list[Config] = list(grid(name).values())
    for base in planned:
        configs += [base.config, *(v.config for v in variants(survey.journal, base.config))]
    records = (survey.journal.done.get(c.key()) for c in configs if not c.imbalance and not c.probe)
    return min((r["t"][0] for r in records if r and r["t"][0] is not None), default=chance(name))


def record_of(survey: Survey, base: Base, identity: str, best: float) -> tuple[Record, list[Shorts]] | None:
    """Metadata and curves of one base run, or None while trainings are missing."""
    journal, config, task = survey.journal, base.config, TASKS[base.config.task]
    tried = survey.choices.of.get(config.key())
    curves = curves_of(journal, config)
    if tried is None or not curves or missing(journal, config, tried):
        return None
    if not all(journal.has(c) for part in own(config) for c in part):
        return None
    untried = {v.action for v in first(config)} - set(tried)
    outcomes = {a: rows for a, rows in outcome_of(journal, base, settled).items() if a in tried}
    facts = facts_of(journal, config, curves)
    verdicts = verdicts_of(journal, base, outcomes, facts, untried)
    well = healthy(config, outcomes, verdicts, facts, best)
    style, level = style_of(config.key() + base.fault)
    short = {k: (float(f"{v:.5g}") if isinstance(v, float) else v) for k, v in facts.items()}
    short |= {"stride": THIN * -(-config.steps // STEP_POINTS), "best_known": float(f"{best:.5g}")}
    raw = [
        curves[name][:: THIN if name.startswith("step_") else 1] if name in curves else [] for name in CURVES
    ]
    codes = [encoded(c, COARSE if n.startswith("step_") else 1) for n, c in zip(CURVES, raw, strict=True)]
    return {
        "id": identity, "task": task.name, "modality": task.modality, "kind": task.kind,
        "family": task.family,
        "fault": base.fault, "group": base.group, "style": style, "level": level, "config": compact(config),
        "healthy": well if not untried or well is False else None, "outcomes": outcomes, "verdicts": verdicts,
        "facts": short, "tried": tried, "lengths": [len(c) for c in codes],
    }, codes  # fmt: skip


def _rows(survey: Survey, name: str) -> list[tuple[Record, list[Shorts]]]:
    """The finished base runs of one task."""
    if not all(survey.journal.has(c) for c in grid(name).values()):
        return []
    learn(survey.journal, name)
    planned = bases(name)
    best = best_of(survey, name, planned)
    found = (record_of(survey, b, f"{name}-{i}", best) for i, b in enumerate(planned))
    return [row for row in found if row is not None]


def pack(work: Path, folder: Path = DATA) -> str:
    """Add the base runs of this work folder that are finished, wave by wave; returns a line of figures.

    What earlier surveys have packed stays: a wave's files are replaced only by more runs of the same wave.
    """
    survey = Survey(work, 0.0)
    folder.mkdir(parents=True, exist_ok=True)
    left_out = []
    for number in survey.begun():
        rows = [row for name in wave(number) for row in _rows(survey, name)]
        if len(rows) > _held(folder, number) and not _write(folder, number, rows):
            left_out.append(number)
    records = [record for path in sorted(folder.glob("*.jsonl.xz")) for record in _records(path)]
    tasks = len({record["task"] for record in records})
    line = f"{len(records)} runs of {tasks} tasks in {_size(folder) / 1e6:.1f} MB"
    return line + (f"; no room for waves {left_out}" if left_out else "")


def _records(path: Path) -> list[Record]:
    return [json.loads(line) for line in lzma.decompress(path.read_bytes()).decode().splitlines()]


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.iterdir())


def _held(folder: Path, number: int) -> int:
    """Runs of this wave that are packed already."""
    path = folder / f"{NAME.format(number)}.jsonl.xz"
    return len(_records(path)) if path.exists() else 0


def _write(folder: Path, number: int, rows: list[tuple[Record, list[Shorts]]]) -> bool:
    """Write one wave's files, unless all would then be more than a repository should hold."""
    text = "\n".join(json.dumps(record, separators=(",", ":")) for record, _ in rows)
    held = {
        ".jsonl.xz": lzma.compress(text.encode(), preset=9),
        ".curves.xz": packed([c for _, codes in rows for c in codes]),
    }
    places = {end: folder / (NAME.format(number) + end) for end in held}
    old = sum(p.stat().st_size for p in places.values() if p.exists())
    if _size(folder) - old + sum(map(len, held.values())) > MOST:
        return False
    for end, data in held.items():
        places[end].write_bytes(data)
    return True
