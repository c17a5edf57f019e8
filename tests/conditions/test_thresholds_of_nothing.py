"""Where the thresholds of scores of nothing and of silent codes lie, from both sides, as a reader meets them.

The numbers are stated here, not taken from the conditions: a threshold that moves is to be moved here, too.
"""

from __future__ import annotations

import numpy as np
import pytest

from conditions.test_thresholds import Threshold, alternating, t
from curvedoctor import diagnose_curves
from curvedoctor.conditions.examples import variational
from curvedoctor.conditions.measures.codes import far_out, silent, weight
from curvedoctor.conditions.measures.nothing import learns, of_nothing
from curvedoctor.features.case import Case, build
from curvedoctor.intake import run_of
from curvedoctor.model import Floats, ParamValue, Run

N = 40


def case(params: dict[str, ParamValue] | None = None, **curves: Floats) -> Case:
    named = {tag.replace("__", "/"): y for tag, y in curves.items()}
    return build([run_of(named, params or {}, "run", "epoch")])[0]


def found(**scores: Floats) -> list[str]:
    """The scores that are at nothing."""
    y = 2.3 * np.ones(N) + 0.01 * alternating(N)
    return [each.series.curve.id for each in of_nothing(case(train__loss=y, val__loss=y, **scores))]


def _late(value: float, at: int) -> Floats:
    y = np.zeros(N)
    y[at] = value
    return y


@pytest.mark.parametrize(
    ("value", "at", "nothing"),
    [
        (0.009, 30, True), (0.011, 30, False),  # hits that are none
        (0.09, 2, True), (0.11, 2, False),  # hits of an untrained network, gone after a quarter
        (0.09, 8, True), (0.09, 12, False),
    ],
)  # fmt: skip
def test_hits_that_are_none(value: float, at: int, nothing: bool) -> None:
    assert bool(found(val__dice=_late(value, at))) is nothing


@pytest.mark.parametrize(("level", "nothing"), [(0.018, True), (0.022, False)])
def test_agreement_that_is_none(level: float, nothing: bool) -> None:
    assert bool(found(val__kappa=level + 0.03 * alternating(N))) is nothing


@pytest.mark.parametrize(("highest", "nothing"), [(0.095, True), (0.105, False)])
def test_agreement_that_once_was(highest: float, nothing: bool) -> None:
    assert bool(found(val__kappa=_late(highest, 20))) is nothing


@pytest.mark.parametrize(
    ("off", "drift", "nothing"),
    [(0.018, 0.0, True), (0.022, 0.0, False), (-0.018, 0.0, True), (0.0, 0.035, True), (0.0, 0.045, False)],
)
def test_a_ranking_near_one_half(off: float, drift: float, nothing: bool) -> None:
    """The mean, and its halves from each other: half of a drift."""
    auc = 0.5 + off + drift * (t(N) - 0.5) + 0.01 * alternating(N)
    assert bool(found(val__auc=auc)) is nothing


@pytest.mark.parametrize(("highest", "nothing"), [(0.59, True), (0.61, False)])
def test_the_highest_of_a_ranking_by_chance(highest: float, nothing: bool) -> None:
    auc = 0.5 + 0.002 * alternating(N)
    auc[20] = highest
    assert bool(found(val__auc=auc)) is nothing


@pytest.mark.parametrize(("best", "nothing"), [(0.009, True), (0.011, False)])
def test_targets_that_are_not_explained(best: float, nothing: bool) -> None:
    assert bool(found(val__r2=best - 0.001 * (1 + alternating(N)))) is nothing


@pytest.mark.parametrize(("rises", "nothing"), [(0.017, True), (0.021, False)])
def test_an_explained_variance_that_is_on_its_way(rises: float, nothing: bool) -> None:
    """Below zero, and rising over the last quarter."""
    y = -0.5 + rises * np.clip(4 * t(N) - 3, 0, 1) * 2
    assert bool(found(val__r2=y)) is nothing


