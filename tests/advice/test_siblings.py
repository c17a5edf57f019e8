"""A sibling that differs in one hyperparameter is a remedy that was already tried."""

from __future__ import annotations

import pytest

from curvedoctor.advice.siblings import Siblings
from curvedoctor.advice.trial import UNLOGGED, Trial
from curvedoctor.features.summary import Summary
from curvedoctor.model import ParamValue


def run(name: str, end: float | None, noise: float = 0.0, **params: ParamValue) -> Summary:
    return Summary(name, params, "val/loss", end, end, noise)


def trials(own: Summary, *others: Summary) -> dict[str, Trial]:
    return {t.action: t for t in Siblings([own, *others]).trials(own) if t.action != UNLOGGED}


def test_a_higher_lr_that_ended_lower_speaks_for_raising_it() -> None:
    found = trials(run("a", 1.0, lr=0.01, batch_size=32), run("b", 0.7, lr=0.1, batch_size=32))
    assert found["raise-lr"].help_probability > 0.9
    assert "b" in found["raise-lr"].reason
    assert "30 %" in found["raise-lr"].reason


def test_one_that_did_not_help_speaks_against_it() -> None:
    found = trials(run("a", 1.0, lr=0.01), run("b", 1.4, lr=0.1), run("c", 0.99, lr=0.001))
    assert found["raise-lr"].help_probability < 0.1
    assert found["lower-lr"].help_probability < 0.1


def test_between_five_and_ten_percent_nothing_is_said() -> None:
    assert trials(run("a", 1.0, lr=0.01), run("b", 0.93, lr=0.1)) == {}


@pytest.mark.parametrize("other", [{"lr": 0.1, "width": 64}, {"lr": 0.011, "width": 32}])
def test_two_differences_or_a_small_one_prove_nothing(other: dict[str, ParamValue]) -> None:
    assert trials(run("a", 1.0, lr=0.01, width=32), run("b", 0.5, **other)) == {}


@pytest.mark.parametrize(("lr", "end", "told"), [(10.0, 1.4, False), (10.0, 0.5, True), (1.0, 1.4, True)])
def test_a_rate_hundreds_of_times_away_says_something_only_if_it_helped(
    lr: float, end: float, told: bool
) -> None:
    assert ("raise-lr" in trials(run("a", 1.0, lr=0.01), run("b", end, lr=lr))) is told


def test_seeds_do_not_count_as_a_difference() -> None:
    assert "raise-lr" in trials(run("a", 1.0, lr=0.01, seed=1), run("b", 0.5, lr=0.1, seed=2))


def test_noise_takes_from_a_gain() -> None:
    assert trials(run("a", 1.0, 0.05, lr=0.01), run("b", 0.88, 0.05, lr=0.1)) == {}


def test_a_lost_sibling_and_one_without_parameters_are_passed_over() -> None:
    assert (
        trials(run("a", 1.0, lr=0.01), run("b", None, lr=0.1), Summary("c", {}, "val/loss", 0.1, 0.1, 0))
        == {}
    )


def test_a_constant_schedule_learns_from_a_decayed_one_and_not_the_other_way_round() -> None:
    constant, cosine = run("a", 1.0, schedule="constant"), run("b", 0.7, schedule="cosine")
    assert "decay-lr" in trials(constant, cosine)
    assert trials(cosine, constant) == {}


def test_large_groups_cost_no_more_per_run() -> None:
    many = [run(f"r{i}", 1.0 + i % 5, lr=10.0 ** -(i % 5), seed=i) for i in range(5000)]
    tried = Siblings(many)
    assert all(tried.trials(one) for one in many)


def test_runs_of_many_tasks_in_one_folder_prove_nothing() -> None:
    """Torch's default folder collects whatever was ever trained: next to the same settings,
    far from the same ends."""
    ends = (0.2, 1.9, 0.7, 0.1, 1.2, 0.4)
    mixed = [run(f"r{i}", end, lr=0.01 * 1.1**i, batch_size=32) for i, end in enumerate(ends)]
    tried = Siblings([*mixed, run("low", 2.0, lr=1e-4, batch_size=32)])
    assert not any(tried.trials(one) for one in mixed)
    calm = [run(f"r{i}", 0.4 + i / 100, lr=0.01 * 1.1**i, batch_size=32) for i in range(6)]
    slow = run("low", 2.0, lr=1e-4, batch_size=32)
    (told,) = Siblings([*calm, slow]).trials(slow)
    assert (told.action, told.same_task) == ("raise-lr", True)


