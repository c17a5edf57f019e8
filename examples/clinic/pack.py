"""Journal → the data files of the repository."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from clinic.campaign import Journal, larger_validation, outcome_of, reseeded, tried, watched_seeds
from clinic.config import Config, compact
from clinic.faults import Base
from clinic.losses import loss_name
from clinic.plan import base_runs
from clinic.render import style_of
from clinic.store import CURVES, DATA
from clinic.tasks import TASKS, chance
from clinic.truth import (
    DIAGNOSTIC,
    HELPS,
    LIMITED,
    TRAINING,
    any_helps,
    compare,
    level,
    measurement,
    second_difference_variance,
    verdict,
)
from clinic.tune import best_known

NOT_LEARNING = ("frozen-weights", "dead-relu", "init-bad", "labels-unrelated", "deep-sigmoid")


def curves_of(journal: Journal, config: Config) -> dict[str, Any]:
    """The stored curves of a base run; none if it was not trained."""
    path = journal.folder / "curves" / f"{config.key()}.npz"
    if not path.exists():
        return {}
    with np.load(path) as arrays:
        return {k: arrays[k] for k in arrays.files}


def _noise(values: Any) -> float | None:
    tail = np.asarray(values, dtype=float)[len(values) // 2 :]
    if len(tail) < 4 or not np.isfinite(tail).all():
        return None
    return second_difference_variance([float(v) for v in tail])


def facts_of(journal: Journal, config: Config, curves: dict[str, Any]) -> dict[str, Any]:
    """What was measured on the base run besides its curves."""
    task, record = TASKS[config.task], journal.done[config.key()]
    large = curves_of(journal, larger_validation(config)) if config.n_val < task.n_val else {}
    own, wide = _noise(curves["val_loss"]), _noise(large["val_loss"]) if large else None
    tail = float(np.mean(curves["val_loss"][len(curves["val_loss"]) // 2 :]))
    return {
        "metric": config.metric, "log_fault": config.log_fault, "val_dup": config.val_dup,
        "dropout": config.dropout,
        **({"batch_norm": config.batch_norm} if config.batch_norm else {}),
        "n_val": config.n_val, "loss_name": loss_name(task.kind, config.loss),
        "classes": max(2, task.outputs) if task.kind in ("multiclass", "binary", "hinge") else None,
        "truth": record["t"], "best": record["b"], "best_epoch": record["e"],
        "chance": round(chance(task.name), 5),
        "train_loss": record["l"][0], "val_loss": record["l"][1], "train_loss_eval": record["s"][0],
        "true_loss": record["t"][0], "logged_accuracy": _last(curves, "val_acc"),
        "true_accuracy": _last(curves, "val_acc_true"), "val_loss_large": _last(large, "val_loss"),
        "variance_ratio": wide / own if own and wide is not None else None,
        "relative_noise": float(np.sqrt(own) / abs(tail)) if own and tail else 0.0,
    }  # fmt: skip


def _last(curves: dict[str, Any], name: str) -> float | None:
    return float(curves[name][-1]) if name in curves and np.isfinite(curves[name][-1]) else None


def verdicts_of(
    journal: Journal, base: Base, outcomes: dict[str, Any], facts: dict[str, Any], untried: Iterable[str] = ()
) -> dict[str, bool | None]:
    """Whether each action helps; absent means that it would change nothing,
    None that nothing is known (`untried`)."""
    config = base.config
    found: dict[str, bool | None] = dict.fromkeys(untried)
    found |= {a: any_helps([v["helps"] for v in rows]) for a, rows in outcomes.items()}
    if config.probe == "":
        seeds = [reseeded(config, k) for k in range(watched_seeds(config))]
        final, best = journal.levels(seeds, "t"), journal.levels(seeds, "b")
        gain, error = compare(final, best)
        learnt = sum(best) / len(best) < level(0.95 * facts["chance"], facts["chance"])
        # the weights from before a training that never learnt are no remedy
        helps = verdict(gain, error) if learnt else False
        outcomes["stop-early"] = [{"what": "best checkpoint", "factor": None, "gain": round(gain, 3),
            "seeds": len(seeds),
                                   "helps": helps}]  # fmt: skip
        found["stop-early"] = helps
        found |= measurement(facts)
        found |= {
            a: None for a in LIMITED if a not in found and not (a == "smaller-model" and not config.depth)
        }
    chosen = facts["chance"] * config.target_scale**2
    stuck = facts["train_loss_eval"] is not None and journal.done[config.key()]["s"][1] is not None
    stuck = stuck and journal.done[config.key()]["s"][1] >= 0.97 * chosen
    found["overfit-one-batch"] = (True if base.fault in NOT_LEARNING else None) if stuck else False
    rates = [found.get("lower-lr", False), found.get("raise-lr", False)]
    found["run-lr-range-test"] = any_helps(rates) if config.probe == "" else False
    return found


def healthy(
    config: Config,
    outcomes: dict[str, Any],
    verdicts: dict[str, Any],
    facts: dict[str, Any],
    best: float | None = None,
) -> bool | None:
    """True: no remedy gains 5 % and the end is near the best known; False: something helps; None: between."""
    if any(v is True for v in verdicts.values()):
        return False
    if config.probe or facts["truth"][0] is None:
        return None
    gains = [v["gain"] for a, rows in outcomes.items() if a in TRAINING for v in rows]
    clean = config.label_noise == 0 and config.outliers == 0 and config.missing == 0 and config.imbalance == 0
    best = best_known(config.task) if best is None else best
    near = facts["truth"][0] <= 1.10 * best + 0.01 * facts["chance"] or not clean
    if TASKS[config.task].resplit:
        near = True  # every split has its own best; that no remedy gains says as much
    quiet = max(gains, default=0.0) < 0.05 and not any(
        verdicts[a] is None for a in verdicts if a not in LIMITED
    )
    return True if quiet and near and config.n_val >= 64 else None


def record_of(journal: Journal, base: Base, number: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Metadata and curves of one base run, or None while trainings are missing."""
    config = base.config
    curves = curves_of(journal, config)
    if not curves or not tried(journal, config):
        return None
    task = TASKS[config.task]
    outcomes = outcome_of(journal, base)
    facts = facts_of(journal, config, curves)
    verdicts = verdicts_of(journal, base, outcomes, facts)
    identity = f"{task.name}-{number:03d}"
    style, level = style_of(identity + base.fault)
    short = {k: (float(f"{v:.5g}") if isinstance(v, float) else v) for k, v in facts.items()}
    return {
        "id": identity, "task": task.name, "modality": task.modality, "kind": task.kind,
        "family": task.family,
        "fault": base.fault, "group": base.group, "style": style, "level": level, "config": compact(config),
        "healthy": healthy(config, outcomes, verdicts, facts), "outcomes": outcomes, "verdicts": verdicts,
        "facts": short,
    }, curves  # fmt: skip


