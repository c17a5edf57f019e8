"""Every example, in its reduced size, with the diagnosis that it promises.

Where several remedies are right, any of them may stand first; what is right was tried (see each
example's docstring), not read off the output.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import a7_after
import a7_before
import b6_digits_cnn
import c_argmax_bug
import colleague_logdir
import d_grid_coarse
import d_grid_refined
import d_overfit_check
import d_range_test
import d_schedules
from curvedoctor.model import Diagnosis


def by_name(found: list[Diagnosis]) -> dict[str, Diagnosis]:
    return {d.run.name: d for d in found}


def conditions(d: Diagnosis) -> set[str]:
    return {f.condition for f in d.findings}


def first(d: Diagnosis) -> str:
    return d.prescriptions[0].action if d.prescriptions else "nothing"


def final(d: Diagnosis, curve: str) -> float:
    return float(next(c for c in d.run.curves if c.id == curve).values[-1])


def test_a7_before_stays_on_a_high_floor(tmp_path: Path) -> None:
    (found,) = a7_before.main(tmp_path, quick=True)
    assert final(found, "val/accuracy") < 0.8
    assert found.verdict == "sick"
    assert [f.condition for f in found.findings if f.severity != "info"] == ["underfitting"]
    assert "wrong-loss" in conditions(found)
    assert first(found) == "bigger-model"


@pytest.fixture(scope="module")
def a7(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diagnosis]:
    return by_name(a7_after.main(tmp_path_factory.mktemp("a7"), quick=True))


def test_a7_after_is_healthy(a7: dict[str, Diagnosis]) -> None:
    assert a7["after"].verdict == "healthy"
    assert final(a7["after"], "val/accuracy") > 0.8


def test_a7_scheduler_that_is_never_stepped(a7: dict[str, Diagnosis]) -> None:
    assert "schedule-fault" in conditions(a7["never-stepped"])


def test_a7_saturated_sigmoids(a7: dict[str, Diagnosis]) -> None:
    assert final(a7["saturated"], "val/loss") > 1.2 * final(a7["after"], "val/loss")
    assert a7["saturated"].verdict == "sick"
    assert first(a7["saturated"]) == "fix-activation"
    assert a7["saturated"].prescriptions[0].basis == "siblings"


@pytest.fixture(scope="module")
def b6(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diagnosis]:
    return by_name(b6_digits_cnn.main(tmp_path_factory.mktemp("b6"), quick=True))


@pytest.mark.parametrize("cause", b6_digits_cnn.CAUSES, ids=lambda cause: cause.name)
def test_b6_each_cause(b6: dict[str, Diagnosis], cause: b6_digits_cnn.Cause) -> None:
    sick, cured = b6[cause.name], b6[f"{cause.name.split('-')[0]}-remedy"]
    assert final(cured, "val/loss") < 0.75 * final(sick, "val/loss"), (
        "the remedy did not help: no fault was shown"
    )
    assert sick.verdict == "sick"
    assert first(sick) in cause.actions


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diagnosis]:
    return by_name(c_argmax_bug.main(tmp_path_factory.mktemp("c"), quick=True))


@pytest.mark.parametrize("name", ["argmax", "broadcast"])
def test_c_metric_bugs(c: dict[str, Diagnosis], name: str) -> None:
    assert c[name].findings[0].condition == "metric-bug"
    assert first(c[name]) == "fix-metric"


def test_c_repaired(c: dict[str, Diagnosis]) -> None:
    assert "metric-bug" not in conditions(c["repaired"])
    assert final(c["repaired"], "val/accuracy") > 0.9


def test_c_scheduler_stepped_per_batch(c: dict[str, Diagnosis]) -> None:
    assert c["per-batch"].findings[0].condition == "schedule-fault"
    assert first(c["per-batch"]) in ("fix-schedule", "decay-later")  # either makes the rate last


def test_c_running_loss_divided_by_the_wrong_count(c: dict[str, Diagnosis]) -> None:
    assert conditions(c["wrong-count"]) & {"initial-loss-off", "log-fault"}


def test_c_counter_that_never_prints(c: dict[str, Diagnosis]) -> None:
    run = c["never-prints"]
    unjudged = {u.condition: u.reason for u in run.unjudged}
    assert "train" in unjudged["generalization-gap"]


def test_d_range_test(tmp_path: Path) -> None:
    (found,), compared = d_range_test.main(tmp_path, quick=True)
    assert found.verdict == "healthy", "to blow up is the point of a range test"
    assert found.readings["lr-range-test"]["suggested"] == compared.range_tests[0].suggested
    assert compared.groups[0].region is not None
    assert compared.groups[0].region.runs == ("at-suggested",)


def test_d_overfit_check(tmp_path: Path) -> None:
    found = by_name(d_overfit_check.main(tmp_path, quick=True))
    assert found["passes"].verdict == "healthy"
    assert found["passes"].readings["overfit-check"]["reached_zero"] is True
    for name in ("frozen", "too-small"):
        assert found[name].verdict == "sick"
        assert found[name].readings["overfit-check"]["reached_zero"] is False
        assert conditions(found[name]) & {"overfit-check-failed", "not-learning"}
    assert first(found["frozen"]) == "overfit-one-batch"
    assert first(found["too-small"]) == "raise-lr"


def test_d_schedules(tmp_path: Path) -> None:
    found = by_name(d_schedules.main(tmp_path, quick=True))
    kinds = {name: d.readings["schedule"]["kind"] for name, d in found.items()}
    assert kinds == {kind: kind for kind in d_schedules.KINDS} | {"cosine-after-warmup": "cosine"}
    assert found["cosine-after-warmup"].readings["schedule"]["warmup"] is True
    assert found["cosine"].readings["schedule"]["warmup"] is False


def test_d_coarse_grid_must_be_extended_upwards(tmp_path: Path) -> None:
    compared = d_grid_coarse.main(tmp_path, quick=True)
    lr = next(f for f in compared.groups[0].factors if f.name == "lr")
    assert lr.place is not None
    assert lr.place.where == "above"
    assert lr.place.how == "extend"
    assert min(lr.place.propose) > max(d_grid_coarse.LRS)
    assert compared.next.startswith(f"lr {min(lr.place.propose):g}")
    assert any(p.worth for p in compared.groups[0].prolong)


def test_d_refined_grid_completes_the_protocol(tmp_path: Path) -> None:
    coarse, refined = d_grid_refined.main(tmp_path, quick=True)
    lr = next(f for f in coarse.groups[0].factors if f.name == "lr")
    assert lr.place is not None
    assert lr.place.where == "within"
    assert isinstance(lr.best, float)
    assert 0.01 <= lr.best <= 0.1
    states = {s.number: s.state for s in refined.steps}
    assert [states[n] for n in (1, 2, 3, 4, 5)] == ["done"] * 5
    assert refined.range_tests[0].suggested is not None
    assert 0.003 <= refined.range_tests[0].suggested <= 0.3


def test_colleague_logdir(tmp_path: Path) -> None:
    found = by_name(colleague_logdir.main(tmp_path, quick=True))
    assert conditions(found["keras-2019"]) & {"overfitting", "dataset-too-small"}
    assert first(found["keras-2019"]) in {"stop-early", "regularize", "more-data", "smaller-model"}
    assert "mnist_2017" in found
    torn = found["crashed"]
    assert any("truncated" in p.what for p in (*torn.problems, *torn.run.problems))
    assert len(torn.run.curves[0]) > 10
