"""The Python interface: what people have in memory, and helpers for their tests."""

from __future__ import annotations

import doctest
import json
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import curvedoctor
from curvedoctor import Diagnosis, SourceError, UsageError
from shell import falling, write

EPOCHS = 60
TRAIN = 2.3 * np.exp(-np.arange(EPOCHS) / 8) + 0.01
#: falls, then rises by a half: overfitting by any judgement
VAL = 0.5 + 1.8 * np.exp(-np.arange(EPOCHS) / 5) + 0.01 * np.arange(EPOCHS)


def conditions(diagnosis: Diagnosis) -> set[str]:
    return {finding.condition for finding in diagnosis.findings}


def keras() -> dict[str, list[float]]:
    return {"loss": TRAIN.tolist(), "val_loss": VAL.tolist()}


def rows() -> list[dict[str, float]]:
    """As Hugging Face's Trainer logs: training and evaluation in turn, fractional epochs."""
    made: list[dict[str, float]] = []
    for epoch in range(EPOCHS):
        made.append({"step": 10 * epoch, "epoch": epoch / 3, "loss": TRAIN[epoch], "learning_rate": 1e-3})
        made.append({"step": 10 * epoch, "epoch": epoch / 3, "eval_loss": VAL[epoch]})
    return made


@pytest.mark.parametrize(
    "data",
    [
        {"train/loss": TRAIN, "val/loss": VAL},
        {"train/loss": list(TRAIN), "val/loss": tuple(VAL)},
        {"train/loss": (np.arange(EPOCHS) * 10, TRAIN), "val/loss": (np.arange(EPOCHS) * 10, VAL)},
        {"train/loss": pd.Series(TRAIN, index=range(5, 65)), "val/loss": pd.Series(VAL, index=range(5, 65))},
        pd.DataFrame({"epoch": range(EPOCHS), "train/loss": TRAIN, "val/loss": VAL, "note": "x"}),
        pd.DataFrame({"train/loss": TRAIN, "val/loss": VAL}, index=range(EPOCHS)),
        keras(),
        SimpleNamespace(history=keras()),
        rows(),
        {"log_history": rows(), "best_metric": 0.7, "train_batch_size": 8},
    ],
    ids=["arrays", "lists", "steps", "series", "frame", "index", "keras", "History", "log_history",
        "trainer_state"],
)  # fmt: skip
def test_diagnose_curves_takes_what_people_have(data: object) -> None:
    diagnosis = curvedoctor.diagnose_curves(data, params={"lr": 0.001, "password": "hunter2"})
    assert diagnosis.verdict == "sick"
    assert "overfitting" in conditions(diagnosis)
    assert diagnosis.run.params["lr"] == 0.001
    assert "hunter2" not in str(diagnosis.run.params)
    assert {len(curve) for curve in diagnosis.run.curves} == {EPOCHS}


def test_keras_counts_epochs() -> None:
    assert {curve.axis for curve in curvedoctor.diagnose_curves(keras()).run.curves} == {"epoch"}
    assert {curve.axis for curve in curvedoctor.diagnose_curves(keras(), axis="step").run.curves} == {"step"}


def test_history_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"epoch": range(EPOCHS), "train_loss": TRAIN, "val_loss": VAL})
    for name in ("metrics.csv", "results.csv"):
        (tmp_path / name[:-4]).mkdir()
        path = tmp_path / name[:-4] / name
        frame.to_csv(path, index=False)
        assert "overfitting" in conditions(curvedoctor.diagnose_curves(path))
    state = tmp_path / "trainer_state.json"
    state.write_text(json.dumps({"log_history": rows(), "max_steps": 600}))
    assert "overfitting" in conditions(curvedoctor.diagnose_curves(str(state), params={"lr": 0.01}))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "no curve"),
        ([], "no curve"),
        ({"a": [[1.0, 2.0]]}, r"shape is \(1, 2\)"),
        ({"a": "x"}, "must hold numbers"),
        ({"a": ([0.0, np.nan], [1.0, 2.0])}, "finite"),
        (5, "holds no curves"),
        ([1, 2], "row 0"),
    ],
)
def test_what_holds_no_curves_is_told(data: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        curvedoctor.diagnose_curves(data)


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 9, [1e300, -1e300] * 9, [0.0] * 50])
def test_odd_curves_are_judged_or_not_but_never_fail(values: list[float]) -> None:
    assert curvedoctor.diagnose_curves({"train/loss": values}).verdict in {"sick", "healthy", "undetermined"}


