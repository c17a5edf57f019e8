"""What a walk takes for a log, by what it holds; what it passes over, and how that is said; names of runs."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curvedoctor.errors import SourceError
from curvedoctor.model import Problem
from curvedoctor.sources import find_all
from curvedoctor.sources.base import Unit
from curvedoctor.sources.history.sniff import look
from sources import events
from sources.console_samples import SAMPLES, fall, rise
from sources.contract import read_all

Write = Callable[[random.Random, int], str]


def _csv(header: str, rng: random.Random, n: int, separator: str = ",") -> str:
    losses = [fall(rng, n) for _ in header.split(separator)[1:]]
    rows = "".join(separator.join([str(i), *(str(loss[i]) for loss in losses)]) + "\n" for i in range(n))
    return f"{header}\n{rows}"


TABLES: dict[str, Write] = {
    "keras": lambda rng, n: _csv("epoch,accuracy,loss,val_accuracy,val_loss", rng, n),
    "steps": lambda rng, n: _csv("step,loss,lr", rng, n),
    "catboost": lambda rng, n: _csv("iter\tLogloss", rng, n, "\t"),
    "german": lambda rng, n: _csv("Epoche;Verlust", rng, n, ";").replace(".", ","),
    "dev set": lambda rng, n: _csv("epoch\ttrain loss\tdev f1", rng, n, "\t"),
    "error by epoch": lambda rng, n: _csv("epoch,error", rng, n),
    "episodes": lambda rng, n: _csv("episode,ep_rew_mean,ep_len_mean", rng, n),
    "long": lambda rng, n: (
        "step,metric,value\n" + "".join(f"{i},train_loss,{value}\n" for i, value in enumerate(fall(rng, n)))
    ),
    "wandb": lambda rng, n: _csv('"Step","sun-1 - val/loss","moon-2 - val/loss"', rng, n),
    "json lines": lambda rng, n: "".join(
        json.dumps({"epoch": i, "train_loss": value}) + "\n" for i, value in enumerate(fall(rng, n))
    ),
}
DATA: dict[str, Write] = {
    "features": lambda rng, n: (
        "sepal,petal,species\n" + "".join(f"{rng.random()},{rng.random()},{i % 3}\n" for i in range(n))
    ),
    "passengers": lambda rng, n: (
        "PassengerId,Survived,Age\n" + "".join(f"{i},1,{20 + i}\n" for i in range(n))
    ),
    "predictions": lambda rng, n: "id,score,label\n" + "".join(f"{i},{rng.random()},1\n" for i in range(n)),
    "sensor": lambda rng, n: (
        "timestamp,step,temperature,error\n" + "".join(f"{i},{i},20.{i},{rng.random()}\n" for i in range(n))
    ),
    "sweep": lambda rng, n: (
        "lr,epochs,val_loss\n" + "".join(f"{rng.random()},20,{rng.random()}\n" for i in range(n))
    ),
    "trials": lambda rng, n: (
        "number,value,params_lr\n" + "".join(f"{i},{rng.random()},0.1\n" for i in range(n))
    ),
    "sports": lambda rng, n: "round,team,score\n" + "".join(f"{i},A,{rng.randrange(9)}\n" for i in range(n)),
    "shuffled": lambda rng, n: (
        "step,loss\n" + "".join(f"{rng.randrange(99)},{i}\n" for i in range(max(n, 12)))
    ),
}


@pytest.mark.parametrize("n", [2, 9, 400])
@pytest.mark.parametrize("kind", TABLES)
def test_a_table_of_a_training_is_read_whatever_it_is_called(tmp_path: Path, kind: str, n: int) -> None:
    text = TABLES[kind](random.Random(n), n)
    suffix = "jsonl" if kind == "json lines" else "tsv" if "\t" in text else "csv"
    for name in (f"resnet50.{suffix}", f"a_b-c 7.{suffix}"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(text)
    runs, problems = read_all(tmp_path)
    assert not problems
    assert len({run.source for run in runs}) == 2
    assert {curve.role.quantity for run in runs for curve in run.curves} & {
        "loss",
        "error",
        "reward",
        "accuracy",
    }


@pytest.mark.parametrize("n", [2, 9, 400])
@pytest.mark.parametrize("kind", DATA)
def test_data_are_no_training(tmp_path: Path, kind: str, n: int) -> None:
    (tmp_path / "a.csv").write_text(DATA[kind](random.Random(n), n))
    (tmp_path / "0.csv").write_text(DATA[kind](random.Random(n + 1), n))
    assert not read_all(tmp_path)[0]


def test_data_under_the_name_of_a_log_are_no_training(tmp_path: Path) -> None:
    """Data sets are split into train.csv and test.csv; a simulation of payments counts steps."""
    rows = "".join(f"{i // 9},{90 + i},{i},{i % 2}\n" for i in range(60))
    (tmp_path / "train.csv").write_text("step,amount,account_id,isFraud\n" + rows)
    (tmp_path / "my_results.csv").write_text("epoch,magnitude,mapped,acceleration\n" + rows)
    assert not read_all(tmp_path)[0]


@pytest.mark.parametrize("kind", ["nanogpt", "keras_lines", "own_loop", "sb3", "lightning", "hf_dicts"])
def test_a_console_log_is_read_whatever_it_is_called(tmp_path: Path, kind: str) -> None:
    (tmp_path / "bert_v2.txt").write_text(SAMPLES[kind](random.Random(3), 8)[0])
    (tmp_path / "notes.txt").write_text("We tried 3 models in 2024.\nEpoch 3 was best: loss 0.4.\n")
    ((run,), problems) = read_all(tmp_path)
    assert not problems
    assert run.name == "bert_v2.txt"


@pytest.mark.parametrize("every", [40, 200])
def test_a_manual_that_counts_now_and_then_is_no_log(tmp_path: Path, every: int) -> None:
    text = "".join(
        f"step {i}: the error is {1 / (i + 1):.2f}\n"
        if i % every == 0
        else "The buffer holds 3.5 rows of it.\n"
        for i in range(600)
    )
    (tmp_path / "manual.txt").write_text(text)
    (tmp_path / "pairs.json").write_text(json.dumps({"adam/loss": [0.01, 0.5], "sgd/loss": [0.1, 0.6]}))
    assert not read_all(tmp_path)[0]


def test_json_whose_name_says_nothing(tmp_path: Path) -> None:
    rng = random.Random(1)
    (tmp_path / "keras.json").write_text(json.dumps({"loss": fall(rng, 9), "val_loss": fall(rng, 9)}))
    rows = [{"epoch": i, "train_loss": value} for i, value in enumerate(fall(rng, 9))]
    (tmp_path / "rows.json").write_text(json.dumps(rows, indent=2))
    (tmp_path / "coco.json").write_text(json.dumps({"bbox": [1.0, 2.0, 3.0], "area": 4}))
    (tmp_path / "package.json").write_text(json.dumps({"name": "x", "files": ["a", "b"]}))
    assert [run.name for run in read_all(tmp_path)[0]] == ["keras.json", "rows.json"]


def test_what_almost_is_a_log_is_named_in_one_note(tmp_path: Path) -> None:
    for folder in "abcdef":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text(DATA["sensor"](random.Random(1), 20))
        (tmp_path / folder / "data.csv").write_text(DATA["features"](random.Random(1), 20))
    (tmp_path / "a" / "net.csv").write_text(TABLES["keras"](random.Random(1), 20))
    ((run,), (note,)) = read_all(tmp_path)
    assert run.name == "a/net.csv"
    assert note.kind == "passed"
    assert "a/x.csv" in note.what
    assert "3 more" in note.what
    assert "data.csv" not in note.what
    assert "by name" in note.what
    assert read_all(tmp_path / "b" / "x.csv")[0]


def test_folders_full_of_data_are_not_read_to_the_end(tmp_path: Path) -> None:
    for i in range(300):
        (tmp_path / f"{i:04d}.txt").write_text("3 0.1 0.2 0.3\n")
    (tmp_path / "train.txt").write_text(SAMPLES["own_loop"](random.Random(0), 8)[0])
    ((run,), (note,)) = read_all(tmp_path)
    assert run.name == tmp_path.name
    assert "not looked into" in note.what


def test_thousands_of_histories_in_one_folder_are_all_found(tmp_path: Path) -> None:
    for i in range(400):
        (tmp_path / f"net{i}.csv").write_text(f"epoch,loss\n0,{i}\n1,0\n")
        (tmp_path / f"features{i}.csv").write_text(f"x,y\n{i},1\n")
    found = list(find_all([str(tmp_path)]))
    assert sum(isinstance(item, Unit) for item in found) == 400
    assert {unit.group for unit in found if isinstance(unit, Unit)} == {str(tmp_path)}


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["exp/metrics.csv"], ["exp"]),
        (["exp/train_log.csv"], ["exp"]),
        (["exp/20210501_101010.log.json"], ["exp"]),
        (["exp/resnet50.csv"], ["exp/resnet50.csv"]),
        (["resnet50.csv"], ["resnet50.csv"]),
        (["resnet50.csv", "vgg.csv"], ["resnet50.csv", "vgg.csv"]),
        (["exp/metrics.csv", "exp/vgg.csv"], ["exp", "exp/vgg.csv"]),
        (["a/history.csv", "b/history.csv"], ["a", "b"]),
    ],
)
def test_a_run_is_called_as_a_person_expects(tmp_path: Path, files: list[str], names: list[str]) -> None:
    for seed, name in enumerate(files):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        kind = "json lines" if name.endswith("json") else "keras"
        (tmp_path / name).write_text(TABLES[kind](random.Random(seed), 9))
    assert sorted(run.name for run in read_all(tmp_path)[0]) == names
    given = [run.name for name in files for run in read_all(tmp_path / name)[0]]
    assert given == [name.rpartition("/")[2 if "net" in name or "vgg" in name else 0] for name in files]


def test_a_table_beside_event_files_or_a_history_of_the_same_training_is_read_once(tmp_path: Path) -> None:
    loss, other = fall(random.Random(1), 20), fall(random.Random(2), 20)
    table = "".join(f"{i},{value}\n" for i, value in enumerate(loss))
    scalars = [events.scalar("loss", i, value, events.START + i) for i, value in enumerate(loss)]
    events.write(tmp_path / "a" / "train" / events.name(), [events.version(), *scalars])
    (tmp_path / "a" / "net.csv").write_text("epoch,loss\n" + table)
    (tmp_path / "a" / "vgg.csv").write_text(
        "epoch,loss\n" + "".join(f"{i},{value}\n" for i, value in enumerate(other))
    )
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "metrics.csv").write_text("step,train_loss\n" + table)
    (tmp_path / "b" / "net.csv").write_text("epoch,loss\n" + table)
    assert sorted(run.name for run in read_all(tmp_path)[0]) == ["a/train", "a/vgg.csv", "b"]


def test_settings_of_another_run_in_the_folder_are_not_taken(tmp_path: Path) -> None:
    history = [{"loss": value, "step": i} for i, value in enumerate(fall(random.Random(1), 9))]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history, "train_batch_size": 16}))
    (tmp_path / "net.csv").write_text(TABLES["keras"](random.Random(2), 9))
    params = {run.name: run.params for run in read_all(tmp_path)[0]}
    assert "batch_size" not in params["net.csv"]


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_downloads_of_one_run_are_one(tmp_path: Path, ending: str) -> None:
    def write(name: str, values: list[float]) -> None:
        rows = [[1.7e9 + i, i, value] for i, value in enumerate(values)]
        text = "Wall time,Step,Value\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
        (tmp_path / f"run-{name}.{ending}").write_text(text if ending == "csv" else json.dumps(rows))

    loss, val, score = fall(random.Random(1), 9), fall(random.Random(2), 9), rise(random.Random(3), 9)
    write("fit_train-tag-epoch_loss", loss)
    write("fit_validation-tag-epoch_loss", val)
    write("fit_validation-tag-epoch_accuracy", score)
    write("other-tag-loss", score)
    runs = {run.name: run for run in read_all(tmp_path)[0]}
    assert set(runs) == {"fit", "other"}
    found = {curve.id: (curve.role.split, curve.values.tolist()) for curve in runs["fit"].curves}
    assert found == {
        "train/epoch_loss": ("train", loss),
        "val/epoch_loss": ("val", val),
        "val/epoch_accuracy": ("val", score),
    }


CODE = {
    "train.py": "import torch\nfor epoch in range(3):\n    loss = 0.5\n    print(epoch, loss)\nlr = 1\n",
    "train.sh": "#!/bin/sh\nfor lr in 0.1 0.01; do\n  echo epoch 1 loss 2\n  echo epoch 2 loss 1\ndone\n",
    "config.yaml": "epoch: 1\nloss: 0.5\nepoch: 2\nloss: 0.25\n",
    "notes.md": "# Notes\n\nepoch 1: loss 0.5\nepoch 2: loss 0.4\nepoch 3: loss 0.3\n",
    "nets.ipynb": json.dumps(
        {"cells": [{"source": ["epoch 1 loss 2\n", "epoch 2 loss 1\n"]}], "nbformat": 4}, indent=1
    ),
    "code.txt": "import torch\n\ndef train(n):\n    for epoch in range(n):\n        loss = step(n)\n"
    "    return loss\nepoch 1 loss 2\n",
}


@pytest.mark.parametrize("name", CODE)
def test_code_and_prose_are_no_log(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(CODE[name])
    assert not [item for item in find_all([str(tmp_path)]) if not isinstance(item, Problem)]
    with pytest.raises(SourceError, match=r"no log of a training|a notebook") as raised:
        list(find_all([str(path)]))
    assert f"diagnose - < {path}" in str(raised.value)


def test_a_table_in_notes_is_read(tmp_path: Path) -> None:
    rows = "".join(f"| {i} | {value} |\n" for i, value in enumerate(fall(random.Random(1), 9)))
    (tmp_path / "notes.md").write_text("# Notes\n\n| epoch | loss |\n|---|---|\n" + rows)
    ((run,), _) = read_all(tmp_path / "notes.md")
    assert len(run.curves[0]) == 9


def test_a_log_that_prints_its_configuration_in_code_is_a_log(tmp_path: Path) -> None:
    config = (
        "model = dict(\n    type='ResNet',\n    depth=50)\nimport os\noptimizer = dict(type='SGD', lr=0.1)\n"
    )
    (tmp_path / "a.txt").write_text(config * 8 + SAMPLES["mmdet"](random.Random(0), 6)[0])
    assert read_all(tmp_path)[0]


PIECES = [
    "epoch",
    "loss",
    "step",
    ",",
    ";",
    "\t",
    "\n",
    '"',
    "[",
    "{",
    ":",
    "1",
    "2.5",
    "nan",
    "\\",
    "\0",
    "|",
    "é",
    " ",
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(["a.csv", "a.json", "a.txt", "train.log"])
)
def test_whatever_a_file_holds_looking_at_it_breaks_nothing(pieces: list[str], name: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        for named in (True, False):
            assert isinstance(look(name, "".join(pieces).encode(encoding), named=named).taken, bool)


@pytest.mark.parametrize(
    "text", ["[" * 60_000, '{"a":' * 9000, '"' * 65_000, "1," * 30_000, "epoch " * 10_000, "(" * 65_000]
)
def test_hostile_beginnings_take_no_time(text: str) -> None:
    before = time.process_time()
    for name in ("a.csv", "a.json", "a.txt"):
        look(name, text.encode(), named=True)
    assert time.process_time() - before < 2
