"""What stands beside a state: that the run goes on, what it was not judged for; on every surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import cases
from curvedoctor import diagnose_curves
from curvedoctor.engine.judge import judge_groups, prepare
from curvedoctor.engine.options import Options
from curvedoctor.model import Diagnosis, ParamValue, Run, Unjudged
from curvedoctor.reports import as_html, as_markdown, as_table, notebook
from curvedoctor.reports.asides import asides, so_far, state, wanting
from curvedoctor.reports.base import OutputStyle
from curvedoctor.roles import assign
from curvedoctor.sinks.tensorboard.text import page
from curvedoctor_panel.view import run_view

SURFACES: dict[str, Callable[[Diagnosis], str]] = {
    "table": lambda d: "".join(as_table.render([d], OutputStyle(200))),
    "markdown": lambda d: "".join(as_markdown.render([d], OutputStyle())),
    "html": lambda d: "".join(map(str, as_html.render([d], OutputStyle()))),
    "notebook": notebook.html,
    "tensorboard": page,
    "panel": lambda d: str(run_view(d)),
}
NO_SIZE = Unjudged("validation-too-small", "the validation set's size is not logged")


@pytest.mark.parametrize("surface", SURFACES)
def test_a_fine_run_says_what_it_was_not_judged_for(surface: str) -> None:
    fine = replace(cases.healthy(), findings=(), unjudged=(NO_SIZE,))
    assert fine.state == "fine"
    told = SURFACES[surface](fine).replace("\\", "").lower()
    if surface in ("notebook", "tensorboard"):  # where all reasons are listed
        assert "the validation set's size is not logged: validation-too-small" in told
        return
    assert "needs the validation set's size (log it, or --param n" in told
    assert "ot judged: " in told
    assert "ot judged: " not in SURFACES[surface](replace(fine, unjudged=()))


def test_what_is_wanting_is_grouped_and_what_most_runs_lack_is_left_out() -> None:
    of_loss = [
        Unjudged("initial-loss-off", "the loss function or the number of classes is not logged"),
        Unjudged("wrong-loss", "neither the loss function nor an accuracy is logged"),
        Unjudged("inputs-unscaled", "neither the loss function with its classes nor the scaling is logged"),
    ]
    usual = [
        Unjudged("exploding-gradient", "no gradient norm is logged"),
        Unjudged("reward-flat", "no agent's reward is logged"),
        Unjudged("stalled", "it concerns networks only, and the run grows boosted trees"),
    ]
    batch = Unjudged("noisy-batches", "the batch size is not logged")
    healthy = cases.healthy()
    assert wanting(replace(healthy, unjudged=tuple(usual))) == ""
    told = wanting(replace(healthy, unjudged=(*usual, batch, NO_SIZE, *of_loss)))
    assert told.startswith("Not judged: 3 conditions need the loss function (log it, or --param loss=…); ")
    assert told.endswith("n_val=…); 1 more.")
    assert wanting(replace(cases.undetermined(), unjudged=(NO_SIZE,))) == ""


def test_of_several_fine_runs_one_line_tells() -> None:
    runs = [replace(cases.healthy(f"r{i}"), findings=(), unjudged=(NO_SIZE,)) for i in range(4)]
    text = " ".join("".join(as_table.render([*runs, cases.sick()], OutputStyle(80))).split())
    assert text.count("not judged") == 1
    assert "The 4 runs that are fine were not judged for everything: validation-too-small needs" in text


BATCH = Unjudged("noisy-batches", "the batch size is not logged")


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        # (per run what it was not judged for, and whether it is told in detail), how the line begins
        ([(NO_SIZE, False), (NO_SIZE, True)], "The 2 runs that are fine were not judged for everything: "),
        (
            [(NO_SIZE, False), (BATCH, True), (BATCH, True)],
            "The 3 runs that are fine were not judged for everything, for instance r0: validation-too-small",
        ),
        ([(NO_SIZE, False), (None, False)], "1 of the 2 runs that are fine was not judged for everything: "),
        ([(BATCH, False), (BATCH, False), (None, True)], "2 of the 3 runs that are fine were not judged for"),
        ([(NO_SIZE, True), (NO_SIZE, True)], ""),
        ([(NO_SIZE, False)], "Not judged: validation-too-small needs"),
        ([(None, False), (None, False)], ""),
    ],
)
def test_runs_are_counted_whatever_they_lack(lacks: list[tuple[Unjudged | None, bool]], told: str) -> None:
    runs = [
        replace(run, findings=run.findings if detailed else (), unjudged=() if lack is None else (lack,))
        for i, (lack, detailed) in enumerate(lacks)
        for run in [cases.healthy(f"r{i}")]
    ]
    text = " ".join("".join(as_table.render(runs, OutputStyle(80))).split())
    assert told in text
    assert bool(told) is (" judged for " in text or "Not judged: " in text)


def going(status: str | None, epochs: int | None, length: int = 30) -> Diagnosis:
    y = 2.0 * np.exp(-np.arange(length) / 4) + 0.3 + 0.002 * np.random.default_rng(0).standard_normal(length)
    known = diagnose_curves({"train/loss": y, "val/loss": y + 0.02}).run
    curves = assign([replace(curve, axis="epoch") for curve in known.curves])
    params: dict[str, ParamValue] = {} if epochs is None else {"epochs": epochs}
    run = Run("r", "r", "g", tuple(curves), params, status=status)
    (diagnosis,) = judge_groups(prepare([run], Options()), Options(alone=True))
    return diagnosis


@pytest.mark.parametrize("surface", SURFACES)
def test_a_run_that_goes_on_is_told_so(surface: str) -> None:
    diagnosis = going("running", 60)
    told = SURFACES[surface](diagnosis)
    assert "so far" in told
    assert "so far" not in SURFACES[surface](going("finished", 60))


@pytest.mark.parametrize(
    ("status", "epochs", "said"),
    [
        ("running", 60, "still going on (epoch 30 of 60)"),
        ("scheduled", None, "still going on: "),
        (None, 60, "The log ends at epoch 30 of 60: the run was stopped, or is still going on."),
        (None, 31, ""),
        (None, None, ""),
        ("finished", 60, ""),
        ("killed", 60, ""),
    ],
)
def test_how_it_is_known_that_a_run_goes_on(status: str | None, epochs: int | None, said: str) -> None:
    diagnosis = going(status, epochs)
    if not any(finding.condition == "undertrained" for finding in diagnosis.findings):
        assert said in so_far(diagnosis)
        assert bool(so_far(diagnosis)) == bool(said)
    assert ("so far" in state(diagnosis)) == (status in ("running", "scheduled"))
    assert all(asides(diagnosis))


@pytest.mark.parametrize("surface", SURFACES)
def test_that_the_same_settings_did_well_elsewhere_is_told(surface: str) -> None:
    fine = replace(cases.healthy(), findings=(), readings={"unlike": {"sibling": "sound", "lower": 0.73}})
    told = SURFACES[surface](fine)
    assert "sound logs the same settings and ended 73 % lower: something that is not logged differs" in told


LOOKED = {
    "look": {
        "for": [
            {"there": "<b> weights", "action": "fix-init", "probability": 0.1, "helps": 0.72},
            {"there": "wrong labels", "action": "clean-data", "probability": 0.1, "helps": 0.75},
        ],
        "raises": 0.05,
    }
}


@pytest.mark.parametrize("surface", SURFACES)
def test_what_to_look_for_is_told_beside_what_to_try_and_of_a_fine_run_not(surface: str) -> None:
    sick = replace(cases.sick(), readings=LOOKED)
    told = " ".join(SURFACES[surface](sick).replace("\\", "").split())
    assert "Before training again, look for" in told
    assert (
        "weights: where they were there, fix-init helped 72 % of runs; wrong labels: clean-data 75 %." in told
    )
    assert ("<b>" in told) is (surface in ("table", "panel"))  # escaped where it would be markup
    fine = replace(cases.healthy(), readings=LOOKED)
    assert fine.state == "fine"
    assert "look for" not in SURFACES[surface](fine)
