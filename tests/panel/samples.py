"""Hand-made diagnoses that look like real ones, for every surface: sick, healthy, undetermined, hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from curvedoctor.features.case import build
from curvedoctor.features.summary import ending
from curvedoctor.model import (
    Curve,
    Diagnosis,
    Finding,
    Floats,
    Granularity,
    Origin,
    Prescription,
    Problem,
    Quantity,
    Role,
    Run,
    Split,
    Unjudged,
)

HOSTILE = "<img src=x onerror=alert(1)>"


def diagnosed(run: Run, *parts: Any, **more: Any) -> Diagnosis:
    """A diagnosis made by hand, with the ending that the run's curves have."""
    return Diagnosis(run, *parts, ending=ending(build([run])[0]), **more)


def curve(
    name: str,
    values: Floats,
    quantity: Quantity = "loss",
    split: Split = "train",
    steps: Floats | None = None,
    granularity: Granularity = "epoch",
) -> Curve:
    """A curve with an evident role."""
    n = len(values)
    better = {"loss": "lower", "error": "lower", "accuracy": "higher"}.get(quantity, "none")
    at = np.arange(n) if steps is None else np.asarray(steps)
    return Curve(
        id=name,
        tag=name,
        steps=at.astype(np.int64),
        values=np.asarray(values, dtype=np.float64),
        wall_times=1.7e9 + np.arange(n, dtype=np.float64),
        role=Role(split, quantity, better, granularity, ("the tag says so",)),  # type: ignore[arg-type]
        axis="epoch" if granularity == "epoch" and steps is None else "step",
    )