def test_a_trial_among_runs_of_which_little_is_known_only_moves_the_odds() -> None:
    slow, fast = run("slow", 1.0, lr=0.001), run("fast", 0.5, lr=0.1)
    told = trials(slow, fast)["raise-lr"]
    assert not told.same_task
    assert 0.1 < told.moved({"raise-lr": 0.1}) < 0.5
    assert 0.8 < told.moved({"raise-lr": 0.6}) < 0.95
    against = trials(fast, slow)["lower-lr"]
    assert 0.05 < against.moved({"lower-lr": 0.4}) < 0.2


KNOWN: dict[str, ParamValue] = {
    "batch_size": 32, "epochs": 20, "n_train": 4000, "optimizer": "adam", "model": "mlp", "width": 10,
    "loss": "bce",
}  # fmt: skip


def test_what_a_better_sibling_changed_at_once_is_shared_out_by_the_odds() -> None:
    own = run("deep", 0.5, activation="sigmoid", depth=3, **KNOWN)
    better = run("flat", 0.3, activation="relu", depth=1, **KNOWN)
    found = trials(own, better)
    assert set(found) == {"fix-activation", "smaller-model"}
    odds = {"fix-activation": 0.3, "smaller-model": 0.1}
    shares = {action: trial.moved(odds) for action, trial in found.items()}
    assert shares["fix-activation"] == pytest.approx(3 * shares["smaller-model"])
    assert sum(shares.values()) == pytest.approx(0.95)
    assert "flat with activation relu, depth 1 ended lower by 40 %" in found["fix-activation"].reason
    assert trials(better, own) == {}


def test_too_many_changes_or_one_without_a_remedy_prove_nothing() -> None:
    own = run("a", 0.5, activation="sigmoid", depth=3, lr=0.1, schedule="constant", **KNOWN)
    assert trials(own, run("b", 0.3, activation="relu", depth=1, lr=0.01, schedule="cosine", **KNOWN)) == {}
    assert trials(own, run("c", 0.3, activation="relu", depth=3, lr=0.1, schedule="constant",
                           **{**KNOWN, "model": "cnn"})) == {}  # fmt: skip
    many = run("d", 0.3, activation="relu", depth=3, lr=0.1, schedule="constant", n_classes=4, **KNOWN)
    assert trials(own, many) == {}


def lost(name: str, **params: ParamValue) -> Summary:
    return Summary(name, params, None, lost=True)


@pytest.mark.parametrize("rate", [0.02, 0.14])
def test_the_data_on_which_a_sibling_stayed_finite_are_sound(rate: float) -> None:
    """A lost run beside two that were not: the nearest lower rate is what to try."""
    others = [run(f"lr{lr:g}", 0.4, lr=lr, n_train=100) for lr in (1e-4, 5e-3)]
    found = trials(lost("nan", lr=rate, n_train=100), *others)
    assert (found["lower-lr"].value, found["lower-lr"].helped) == (5e-3, True)
    assert found["clean-data"].help_probability < 0.1
    assert trials(lost("nan", lr=1e-5, n_train=100), *others).keys() == {"clean-data"}
    assert trials(lost("nan", lr=0.16, n_train=100), *others) == {}, "at 32 times less nothing moves"


def test_where_a_sibling_with_the_same_settings_stayed_finite_the_cause_is_not_logged() -> None:
    others = [run("same", 0.4, lr=0.1, seed=3), run("higher", 0.4, lr=0.3), run("lower", 0.4, lr=0.01)]
    assert trials(lost("nan", lr=0.1, seed=1), *others) == {}
    assert trials(lost("nan", lr=0.1, seed=1), *others[1:]).keys() == {"clean-data", "lower-lr"}


def test_a_sibling_on_other_data_says_nothing_of_them() -> None:
    assert trials(lost("nan", lr=0.1, n_train=100), run("a", 0.4, lr=0.1, n_train=50)) == {}
    assert trials(Summary("killed", {"lr": 0.1}, None), run("a", 0.4, lr=0.01)) == {}


def test_what_was_changed_besides_is_told() -> None:
    own = run("slow", 0.5, lr=5e-6, **{**KNOWN, "optimizer": "sgd"})
    found = trials(own, run("tuned", 0.1, lr=5e-5, **{**KNOWN, "optimizer": "adamw"}))
    assert (found["raise-lr"].along, found["change-optimizer"].along) == ("optimizer adamw", "lr 5e-05")


def test_where_no_odds_are_known_what_else_was_changed_shares_the_gain() -> None:
    """Of agents and trees the model knows nothing."""
    trial = Trial("raise-lr", 0.9, "", "lr", 0.1, 0.3, others=("bigger-batch",))
    assert trial.moved({}) == pytest.approx(0.45)
    assert trial.moved({"raise-lr": 0.6, "bigger-batch": 0.3}) == pytest.approx(0.6)


