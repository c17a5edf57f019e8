"""What a sink, a place to write a diagnosis back to, must offer.

A sink owns one prefix or directory and never touches anything else; writing is repeatable and
survives being killed midway. Each module of this package that defines `SINK` is a sink.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from curvedoctor.model import Diagnosis, Origin

Status = Literal["written", "unchanged", "removed", "absent", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened (or, in a dry run, would happen) to one run."""

    run: str
    status: Status
    #: one line per thing written or removed, or the reason of a refusal or failure
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What the user said about writing."""

    dry_run: bool = False
    #: also write a block into an MLflow run's description
    note: bool = False
    #: also write the smoothed curve and extrapolation over the user's own chart (TensorBoard)
    overlay: bool = False
    #: also write the annotated curve for the Images tab (TensorBoard)
    pictures: bool = False
    #: also write state and severity as numbers, which the HParams table shows (TensorBoard)
    hparams: bool = False


class Sink(Protocol):
    """One kind of place. Never raises for one run's trouble: yields an `Outcome` that says it."""

    name: str

    def accepts(self, origin: Origin) -> bool:
        """Whether runs of this origin are for this sink."""
        ...

    def annotate(self, diagnoses: Sequence[Diagnosis], options: WriteOptions) -> Iterator[Outcome]:
        """Write diagnoses back, one outcome each, in order."""
        ...

    def clean(self, origins: Sequence[Origin], options: WriteOptions) -> Iterator[Outcome]:
        """Remove all that `annotate` ever wrote for these runs, and nothing else."""
        ...
