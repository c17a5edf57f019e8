"""What the MLflow readers share: from a store's rows to a `Run`."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from curvedoctor import params as recognized
from curvedoctor import roles
from curvedoctor.model import Curve, Floats, Ints, Origin, Problem, Run
from curvedoctor.sources.base import ReadOptions, Unit
from curvedoctor.sources.mlflow import facts as mlflow_facts
from curvedoctor.sources.mlflow.facts import Dataset, Facts
from curvedoctor.sources.mlflow.filter import Filter

#: MLflow clamps ±Inf to ±1.7976931348623157e308 in databases
CLAMPED = 1.797e308
#: metric timestamps below this are seconds (before MLflow 1.0), above milliseconds
SECONDS_BELOW = 1e11
STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


@dataclass(frozen=True, slots=True)
class Series:
    """The rows of one metric as a store holds them, in any order."""

    #: shape (n,)
    steps: Ints
    #: shape (n,), milliseconds since 1970
    times: Floats
    #: shape (n,), NaN and ±Inf as logged
    values: Floats

    @classmethod
    def of_database(cls, steps: Ints, times: Floats, values: Floats) -> Series:
        """As a database holds them, and what stands before one: ±Inf was stored as the largest double."""
        largest = np.abs(values) >= CLAMPED
        return cls(
            steps, times, np.where(largest, np.copysign(np.inf, values), values) if largest.any() else values
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is kept."""

    #: the store's address, fit for showing
    store: str
    #: the run's address, fit for showing
    source: str
    origin: Origin
    #: what the run's siblings share, where it is known already
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """One run as a store describes it, without its curves."""

    run_id: str
    name: str = ""
    experiment_id: str = "0"
    experiment: str = ""
    status: str = "RUNNING"
    lifecycle: str = "active"
    user: str = ""
    artifact_uri: str = ""
    #: milliseconds since 1970
    start: int | None = None
    #: milliseconds since 1970
    end: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    #: last value of each metric
    metrics: Mapping[str, float] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    #: `n_train` and the like, where the data sets have been looked at already
    sizes: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name that MLflow shows."""
        return self.name or self.tags.get("mlflow.runName", "") or self.run_id

    @property
    def facts(self) -> Facts:
        """What a filter may ask."""
        attributes = {
            "run_id": self.run_id, "run_name": self.tags.get("mlflow.runName") or self.name or None,
            "status": self.status, "user_id": self.user,
            "artifact_uri": self.artifact_uri, "start_time": self.start, "end_time": self.end,
            "lifecycle_stage": self.lifecycle,
        }  # fmt: skip
        return Facts(attributes, self.params, self.tags, self.metrics, self.datasets)

    def group(self, store: str) -> str:
        """Siblings share an experiment, or a parent run in it;
        experiments of two stores are never siblings."""
        parent = self.tags.get("mlflow.parentRunId")
        name = f"{store}/{self.experiment or self.experiment_id}"
        return f"{name}/{parent}" if parent else name

    def unit(
        self, reader: str, store: str, state: Sequence[int | str], facts: Sequence[str] = (), key: str = ""
    ) -> Unit:
        """The run as something to be loaded."""
        group = self.group(store)
        return Unit(reader, store, self.title, group, key or self.run_id, (), tuple(facts), tuple(state))

    def selected(self, options: ReadOptions, wanted: Filter) -> bool:
        """Whether the user asked for this run: experiment, name pattern (or id), filter, not deleted."""
        if options.experiment is not None and options.experiment not in {self.experiment, self.experiment_id}:
            return False
        if options.only is not None and not any(
            fnmatch.fnmatchcase(name, options.only) for name in (self.title, self.run_id)
        ):
            return False
        if self.lifecycle == "deleted" and not wanted.deleted:
            return False
        return wanted.matches(self.facts)

    def run(
        self,
        series: Mapping[str, Series],
        place: Place,
        problems: tuple[Problem, ...] = (),
    ) -> Run:
        """The run with its roles and recognized hyperparameters."""
        origin = place.origin
        curves = tuple(curve(key, series[key]) for key in sorted(series))
        # what the user logged by name wins over what MLflow counted
        counted = recognized.recognize({**mlflow_facts.sizes(self.datasets), **self.sizes})
        params = {**counted, **recognized.recognize(dict(self.params))}
        if self.lifecycle == "deleted" and origin.read_only is None:
            why = (
                f"the run is deleted in MLflow; restore it first: mlflow runs restore --run-id {self.run_id}"
            )
            origin = replace(origin, read_only=why)
        return Run(
            name=self.title,
            source=place.source,
            group=place.group if place.group is not None else self.group(place.store),
            curves=tuple(roles.assign(curves)),
            params=params,
            problems=problems,
            origin=origin,
            run_id=self.run_id,
            status=self.status.lower() or None,
        )


def together(units: Iterable[Unit]) -> list[Unit]:
    """Siblings one after the other: stores list runs by their start, whatever they belong to."""
    return sorted(units, key=lambda unit: (unit.group, unit.run, unit.key))


def curve(key: str, series: Series) -> Curve:
    """Order by step, within a step by time; where all steps are equal (none was given) by time alone,
    and the points are numbered, since the axis would otherwise be one place."""
    steps, times, values = series.steps, series.times, series.values
    # steps that already ascend, each once, are the usual case and need no sorting
    if len(steps) > 1 and not bool((steps[1:] > steps[:-1]).all()):
        order = np.lexsort((times, steps))
        steps, times, values = steps[order], times[order], values[order]
        if steps[0] == steps[-1]:
            steps = np.arange(len(steps), dtype=np.int64)
    if times.min(initial=np.inf) >= SECONDS_BELOW:
        seconds = times / 1000.0
    else:
        seconds = np.where(np.abs(times) < SECONDS_BELOW, times, times / 1000.0)
    return Curve(id=key, tag=key, steps=steps, values=values, wall_times=seconds)
