"""Small pairs, autoencoders and language models, sound ones and broken ones, their diagnoses, and whether the
first remedy helps.

    cd examples && python -m real_runs.generative                      # one row per kind; some minutes on one
    core cd examples && python -m real_runs.generative --kind vae --sound 40
    cd examples && python -m real_runs.generative --seeds 1 --sound 1 --logs ../tests/data/generative
    --no-remedies

A fault counts as found where one of the conditions that name it is. A remedy is what the first prescription
says, really tried with the same seed; it helps where the run ends a tenth better by a measure that no
diagnosis reads (see each module). Sound runs are judged as they are; those of a pair without and with the
measure of what it makes.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from clinic.tally import HEAD, Tally
from curvedoctor import diagnose_curves
from curvedoctor.model import Diagnosis, ParamValue, Prescription
from real_runs.generative import gan, language, vae
from real_runs.generative.dense import Logged

#: share by which a remedied run must end better
HELPS = 0.1
Draw = Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class Fault:
    """How runs are broken, and the conditions that name it."""

    name: str
    draw: Draw
    named: frozenset[str]


@dataclass(frozen=True)
class Kind:
    """What is trained, how soundly and how wrongly, and how a prescription is carried out."""

    name: str
    train: Callable[[Any, int], tuple[Logged, float]]
    sound: Draw
    faults: tuple[Fault, ...]
    params: Callable[[Any], Mapping[str, ParamValue]]
    remedied: Callable[[Any, Prescription], Any]
    #: the curve that tells what stopping earlier would have given
    outcome: str
    #: what an ideal model would still end at
    floor: float = 0.0


def _pick(rng: np.random.Generator, *values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def _sound_pair(r: np.random.Generator) -> gan.Settings:
    return gan.Settings(
        lr_d=_pick(r, 5e-4, 1e-3, 2e-3, 5e-3),
        lr_g=_pick(r, 1e-3, 2e-3),
        loss=_pick(r, "bce", "lsgan"),
        real=_pick(r, 0.9, 1.0),
        dropout_d=_pick(r, 0.1, 0.3),
        width_d=_pick(r, 32, 64),
    )


def _strong_judge(r: np.random.Generator) -> gan.Settings:
    return gan.Settings(
        lr_d=_pick(r, 3e-3, 5e-3, 1e-2),
        lr_g=_pick(r, 2e-5, 3e-5, 5e-5),
        loss=_pick(r, "bce", "lsgan"),
        real=1.0,
        dropout_d=0.0,
    )


def _weak_judge(r: np.random.Generator) -> gan.Settings:
    return gan.Settings(lr_d=_pick(r, 1e-6, 2e-6, 3e-6), lr_g=_pick(r, 2e-3, 5e-3), dropout_d=0.0)


def _pair_remedied(of: gan.Settings, first: Prescription) -> gan.Settings | None:
    side = "lr_g" if "of the generator" in first.text else "lr_d"
    if first.action == "lower-lr" and "adversary-dominates" in first.treats:
        return replace(of, **{side: getattr(of, side) * (first.factor or 0.25)})
    if first.action == "regularize" and "generator" in first.text:
        return replace(of, lr_d=100 * of.lr_d)
    if first.action == "regularize":
        return replace(of, real=0.9, dropout_d=0.3)
    return replace(of, steps=2 * of.steps) if first.action == "train-longer" else None


_PAIR = frozenset({"adversary-dominates"})
PAIRS = Kind(
    "adversarial pair", gan.train, _sound_pair,
    (Fault("discriminator wins", _strong_judge, _PAIR), Fault("generator wins", _weak_judge, _PAIR)),
    lambda of: {"optimizer": "adam", "batch_size": gan.BATCH}, _pair_remedied, "kid",
)  # fmt: skip


def _sound_codes(r: np.random.Generator) -> vae.Settings:
    return vae.Settings(
        lr=_pick(r, 1e-3, 2e-3, 4e-3),
        beta=_pick(r, 0.5, 1.0),
        annealed=_pick(r, 0.0, 0.3),
        latent=_pick(r, 8, 16),
        epochs=_pick(r, 80, 120),
    )


def _codes_remedied(of: vae.Settings, first: Prescription) -> vae.Settings | None:
    if first.action == "reduce-regularization":
        return replace(of, beta=of.beta / 10)
    if first.action in ("lower-lr", "raise-lr") and isinstance(first.proposed, float):
        return replace(of, lr=first.proposed)
    return replace(of, epochs=2 * of.epochs) if first.action == "train-longer" else None


CODES = Kind(
    "variational autoencoder",
    vae.train,
    _sound_codes,
    (
        Fault(
            "posterior collapse",
            lambda r: vae.Settings(beta=_pick(r, 5.0, 10.0, 20.0, 50.0)),
            frozenset({"over-regularized"}),
        ),
        Fault(
            "rate too high",
            lambda r: vae.Settings(lr=_pick(r, 0.1, 0.2, 0.3)),
            frozenset(
                {"lr-too-high", "divergence", "non-finite", "loss-spikes", "noisy-batches", "collapsed"}
            ),
        ),
    ),
    lambda of: {"lr": of.lr, "optimizer": "adam", "batch_size": vae.BATCH, "epochs": of.epochs},
    _codes_remedied,
    "val/loss",
    vae.floor(),
)


def _sound_text(r: np.random.Generator) -> language.Settings:
    return language.Settings(
        lr=_pick(r, 2e-3, 3e-3, 5e-3), warmup=_pick(r, 0.05, 0.1), hidden=_pick(r, 64, 96), steps=2500
    )


def _sound_tuning(r: np.random.Generator) -> language.Settings:
    return language.Settings(
        before=1200,
        text=_pick(r, 20_000, 40_000),
        steps=_pick(r, 800, 1200),
        lr=_pick(r, 2e-3, 3e-3),
        warmup=0.1,
        evaluations=_pick(r, 6, 10),
    )


def _text_remedied(of: language.Settings, first: Prescription) -> language.Settings | None:
    if first.action in ("lower-lr", "raise-lr") and isinstance(first.proposed, float):
        return replace(of, lr=first.proposed)
    changed: Mapping[str, dict[str, Any]] = {
        "train-longer": {"steps": 2 * of.steps}, "clip-gradients": {"clip": first.proposed or 1.0},
        "regularize": {"decay": 0.1}, "more-data": {"text": 4 * of.text}, "add-warmup": {"warmup": 0.1},
    }  # fmt: skip
    return replace(of, **changed[first.action]) if first.action in changed else None


def _text_params(of: language.Settings) -> Mapping[str, ParamValue]:
    known: dict[str, ParamValue] = {
        "lr": of.lr,
        "optimizer": "adamw",
        "batch_size": language.BATCH,
        "max_steps": of.steps,
    }
    return {**known, "init": "pretrained"} if of.before else known


_TOO_HIGH = frozenset({"lr-too-high", "divergence", "loss-spikes", "collapsed", "non-finite"})
PRETRAINING = Kind(
    "language model, pre-trained",
    language.train,
    _sound_text,
    (
        Fault(
            "rate too high",
            lambda r: language.Settings(lr=_pick(r, 0.2, 0.3, 0.5), warmup=0.0, clip=0.0),
            _TOO_HIGH,
        ),
        Fault(
            "rate too low",
            lambda r: language.Settings(lr=_pick(r, 1e-5, 2e-5, 3e-5)),
            frozenset({"lr-too-low", "not-learning", "undertrained"}),
        ),
    ),
    _text_params,
    _text_remedied,
    "eval/loss",
)
TUNING = Kind(
    "language model, fine-tuned",
    language.train,
    _sound_tuning,
    (
        Fault(
            "far too many epochs",
            lambda r: language.Settings(
                before=1200, text=_pick(r, 1500, 2500, 4000), steps=2000, lr=3e-3, evaluations=10
            ),
            frozenset({"overfitting", "dataset-too-small"}),
        ),
        Fault(
            "rate too low",
            lambda r: language.Settings(
                before=1200, text=20_000, steps=600, lr=_pick(r, 1e-7, 3e-7), evaluations=6
            ),
            frozenset({"lr-too-low", "not-learning"}),
        ),
    ),
    _text_params,
    _text_remedied,
    "eval/loss",
)
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
    alarms = sum(_alarm(kind, seed, logs) for seed in range(sound))
    told = [_broken(kind, fault, seed, try_remedies, logs) for fault in kind.faults for seed in range(seeds)]
    gains = [gain for _, gain in told if gain is not None]
    helped = sum(gain >= HELPS for gain in gains)
    return Tally(sound, alarms, len(told), sum(found for found, _ in told), helped)


def _alarm(kind: Kind, seed: int, logs: Path | None) -> bool:
    """Whether a sound run is called sick, with or without the measure of what a pair makes."""
    of = kind.sound(np.random.default_rng(seed))
    logged, ended = kind.train(of, seed)
    told = [diagnosed(logged, kind.params(of), without) for without in ((), ("kid",))]
    _keep(logs, f"{_short(kind.name)}-sound-{seed}", logged)
    _show(kind, "sound", seed, ended, max(told, key=lambda each: len(sick(each))), None)
    return any(sick(each) for each in told)


def _broken(
    kind: Kind, fault: Fault, seed: int, try_remedies: bool, logs: Path | None
) -> tuple[bool, float | None]:
    """Whether a fault is found, and what its first remedy brings."""
    of = fault.draw(np.random.default_rng(1000 + seed))
    logged, ended = kind.train(of, seed)
    diagnosis = diagnosed(logged, kind.params(of), ("kid",))
    _keep(logs, f"{_short(kind.name)}-{_short(fault.name)}-{seed}", logged)
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


def main() -> None:
    """Train, diagnose, try, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each fault")
    parser.add_argument("--sound", type=int, default=20, help="sound runs")
    parser.add_argument("--logs", type=Path)
    parser.add_argument("--no-remedies", action="store_true")
    asked = parser.parse_args()
    kinds = [KINDS[name] for name in asked.kind or list(KINDS)]
    rows = {
        kind.name: counted(kind, asked.sound, asked.seeds, not asked.no_remedies, asked.logs)
        for kind in kinds
    }
    print(HEAD)
    print("\n".join(tally.row(name) for name, tally in rows.items()))


if __name__ == "__main__":
    main()
