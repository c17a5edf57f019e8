"""Drawn tasks: families, what is tried on their runs, and the way from journal to stored runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clinic.config import Config
from clinic.drawn import choose, codec, pack, plan, store, survey
from clinic.drawn.families import FAMILIES, family_of
from clinic.faults import Base
from clinic.remedies import first
from clinic.split import is_final
from clinic.tasks import TASKS, chance, padded, pool
from clinic.tune import plain


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_draws_tasks_that_fit_the_programs(family: str) -> None:
    drawn = [TASKS[f"{family}~{number:04d}"] for number in (0, 1, 7, 123)]
    assert len({(t.n_std, t.epochs, t.outputs, t.inputs, t.width) for t in drawn}) > 1
    for task in drawn:
        x, y = pool(task.name)
        assert len(x) >= task.n_max + task.n_val + task.n_test
        assert np.isfinite(x).all()
        assert np.isfinite(y).all()
        assert padded(task.name).shape[1:] == {"mlp": (64,), "cnn2d": (144, 9), "cnn1d": (32, 5)}.get(
            task.family, x.shape[1:]
        )
        if task.kind in ("multiclass", "binary", "hinge"):
            assert set(np.unique(y)) == set(range(max(2, task.outputs))), task.name
        assert chance(task.name) > 0.1


def test_a_drawn_task_is_always_the_same() -> None:
    name = "ripples~0011"
    before = pool(name).x.copy()
    pool.cache_clear()
    assert np.array_equal(pool(name).x, before)
    with pytest.raises(KeyError):
        TASKS["ripples"]


def test_parts_that_share_programs_follow_one_another() -> None:
    from clinic.programs import signature

    whole = plan.wave(0)
    found = survey.parts(whole)
    assert sorted(name for part in found for name in part) == sorted(whole)
    assert max(map(len, found)) <= survey.TASKS_AT_ONCE
    programs = [
        {signature(plain(TASKS[n], lr=0.01))._replace(depth=0, width=0) for n in part} for part in found
    ]
    met = [programs[0]]
    for mine in programs[1:]:
        if mine & met[-1]:
            met[-1] |= mine
        else:
            met.append(mine)
    assert sum(map(len, met)) == len(set().union(*met))
    assert [TASKS[part[0]].family for part in found][:2] == ["mlp", "mlp"]


def test_few_programs_serve_all_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    from clinic.programs import signature
    from clinic.tune import BATCHES, CENTRE, LEARNT, SCHEDULES

    found, runs = set(), 0
    for name in plan.wave(2):
        rates = {
            f"{name}/{o}/{b}/{s}": [lr, 1.0] for o, lr in CENTRE.items() for b in BATCHES for s in SCHEDULES
        }
        monkeypatch.setitem(LEARNT, name, rates)
        for base in plan.bases(name):
            found |= {signature(c) for c in (base.config, *(v.config for v in first(base.config)))}
            runs += 1
    assert runs > 400
    assert len(found) < 60


def test_a_new_work_folder_goes_on_where_others_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr(survey.Survey, "wave", lambda self, number: begun.append(number))
    monkeypatch.setattr(survey, "next_wave", lambda: 3)
    survey.Survey(tmp_path, float("inf")).carry_out(2)
    assert begun == [3, 4]
    (tmp_path / "waves.txt").write_text("3\n")
    survey.Survey(tmp_path, float("inf")).carry_out(2)
    assert begun == [3, 4, 4]


def test_waves_are_parts_of_all_that_is_stored() -> None:
    first, second = (store.load(final=None, waves=[number]) for number in (0, 1))
    both = store.load(final=None, waves=[0, 1])
    assert {run.id for run in both} == {run.id for run in first} | {run.id for run in second}
    assert 0 < len(first) < len(both) == len(first) + len(second) < len(store.load(final=None))


def test_whole_families_and_every_tenth_task_are_held_out() -> None:
    waves = [name for number in range(5) for name in plan.wave(number)]
    assert len(set(waves)) == len(waves)
    share = np.mean([is_final(name) for name in waves])
    assert 0.1 < share < 0.3
    assert {family_of(n) for n in waves if not is_final(n)} < set(FAMILIES)


@pytest.mark.parametrize("coarse", [1, 4])
@pytest.mark.parametrize("seed", range(3))
def test_curves_survive_the_codec(coarse: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = [np.exp(rng.normal(0, 6, n)).astype(np.float32) for n in (1, 40, 0, 300)]
    made[1][[3, 4, 9]] = np.nan, np.inf, 0.0
    codes = [codec.encoded(v, coarse) for v in made]
    again = codec.unpacked(codec.packed(codes), [len(c) for c in codes])
    for old, new in zip(made, map(codec.decoded, again), strict=True):
        np.testing.assert_allclose(new, old, rtol=0.0006 * coarse)


def test_the_recorded_probability_is_how_often_an_action_is_tried() -> None:
    drawn = (TASKS[f"gaussians~{number:04d}"] for number in range(50))
    base = plain(next(t for t in drawn if t.n_max >= 2 * t.n_std), lr=0.01)
    possible = {v.action for v in first(base)}
    found: Counter[str] = Counter()
    expected: dict[str, float] = {}
    times = 1500
    for seed in range(times):
        run = Base("lr-low", "", replace(base, seed=seed))
        tried = choose.propensities(
            run, ["raise-lr", "more-data", "lower-lr"], ["train-longer", "fix-metric"]
        )
        assert set(tried) <= possible
        assert {a for a, p in tried.items() if p == 1} == {"raise-lr", "more-data", "train-longer"}
        found.update(list(tried))
        expected |= tried
    for action, p in expected.items():
        assert found[action] / times == pytest.approx(p, abs=0.05)


def fake(trained: list[Config]) -> Callable[..., dict[Config, Any]]:
    """Trainings by formula: the loss falls to a floor that depends on the learning rate."""
    from clinic.train import Result

    def train_many(
        configs: Iterable[Config], watch: bool, done: Callable[[Config, Any], None]
    ) -> dict[Config, Any]:
        for c in configs:
            trained.append(c)
            end = chance(c.task) * min(1.0, 0.2 + 0.3 * abs(np.log10(c.lr / 0.01)))
            fall = end + (chance(c.task) - end) * np.exp(-np.linspace(0, 5, c.steps + 1))[1:]
            steps = np.stack([fall, np.ones(c.steps), np.full(c.steps, 0.5), np.full(c.steps, 0.5)], 1)
            last = fall[c.steps_per_epoch - 1 :: c.steps_per_epoch][: c.epochs]
            last = np.resize(last, c.epochs)
            epochs = np.stack([last, np.full(c.epochs, 0.5), np.full(c.epochs, 0.5), np.ones(c.epochs)], 1)
            truth = (float(end), 0.3, float(end), 0.3)
            done(c, Result(truth, truth, truth, c.epochs, steps.astype(np.float32), epochs.astype(np.float32),
                           np.zeros(c.steps, np.float32), np.zeros(1, np.float32)))  # fmt: skip
        return {}

    return train_many


def test_a_survey_resumes_and_its_runs_say_what_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, trained = ["line~0004", "gaussians~0005"], list[Config]()
    for module in (survey, pack):
        monkeypatch.setattr(module, "wave", lambda number: names if number == 0 else [])
    monkeypatch.setattr("clinic.train.train_many", fake(trained))
    survey.Survey(tmp_path, float("inf")).carry_out(1, 0)
    assert len(trained) == len({c.key() for c in trained}) > 50
    (tmp_path / "waves.txt").unlink()
    before = len(trained)
    survey.Survey(tmp_path, float("inf")).carry_out(1, 0)
    assert len(trained) == before  # nothing is trained twice
    assert "of 2 tasks" in pack.pack(tmp_path, tmp_path / "data")
    kept = {p.name: p.read_bytes() for p in (tmp_path / "data").iterdir()}
    assert sorted(kept) == ["wave-0000.curves.xz", "wave-0000.jsonl.xz"]
    pack.pack(tmp_path / "another", tmp_path / "data")  # what other sessions packed stays
    assert {p.name: p.read_bytes() for p in (tmp_path / "data").iterdir()} == kept
    assert store.next_wave(tmp_path / "data") == 1
    monkeypatch.setattr(pack, "MOST", 10)
    assert "no room" in pack.pack(tmp_path, tmp_path / "more")
    assert store.next_wave(tmp_path / "more") == 0
    runs = store.load(final=None, folder=tmp_path / "data")
    assert {r.task for r in runs} == set(names)
    for run in runs:
        possible = {v.action for v in first(run.config)}
        assert set(run.tried) <= possible
        for action in possible - set(run.tried):
            assert run.helps(action) is None
        assert set(run.outcomes) <= set(run.tried) | {"stop-early"}
        assert run.curves
        if run.healthy:
            assert set(run.tried) == possible
    raised = [r for r in runs if "raise-lr" in r.tried and r.config.lr < 0.002 and not r.config.probe]
    assert all(r.helps("raise-lr") is True for r in raised)


def test_lanes_of_different_tasks_train_as_they_would_alone() -> None:
    from clinic.train import train_many

    made = [plain(TASKS[n], epochs=e, batch=b, lr=0.02, n_train=n_train, depth=0, width=0, seed=2)
            for n, e, b,
            n_train in (("gaussians~0000", 3, 32, 128), ("columns~0002", 5, 32, 200),
                ("blots~0001", 2, 20, 60))]  # fmt: skip
    together = train_many(made)
    for config in made:
        alone = train_many([config])[config]
        np.testing.assert_allclose(together[config].epochs, alone.epochs, rtol=1e-4)
        np.testing.assert_allclose(together[config].steps[:, 0], alone.steps[:, 0], rtol=1e-4)
        assert together[config].best_epoch == alone.best_epoch


def test_batch_norm_out_of_order_shows_in_evaluation_only() -> None:
    from clinic.train import train_many

    right = plain(TASKS["verdicts~0002"], epochs=4, batch=32, lr=0.01, depth=1, width=16, seed=1,
                  batch_norm="right",
                  input_offset=3.0, n_train=256)  # fmt: skip
    stale = replace(right, batch_norm="stale")
    results = train_many([right, stale])
    np.testing.assert_allclose(results[right].steps, results[stale].steps, rtol=1e-4)
    assert results[stale].epochs[-1, 0] > 1.1 * results[right].epochs[-1, 0]
    assert results[stale].truth[0] == pytest.approx(results[right].truth[0], rel=1e-3)


def test_a_pretrained_run_starts_where_its_donor_ended() -> None:
    from clinic.train import train_many

    scratch = plain(
        TASKS["counts-tune~0001"], epochs=2, batch=16, lr=1e-4, depth=0, width=0, n_train=64, seed=4
    )
    tuned = replace(scratch, init="pretrained")
    results = train_many([scratch, tuned])
    assert results[tuned].epochs[0, 0] < 0.95 * results[scratch].epochs[0, 0]
