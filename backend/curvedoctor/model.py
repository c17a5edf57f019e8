"""The words of curvedoctor as types: curves, runs, findings, prescriptions, diagnoses.

Everything here is immutable and imports nothing of ours, so that every other part may rely on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: a recognized hyperparameter's value
ParamValue = str | int | float | bool
#: a value in a finding's evidence; units stand in the condition's manual page
EvidenceValue = str | int | float | bool | None

Split = Literal["train", "val", "test", "none"]
Quantity = Literal["loss", "accuracy", "error", "reward", "lr", "grad_norm", "time", "system", "other"]
Better = Literal["lower", "higher", "none"]
Granularity = Literal["step", "epoch", "unknown"]
Axis = Literal["step", "epoch", "time"]
Severity = Literal["error", "warning", "info"]
Verdict = Literal["sick", "healthy", "undetermined"]
#: what a prescription rests on: a finding, similar trainings, or a run of the same group that did it
Basis = Literal["seen", "odds", "siblings"]
#: "damaged": it is so for good; "unreachable": reading may succeed the next time (permissions, connections,
#: missing packages); "nothing": there is no run here; "passed": a file that may be a log, and was left alone;
#: "note": how a file was read of which nothing is missing
ProblemKind = Literal["damaged", "unreachable", "nothing", "passed", "note"]
#: a verdict as surfaces show it
State = Literal["failed", "needs attention", "could improve", "fine", "can't tell"]

SPLITS: tuple[Split, ...] = get_args(Split)
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
BETTERS: tuple[Better, ...] = get_args(Better)
GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity)
#: heaviest first
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
#: probability of help from which on a healthy run "could improve"
LIKELY = 0.6


@dataclass(frozen=True, slots=True)
class Role:
    """What a curve measures, and why it is thought so."""

    split: Split = "none"
    quantity: Quantity = "other"
    better: Better = "none"
    granularity: Granularity = "unknown"
    #: the rules that decided, in plain words
    why: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """One scalar series, in the order in which it was logged."""

    #: unique in its run: sub-directory + tag
    id: str
    tag: str
    #: shape (n,)
    steps: Ints
    #: shape (n,), NaN and ±Inf as logged
    values: Floats
    #: shape (n,), seconds since 1970; NaN where the source has none
    wall_times: Floats
    role: Role = field(default_factory=Role)
    #: what `steps` counts
    axis: Axis = "step"

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, with its place. The rest is used all the same."""

    where: str
    what: str
    #: bytes from the start of the file; None where there is no such place
    offset: int | None = None
    #: a whole run, or a source, was lost by it
    lost: bool = False
    kind: ProblemKind = "damaged"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run is kept: enough for a sink to write its diagnosis back."""

    #: the reader's name: "tensorboard", "mlflow-files", "mlflow-sql", "mlflow-http", "history"
    kind: str
    #: logdir, database URI, server URL or file
    address: str
    #: the run's directory below `address`, or its MLflow run id
    key: str
    #: files that were read, if any
    paths: tuple[str, ...] = ()
    #: why nothing can be written back to this run; None where it can
    read_only: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Saved weights beside a run, known by name only: the file is never opened."""

    #: the file's or directory's name, below the run's directory
    name: str
    #: what the name counts, as far as it says
    step: int | None = None
    epoch: int | None = None
    #: a number that the name gives without saying what it counts
    number: int | None = None
    #: "best", "last" or "final", where that is all the name says
    word: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One training: its curves and its recognized hyperparameters."""

    name: str
    source: str
    #: siblings share a group: one parent directory, MLflow experiment or parent run
    group: str
    curves: tuple[Curve, ...]
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    origin: Origin | None = None
    #: MLflow's id of the run
    run_id: str | None = None
    #: "running", "scheduled", "finished", "failed" or "killed", where the store says so
    status: str | None = None
    #: saved weights that stand beside its log
    checkpoints: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition seen in a run's curves or configuration."""

    condition: str
    severity: Severity
    #: probability that it is true, 0..1
    confidence: float
    #: ids of the curves it rests on, the main one first
    curves: tuple[str, ...]
    #: one plain sentence with numbers
    summary: str
    evidence: Mapping[str, EvidenceValue] = field(default_factory=dict)
    #: on the first curve's own axis
    onset: float | None = None
    span: tuple[float, float] | None = None
    axis: Axis | None = None
    #: what to try in this very case, most promising first; empty: the condition's usual remedies
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prescription:
    """A concrete change to try."""

    action: str
    #: probability that it lowers the final validation loss by a tenth or more, 0..1
    confidence: float
    #: conditions it treats; empty where it merely improves
    treats: tuple[str, ...]
    text: str
    parameter: str | None = None
    current: ParamValue | None = None
    proposed: ParamValue | None = None
    factor: float | None = None
    #: on the axis of the finding it comes from
    step: float | None = None
    #: the evidence that moved the ranking most, in plain words
    because: tuple[str, ...] = ()
    basis: Basis = "seen"
    #: share by which the final validation loss is expected to fall: tenth percentile, median, ninetieth
    gain: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A condition that could not be judged, and why: silence would mean that it was judged absent."""

    condition: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How good a run became: the one answer to which curve says so, for all that compares runs."""

    #: id of the curve: the validation loss, else what is nearest
    curve: str
    better: Better
    #: last logged value, of a curve that fluctuates the mean of its last twentieth; None where not finite
    last: float | None
    #: best logged value
    best: float


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Diagnosis:
    """All that is said of one run."""

    run: Run
    verdict: Verdict
    #: by weight, heaviest first
    findings: tuple[Finding, ...] = ()
    #: the first is the one change to try first
    prescriptions: tuple[Prescription, ...] = ()
    #: name → plain JSON data
    readings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    unjudged: tuple[Unjudged, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: why the verdict is "undetermined", one sentence
    reason: str | None = None
    #: None where no curve has a direction
    ending: Ending | None = None
    #: as notebooks show it; `curvedoctor.diagnoses` sets it, for it knows the reports
    _repr_html_: ClassVar[Callable[[Diagnosis], str]]

    @property
    def state(self) -> State:
        """The verdict in the words that surfaces show;
        "could improve" where a change is rather likely to help."""
        if self.verdict == "undetermined":
            return "can't tell"
        if self.verdict == "sick":
            return "failed" if any(f.severity == "error" for f in self.findings) else "needs attention"
        likely = any(p.confidence >= LIKELY for p in self.prescriptions)
        return "could improve" if likely else "fine"

    def __repr__(self) -> str:
        """Short: name, state, conditions and the change to try first;
        the curves hold thousands of numbers."""
        conditions = ", ".join(finding.condition for finding in self.findings) or "no finding"
        first = self.prescriptions[0].action if self.prescriptions else "nothing to try"
        return f"<Diagnosis {self.run.name!r}: {self.state}; {conditions}; {first}>"
