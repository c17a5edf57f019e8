"""The trees' evaluation against a walk by hand and against LightGBM, a model's inputs by name,
and what is expected of each action."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from clinic.dataset import OUTCOMES, Table
from clinic.fit import SETTINGS, TREES, as_boosted, boost, hold_out, models, save
from clinic.reach import EXAMPLES, familiar_with, trusted
from curvedoctor import conditions, diagnose_curves
from curvedoctor.advice import help_probability
from curvedoctor.advice.boosted import SUREST, Boosted
from curvedoctor.advice.familiar import Familiar
from curvedoctor.advice.help_probability import (
    EXPLAINED,
    LOOKED_AT,
    MIN_POINTS,
    REASONS,
    SICK,
    SMOOTH,
    UNLIKE,
    Estimate,
    Model,
    default_model,
    estimates,
    inputs,
    judgeable,
)
from curvedoctor.advice.impute import LARGEST, MISSING, impute
from curvedoctor.advice.trial import TRIED_HELPS, TRIED_HELPS_NOT, Trial
from curvedoctor.conditions.base import all_conditions
from curvedoctor.conditions.examples import HEALTHY, run
from curvedoctor.conditions.progress import stalled
from curvedoctor.features import vector
from curvedoctor.features.case import Case, build
from curvedoctor.features.sentences import facts
from curvedoctor.features.vector import names
from curvedoctor.model import Floats

ROWS = [(0.0, 9.0), (1.0, 9.0), (2.0, -1.0), (2.0, 1.0), (np.nan, 1.0), (2.0, np.nan)]
LEAVES = [-1.5, -1.5, 0.5, 3.0, -1.5, 0.5]


def trees() -> Boosted:
    """One tree: x ≤ 1 → −1.5, else (y ≤ 0 → 0.5, else 3); and −0.4 twice for the second outcome."""
    return Boosted(
        outcomes=("help", SICK),
        features=("x", "y"),
        feature=np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0]], np.int16),
        threshold=np.array([[1, np.inf, 0], [np.inf] * 3, [np.inf] * 3], np.float32),
        value=np.array([[0, -1.5, 2, -1.5, -1.5, 0.5, 3], [-0.4] * 7, [-0.4] * 7], np.float32),
        count=np.array([1, 2], np.int32),
    )


@pytest.mark.parametrize(("row", "leaf"), list(zip(ROWS, LEAVES, strict=True)))
def test_rows_reach_their_leaf_missing_values_too(row: tuple[float, float], leaf: float) -> None:
    assert trees().scores(impute(np.array([row])))[0] == pytest.approx([leaf, -0.8])


def test_contributions_add_up_to_the_way_from_root_to_leaf() -> None:
    rows = np.array([[2.0, 1.0], [2.0, -1.0]])
    assert trees().contributions(rows, "help") == pytest.approx(np.array([[2, 1], [2, -1.5]]))
    assert not trees().contributions(rows, SICK).any()


def test_extreme_values_give_probabilities() -> None:
    p = model().probabilities(np.array([[1e300, -1e300], [np.inf, -np.inf]]))
    assert np.isfinite(p).all()


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 200])
def test_blocks_give_what_single_rows_give(n: int) -> None:
    block = np.array([ROWS[k % len(ROWS)] for k in range(n)]).reshape(n, 2)
    assert trees().scores(impute(block))[:, 0].tolist() == pytest.approx(
        [LEAVES[k % len(ROWS)] for k in range(n)]
    )


def test_fitted_trees_say_what_lightgbm_says() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, len(names()))).round(1)
    labels = np.zeros((400, len(OUTCOMES)))
    labels[:, 0] = rows[:, 0] + rows[:, 1] * rows[:, 2] > 0.5
    weight = np.repeat(rng.uniform(0.5, 2, 400)[:, None], len(OUTCOMES), axis=1)
    nothing = np.full_like(labels, np.nan)
    table = Table(rows, labels, nothing, weight, ("t",) * 400, np.arange(400.0), ("clinic",) * 400)
    keep = np.ones(400, dtype=bool)
    scores = as_boosted(boost(table, keep)).scores(impute(rows))
    data = lightgbm.Dataset(rows, labels[:, 0], weight=table.weight[:, 0])
    theirs = lightgbm.train(dict(SETTINGS), data, TREES).predict(rows, raw_score=True)
    assert scores[:, 0] == pytest.approx(np.clip(theirs, -SUREST, SUREST), abs=1e-4)
    assert np.abs(theirs).max() > 1
    assert (scores[:, 1:] == -SUREST).all()  # never helps


def test_a_part_that_is_never_held_out_makes_no_odds_unknown() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(300, len(names())))
    labels = np.zeros((300, len(OUTCOMES)))
    labels[:, 0] = rows[:, 0] > 0
    weight = np.ones_like(labels)
    table = Table(
        rows, labels, np.full_like(labels, np.nan), weight, ("t",) * 300, np.arange(300.0), ("clinic",) * 300
    )
    masks = [np.arange(300) < 80, (np.arange(300) >= 80) & (np.arange(300) < 160)]
    for mask, fitted in models(table, hold_out(table, masks)):
        chances = fitted.probabilities(rows[mask])
        assert np.isfinite(chances).all()
        assert chances[labels[mask, 0] == 1, 0].mean() > chances[labels[mask, 0] == 0, 0].mean() + 0.2


def familiar(trust: float = 1.0) -> Familiar:
    """Two examples, at (1, 1) and (2, 2) of features cut at 0.5, 1.5, 2.5; so far from both,
    odds shrink towards 0 and 1."""
    known = Familiar(
        cuts=np.array([[0.5, 1.5, 2.5]] * 2, np.float32),
        examples=np.zeros((0, 2), np.int8),
        knots=np.array([0.0, 1.0, 1.0, 1.0], np.float32),
        trust=np.array([1.0, trust, trust, trust], np.float32),
        average=np.array([0.0, 1.0], np.float32),
    )
    return replace(known, examples=known.ranks(np.array([[1.0, 1.0], [2.0, 2.0]])))


def test_what_was_learnt_from_is_near_and_what_was_not_is_far() -> None:
    rows = [(1.0, 1.2), (2.0, 2.6), (99.0, 99.0), (np.nan, 1.0)]
    near, edge, beyond, absent = familiar().distance(np.array(rows)).tolist()
    assert near < edge < beyond
    assert near < absent
    assert familiar().distance(np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize("trust", [1.0, 0.5, 0.0])
def test_far_from_what_was_learnt_odds_are_near_the_average(trust: float) -> None:
    odds = np.array([[3.0, -2.0], [3.0, -2.0]])
    near, far = familiar(trust).shrunk(odds, np.array([0.0, 1.0]))
    assert near.tolist() == [3.0, -2.0]
    assert far.tolist() == pytest.approx([3 * trust, 1 - 3 * trust])
    assert familiar(trust).kept(np.array([0.0, 5.0])).tolist() == [1.0, trust]
    assert familiar(trust).strange(np.array([0.0, 1.0, 1.1])).tolist() == [False, False, True]


def test_held_out_rows_that_are_told_wrong_far_away_are_trusted_less_there() -> None:
    rng = np.random.default_rng(0)
    distance = rng.uniform(0, 1, 4000)
    odds = rng.normal(0, 2, (4000, 1))
    real = np.where(distance < 0.5, odds[:, 0], 0.0)
    labels = (rng.random(4000) < 1 / (1 + np.exp(-real))).astype(float)[:, None]
    known = trusted(familiar(), odds, distance, labels, np.ones((4000, 1)))
    near, far = known.kept(np.array([0.05, 0.9])).tolist()
    assert near > 0.75
    assert far < 0.35
    assert (np.diff(known.trust) <= 0).all()


def test_examples_are_spread_over_what_was_learnt() -> None:
    rng = np.random.default_rng(0)
    rows = np.vstack([rng.normal(size=(300, 5)), rng.normal(50, 1, (2, 5))])
    known = familiar_with(rows)
    assert len(known.examples) <= EXAMPLES
    assert known.distance(rows[-2:]).max() < 0.3
    assert known.distance(np.full((1, 5), -999.0))[0] > known.distance(rows).max()
    again = replace(known, knots=np.zeros(1, np.float32), trust=np.ones(1, np.float32))
    assert again.distance(rows).tolist() == known.distance(rows).tolist()


def model(*bins: float) -> Model:
    """Gains of the first outcome: a tenth of the bin's number, and twice, three times that;
    not known in the last bin."""
    ends = np.array(bins or (0.5, 0.9, 1.0), np.float32)
    gains = (
        0.1 * np.arange(1, len(ends) + 1)[None, :, None] * np.array([1, 2, 3]) * np.array([[[1]], [[np.nan]]])
    )
    gains[:, -1] = np.nan
    return Model(trees(), familiar(), ends, gains.astype(np.float32))


def test_what_is_shipped_is_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(model(), tmp_path / "odds.npz")
    monkeypatch.setattr(help_probability, "files", lambda _: tmp_path)
    default_model.cache_clear()
    try:
        again = default_model()
    finally:
        default_model.cache_clear()
    assert again is not None
    assert again.probabilities(np.array(ROWS)) == pytest.approx(model().probabilities(np.array(ROWS)))
    assert [again.gain(0, p) for p in (0.1, 0.7, 0.95)] == [(0.1, 0.2, 0.3), (0.2, 0.4, 0.6), None]


def test_no_model_no_estimate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(help_probability, "files", lambda _: tmp_path)
    default_model.cache_clear()
    try:
        assert estimates([case(np.linspace(2, 1, 9))]) == [Estimate()]
    finally:
        default_model.cache_clear()


@pytest.mark.parametrize(
    ("chance", "gain"),
    [(0.0, (0.1, 0.2, 0.3)), (0.5, (0.1, 0.2, 0.3)), (0.51, (0.2, 0.4, 0.6)), (0.91, None), (1.0, None)],
)
def test_the_gain_is_that_of_runs_about_as_probable_to_be_helped(chance: float, gain: object) -> None:
    assert model().gain(0, chance) == gain
    assert model().gain(1, chance) is None
    assert model(0.5, 0.9).gain(0, 0.4) == (0.1, 0.2, 0.3)
    assert model(0.5, 0.9).gain(0, 1.0) is None


def test_gaps_lie_below_every_split_and_nothing_is_beyond_bounds() -> None:
    row = impute(np.array([[np.nan, np.inf, -np.inf, 0.25]]))[0].tolist()
    assert row == [MISSING, LARGEST, -LARGEST, 0.25]
    assert MISSING < -LARGEST


def test_log_odds_are_never_certain() -> None:
    sure = replace(trees(), value=10 * trees().value)
    assert sure.scores(np.array([[2.0, 1.0]]))[0] == pytest.approx([SUREST, -SUREST])


# --- a model's inputs, by name


def case(y: Floats, **params: object) -> Case:
    return build([run(params, train_loss=y, val_loss=y)])[0]  # type: ignore[arg-type]


def sample() -> list[Case]:
    """One run of every example."""
    made = [e for c in all_conditions().values() for e in (*c.sick, *c.healthy)]
    return build([example(np.random.default_rng(0)) for example in made])


def with_feature(monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    """A version of this package that knows one feature more."""
    plain = vector.vector

    def more(case: Case) -> dict[str, float]:
        return {"new": 7.0, **plain(case)} if first else {**plain(case), "new": 7.0}

    monkeypatch.setattr(vector, "vector", more)
    vector.names.cache_clear()


@pytest.fixture
def forgetful() -> object:
    yield None
    vector.names.cache_clear()


def test_inputs_are_the_features_of_a_run_in_the_models_order() -> None:
    one = sample()[3]
    known = vector.vector(one)
    asked = [*reversed(names())]
    assert inputs([one], asked)[0].tolist() == pytest.approx([known[name] for name in asked], nan_ok=True)


def test_a_feature_that_this_version_lacks_is_not_known() -> None:
    trained = [one for one in sample() if one.train is not None][:2]
    row = inputs(trained, ["train_from_the_future", names()[0], "gone"])
    assert np.isnan(row[:, [0, 2]]).all()
    assert row[:, 1].tolist() == pytest.approx([vector.vector(one)[names()[0]] for one in trained])


@pytest.mark.parametrize("first", [True, False])
def test_one_feature_more_or_another_order_changes_no_estimate(
    monkeypatch: pytest.MonkeyPatch, forgetful: object, first: bool
) -> None:
    before = estimates(sample())
    with_feature(monkeypatch, first)
    assert "new" in names()
    assert estimates(sample()) == before
    assert sum(bool(e.probability) for e in before) > 100


def test_a_condition_more_changes_no_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgetful: object
) -> None:
    """A module dropped into the package, as contributors do it."""
    runs, known = [c.run for c in sample()], len(all_conditions())
    before = estimates(build(runs))
    source = Path(stalled.__file__).read_text().replace('ID = "stalled"', 'ID = "a-new-one"')
    (tmp_path / "a_new_one.py").write_text(source)
    monkeypatch.setattr(conditions, "__path__", [*conditions.__path__, str(tmp_path)])
    all_conditions.cache_clear()
    vector.names.cache_clear()
    try:
        assert len(all_conditions()) == known + 1
        assert estimates(build(runs)) == before
    finally:
        all_conditions.cache_clear()
        sys.modules.pop("curvedoctor.conditions.a_new_one", None)


def test_the_shipped_model_knows_the_features_of_this_version() -> None:
    """Else it judges by gaps: fit it again."""
    shipped = default_model()
    assert shipped is not None
    assert len(shipped.familiar.cuts) == len(shipped.boosted.features)
    assert len(shipped.familiar.average) == len(shipped.boosted.outcomes)
    assert set(shipped.boosted.features) <= set(names())


# --- which runs, and what is said of them


@pytest.mark.parametrize(
    ("y", "params", "expected"),
    [
        (np.linspace(2, 1, MIN_POINTS), {}, True),
        (np.linspace(2, 0, 9), {}, True),
        (np.linspace(2, -0.01, 9), {}, False),
        (np.ones(9), {}, True),
        (np.zeros(9), {}, False),
        (np.linspace(2, 1, 9), {"model": "tree"}, False),
    ],
)
def test_the_model_judges_runs_of_the_kind_it_saw(
    y: Floats, params: dict[str, object], expected: bool
) -> None:
    one = case(y, **params)
    assert judgeable(one) is expected
    assert bool(estimates([one])[0].probability) is expected


def test_each_run_gets_its_own_estimate_whoever_stands_beside_it() -> None:
    every = sample()
    together = estimates(every)
    for at in (0, 17, len(every) - 1):
        alone = estimates([every[at]])[0]
        assert together[at].probability == pytest.approx(alone.probability)
        assert together[at].attributions == alone.attributions
    assert SICK not in {action for e in together for action in e.probability}
    assert estimates([]) == []


def test_reasons_are_the_features_that_raised_the_likeliest_actions() -> None:
    shipped = default_model()
    assert shipped is not None
    one = build([HEALTHY[0](np.random.default_rng(0))])
    told = estimates(one)[0]
    likeliest = sorted(told.probability, key=lambda action: -told.probability[action])[:EXPLAINED]
    assert list(told.attributions) == likeliest
    row = inputs(one, shipped.boosted.features)[0]
    for action in likeliest:
        moved = shipped.boosted.contributions(impute(row[None]), action)[0]
        first = sorted(np.flatnonzero(moved > 0), key=lambda f: -moved[f])[:LOOKED_AT]
        raised = ((shipped.boosted.features[f], float(row[f])) for f in first)
        assert told.attributions[action] == facts(
            raised, REASONS, dict(zip(shipped.boosted.features, row.tolist(), strict=True))
        )
        assert len(told.attributions[action]) <= REASONS


def test_the_gain_goes_with_the_probability_that_is_told() -> None:
    known = {"help": Estimate({"help": 0.3}, model=model())}["help"]
    assert Estimate().gain("lower-lr", 0.5) is None
    shipped = default_model()
    assert shipped is not None
    told = Estimate({"lower-lr": 0.3}, model=shipped)
    for chance in (0.1, 0.6, 0.95):
        assert told.gain("lower-lr", chance) == shipped.gain(
            shipped.boosted.outcomes.index("lower-lr"), chance
        )
    assert told.gain("fix-metric", 0.9) is None
    assert known.with_trials([trial("help", 0.95)]).model is known.model


def test_of_a_run_unlike_what_was_learnt_from_it_is_said() -> None:
    shipped = default_model()
    assert shipped is not None
    nowhere = replace(shipped, familiar=replace(shipped.familiar, knots=0 * shipped.familiar.knots))
    one = build([HEALTHY[0](np.random.default_rng(0))])
    for model, said in ((nowhere, True), (shipped, False)):
        told = estimates(one, model)[0]
        assert all((reasons[0] == UNLIKE) is said for reasons in told.attributions.values() if reasons)
        assert all(len(reasons) <= REASONS for reasons in told.attributions.values())


def test_an_activation_that_neither_saturates_nor_dies_is_not_to_be_repaired() -> None:
    stuck = np.full(30, 1.386) + 1e-3 * np.sin(np.arange(30))
    known = {
        "optimizer": "sgd",
        "lr": 5e-6,
        "loss": "cross-entropy",
        "n_classes": 4,
        "depth": 12,
        "width": 768,
    }
    for activation in ("sigmoid", *sorted(SMOOTH)):
        said = diagnose_curves(
            {"train/loss": stuck, "val/loss": stuck}, params={**known, "activation": activation}
        )
        (told,) = estimates(build([said.run]))
        assert (told.probability["fix-activation"] > 0) == (activation == "sigmoid")


# --- what siblings have tried


def trial(action: str, odds: float, *, sure: bool = True, value: object = 1.0) -> Trial:
    return Trial(action, odds, f"{action} was tried", "lr", value, 0.2 if odds > 0.5 else -0.1, sure)  # type: ignore[arg-type]


def test_what_siblings_tried_is_told_first_and_counts() -> None:
    own = Estimate({"raise-lr": 0.2, "more-data": 0.6}, {"raise-lr": ("a", "b", "c"), "more-data": ("d",)})
    told = own.with_trials([trial("raise-lr", 0.95), trial("more-data", 0.06)])
    assert told.probability == {"raise-lr": 0.95, "more-data": 0.06}
    assert told.attributions == {
        "raise-lr": ("raise-lr was tried", "a", "b"),
        "more-data": ("more-data was tried", "d"),
    }
    assert told.sibling_values == {"raise-lr": ("lr", 1.0, 0.2, "")}
    assert own.probability == {"raise-lr": 0.2, "more-data": 0.6}


def test_without_trials_nothing_changes_and_without_odds_a_trial_says_it_alone() -> None:
    own = Estimate({"raise-lr": 0.2})
    assert own.with_trials([]) is own
    assert Estimate().with_trials([trial("raise-lr", 0.95)]).probability == {"raise-lr": 0.95}


def test_a_trial_without_a_value_proves_none() -> None:
    assert Estimate({"raise-lr": 0.2}).with_trials([trial("raise-lr", 0.95, value=None)]).sibling_values == {}


@pytest.mark.parametrize("own", [0.2, 0.9])
def test_what_helped_with_other_changes_was_not_tried_in_vain(own: float) -> None:
    """A sibling with another rate alone ended no lower, one with a rate and a schedule did: its own odds
    stand."""
    alone = Trial("lower-lr", TRIED_HELPS_NOT, "one ended higher", "lr", 1e-3, -0.2)
    joint = Trial(
        "lower-lr",
        TRIED_HELPS,
        "one ended lower",
        "lr",
        0.02,
        0.8,
        others=("decay-lr",),
        along="schedule cosine",
    )
    estimate = Estimate({"lower-lr": own, "decay-lr": 0.9}).with_trials([alone, joint])
    assert estimate.probability["lower-lr"] >= own
    assert not estimate.in_vain
    assert estimate.sibling_values["lower-lr"][1] == 0.02
    assert Estimate({"lower-lr": own}).with_trials([alone]).in_vain == {"lower-lr"}


# --- what the clinic does not know


@pytest.mark.parametrize(("width", "told"), [(None, 0.8), (4, 0.8), (64, 0.8), (65, 0.3), (4096, 0.3)])
def test_a_bigger_model_is_no_likelier_to_help_than_on_average_beyond_the_widest_nets(
    monkeypatch: pytest.MonkeyPatch, width: float | None, told: float
) -> None:
    def likely(self: Model, rows: Floats) -> tuple[Floats, np.ndarray]:
        return np.full((len(rows), len(self.boosted.outcomes)), 0.8), np.zeros(len(rows), bool)

    monkeypatch.setattr(Model, "probabilities_and_strange", likely)
    known = {} if width is None else {"width": width}
    (found,) = estimates([case(np.geomspace(2, 1, 40), **known)])
    assert found.probability["bigger-model"] == pytest.approx(told)
    assert found.probability["raise-lr"] == pytest.approx(0.8)