def pack(work: Path, names: Iterable[str], rounds: int, limit: int | None, folder: Path = DATA) -> str:
    """Write the finished base runs of these tasks; returns a line of figures."""
    journal, runs = Journal(work), 0
    folder.mkdir(exist_ok=True)
    for name in names:
        rows, values, offsets = [], [], [0]
        for number, base in enumerate(base_runs(name, rounds, limit)):
            found = record_of(journal, base, number)
            if found is None:
                continue
            rows.append(json.dumps(found[0], separators=(",", ":")))
            for curve in CURVES:
                values.append(np.asarray(found[1].get(curve, ()), dtype=np.float32))
                offsets.append(offsets[-1] + len(values[-1]))
        if not rows:
            continue
        with (
            (folder / f"{name}.jsonl.gz").open("wb") as out,
            gzip.GzipFile("", "wb", 9, out, mtime=0) as packed,
        ):
            packed.write(("\n".join(rows) + "\n").encode())
        np.savez_compressed(
            folder / f"{name}.npz", values=np.concatenate(values), offsets=np.asarray(offsets)
        )
        runs += len(rows)
    size = sum(p.stat().st_size for p in folder.iterdir())
    return (
        f"{runs} runs, {len(journal.done)} trainings, {size / 1e6:.1f} MB; a remedy helps from "
        f"{HELPS:.0%}; {len(DIAGNOSTIC)} diagnostic actions"
    )
