"""Writing diagnoses back to where the runs are, each by the sink that accepts its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from curvedoctor.discovery import brought
from curvedoctor.model import Diagnosis, Origin, Run
from curvedoctor.sinks.base import Outcome, Sink, WriteOptions

Item = TypeVar("Item")

#: runs handed to a sink at once: bounds memory, and what a crash can lose
BATCH = 64


def sinks() -> tuple[Sink, ...]:
    """The modules of `curvedoctor.sinks` that define `SINK`, and packages that define `SINKS`."""
    import curvedoctor.sinks as package

    return tuple(brought(package, "SINK"))


def annotate(diagnoses: Iterable[Diagnosis], options: WriteOptions) -> Iterator[Outcome]:
    """Write each diagnosis back to its run; one outcome each. What is no training is passed over."""
    trained = (diagnosis for diagnosis in diagnoses if is_training(diagnosis.run))
    return dispatch(
        ((diagnosis.run.name, diagnosis.run.origin, diagnosis) for diagnosis in trained),
        lambda sink, batch: sink.annotate(batch, options),
    )


def is_training(run: Run) -> bool:
    """Whether a run holds a curve. MLflow also keeps fits, evaluations, traces, parents of sweeps."""
    if run.run_id is None:
        return True
    return any(len(curve) > 1 and curve.role.quantity not in {"system", "time"} for curve in run.curves)


def clean(origins: Iterable[tuple[str, Origin | None]], options: WriteOptions) -> Iterator[Outcome]:
    """Remove what `annotate` wrote for runs, given as (name, origin); one outcome each."""
    return dispatch(
        ((name, origin, origin) for name, origin in origins),
        lambda sink, batch: sink.clean([origin for origin in batch if origin is not None], options),
    )


def dispatch(
    items: Iterable[tuple[str, Origin | None, Item]],
    work: Callable[[Sink, Sequence[Item]], Iterable[Outcome]],
) -> Iterator[Outcome]:
    """Hand items, in batches, to the sink that accepts their origin; refuse those that none accepts."""
    every = sinks()
    batch: list[Item] = []
    current: Sink | None = None
    for name, origin, item in items:
        sink = next((sink for sink in every if origin is not None and sink.accepts(origin)), None)
        if batch and current is not None and (sink is not current or len(batch) >= BATCH):
            yield from work(current, batch)
            batch = []
        current = sink
        if sink is not None:
            batch.append(item)
        else:
            why = (origin.read_only if origin else None) or "there is no place beside this run to write to"
            yield Outcome(name, "refused", (why,))
    if batch and current is not None:
        yield from work(current, batch)
