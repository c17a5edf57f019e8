"""The demo: real trainings, real logs, the right diagnosis of each, the same on every machine."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import curvedoctor
from curvedoctor.cli.demo import next_steps
from curvedoctor.demo.runs import RECIPES, Recipe, train_all
from curvedoctor.model import Diagnosis
from shell import Ran, process

Run = Callable[..., Ran]
ROOT = Path(__file__).parents[2]
WIDTH = 80
PLAIN = {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
#: seeds beside the demo's own
SEEDS = (1, 2, 3, 5, 8, 12, 15, 18, 23)
#: what this processor has, as numpy names it: since 2.3 by levels of x86-64, before by instruction sets
SIMD = set(np.show_config("dicts")["SIMD Extensions"]["found"])
AVX2, AVX512 = {"X86_V3", "AVX2"}, {"X86_V4", "AVX512_SKX"}
#: kernels of OpenBLAS that add up in different orders, the threads,
#: and what a processor must have one of to run them
KERNELS = (
    ("Sandybridge", 1, SIMD),
    ("Haswell", 1, AVX2),
    ("Haswell", 2, AVX2),
    ("Zen", 1, AVX2),
    ("SkylakeX", 1, AVX512),
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The demo run once, as a user does: its folder, stdout and stderr."""
    folder = tmp_path_factory.mktemp("demo")
    done = process("demo", cwd=folder, env={**os.environ, **PLAIN})
    assert done.returncode == 0, done.stderr
    return folder / "curvedoctor-demo", done.stdout.decode(), done.stderr.decode()


def judged_as_claimed(recipe: Recipe, found: Diagnosis) -> None:
    """The finding that leads, its weight, and what is to be tried first."""
    leads = found.findings[0].condition if found.findings else ""
    assert found.verdict == ("sick" if recipe.condition else "healthy"), (recipe.name, leads)
    if recipe.condition:
        assert leads == recipe.condition, (recipe.name, [f.condition for f in found.findings])
        assert found.prescriptions[0].action in recipe.remedies, (recipe.name, found.prescriptions[0])
    else:
        assert {f.severity for f in found.findings} <= {"info"}, (recipe.name, leads)


def all_judged_as_claimed(folder: Path) -> None:
    by_name = {found.run.name: found for found in curvedoctor.diagnose(str(folder))}
    assert set(by_name) == {recipe.name for recipe in RECIPES}
    for recipe in RECIPES:
        judged_as_claimed(recipe, by_name[recipe.name])


def test_every_run_gets_the_diagnosis_that_it_was_made_for(run: Run, shown: tuple[Path, str, str]) -> None:
    all_judged_as_claimed(shown[0])
    said = json.loads(run("diagnose", shown[0], "--run", "healthy", "--format", "json").out)["runs"]
    assert [each["findings"] for each in said] == [[]], "the demo's own healthy run is silent"


@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS)])
def test_it_is_no_luck_of_one_seed(tmp_path: Path, seed: int) -> None:
    for _ in train_all(tmp_path, seed):
        pass
    all_judged_as_claimed(tmp_path)


def values(folder: Path) -> str:
    """A fingerprint of every logged number."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    seen = sha256()
    for recipe in RECIPES:
        (file,) = (folder / recipe.name).glob("events.*")
        for raw in RawEventFileLoader(str(file)).Load():
            event = Event.FromString(raw)
            points = [(point.tag, point.simple_value) for point in event.summary.value]
            seen.update(f"{recipe.name} {event.step} {points}".encode())
    return seen.hexdigest()


@pytest.mark.parametrize(
    ("kernel", "threads"),
    [
        ("Nehalem", 1),
        *(
            pytest.param(kernel, threads, marks=pytest.mark.slow)
            for kernel, threads, needs in KERNELS
            if needs & SIMD
        ),
    ],
)
def test_it_trains_to_the_same_numbers_on_every_machine(
    shown: tuple[Path, str, str], tmp_path: Path, kernel: str, threads: int
) -> None:
    here = {
        "OPENBLAS_CORETYPE": kernel,
        "OPENBLAS_NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
    }
    # two threads that wait for each other take long on a busy machine
    done = subprocess.run(
        [sys.executable, "-m", "curvedoctor", "demo"],
        cwd=tmp_path, env={**os.environ, **PLAIN, **here}, capture_output=True, timeout=600, check=True,
    )  # fmt: skip
    assert values(tmp_path / "curvedoctor-demo") == values(shown[0])
    assert done.stdout.decode().replace(tmp_path.as_uri(), shown[0].parent.as_uri()) == shown[1]


def test_the_readme_shows_what_the_demo_prints(shown: tuple[Path, str, str]) -> None:
    readme = runpy.run_path(str(ROOT / "docs" / "readme.py"))
    (block,) = readme["BLOCK"].findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert block == readme["block"](shown[1]), "python docs/readme.py writes it anew"


def after(lines: list[str], word: str) -> Iterator[str]:
    yield from lines[lines.index(word) + 1 :]


def test_it_says_what_to_look_at_next(shown: tuple[Path, str, str]) -> None:
    folder, out, err = shown
    assert f"{len(RECIPES)} runs: 2 failed, 3 need attention, 1 fine." in out
    next_to_do = list(after(out.splitlines(), "Next:"))
    assert any(line.endswith("tensorboard --logdir curvedoctor-demo") for line in next_to_do)
    assert any(line.endswith((folder / "report.html").as_uri()) for line in next_to_do)
    assert "argmax-accuracy" in (folder / "report.html").read_text(encoding="utf-8")
    assert max(len(line) for line in out.splitlines() if "file://" not in line) <= WIDTH
    for recipe in RECIPES:
        assert f"trained {recipe.name} ({recipe.wrong})" in err


def test_a_folder_with_a_space_can_be_pasted() -> None:
    assert any(line.endswith("tensorboard --logdir 'my logs'") for line in next_steps("my logs", ""))


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
