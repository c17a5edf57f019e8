"""Settings, muted and accepted findings, baselines."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import cases
from curvedoctor.errors import UsageError
from curvedoctor.known import Known, read_baseline, remembered, write_baseline
from curvedoctor.settings import Rule, load
from shell import Ran, falling, write

Run = Callable[..., Ran]
TODAY = dt.date(2026, 6, 1)


def settings(folder: Path, text: str, name: str = "curvedoctor.toml") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_the_nearest_settings_upwards_hold(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    settings(tmp_path, '[tool.curvedoctor]\nfail-on = "error"\n[tool.other]\nx = 1\n', "pyproject.toml")
    assert load(inner).options == {"fail_on": "error"}
    settings(tmp_path / "a", "[tool.other]\nx = 1\n", "pyproject.toml")  # not ours: goes on upwards
    assert load(inner).options == {"fail_on": "error"}
    settings(tmp_path / "a", 'format = "json"\njobs = 2\nprimary-metric = "val/*"\n')
    found = load(inner)
    assert (dict(found.options), found.primary) == ({"format": "json", "jobs": 2}, "val/*")


def test_options_in_the_settings_are_defaults(run: Run, logs: Path, tmp_path: Path) -> None:
    settings(
        tmp_path,
        'format = "json"\nfail-on = "error"\nrun = "n*"\n'
        'param = { n_val = 500 }\nrole = { "train/loss" = "val:loss:lower" }\n',
    )
    ran = run("diagnose", logs)
    assert ran.code == 1
    (found,) = json.loads(ran.out)["runs"]
    assert (found["run"], found["params"]["n_val"], found["curves"][0]["split"]) == ("nan", 500, "val")
    over = run("diagnose", logs, "--run", "healthy", "--format", "table")
    assert over.code == 0
    assert re.search(r"1 run: 1 (fine|could improve)\.", over.out)
    assert run("roles", logs, "--run", "healthy").code == 0
    settings(tmp_path, 'format = "sarif"\n')
    for command in ("roles", "compare", "watch --times 1", "annotate --dry-run"):
        name, *rest = command.split()
        assert run(name, logs, *rest).code == 0, command


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('fail_onn = "error"', "did you mean 'fail-on'?"),
        ('fail-on = "fatal"', "fatal"),
        ("fail-on = 3", "must be a text"),
        ("jobs = true", "must be a number"),
        ('notify = "rm -rf /"', "unknown setting 'notify'"),
        ("= 1", "not valid TOML"),
        ('[[mute]]\ncondition = "overfitting"', "reason is missing"),
        ('[[mute]]\nconditions = "overfitting"', "did you mean 'condition'?"),
        ('[[accept]]\ncondition = "x"\nreason = "y"\nuntil = "soon"', "2027-01-31"),
        ("mute = [1]", "must be a table"),
    ],
)
def test_wrong_settings_are_told_with_the_file(
    run: Run, logs: Path, tmp_path: Path, text: str, said: str
) -> None:
    settings(tmp_path, text)
    ran = run("diagnose", logs)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_broken_pyproject_is_a_matter_for_others(run: Run, logs: Path, tmp_path: Path) -> None:
    settings(tmp_path, "= 1", "pyproject.toml")
    assert run("diagnose", logs).code == 0


def test_a_muted_finding_is_gone_and_said_to_be(run: Run, logs: Path, tmp_path: Path) -> None:
    settings(tmp_path, '[[mute]]\nrun = "n*"\ncondition = "non-finite"\nreason = "we know"\n')
    ran = run("diagnose", logs, "--format", "json", "--fail-on", "error")
    assert ran.code == 0
    found = {each["run"]: each for each in json.loads(ran.out)["runs"]}["nan"]
    assert "non-finite" not in [each["condition"] for each in found["findings"]]
    assert {"condition": "non-finite", "reason": "muted in the settings: we know"} in found["unjudged"]


def test_an_accepted_finding_is_mere_information(run: Run, logs: Path, tmp_path: Path) -> None:
    settings(tmp_path, '[[accept]]\ncondition = "*"\nreason = "legacy"\n')
    ran = run("diagnose", logs, "--format", "json", "--fail-on", "warning")
    assert ran.code == 0
    found = {each["run"]: each for each in json.loads(ran.out)["runs"]}["nan"]
    assert found["verdict"] == "healthy"
    assert found["findings"][0]["severity"] == "info"
    assert "Accepted: legacy" in found["findings"][0]["summary"]


def test_rules_expire_on_their_day() -> None:
    rule = Rule("mute", "lr-too-high", "for now", until=TODAY)
    for day, gone in ((TODAY, True), (TODAY + dt.timedelta(days=1), False)):
        after = Known((rule,), today=day).apply(cases.sick())
        assert ("lr-too-high" not in [finding.condition for finding in after.findings]) is gone


def test_what_stays_keeps_its_weight_and_prescriptions() -> None:
    after = Known((Rule("mute", "lr-too-high", "known"),)).apply(cases.sick())
    assert after.verdict == "sick"
    assert [prescription.action for prescription in after.prescriptions] == ["stop-early"]
    accepted = Known((Rule("accept", "lr-too-high", "known"),)).apply(cases.sick())
    assert [finding.severity for finding in accepted.findings] == ["warning", "info"]


def test_a_baseline_lets_only_new_findings_fail(run: Run, logs: Path, tmp_path: Path) -> None:
    from shell import write_nan

    baseline = tmp_path / "baseline.json"
    first = run("diagnose", logs, "--fail-on", "error", "--write-baseline", baseline)
    assert first.code == 1
    assert run("diagnose", logs, "--fail-on", "error", "--baseline", baseline).code == 0
    write_nan(logs / "new")
    again = run("diagnose", logs, "--fail-on", "error", "--baseline", baseline, "--format", "json")
    assert again.code == 1
    verdicts = {each["run"]: each["verdict"] for each in json.loads(again.out)["runs"]}
    assert (verdicts["nan"], verdicts["new"]) == ("healthy", "sick")
    settings(tmp_path, 'baseline = "baseline.json"\n')
    assert run("diagnose", logs / "nan", "--fail-on", "error").code in {0, 1}


def test_a_finding_that_got_worse_is_new(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    mild = cases.Diagnosis(cases.run(), "sick", (cases.finding(severity="warning"),))
    write_baseline(path, remembered(mild))
    known = Known(baseline=read_baseline(path))
    assert known.apply(mild).verdict == "healthy"
    assert known.apply(cases.sick()).verdict == "sick"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "other/1", "findings": []}', "\x00"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="--write-baseline"):
        read_baseline(path)


def test_the_primary_metric_is_what_the_run_is_judged_by(run: Run, tmp_path: Path) -> None:
    """Two validation losses, of which the one that the user cares for turns and climbs."""
    turning = falling(floor=0.4, seed=2) + np.maximum(0, np.arange(120) - 40) * 0.01
    curves = {
        "train/loss": falling(),
        "val/loss": falling(floor=0.32, seed=1),
        "val/translation_loss": turning,
    }
    write(tmp_path / "logs" / "translator", curves, {"lr": 0.1, "batch_size": 64})

    def overfitting() -> list[list[str]]:
        ran = run("diagnose", tmp_path / "logs", "--format", "json")
        found = json.loads(ran.out)["runs"][0]["findings"]
        return [item["curves"] for item in found if item["condition"] == "overfitting"]

    assert overfitting() == []
    settings(tmp_path, 'primary-metric = "*translation*"\n')
    assert any("val/translation_loss" in curves for curves in overfitting())
    settings(tmp_path, 'primary-metric = "val/loss"\n')
    assert overfitting() == []