def test_diagnose_yields_typed_objects(logs: Path) -> None:
    found = {diagnosis.run.name: diagnosis for diagnosis in curvedoctor.diagnose(logs)}
    assert {name: each.verdict for name, each in found.items()} == {
        "nan": "sick", "healthy": "healthy", "short": "undetermined",
    }  # fmt: skip
    assert isinstance(found["nan"], curvedoctor.Diagnosis)
    assert found["nan"].prescriptions[0].action == "lower-lr"
    assert [d.run.name for d in curvedoctor.diagnose([logs / "nan", str(logs / "short")])] == ["nan", "short"]


def test_a_wrong_path_raises_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        curvedoctor.diagnose(tmp_path / "missing")


def test_what_it_gives_is_a_sequence(logs: Path) -> None:
    found = curvedoctor.diagnose(logs)
    names = ["healthy", "nan", "short"]
    assert [d.run.name for d in found] == names == [d.run.name for d in found], "it can be read twice"
    assert len(found) == 3 and found[1] is next(d for d in found if d.run.name == "nan")
    assert found[-1].run.name == "short" and [d.run.name for d in found[:2]] == names[:2]
    assert repr(found).startswith("<3 runs: 1 failed, ")
    assert set(found.to_frame()["run"]) == set(names)
    assert "Next:" in repr(found.compare()) and "<style>.cd-compare" in found.compare()._repr_html_()


def test_options_mean_what_they_mean_on_the_command_line(logs: Path) -> None:
    (one,) = curvedoctor.diagnose(logs, run="heal*", params={"n_val": 5}, roles={"val/loss": "test:loss"})
    assert one.run.params["n_val"] == 5
    assert {curve.role.split for curve in one.run.curves} == {"train", "test"}
    with pytest.raises(UsageError, match="overfit"):
        list(curvedoctor.diagnose(logs, conditions=["overfit"]))
    with pytest.raises(UsageError, match="split"):
        list(curvedoctor.diagnose(logs, roles={"val/loss": "validate:loss"}))
    with pytest.raises(SourceError, match="no such file"):
        list(curvedoctor.diagnose(logs / "missing"))


def test_problems_warn_or_are_handed_over(logs: Path) -> None:
    damaged = logs / "damaged" / "events.out.tfevents.9.other"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no event file at all" * 50)
    with pytest.warns(curvedoctor.ReadWarning, match=damaged.name):
        list(curvedoctor.diagnose(logs))
    told: list[curvedoctor.Problem] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(curvedoctor.diagnose(logs, on_problem=told.append))
    assert [Path(problem.where).name for problem in told] == [damaged.name]


def test_to_pandas(logs: Path) -> None:
    frame = curvedoctor.to_pandas(curvedoctor.diagnose(logs))
    assert set(frame["run"]) == {"nan", "healthy", "short"}
    assert frame["confidence"].dtype == "float64"
    assert frame[frame["condition"] == "non-finite"].iloc[0]["severity"] == "error"
    assert len(curvedoctor.to_pandas([])) == 0


def test_assert_healthy(logs: Path) -> None:
    curvedoctor.assert_healthy(logs / "healthy")
    with pytest.raises(AssertionError, match=r"nan: non-finite: .* Try first: Lower the learning rate"):
        curvedoctor.assert_healthy(logs)
    curvedoctor.assert_healthy(logs, run="healthy", fail_on="error")
    with pytest.raises(UsageError, match="fatal"):
        curvedoctor.assert_healthy(logs, fail_on="fatal")  # type: ignore[arg-type]


def test_the_names_of_the_package() -> None:
    for name in curvedoctor.__all__:
        assert getattr(curvedoctor, name) is not None
    assert set(curvedoctor.__all__) <= set(dir(curvedoctor))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = curvedoctor.nonsense  # type: ignore[attr-defined]


def test_doctests() -> None:
    from curvedoctor import diagnoses, extras
    from curvedoctor.reports import as_markdown, phrases, text

    for module in (text, as_markdown, phrases, extras, diagnoses):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0


def test_an_odd_tag_is_no_trouble(tmp_path: Path) -> None:
    write(tmp_path / "a", {"loss\x1b[31m": falling()})
    (diagnosis,) = curvedoctor.diagnose(tmp_path)
    assert "\x1b" not in diagnosis._repr_html_()


def test_epochs_beside_batches_are_judged_over_their_own_length() -> None:
    """Keras and many others log both in one run:
    60 epochs must not look like the first 2 % of 3000 batches."""
    batches = np.arange(0, 3000, 10)
    diagnosis = curvedoctor.diagnose_curves(
        {
            "train/epoch_loss": (np.arange(EPOCHS), TRAIN),
            "val/epoch_loss": (np.arange(EPOCHS), VAL),
            "train/batch_loss": (batches, 2.3 * np.exp(-batches / 400) + 0.01),
        }
    )
    (found,) = (finding for finding in diagnosis.findings if finding.condition == "overfitting")
    assert found.onset is not None
    assert 8 <= found.onset <= 30
