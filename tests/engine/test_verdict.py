"""The verdict rests on what is seen, and health needs evidence."""

from __future__ import annotations

import re

import numpy as np
import pytest

from curvedoctor.conditions.examples import falling, run
from curvedoctor.engine.verdict import CHANGE, EVIDENCE, HELD_OUT, MAX_UNJUDGED, verdict
from curvedoctor.features.case import Case, build
from curvedoctor.model import Finding, Floats, Run, Severity, Unjudged, Verdict

ASKED = 30


def case(made: Run) -> Case:
    return build([made])[0]


def said(made: Run, *severities: Severity, short: int = 0, asked: int = ASKED) -> tuple[Verdict, str]:
    findings = [Finding("stalled", severity, 0.9, ("train/loss",), "") for severity in severities]
    unjudged = [Unjudged("stalled", "3 points are too few; 6 are needed")] * short
    unjudged += [Unjudged("lr-too-low", "no learning rate is logged")] * (asked // 2)
    told, reason = verdict(case(made), findings, unjudged, asked)
    return told, reason or ""


def sound(n: int = 20) -> Run:
    return run(train_loss=np.geomspace(2, 0.5, n), val_loss=np.geomspace(2, 0.6, n))


@pytest.mark.parametrize(
    ("severities", "expected"),
    [((), "healthy"), (("info",), "healthy"), (("info", "warning"), "sick"), (("error",), "sick")],
)
def test_an_error_or_a_warning_makes_sick_and_information_does_not(
    severities: tuple[Severity, ...], expected: Verdict
) -> None:
    assert said(sound(), *severities) == (expected, "")


def test_a_sick_run_needs_no_evidence_of_health() -> None:
    assert said(run(train_loss=[1.0, 1.0, 1.0]), "error")[0] == "sick"


@pytest.mark.parametrize("n", [EVIDENCE - 1, EVIDENCE])
def test_how_many_points_tell_a_plateau_from_a_fall(n: int) -> None:
    told, reason = said(sound(n))
    assert told == ("healthy" if n >= EVIDENCE else "undetermined")
    assert reason == (
        "" if n >= EVIDENCE else f"{n} points can't tell a plateau from a fall; {EVIDENCE} are needed"
    )


def test_the_longest_of_the_curves_counts() -> None:
    made = run(train_loss_step=np.geomspace(2, 0.5, 40), val_loss=np.geomspace(2, 0.6, 4))
    assert said(made) == ("healthy", "")


@pytest.mark.parametrize("short", [MAX_UNJUDGED, MAX_UNJUDGED + 1])
def test_how_many_conditions_may_lack_points(short: int) -> None:
    told, reason = said(sound(), short=short)
    assert told == ("healthy" if short <= MAX_UNJUDGED else "undetermined")
    assert reason == (
        ""
        if short <= MAX_UNJUDGED
        else f"{short} of {ASKED} conditions lack points: 3 points are too few; 6 are needed"
    )


def test_a_run_of_which_nothing_was_judged_is_undetermined() -> None:
    unjudged = [Unjudged("stalled", "why not")] * ASKED
    assert verdict(case(sound()), [], unjudged, ASKED) == ("undetermined", "why not")
    assert verdict(case(sound()), [], [], 0) == ("undetermined", "no condition was asked for")


def test_a_run_without_any_curve_that_has_a_direction_is_undetermined() -> None:
    assert said(run(grad_norm=np.ones(20))) == (
        "undetermined",
        "no loss, error or score with a direction is logged",
    )


#: the best fall by which a curve may be said not to have moved, and one that did
@pytest.mark.parametrize(("share", "expected"), [(0.8, "undetermined"), (1.25, "healthy")])
@pytest.mark.parametrize("level", [1e-3, 1.0, 1e3])
def test_how_far_a_curve_must_have_moved(share: float, expected: Verdict, level: float) -> None:
    y = np.concatenate((np.ones(20), np.full(20, 1 - share * CHANGE)))
    assert said(run(train_loss=level * y))[0] == expected


@pytest.mark.parametrize(("noise", "expected"), [(0.02, "healthy"), (0.4, "undetermined")])
def test_an_improvement_within_its_noise_is_none(noise: float, expected: Verdict) -> None:
    y = np.linspace(1.05, 0.95, 60) * (1 + noise * np.tile([1.0, -1.0], 30))
    assert said(run(train_loss=y))[0] == expected


def test_one_curve_that_improved_is_enough_whichever_it_is() -> None:
    flat: Floats = 0.7 + 1e-3 * np.tile([1.0, -1.0], 20)
    assert said(run(train_loss=flat))[0] == "undetermined"
    assert said(run(train_loss=flat, val_accuracy=np.linspace(0.1, 0.8, 40)))[0] == "healthy"
    assert said(run(train_loss=flat, val_accuracy=np.linspace(0.8, 0.1, 40)))[0] == "undetermined"
    assert said(run(train_loss=flat, grad_norm=np.linspace(5, 1, 40)))[0] == "undetermined"


def test_what_was_reached_at_three_quarters_counts() -> None:
    """A run that learnt and lost a little at the end has improved."""
    y = np.concatenate((np.linspace(1, 0.5, 30), np.linspace(0.5, 1.0, 10)))
    assert said(run(train_loss=y))[0] == "healthy"


def test_a_single_flaw_among_noise_is_no_fault_of_a_sound_run() -> None:
    rng = np.random.default_rng(0)
    assert said(run(train_loss=falling(rng), val_loss=falling(rng)))[0] == "healthy"


FIRST_EPOCH_FALLS = np.r_[0.305, np.full(19, 0.245)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("train", [FIRST_EPOCH_FALLS, np.r_[26.7, np.geomspace(10, 0.98, 19)]])
def test_validation_as_good_at_first_as_ever_is_no_health_unless_a_score_tells(
    train: Floats, seed: int
) -> None:
    """A regressor that answers the mean: only the average over its first epoch falls."""
    val = 0.247 * (1 + 0.01 * np.random.default_rng(seed).standard_normal(20))
    told, reason = said(run(train_loss=train, val_loss=val))
    assert told == "undetermined"
    assert "as good at its first evaluation" in reason
    assert f"({val[0]:.3g})" in reason
    right = np.geomspace(0.8, 0.95, 20)
    assert said(run(train_loss=train, val_loss=val, val_accuracy=right)) == ("healthy", "")


@pytest.mark.parametrize(("times", "expected"), [(0.9, "undetermined"), (1.1, "healthy")])
def test_by_which_share_validation_must_have_improved(times: float, expected: Verdict) -> None:
    val = 2.0 * np.r_[np.linspace(1, 1 - times * HELD_OUT, 10), np.full(30, 1 - times * HELD_OUT)]
    assert said(run(train_loss=np.geomspace(2, 0.5, 40), val_loss=val))[0] == expected


# --- near a blind guess


@pytest.mark.parametrize("classes", [2, 5, 100])
@pytest.mark.parametrize(("share", "told"), [(0.79, "healthy"), (0.81, "undetermined")])
def test_a_loss_near_a_blind_guess_tells_nothing_of_health(classes: int, share: float, told: Verdict) -> None:
    y = np.geomspace(1.0, share, 40) * np.log(classes)
    verdict_, reason = said(run({"n_classes": classes, "loss": "cross-entropy"}, train_loss=y, val_loss=y))
    assert verdict_ == told
    if told == "undetermined":
        level = re.search(r"the validation loss ends at ([\d.]+), near what a blind guess gives", reason)
        assert level is not None
        assert float(level[1]) == pytest.approx(y[-1], rel=0.01)


@pytest.mark.parametrize(("wrong", "told"), [(0.38, "healthy"), (0.42, "undetermined")])
def test_nor_do_answers_hardly_better_than_a_guess(wrong: float, told: Verdict) -> None:
    right = 1 - np.geomspace(0.5, wrong, 40)
    made = run({"n_classes": 2}, train_loss=np.geomspace(2, 0.2, 40), val_accuracy=right)
    verdict_, reason = said(made)
    assert verdict_ == told
    assert ("near what a blind guess gives (0.5)" in reason) is (told == "undetermined")


def test_where_a_guess_is_not_known_what_improved_is_health() -> None:
    assert said(run(train_loss=np.geomspace(2, 1.7, 40), val_loss=np.geomspace(2, 1.7, 40)))[0] == "healthy"
