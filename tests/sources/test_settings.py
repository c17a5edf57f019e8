"""Hyperparameters from texts, the hparams plugin, and files beside the events; hostile files are bounded."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from curvedoctor.sources import sidecars
from curvedoctor.sources.tensorboard.settings import parse_text
from sources import events
from sources.contract import read_all


def test_hf_args(tmp_path: Path) -> None:
    args = {
        "learning_rate": 5e-5,
        "per_device_train_batch_size": 16,
        "optim": "adamw_torch",
        "num_train_epochs": 3,
        "hub_token": "<HUB_TOKEN>",
    }
    found = [
        events.version(),
        events.text("args/text_summary", json.dumps(args, indent=2)),
        events.scalar("train/loss", 1, 1.0),
    ]
    events.write(tmp_path / "run" / events.name(), found)
    ((run,), _) = read_all(tmp_path)
    assert run.params["lr"] == 5e-5
    assert run.params["batch_size"] == 16
    assert "token" not in json.dumps(dict(run.params)).lower()


@pytest.mark.parametrize(
    "text",
    [
        "|param|value|\n|-|-|\n|learning_rate|0.1|\n|seed|7|",
        '{"learning_rate": 0.1, "seed": 7}',
        "```\nlearning_rate: 0.1\nseed: 7\n```",
        "learning_rate = 0.1\nseed = 7",
        "- learning_rate: 0.1\n- seed: 7",
    ],
    ids=["table", "json", "fenced", "assignments", "list"],
)
def test_texts(text: str) -> None:
    assert parse_text(text) == {"learning_rate": 0.1, "seed": 7}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hparams.yaml", "lr: 0.5\n"),
        ("args.yaml", "lr0: 0.5\n"),
        ("opt.yaml", "lr: 0.5\n"),
        ("config.json", '{"optimizer": {"lr": 0.5}}'),
        ("config.yaml", "optimizer:\n  lr: 0.5\n"),
        ("cfg.yaml", "lr: 0.5\n"),
        ("training_args.json", '{"learning_rate": 0.5}'),
    ],
)
def test_files_beside_the_events(tmp_path: Path, name: str, content: str) -> None:
    events.run(tmp_path / "run")
    (tmp_path / "run" / name).write_text(content)
    ((run,), _) = read_all(tmp_path)
    assert run.params["lr"] == 0.5


def test_python_tags_are_data_and_never_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    text = f"""
lr: 0.1
evil: !!python/object/apply:os.system ["touch {marker}"]
worse: !!python/object/new:os.system [touch {marker}]
model: !!python/object:my.Model
  width: 32
path: !!python/object/apply:pathlib.PosixPath [/, tmp]
name: !!python/name:os.system ''
custom: !mine {{a: 1}}
"""
    path = tmp_path / "hparams.yaml"
    path.write_text(text)
    found = sidecars.read([str(path)])
    assert found["lr"] == 0.1
    assert found["model.width"] == 32
    assert not marker.exists()


def _bomb() -> str:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "\n".join(levels)


def _map_bomb() -> str:
    levels = ["a0: &a0 {k: {}}"]
    levels += [f"a{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(9))}}}" for i in range(1, 12)]
    return "\n".join(levels)


def _merge_bomb() -> str:
    levels = ["a0: &a0 {k: 1, l: 2}"]
    levels += [f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 9)}]\n  n{i}: 1" for i in range(1, 12)]
    return "\n".join(levels)


@pytest.mark.parametrize(
    "text",
    [
        _bomb(), _map_bomb(), _merge_bomb(), "[" * 100_000, "{a: " * 20_000, "- " * 50_000, "? " * 50_000,
        "a: &a [*a]", "a: &a {b: *a}", "x: " + "9" * 50_000, "\x00\x01", "a: b: c", "*undefined", "&a",
        "a:\n\t- b",
        "- - - - 1", "? [a]\n: b", "%YAML 9.9\n---\na", "when: 2001-99-99", "a: !!float x", "a: !!binary '@'",
        "--- 1\n--- 2",
        "\n".join(" " * i + "a:" for i in range(3000)),
    ],
)  # fmt: skip
def test_hostile_yaml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hparams.yaml"
    path.write_text(text)
    began = time.monotonic()
    found = sidecars.read([str(path)])
    assert time.monotonic() - began < 3
    assert len(found) <= sidecars.MAX_LEAVES


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 50_000,
        "",
        "null",
        "[1, 2",
        '{"a": NaN}',
        '{"a": ' + "9" * 10_000 + "}",
        "\xff",
    ],
)
def test_hostile_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    assert len(sidecars.read([str(path)])) <= 1


def test_a_huge_file_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    with path.open("wb") as stream:
        stream.truncate(10 << 30)
    began = time.monotonic()
    assert sidecars.read([str(path)]) == {}
    assert time.monotonic() - began < 2
