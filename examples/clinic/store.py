"""The stored runs of the clinic: `load()`. numpy and the standard library only.

Format: `data/<task>.jsonl.gz` holds one JSON object per run; `data/<task>.npz`
holds the curves of all of them, end to end (`values`, float32), with
`offsets` (runs × names + 1). Learning rates are computed from the
configuration, not stored.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinic.config import Config, expand, lr_curve
from clinic.split import is_final
from clinic.truth import TRAINING

DATA = Path(__file__).parent / "data"
#: curves in the order in which they are stored
CURVES = ("train_loss", "val_loss", "grad_norm", "step_loss", "step_grad_norm", "plateau", "train_acc",
          "val_acc",
          "val_acc_true")  # fmt: skip

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class ClinicRun:
    """One base run, what was tried on it, and what came of it.

    `raw` holds the curves as measured, before a logging style hides some of
    them (see `render`). `outcomes`: action → variants tried, each with `what`,
    `factor`, `gain` (fraction of the validation loss saved), `seeds`, `helps`.
    """

    id: str
    task: str
    modality: str
    kind: str
    family: str
    fault: str
    group: str
    style: str
    level: str
    config: Config
    healthy: bool | None
    outcomes: dict[str, list[dict[str, Any]]]
    verdicts: dict[str, bool | None]
    facts: dict[str, Any]
    raw: dict[str, NDArray[np.float32]] = field(repr=False)
    #: action → probability with which it was tried; empty: everything was
    tried: dict[str, float] = field(default_factory=dict)

    def helps(self, action: str) -> bool | None:
        """Whether the action helps: True, False (also if it changes nothing), None: not scored."""
        return self.verdicts.get(action, False)

    def saved(self, action: str) -> float | None:
        """Share of the loss that the action saved at best; None: not tried, or not a matter of loss."""
        tried = [v["gain"] for v in self.outcomes.get(action, ()) if v.get("gain") is not None]
        if not tried and action in TRAINING and self.helps(action) is False:
            return 0.0  # it would change nothing
        return max(tried, default=None)

    @property
    def sick(self) -> bool:
        """Whether any action helps."""
        return any(v is True for v in self.verdicts.values())

    @property
    def final(self) -> bool:
        """Whether the run belongs to the held-out part."""
        return is_final(self.task)

    @cached_property
    def lr(self) -> NDArray[np.float64]:
        """Learning rate of every step."""
        lr = lr_curve(self.config).astype(np.float64)
        if len(self.raw.get("plateau", ())):
            before = np.concatenate([[1.0], self.raw["plateau"][:-1].astype(np.float64)])
            lr = lr * np.repeat(before, self.config.steps_per_epoch)
        return lr

    @property
    def rendered(self) -> tuple[dict[str, Curve], dict[str, Any]]:
        """Curves by tag and hyperparameters, in this run's logging style."""
        from clinic.render import render

        return render(self)

    @property
    def curves(self) -> dict[str, Curve]:
        """tag → (steps, values), in this run's logging style."""
        return self.rendered[0]

    @property
    def params(self) -> dict[str, Any]:
        """The hyperparameters that this run logs."""
        return self.rendered[1]


def load(*, final: bool | None = None, folder: Path = DATA) -> list[ClinicRun]:
    """All stored runs; `final=False` leaves the held-out tasks out, `True` gives only them."""
    runs: list[ClinicRun] = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        if final is not None and is_final(name) != final:
            continue
        with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
            values, offsets = arrays["values"], arrays["offsets"]
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for i, line in enumerate(lines):
                runs.append(
                    _run(json.loads(line), values, offsets[i * len(CURVES) : (i + 1) * len(CURVES) + 1])
                )
    return runs


def _run(record: dict[str, Any], values: NDArray[np.float32], offsets: NDArray[np.int64]) -> ClinicRun:
    record["config"] = expand(record["config"])
    raw = {name: values[offsets[j] : offsets[j + 1]] for j, name in enumerate(CURVES)}
    return ClinicRun(**record, raw={k: v for k, v in raw.items() if len(v)})