@pytest.mark.parametrize("count", [{"n_train": 800}, {"n_train": 801}])
def test_a_fold_teaches_the_same_fold_only(count: dict[str, ParamValue]) -> None:
    """Folds hold out other data: how hard a fold is says nothing of the learning rate."""
    scales = (1.0, 2.0, 4.0)
    group = [
        run(f"lr{lr}/{k}", 0.5 * scale * share, lr=lr, fold=k, **{**KNOWN, "n_train": 800 + k % 2, **count})
        for lr, share in ((0.01, 1.0), (0.1, 0.7))
        for k, scale in enumerate(scales)
    ]
    tried = Siblings(group)
    for own in group:
        told = {t.action: t for t in tried.trials(own)}
        if own.params["lr"] == 0.01:
            assert told["raise-lr"].gain == pytest.approx(0.3)
            assert told["raise-lr"].help_probability > 0.9
        else:
            assert told["lower-lr"].help_probability < 0.1


def test_folds_alone_teach_nothing_though_their_sizes_differ() -> None:
    folds = [
        run(f"fold_{k}", end, fold=k, lr=0.01, **{**KNOWN, "n_train": 800 + k, "n_val": 200 - k})
        for k, end in enumerate((0.5, 0.9, 0.3, 0.6))
    ]
    tried = Siblings(folds)
    assert not any(tried.trials(own) for own in folds)


def test_an_unlucky_repeat_does_not_credit_what_a_sibling_changed() -> None:
    """Runs of one setting ended far apart: something that is not logged differs."""
    broken, sound = run("broken", 2.0, lr=0.01, **KNOWN), run("sound", 0.5, lr=0.01, **KNOWN)
    same, better = run("other", 0.49, lr=0.1, **KNOWN), run("better", 0.3, lr=0.1, **KNOWN)
    assert not any(t.helped for t in trials(broken, sound, same).values())
    told = trials(broken, sound, better)["raise-lr"]
    assert told.helped
    assert told.moved({"raise-lr": 0.2}) < 0.6, "it moves the odds, and decides nothing"
    assert "log the same settings ended 75 % apart" in told.reason
    both = run("both", 0.3, **{**KNOWN, "lr": 0.1, "optimizer": "sgd"})
    assert trials(broken, sound, both) == {}, "nor is anything said of changes at once"
    assert set(trials(sound, both)) == {"raise-lr", "change-optimizer"}


@pytest.mark.parametrize("seeds", [2, 5, 12])
def test_seeds_that_differ_as_seeds_do_leave_a_trial_what_it_was(seeds: int) -> None:
    slow = [run(f"slow{i}", 1.0 + 0.05 * (-1) ** i, lr=0.01, seed=i, **KNOWN) for i in range(seeds)]
    fast = [run(f"fast{i}", 0.6 + 0.03 * (-1) ** i, lr=0.1, seed=i, **KNOWN) for i in range(seeds)]
    for own in slow:
        (told,) = Siblings([*slow, *fast]).trials(own)
        assert (told.action, told.helped, told.same_task) == ("raise-lr", True, True)


def test_the_run_that_ended_far_above_its_like_is_told_so() -> None:
    broken, sound = run("broken", 2.0, lr=0.01, **KNOWN), run("sound", 0.5, lr=0.01, **KNOWN)
    (told,) = Siblings([broken, sound]).trials(broken)
    assert (told.action, told.value, told.gain, told.helped) == (UNLOGGED, "sound", 0.75, False)
    assert Siblings([broken, sound]).trials(sound) == []
    other = run("other", 2.0, lr=0.01, fold=1, **KNOWN)
    assert Siblings([other, run("easy", 0.5, lr=0.01, fold=2, **KNOWN)]).trials(other) == []
    assert Siblings([sound]).trials(broken) == [], "of a group that does not hold the run"


@pytest.mark.parametrize("repeat", ["seed", "fold"])
def test_one_lucky_repeat_of_other_settings_is_no_joint_advice(repeat: str) -> None:
    ends = (0.5, 0.48, 0.4)
    own = [run(f"a{i}", 0.5, **{**KNOWN, "lr": 0.01, repeat: i}) for i in range(3)]
    other = [run(f"b{i}", end, **{**KNOWN, "lr": 0.1, "width": 40, repeat: i}) for i, end in enumerate(ends)]
    told = Siblings([*own, *other]).trials(own[0])
    assert told == []
    clearly = [run(f"c{i}", 0.3, **{**KNOWN, "lr": 0.1, "width": 40, repeat: i}) for i in range(3)]
    joint = {t.action: t.gain for t in Siblings([*own, *clearly]).trials(own[0])}
    assert joint == {"raise-lr": pytest.approx(0.4), "bigger-model": pytest.approx(0.4)}