def overfitting(name: str = "mlp_overfits", group: str = "runs", lr: float = 0.003, n: int = 60) -> Diagnosis:
    """Validation loss turns at epoch 18 and climbs; the learning rate is stepped twice."""
    rng = np.random.default_rng(len(name))
    t = np.arange(n)
    train = 0.05 + 1.9 * np.exp(-t / 11) + 0.012 * rng.standard_normal(n)
    val = 0.55 + 1.5 * np.exp(-t / 7) + 0.016 * np.maximum(0, t - 18) + 0.02 * rng.standard_normal(n)
    accuracy = 0.86 - 0.7 * np.exp(-t / 8) - 0.0006 * np.maximum(0, t - 18) + 0.005 * rng.standard_normal(n)
    schedule = lr * 0.5 ** (t // 20)
    run = Run(
        name=name,
        source=f"{group}/{name}",
        group=group,
        curves=(
            curve("train/loss", train),
            curve("val/loss", val, split="val"),
            curve("val/accuracy", accuracy, "accuracy", "val"),
            curve("lr", schedule, "lr", "none"),
        ),
        params={"lr": lr, "batch_size": 64, "optimizer": "adam", "n_train": 4000},
    )
    findings = (
        Finding(
            "overfitting",
            "warning",
            0.94,
            ("val/loss", "train/loss"),
            "The validation loss has risen by 0.67 since epoch 18 while the training loss fell to "
            f"{train[-1]:.2f}.",
            {"best": 0.66, "rise": 0.67, "gap": 1.2},
            onset=18,
            span=(18, n - 1),
            axis="epoch",
        ),
        Finding(
            "lr-decayed-too-early",
            "info",
            0.41,
            ("lr", "train/loss"),
            "The learning rate was halved at epoch 20 while the training loss still fell.",
            {"slope_before": -0.03, "slope_after": -0.011},
            onset=20,
            axis="epoch",
        ),
    )
    prescriptions = (
        Prescription(
            "stop-early",
            0.91,
            ("overfitting",),
            "Stop at epoch 18 and keep its weights.",
            step=18,
            gain=(0.15, 0.3, 0.41),
            because=("validation loss rose by 9 times its noise", "training loss kept falling"),
        ),
        Prescription(
            "regularize",
            0.72,
            ("overfitting",),
            "Raise the weight decay from 0 to 1e-4.",
            parameter="weight_decay",
            current=0.0,
            proposed=1e-4,
        ),
        Prescription(
            "more-data",
            0.75,
            ("overfitting",),
            "Train on more data: 4,000 samples are few for this model.",
            basis="odds",
            gain=(0.05, 0.2, 0.5),
        ),
    )
    return diagnosed(
        run,
        "sick",
        findings,
        prescriptions,
        readings={"schedule": {"kind": "step", "warmup": False}},
        unjudged=(Unjudged("validation-too-small", "the validation set's size is not logged"),),
    )


def lr_too_high(name: str = "sgd_lr0.5", group: str = "runs", lr: float = 0.5, n: int = 4_000) -> Diagnosis:
    """A step loss that bounces around a high floor."""
    rng = np.random.default_rng(7)
    loss = 1.9 + 0.5 * np.exp(-np.arange(n) / 60) + 0.38 * np.abs(rng.standard_normal(n)) ** 1.6
    run = Run(
        name,
        f"{group}/{name}",
        group,
        (
            curve("train/loss", loss, granularity="step"),
            curve("val/loss", 2.1 + 0.1 * rng.standard_normal(20), split="val", steps=np.arange(20) * n / 20),
            curve("lr", np.full(n, lr), "lr", "none", granularity="step"),
        ),
        {"lr": lr, "batch_size": 64, "optimizer": "sgd"},
    )
    finding = Finding(
        "lr-too-high",
        "error",
        0.93,
        ("train/loss",),
        "The loss bounces by ±38 % and has not improved since step 340.",
        {"noise": 0.38, "best": 1.92},
        onset=340,
        span=(340, n - 1),
        axis="step",
    )
    cure = Prescription(
        "lower-lr",
        0.9,
        ("lr-too-high",),
        f"Lower the learning rate from {lr:g} to {lr / 10:g}.",
        parameter="lr",
        current=lr,
        proposed=lr / 10,
        factor=0.1,
        because=("the loss bounces at a high floor",),
    )
    return diagnosed(run, "sick", (finding,), (cure,), {"schedule": {"kind": "constant", "warmup": False}})


def non_finite(name: str = "fp16_nan", group: str = "runs") -> Diagnosis:
    """A loss that becomes NaN at step 120 and stays so."""
    loss = 2.3 * np.exp(-np.arange(200) / 80)
    loss[100:120] *= np.linspace(1, 40, 20)
    loss[120:] = np.nan
    run = Run(name, f"{group}/{name}", group, (curve("loss", loss, granularity="step"),), {"lr": 1.0})
    finding = Finding(
        "non-finite",
        "error",
        0.99,
        ("loss",),
        "The loss becomes NaN at step 120 and stays so.",
        {"share": 0.4},
        onset=120,
        span=(120, 199),
        axis="step",
    )
    cure = Prescription(
        "lower-lr", 0.7, ("non-finite",), "Lower the learning rate from 1 to 0.1.", "lr", 1.0, 0.1, 0.1
    )
    return diagnosed(run, "sick", (finding,), (cure,))


def healthy(name: str = "adam_lr1e-3", group: str = "runs", lr: float = 1e-3, n: int = 60) -> Diagnosis:
    """Falls, flattens, keeps its gap."""
    rng = np.random.default_rng(11)
    t = np.arange(n)
    train = 0.21 + 1.8 * np.exp(-t / 9) + 0.01 * rng.standard_normal(n)
    val = 0.27 + 1.7 * np.exp(-t / 9) + 0.015 * rng.standard_normal(n)
    run = Run(
        name,
        f"{group}/{name}",
        group,
        (curve("train/loss", train), curve("val/loss", val, split="val")),
        {"lr": lr, "batch_size": 64, "optimizer": "adam"},
    )
    return diagnosed(run, "healthy", unjudged=(Unjudged("class-imbalance", "no per-class metric is logged"),))


def improvable(name: str = "adam_lr3e-4", group: str = "runs") -> Diagnosis:
    """Nothing wrong is seen; similar trainings, and a sibling, say what may improve it."""
    cures = (
        Prescription(
            "raise-lr", 0.71, (), "Raise the learning rate from 0.0003 to 0.003.", "lr", 3e-4, 3e-3, 10.0,
            because=("the training loss falls slowly", "the optimizer is adam"), basis="odds",
            gain=(0.12, 0.35, 0.6),
        ),
        Prescription("bigger-batch", 0.64, (), "Use a batch of 256.", "batch_size", 64, 256,
            basis="siblings"),
    )  # fmt: skip
    return replace(healthy(name, group, 3e-4), prescriptions=cures)


def undetermined(name: str = "debug", group: str = "runs") -> Diagnosis:
    """Two points: not enough to judge."""
    run = Run(
        name,
        f"{group}/{name}",
        group,
        (curve("loss", np.array([0.7, 0.69])),),
        problems=(
            Problem(f"{group}/{name}/events.out.tfevents.1", "truncated record: 27 bytes missing", 1203),
        ),
    )
    return diagnosed(
        run,
        "undetermined",
        unjudged=(
            Unjudged("overfitting", "no validation curve is logged"),
            Unjudged("generalization-gap", "no validation curve is logged"),
            Unjudged("lr-too-high", "its longest curve has 2 points"),
        ),
        reason="Its longest curve has 2 points, too few to tell a plateau from a fall.",
    )


def hostile() -> Diagnosis:
    """HTML, emoji, bidi marks, 10,000 characters, NaN, infinities, steps backwards, a lone surrogate."""
    long = "x" * 10_000
    values = np.array([1.0, np.nan, np.inf, -np.inf, 1e300, -1e300, 0.5, 0.4])
    steps = np.array([0, 1, 2, 3, 2, 1, 9, 2**60])
    curves = (
        curve(f"loss/{HOSTILE}", values, steps=steps),
        curve(f"🔥/{long}", np.linspace(1, 0, 50)),
        curve("</script><script>alert(2)</script>", np.linspace(1, 0, 50), "accuracy", "val"),
        curve("\u202egnirts desrever\u0000\ud800", np.full(5, np.nan), "other", "none"),
        curve("empty", np.array([])),
    )
    run = Run(HOSTILE, f"runs/{HOSTILE}", "runs", curves, {"optimizer": "</script><b>x", "lr": float("nan")})
    finding = Finding(
        "loss-spikes",
        "warning",
        0.8,
        (curves[0].id, "absent curve"),
        f"Jumps in {curves[0].id}.",
        {"jump": float("inf"), "<b>": "<i>"},
        onset=2,
        span=(1, float("inf")),
        axis="step",
    )
    cure = Prescription("clip-gradients", 0.6, ("loss-spikes",), f"Clip the gradients of {HOSTILE}.")
    problem = Problem("runs/<b>.tfevents", "</script>", 3)
    return diagnosed(run, "sick", (finding,), (cure,), {"<x>": {"<y>": float("nan")}}, problems=(problem,))


def clinic() -> list[Diagnosis]:
    """One of everything, with two families of siblings."""
    grid = [overfitting(f"mlp_lr{lr:g}", "grid", lr, 60) for lr in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)]
    return [
        healthy(),
        improvable(),
        overfitting(),
        lr_too_high(),
        non_finite(),
        undetermined(),
        *grid,
        *(healthy(f"wide_lr{lr:g}", "grid", lr) for lr in (1e-4, 1e-3)),
    ]


def crowd(count: int) -> list[Diagnosis]:
    """Many runs, every seventh sick."""
    kinds = (lr_too_high, overfitting, non_finite)
    return [
        kinds[i // 7 % 3](f"sweep/run_{i:04d}", "sweep")
        if i % 7 == 0
        else healthy(f"sweep/run_{i:04d}", "sweep")
        for i in range(count)
    ]


def anchored(diagnosis: Diagnosis, logdir: str) -> Diagnosis:
    """The same diagnosis, of a run that is kept below `logdir`."""
    run = diagnosis.run
    origin = Origin("tensorboard", logdir, run.name)
    held = Run(run.name, run.source, run.group, run.curves, run.params, run.problems, origin)
    return replace(diagnosis, run=held)