def test_targets_that_are_explained_are_not_nothing_however_still() -> None:
    y = 0.9 * (1 - np.exp(-30 * t(N)))
    assert found(val__r2=y) == []


@pytest.mark.parametrize(("lowest", "nothing"), [(0.975, True), (0.965, False)])
def test_a_word_error_rate_of_which_nothing_is_right(lowest: float, nothing: bool) -> None:
    assert bool(found(val__wer=_late(lowest - 1.0, 20) + 1.0)) is nothing


@pytest.mark.parametrize(("wrong", "nothing"), [(0.24, False), (0.26, True)])
def test_one_share_of_right_answers_for_ever(wrong: float, nothing: bool) -> None:
    assert bool(found(val__accuracy=np.full(N, 1 - wrong + 1e-5 / 3))) is nothing


@pytest.mark.parametrize(("moves", "nothing"), [(0.04, True), (0.06, False)])
def test_another_score_that_moves_says_that_something_was_learnt(moves: float, nothing: bool) -> None:
    other = 0.5 + moves * np.clip(3 * t(N) - 0.5, 0, 1)
    assert ("val/dice" in found(val__dice=np.zeros(N), val__accuracy=other)) is nothing


# --- a loss beside it


def _two_falls(first: float, on: float) -> Floats:
    """A loss that falls by a share at once and by a share of its level from a third of the run on."""
    y = np.where(t(80) < 0.05, 1.0, 1.0 - first)
    return np.asarray(y * (1 - on * np.clip((t(80) - 0.4) / 0.5, 0, 1)))


@pytest.mark.parametrize(
    ("first", "on", "goes_on"),
    [
        (0.1, 0.027, False), (0.1, 0.033, True),  # a share of its level
        (0.5, 0.09, False), (0.5, 0.13, True),  # and a tenth of all its fall
    ],
)  # fmt: skip
def test_a_loss_that_learns_on(first: float, on: float, goes_on: bool) -> None:
    made = case(val__loss=_two_falls(first, on))
    assert made.val is not None
    assert learns(made, made.val) is goes_on


@pytest.mark.parametrize(
    ("since", "to", "goes_on"), [(0.18, 0.5, False), (0.25, 0.5, True), (0.37, 0.96, True)]
)
def test_a_fall_that_comes_too_early_is_that_to_one_answer(since: float, to: float, goes_on: bool) -> None:
    """Between a fifth and a third of the run is what it is held against."""
    made = case(val__loss=np.where(t(80) < since, 1.0, to))
    assert made.val is not None
    assert learns(made, made.val) is goes_on


@pytest.mark.parametrize(("times", "better"), [(0.88, True), (0.92, False)])
def test_a_loss_below_what_one_answer_costs(times: float, better: bool) -> None:
    """Three quarters are right: 0.562 nats for the same answer every time."""
    y = np.full(80, times * 0.5623)
    made = case({"loss": "bce"}, val__loss=y, val__accuracy=np.full(80, 0.75))
    assert made.val is not None
    assert learns(made, made.val) is better


def _nothing_beside(falls: float) -> Run:
    """Nothing is found, beside losses that fall by a share, evenly."""
    y = 2.3 * (1 - falls * t(N)) * (1 + 1e-3 * alternating(N))
    return run_of({"train/loss": y, "val/loss": y, "val/dice": np.zeros(N)}, {}, "run", "epoch")


def test_how_far_a_loss_falls_where_a_score_of_nothing_is_the_metrics_fault() -> None:
    Threshold("not-learning", "fall", _nothing_beside, 0.12, 0.5, 0.25, word="nothing is found").check()


# --- codes of a variational autoencoder


def codes(recon: Floats, kl: Floats) -> Case:
    return build([variational(recon, kl)])[0]


