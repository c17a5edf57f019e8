"""Changes to boosted trees speak as the library does, with its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from curvedoctor.advice.changes import change
from curvedoctor.conditions.examples import run
from curvedoctor.features.case import Case, build
from curvedoctor.model import ParamValue


def case(best: int = 60, **params: ParamValue) -> Case:
    val = 0.5 + 0.001 * np.abs(np.arange(200) - best)
    return build(
        [
            run(
                {"model": "tree", "max_steps": 200, **params},
                train_loss=np.geomspace(1, 0.1, 200),
                val_loss=val,
            )
        ]
    )[0]


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ("lightgbm", ("num_iterations", "num_leaves to 7 (default 31)", "min_data_in_leaf to 80 (default 20)",
            "bagging_fraction", "lambda_l2")),
        ("xgboost", ("num_boost_round", "max_depth to 4 (default 6)", "min_child_weight to 4 (default 1)",
            "subsample", "lambda")),
        ("catboost", ("iterations", "depth to 4 (default 6)", "min_data_in_leaf to 4 (default 1)",
            "subsample", "l2_leaf_reg")),
        ("sklearn", ("n_estimators", "max_depth to 2 (default 3)", "min_samples_leaf to 4 (default 1)",
            "subsample", "l2_regularization")),
    ],
)  # fmt: skip
def test_each_library_has_its_words(library: str, words: tuple[str, ...]) -> None:
    rounds, size, leaf, rows, penalty = words
    made = case(library=library, lr=0.1)
    assert rounds in change(made, "train-longer", ()).text
    assert size in change(made, "smaller-model", ()).text
    for part in (leaf, rows, penalty):
        assert part in change(made, "regularize", ()).text


@pytest.mark.parametrize(
    ("rate", "best", "proposed"),
    [(1.0, 0, 0.1), (1.0, 50, 0.1), (0.3, 9, 0.03), (0.3, 99, 0.1), (0.1, 19, 0.02), (0.02, 5, 0.01)],
)
def test_a_lower_rate_puts_the_best_round_at_about_a_hundred(rate: float, best: int, proposed: float) -> None:
    made = change(case(best, lr=rate, library="lightgbm"), "lower-lr", ())
    assert (made.parameter, made.current, made.proposed) == ("lr", rate, proposed)
    assert f"from {rate:g} to {proposed:g}" in made.text
    assert f"up to {max(200, 10 / proposed):.0f}" in made.text


@pytest.mark.parametrize(("rate", "proposed"), [(0.001, 0.1), (0.01, 0.1), (0.06, 0.2), (0.2, 0.3)])
def test_a_higher_rate_is_a_customary_one(rate: float, proposed: float) -> None:
    assert change(case(199, lr=rate), "raise-lr", ()).proposed == proposed


@pytest.mark.parametrize("action", ["lower-lr", "raise-lr", "train-longer", "smaller-model", "regularize"])
def test_without_settings_there_are_still_numbers(action: str) -> None:
    made = change(case(), action, ())
    assert any(char.isdigit() for char in made.text) or made.factor is not None
    assert made.factor is None or made.factor > 0


@pytest.mark.parametrize("leaves", [31, 127, 8, 4])
def test_trees_shrink_but_never_to_nothing(leaves: int) -> None:
    made = change(case(num_leaves=leaves, library="lightgbm"), "smaller-model", ())
    assert isinstance(made.proposed, int)
    assert 2 <= made.proposed < leaves
    assert made.current == leaves
