"""Train runs of a kind, diagnose them, try what is prescribed first, and count."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from clinic.tally import Tally
from curvedoctor import diagnose_curves
from curvedoctor.model import Diagnosis, ParamValue, Prescription
from real_runs.generative import vae
from real_runs.generative.dense import Logged
from real_runs.generative.drawn import CODES, PAIRS
from real_runs.generative.kind import Draw, Fault, Kind
from real_runs.generative.written import PRETRAINING, TUNING

#: share by which a remedied run must end better
HELPS = 0.1
KINDS: Mapping[str, Kind] = {"pair": PAIRS, "vae": CODES, "pretraining": PRETRAINING, "tuning": TUNING}


def held_out(kind: Kind) -> Kind:
    """The same on pictures and texts that nobody looked at while the rules were written: drawn bars,
    grammars 11 and 12."""
    pictured = kind in (PAIRS, CODES)
    other = {"pictures": "bars"} if pictured else {"style": 11}

    def moved(draw: Draw) -> Draw:
        return lambda rng: replace(draw(rng), **other)

    faults = tuple(replace(fault, draw=moved(fault.draw)) for fault in kind.faults)
    floor = vae.floor("bars") if kind is CODES else kind.floor
    return replace(kind, sound=moved(kind.sound), faults=faults, floor=floor)


def diagnosed(logged: Logged, params: Mapping[str, ParamValue], without: Sequence[str] = ()) -> Diagnosis:
    """The diagnosis of what was logged, some curves left out."""
    kept = {name: points for name, points in logged.items() if name not in without}
    curves = {
        name: (np.array([step for step, _ in points]), np.array([value for _, value in points]))
        for name, points in kept.items()
    }
    return diagnose_curves(curves, params=params)


def sick(diagnosis: Diagnosis) -> frozenset[str]:
    """The conditions that make a run sick."""
    return frozenset(found.condition for found in diagnosis.findings if found.severity != "info")


def remedy(kind: Kind, of: Any, seed: int, logged: Logged, ended: float, first: Prescription) -> float | None:
    """By which share the run ends better with its first prescription carried out; None where that can't be
    done here."""
    if first.action == "stop-early" and first.step is not None:
        points = dict(logged[kind.outcome])
        reached = points[min(points, key=lambda step: abs(step - (first.step or 0)))]
    else:
        changed = kind.remedied(of, first)
        if changed is None:
            return None
        _, reached = kind.train(changed, seed)
    return 1 - (reached - kind.floor) / (ended - kind.floor)


def counted(kind: Kind, sound: int, seeds: int, try_remedies: bool = True, logs: Path | None = None) -> Tally:
    """What is told of one kind: so many sound runs, and so many of each fault."""
    ends, alarms = zip(*(_alarm(kind, seed, logs) for seed in range(sound)), strict=True)
    good = float(np.median(ends)) - kind.floor
    told = [
        broken
        for fault in kind.faults
        for seed in range(seeds)
        if (broken := _broken(kind, fault, seed, good, try_remedies, logs)) is not None
    ]
    helped = sum(gain is not None and gain >= HELPS for _, gain in told)
    return Tally(sound, sum(alarms), len(told), sum(found for found, _ in told), helped)


def _alarm(kind: Kind, seed: int, logs: Path | None) -> tuple[float, bool]:
    """Where a sound run ends, and whether it is called sick, with or without the measure of what a pair
    makes."""
    of = kind.sound(np.random.default_rng(seed))
    logged, ended = kind.train(of, seed)
    told = [diagnosed(logged, kind.params(of), without) for without in ((), ("kid",))]
    _keep(logs, f"{_short(kind.name)}-sound-{seed}", logged)
    _show(kind, "sound", seed, ended, max(told, key=lambda each: len(sick(each))), None)
    return ended, any(sick(each) for each in told)


def _broken(
    kind: Kind, fault: Fault, seed: int, good: float, try_remedies: bool, logs: Path | None
) -> tuple[bool, float | None] | None:
    """Whether a fault is found, and what its first remedy brings; None where it ends less than a tenth worse
    than sound runs do, which is no fault."""
    of = fault.draw(np.random.default_rng(1000 + seed))
    logged, ended = kind.train(of, seed)
    diagnosis = diagnosed(logged, kind.params(of), ("kid",))
    _keep(logs, f"{_short(kind.name)}-{_short(fault.name)}-{seed}", logged)
    if 1 - good / (ended - kind.floor) < HELPS:
        print(f"{kind.name}, {fault.name}, {seed}: ended at {ended:.4g}: no fault", flush=True)
        return None
    gain = None
    if try_remedies and diagnosis.prescriptions:
        gain = remedy(kind, of, seed, logged, ended, diagnosis.prescriptions[0])
    _show(kind, fault.name, seed, ended, diagnosis, gain)
    return bool(sick(diagnosis) & fault.named), gain


def _show(kind: Kind, fault: str, seed: int, ended: float, diagnosis: Diagnosis, gain: float | None) -> None:
    first = diagnosis.prescriptions[0].action if diagnosis.prescriptions else "-"
    brought = "" if gain is None else f" ({gain:+.0%})"
    said = ", ".join(sorted(sick(diagnosis))) or "nothing"
    print(
        f"{kind.name}, {fault}, {seed}: ended at {ended:.4g}; {diagnosis.verdict}: {said}; {first}{brought}",
        flush=True,
    )


def _short(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")


def _keep(logs: Path | None, name: str, logged: Logged) -> None:
    """As CSV, four digits: a column per curve, a row per step."""
    if logs is None:
        return
    logs.mkdir(parents=True, exist_ok=True)
    curves = {tag: dict(points) for tag, points in logged.items()}
    with (logs / f"{name}.csv").open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["step", *curves])
        for step in sorted({step for points in curves.values() for step in points}):
            writer.writerow(
                [step, *(f"{points[step]:.4g}" if step in points else "" for points in curves.values())]
            )
