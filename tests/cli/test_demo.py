"""The demo: real trainings, real logs, the right diagnosis of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from curvedoctor.demo.runs import RECIPES
from shell import Ran, process

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The demo run once: its folder, stdout and stderr."""
    folder = tmp_path_factory.mktemp("demo") / "my logs"
    done = process("demo", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.decode(), done.stderr.decode()


def test_every_run_gets_the_diagnosis_that_it_was_made_for(run: Run, shown: tuple[Path, str, str]) -> None:
    found = {
        each["run"]: each for each in json.loads(run("diagnose", shown[0], "--format", "json").out)["runs"]
    }
    assert set(found) == {recipe.name for recipe in RECIPES}
    for recipe in RECIPES:
        diagnosis = found[recipe.name]
        if recipe.remedies:
            assert diagnosis["verdict"] == "sick", recipe
            assert diagnosis["prescriptions"][0]["action"] in recipe.remedies, (recipe, diagnosis["findings"])
        else:
            assert diagnosis["verdict"] == "healthy", diagnosis


def test_it_says_what_to_look_at_next(shown: tuple[Path, str, str]) -> None:
    folder, out, err = shown
    assert f"{len(RECIPES)} runs:" in out
    assert f"tensorboard --logdir '{folder}'" in out
    assert "--format html" in out
    for recipe in RECIPES:
        assert recipe.name in out
        assert f"trained {recipe.name}" in err


def test_a_second_demo_replaces_the_first_and_nothing_else(shown: tuple[Path, str, str]) -> None:
    folder = shown[0]
    mine = folder / "healthy" / "events.out.tfevents.1.mine"
    mine.write_bytes(b"")
    before = len(list(folder.rglob("*.curvedoctor-demo")))
    assert process("demo", folder).returncode == 0
    assert len(list(folder.rglob("*.curvedoctor-demo"))) == before == len(RECIPES)
    assert mine.exists()
    mine.unlink()


def test_the_logs_are_what_tensorboard_reads(shown: tuple[Path, str, str]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(shown[0] / "healthy"))
    accumulator.Reload()
    assert {"train/batch_loss", "train/epoch_loss", "val/epoch_loss", "train/lr"} <= set(
        accumulator.Tags()["scalars"]
    )
