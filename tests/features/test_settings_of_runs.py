"""What was set for a run: as logged, as its name tells, and the learning rate as its curve does."""

from __future__ import annotations

import numpy as np
import pytest

from compare.grids import run, undiagnosed
from curvedoctor.advice.siblings import Siblings
from curvedoctor.compare.analyze import compare
from curvedoctor.features.case import build
from curvedoctor.features.summary import settings, summarize
from curvedoctor.model import Floats, ParamValue

N = 40
CONSTANT = np.full(N, 0.002)
COSINE = 0.00201 * 0.5 * (1 + np.cos(np.pi * np.arange(N) / N))
WARMED = np.concatenate([np.linspace(1e-5, 0.002, 10), np.linspace(0.002, 0.0, N - 10)])


@pytest.mark.parametrize(
    ("rates", "named", "params", "lr"),
    [
        (CONSTANT, {}, {}, 0.002),
        (COSINE, {}, {}, 0.002),
        (WARMED, {}, {}, 0.002),
        (CONSTANT, {}, {"lr": 0.1}, 0.1),
        (CONSTANT, {"lr": 0.3}, {}, 0.3),
        (CONSTANT, {"lr": 0.3}, {"lr": 0.1}, 0.1),
        (np.geomspace(1e-6, 1, N), {}, {}, None),  # a range test
        (WARMED[:8], {}, {}, None),  # stopped while it warmed up
        (np.zeros(N), {}, {}, None),
        (np.full(N, np.nan), {}, {}, None),
    ],
)
def test_the_rate(
    rates: Floats, named: dict[str, ParamValue], params: dict[str, ParamValue], lr: float | None
) -> None:
    (case,) = build([run("a", params, train_loss=np.geomspace(2, 0.2, len(rates)), lr=rates)])
    assert settings(case, named).get("lr") == lr


def test_rates_that_are_logged_as_curves_are_compared() -> None:
    ends = {2e-5: 1.2, 0.002: 0.2, 0.2: 0.9}
    y = {lr: np.geomspace(2, end, N) for lr, end in ends.items()}
    runs = [
        run(f"run{i}", {}, train_loss=loss, val_loss=1.1 * loss, lr=np.full(N, lr))
        for i, (lr, loss) in enumerate(y.items())
    ]
    (group,) = compare(undiagnosed(runs)).groups
    assert [factor.name for factor in group.factors] == ["lr"]
    assert {outcome.params["lr"] for outcome in group.outcomes} == set(ends)
    summaries = list(map(summarize, build(runs)))
    (trial,) = [t for t in Siblings(summaries).trials(summaries[0]) if t.helped]
    assert (trial.action, trial.value) == ("raise-lr", 0.002)
