"""Which remedies a base run is given: those that matter, and some at random,
with the probability recorded."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clinic.config import Config
from clinic.dataset import as_run
from clinic.faults import Base
from clinic.losses import loss_name
from clinic.remedies import first
from clinic.render import style_of
from clinic.store import ClinicRun
from clinic.tasks import TASKS

#: tried for certain: the most probable by the odds, the first prescribed
ODDS, RULES = 2, 3
#: tried wherever it would change anything: that is where something was put wrong, and seldom
ALWAYS = (
    "change-loss",
    "shuffle",
    "fix-init",
    "normalize-input",
    "clean-data",
    "rebalance-classes",
    "fix-schedule",
)
#: tried at random besides
LOTS = 2
#: share of base runs on which everything is tried: of sound ones, of others
EVERYTHING = {"healthy": 1.0, "practitioner": 0.12}
OTHERS = 0.1


def as_clinic(base: Base, curves: Mapping[str, Any]) -> ClinicRun:
    """A base run whose remedies are not known yet."""
    c, task = base.config, TASKS[base.config.task]
    style, level = style_of(c.key() + base.fault)
    classes = max(2, task.outputs) if task.kind in ("multiclass", "binary", "hinge") else None
    facts = {"loss_name": loss_name(task.kind, c.loss), "classes": classes}
    return ClinicRun(c.key(), c.task, task.modality, task.kind, task.family, base.fault, base.group, style,
                     level, c,
                     None, {}, {}, facts, dict(curves))  # fmt: skip


def told(runs: Sequence[ClinicRun]) -> list[tuple[list[str], list[str]]]:
    """For each run the actions in order of the odds, and those that are prescribed."""
    from curvedoctor.advice.help_probability import estimates
    from curvedoctor.engine import Options, diagnose_runs
    from curvedoctor.features.case import build

    made = [as_run(run) for run in runs]
    said = [[p.action for p in d.prescriptions] for d in diagnose_runs(made, Options(alone=True))]
    odds = [estimate.probability for estimate in estimates(build(made))]
    return [(sorted(o, key=o.__getitem__, reverse=True), s) for o, s in zip(odds, said, strict=True)]


def propensities(base: Base, odds: Sequence[str], said: Sequence[str]) -> dict[str, float]:
    """Actions to try on this base run → probability with which that was decided (1: for certain)."""
    possible = list(dict.fromkeys(v.action for v in first(base.config)))
    certain = [a for a in odds if a in possible][:ODDS]
    certain += [a for a in said if a in possible and a not in certain][:RULES]
    certain += [a for a in ALWAYS if a in possible and a not in certain]
    rest = [a for a in possible if a not in certain]
    rng = np.random.default_rng([zlib.crc32(base.config.key().encode()), 3])
    whole, some = EVERYTHING.get(base.fault, OTHERS), min(1.0, LOTS / max(len(rest), 1))
    lots = rest if rng.random() < whole else [rest[i] for i in rng.permutation(len(rest))[:LOTS]]
    p = round(whole + (1 - whole) * some, 4)
    return dict.fromkeys(certain, 1.0) | dict.fromkeys(lots, p)


class Choices:
    """What was chosen, in a file of the work folder: later odds would choose otherwise."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "choices.ndjson"
        self.of: dict[str, dict[str, float]] = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            try:
                record = json.loads(line)
            except ValueError:  # a torn last line: chosen again
                continue
            self.of[record["k"]] = record["p"]

    def __contains__(self, config: Config) -> bool:
        return config.key() in self.of

    def make(self, bases: Sequence[Base], curves: Sequence[Mapping[str, Any]]) -> None:
        """Choose for these base runs, and keep it."""
        runs = [as_clinic(b, c) for b, c in zip(bases, curves, strict=True)]
        with self.path.open("a") as out:
            for base, (odds, said) in zip(bases, told(runs), strict=True):
                chosen = propensities(base, odds, said)
                self.of[base.config.key()] = chosen
                out.write(
                    json.dumps(
                        {"k": base.config.key(), "p": chosen, "odds": odds[:ODDS], "said": said[:RULES]}
                    )
                    + "\n"
                )
