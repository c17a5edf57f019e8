"""Writing diagnoses back in tests, also from processes of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from curvedoctor.model import Diagnosis, Origin
from curvedoctor.sinks.base import Outcome, WriteOptions
from curvedoctor.sinks.tensorboard import SINK
from panel import samples

SICK, WELL = samples.overfitting, samples.healthy


def at(diagnosis: Diagnosis, logdir: Path, name: str = "one") -> Diagnosis:
    """`diagnosis` as if it had been read from LOGDIR/NAME."""
    run = replace(diagnosis.run, name=name, origin=Origin("tensorboard", str(logdir), name))
    return replace(diagnosis, run=run)


def annotate(diagnosis: Diagnosis, **options: bool) -> Outcome:
    """Write one diagnosis back."""
    return next(iter(SINK.annotate([diagnosis], WriteOptions(**options))))


def clean(logdir: Path, name: str = "one", **options: bool) -> Outcome:
    """Remove what was written to LOGDIR/NAME."""
    return next(iter(SINK.clean([Origin("tensorboard", str(logdir), name)], WriteOptions(**options))))


def annotate_often(logdir: str, turn: int, times: int = 6) -> None:
    """Sick and healthy in turn."""
    for i in range(times):
        annotate(at((SICK(), WELL())[(i + turn) % 2], Path(logdir)))
