"""Case B: the training loss of a small CNN on handwritten digits does not fall as it should.

Ten classes, batch 128, Adam, validation data. Each cause is trained (`1-lr-too-high` …), diagnosed on
its own, and then the remedy is really tried (`1-remedy` …):

  1  learning rate too high               lower it
  2  learning rate too low                raise it
  3  inputs not scaled: in the hundreds   standardize them
  4  few samples for many units           more data (or stop early, regularize, a smaller model)
  5  all weights start at zero            the default initialization
  6  10 epochs at lr 0.001, as in the     train longer, or raise the rate: on 32 batches per epoch
     textbook                             that is far too short

Expect: the first prescription of each sick run is its remedy (or one just as right), and the remedied
run ends with a clearly lower validation loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from curvedoctor.model import Diagnosis
from data_sets import digits
from tiny_net import Network, cnn
from training import Data, Recipe, diagnose, run, scheduled, train


@dataclass(frozen=True)
class Cause:
    """One way to go wrong, and its remedy."""

    name: str
    #: first prescriptions that are right
    actions: frozenset[str]
    sick: dict[str, Any] = field(default_factory=dict)
    remedy: dict[str, Any] = field(default_factory=dict)
    samples: int = 0
    hidden: int = 32
    init: float | str = 1.0
    spoil: Callable[[Data], Data] | None = None
    #: samples of the remedied run, where that is the remedy
    remedy_samples: int = 0


def raw(data: Data) -> Data:
    """Pictures that nobody scaled: values in the hundreds."""
    return replace(data, x=90 * data.x, x_val=90 * data.x_val)


CAUSES = (
    Cause("1-lr-too-high", frozenset({"lower-lr"}), {"lr": 0.3}),
    Cause("2-lr-too-low", frozenset({"raise-lr"}), {"lr": 2e-5}),
    Cause("3-unscaled-inputs", frozenset({"normalize-input"}), spoil=raw),
    Cause("4-few-samples", frozenset({"more-data", "stop-early", "regularize", "smaller-model"}),
          {"epochs": 60, "batch": 32}, samples=250, hidden=128, remedy_samples=2000),
    Cause("5-zero-weights", frozenset({"fix-init", "overfit-one-batch"}), init="zero"),
    Cause("6-textbook", frozenset({"raise-lr", "train-longer"}),
        {"lr": 0.001, "epochs": 10, "rate": scheduled("constant")},
          {"epochs": 30}),
)  # fmt: skip


def network(hidden: int, init: float | str) -> Network:
    """The CNN: one convolution of 8 channels, one hidden layer."""
    return cnn(np.random.default_rng(1), 10, (8,), 10, init=init, hidden=hidden)


def main(folder: Path, quick: bool) -> list[Diagnosis]:
    """Train every cause and its remedy, and diagnose each run on its own."""
    n = 2000 if quick else 4000
    base = Recipe(epochs=12 if quick else 15, batch=64 if quick else 128, lr=0.005, rate=scheduled("cosine"),
                  notes={"model": "cnn", "activation": "relu", "scheduler": "cosine"})  # fmt: skip
    for cause in CAUSES:
        number = cause.name.split("-")[0]
        data = digits(np.random.default_rng(0), cause.samples or n)
        better = digits(np.random.default_rng(0), cause.remedy_samples or cause.samples or n)
        sick = replace(base, **cause.sick)
        sick = replace(sick, notes=notes(sick, cause))
        # the remedy of a wrong lr is the base's; of few samples, more of them
        cured = (
            replace(sick, **cause.remedy)
            if cause.remedy or cause.samples
            else replace(base, notes=notes(base, cause))
        )
        train(
            folder / cause.name,
            network(cause.hidden, cause.init),
            cause.spoil(data) if cause.spoil else data,
            sick,
        )
        train(folder / f"{number}-remedy", network(cause.hidden, 1.0), better, cured)
    found = diagnose(folder)
    tell(found)
    return found


def notes(recipe: Recipe, cause: Cause) -> dict[str, str | int | float]:
    """What is logged besides."""
    constant = recipe.rate(0.5) == 1.0
    return {**recipe.notes, "width": cause.hidden, "scheduler": "constant" if constant else "cosine"}


def final(diagnosis: Diagnosis) -> float:
    """Validation loss of the last epoch."""
    return float(next(c for c in diagnosis.run.curves if c.id == "val/loss").values[-1])


def tell(found: list[Diagnosis]) -> None:
    """What was prescribed, and what the remedy brought when it was tried."""
    by_name = {d.run.name: d for d in found}
    print("\nEach remedy, tried:")
    for cause in CAUSES:
        sick, cured = by_name[cause.name], by_name[f"{cause.name.split('-')[0]}-remedy"]
        first = sick.prescriptions[0].action if sick.prescriptions else "nothing"
        print(f"  {cause.name:<18} prescribed {first:<18} val loss {final(sick):.3g} → {final(cured):.3g}")


if __name__ == "__main__":
    run(main)