def _silent(share: float, own: float = 0.05, falls: float = 0.0, n: int = N) -> float:
    """The KL term ends at a share of the reconstruction and of its own highest; how sure it is silent."""
    recon = 100 * (1 - 2 * falls * np.clip(t(n) - 0.5, 0, 0.5))
    kl = 100 * share * np.ones(n)
    kl[: n // 4] = 100 * share / own
    made = silent(codes(recon, kl))
    return 0.0 if made is None else made.confidence


@pytest.mark.parametrize(
    ("share", "own", "sure"),
    [(0.003, 0.1, 0.95), (0.008, 0.1, 0.475), (0.013, 0.1, 0.0), (0.003, 0.25, 0.475), (0.003, 0.36, 0.0)],
)
def test_how_low_a_kl_term_is_silent(share: float, own: float, sure: float) -> None:
    assert _silent(share, own) == pytest.approx(sure, abs=0.05)


@pytest.mark.parametrize(("falls", "sure"), [(0.04, 0.95), (0.085, 0.475), (0.16, 0.0)])
def test_a_reconstruction_that_falls_is_no_silent_codes(falls: float, sure: float) -> None:
    """By half as much from one quarter to the next: 3 to 6 %."""
    assert _silent(0.003, 0.1, falls) == pytest.approx(sure, abs=0.1)


@pytest.mark.parametrize("below", ["kl", "recon", None])
def test_terms_below_zero_are_no_codes(below: str | None) -> None:
    recon, kl = 100 * np.ones(N), 0.3 * np.ones(N)
    if below is not None:
        (kl if below == "kl" else recon)[3] = -0.1
    assert (silent(codes(recon, kl)) is not None) is (below is None)


def test_the_terms_of_training_come_before_those_of_validation() -> None:
    y = np.ones(N)
    made = silent(
        case(train__recon_loss=100 * y, train__kl_loss=0.3 * y, val__recon_loss=90 * y, val__kl_loss=y)
    )
    assert made is not None
    assert (made.kl.curve.id, made.recon.curve.id) == ("train/kl_loss", "train/recon_loss")


@pytest.mark.parametrize(("n", "told"), [(7, False), (8, True)])
def test_points_of_both_terms(n: int, told: bool) -> None:
    """The shorter of the two counts."""
    y, kl = 100 * np.ones(N), 0.3 * np.ones(N)
    for recon_n, kl_n in ((n, N), (N, n)):
        made = case(train__recon_loss=y[:recon_n], train__kl_loss=kl[:kl_n])
        assert (silent(made) is not None) is told
        assert (far_out(made) is not None) is told


@pytest.mark.parametrize(
    ("times", "end", "sure"),
    [
        (9.0, 1.0, 0.0),
        (20.0, 1.0, 0.5),
        (31.0, 1.0, 1.0),
        (31.0, 31 * 10 / 21, 1.0),
        (31.0, 31 * 10 / 19, 0.0),
    ],
)
def test_codes_that_the_first_steps_took_far_out(times: float, end: float, sure: float) -> None:
    """Times the reconstruction's end, and twenty times the term's own."""
    kl = np.full(N, end)
    kl[:3] = 10 * times
    made = far_out(codes(np.full(N, 10.0), kl))
    assert made is not None
    assert made[2] == pytest.approx(sure, abs=0.01)


@pytest.mark.parametrize(("off", "told"), [(0.04, 4.0), (0.06, None)])
def test_a_weight_of_the_kl_term_that_stays(off: float, told: float | None) -> None:
    kl, recon = np.linspace(1.0, 2.0, N), np.full(N, 10.0)
    whole = recon + 4 * (1 + off * alternating(N)) * kl
    made = case(train__loss=whole, train__recon_loss=recon, train__kl_loss=kl)
    assert weight(made) == told


@pytest.mark.parametrize(("beta", "to"), [(1.4, "tenfold"), (1.6, "to 1")])
def test_a_weight_that_is_nearly_the_bounds_own(beta: float, to: str) -> None:
    kl, recon = 0.1 * np.ones(N), np.full(N, 100.0)
    kl[:10] = 10.0
    said = diagnose_curves(
        {"train/loss": recon + beta * kl, "train/recon_loss": recon, "train/kl_loss": kl}, axis="epoch"
    )
    (text,) = [p.text for p in said.prescriptions if p.action == "reduce-regularization"]
    assert to in text
