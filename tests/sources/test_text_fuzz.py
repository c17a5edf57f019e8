"""Mutated, truncated and spliced logs of all kinds, and hostile ones: no crash, no hang, bounded memory."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.model import Problem, Run
from curvedoctor.sources import readers
from curvedoctor.sources.base import ReadOptions, Unit
from sources.console_samples import SAMPLES
from sources.contract import read_all
from sources.test_wandb import _record, framed

#: with the parameters below more than 20,000 cases
CASES = 160
SEEDS = range(64)

TABLES = (
    "epoch,loss,val_loss\n1,3,4\n2,2,3\n3,1,2\n",
    "epoch;loss\n1;3,5\n2;2,5\n3;1.000,5\n",
    '"Step","a - loss","a - loss__MIN"\n"1","3","3"\n"2","2","2"\n',
    "run_id,key,value,step,timestamp\na,loss,3,1,17\nb,loss,2,1,18\n",
    '{"log_history": [{"loss": 3, "step": 1}, {"loss": 2, "step": 2}], "num_train_epochs": 3}',
    '{"history": {"loss": [3, 2, 1]}, "params": {"epochs": 3}}',
    '{"iter": 1, "epoch": 1, "loss": 3}\n{"iter": 2, "epoch": 1, "loss": 2}\n',
    "[[1.5, 1, 3.0], [2.5, 2, 2.0]]",
    "| epoch | loss |\n|---|---|\n| 1 | 3 |\n| 2 | 2 |\n",
)
PIECES = (
    "\x1b[31m", "\r", "\b\b\b", "\0", "\ufeff", "nan", "-inf", "1e999", "9" * 400, "-", ":", "=", "|", "[",
    "(", "{", '"', "'",
    "%", "/", ",", ";", "\t", "\n", "\n\n", "  ", "epoch", "step 5", "Epoch 3/0", "loss", "val", "__MIN", "é",
    "\U0001f600",
    "100%|███| 3/3 [00:01<00:00]", "3/7 [==>..]", "----", "tensor(", "0/0", "1e308", "-9223372036854775808",
    "9223372036854775808",
)  # fmt: skip


def _mutated(rng: random.Random, text: str) -> bytes:
    for _ in range(rng.randint(1, 12)):
        at, to = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        kind = rng.randrange(6)
        if kind == 0:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[min(to, at + 40) :]
        elif kind == 2:
            text = text[:at] + text[at : at + 60] * rng.randint(1, 5) + text[at:]
        elif kind == 3 and text:
            text = text[: rng.randint(0, len(text))]
        elif kind == 4:
            text = text[:at] + chr(rng.randrange(1, 0x2FF)) + text[at + 1 :]
        else:
            lines = text.split("\n")
            rng.shuffle(lines)
            text = "\n".join(lines)
    data = text.encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-16-le", "latin-1")), "replace")
    if rng.random() < 0.2 and data:
        flip = bytearray(data)
        for _ in range(rng.randint(1, 20)):
            flip[rng.randrange(len(flip))] = rng.randrange(256)
        data = bytes(flip)
    return data


def _original(rng: random.Random) -> str:
    text = rng.choice(TABLES)
    if rng.random() < 0.7:
        text = SAMPLES[rng.choice(list(SAMPLES))](rng, rng.randint(1, 5))[0]
    return text + rng.choice(TABLES) if rng.random() < 0.1 else text


def _sound(item: Run | Problem) -> None:
    if isinstance(item, Problem):
        assert item.where
        assert item.what
        return
    ids = [curve.id for curve in item.curves]
    assert len(set(ids)) == len(ids) > 0
    for curve in item.curves:
        assert curve.steps.dtype == np.int64
        assert len(curve.steps) == len(curve.values) == len(curve.wall_times) > 0


def _load(reader: str, path: Path) -> None:
    (loader,) = [known for known in readers() if known.name == reader]
    found = list(loader.load([Unit(reader, str(path), "run", "group", str(path))], ReadOptions()))
    assert found
    for item in found:
        _sound(item)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("reader", ["text", "history"])
def test_text(tmp_path: Path, reader: str, seed: int) -> None:
    rng = random.Random(1000 * seed + len(reader))
    started = time.monotonic()
    for case in range(CASES):
        suffix = rng.choice((".log", ".csv", ".txt", ".json", ".jsonl", ""))
        path = tmp_path / f"{case}{suffix}"
        path.write_bytes(_mutated(rng, _original(rng)))
        _load(reader, path)
    assert time.monotonic() - started < 120


@pytest.mark.parametrize("seed", range(4))
def test_record_logs(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for case in range(CASES):
        rows = [_record(rng.choice((2, 2, 2, 5, 17)), {"loss": rng.random(), "lr": 0.1}, i) for i in range(9)]
        if case % 2:  # damage within records whose checksums are right
            rows = [bytes(b if rng.random() < 0.97 else rng.randrange(256) for b in row) for row in rows]
        data = bytearray(framed(rows))
        for _ in range(0 if case % 2 else rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / f"{case}.wandb"
        path.write_bytes(bytes(data[: rng.randint(0, len(data))] if rng.random() < 0.3 else data))
        _load("wandb", path)


PEAK = """
import resource, sys
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
import curvedoctor.params, curvedoctor.roles
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for item in load_units([u for u in find_all(sys.argv[1:]) if isinstance(u, Unit)]):
    print(type(item).__name__, getattr(item, "what", "") or "; ".join(p.what for p in item.problems))
print("grown", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, "MiB")
"""


def _told(path: Path) -> tuple[str, int]:
    """What is said of a file, and MiB by which the memory grew."""
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, timeout=300, check=True,
        env={"PYTHONPATH": ":".join(sys.path), "CURVEDOCTOR_CACHE": "off"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)),
    )  # fmt: skip
    said, _, grown = ran.stdout.rpartition("grown ")
    return said, int(grown.split()[0])


@pytest.mark.parametrize("name", ["a.log", "a.csv", "a.json"])
def test_a_line_of_a_gigabyte(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        for _ in range(1024):
            file.write(b"loss 1, " * (1 << 17))
    said, grown = _told(tmp_path / name)
    (tmp_path / name).unlink()
    assert "256 MiB" in said
    assert "left out" in said
    assert grown < 300


def test_a_million_columns(tmp_path: Path) -> None:
    line = ",".join(f"c{i}" for i in range(1_000_000))
    numbers = ",".join(["0.5"] * 1_000_000)
    (tmp_path / "a.csv").write_text(f"epoch,{line}\n1,{numbers}\n2,{numbers}\n")
    said, grown = _told(tmp_path / "a.csv")
    assert "more than 4,096 columns" in said
    assert grown < 900


@pytest.mark.parametrize(
    "text",
    [
        "loss " * 300_000,
        "1/2 [" * 200_000,
        "100%|" * 200_000 + "\n" * 3,
        ("a" * 79 + "\r") * 50_000,
        "(" * 500_000,
        "tensor(" * 100_000 + "1",
        '"' * 500_001,
        "a=1 " * 100_000,
        " " * 1_000_000 + "x",
        "-" * 1_000_000,
        "1.1.1.1." * 100_000,
        "| " * 300_000,
        "x: " * 200_000,
        "\x1b[" * 200_000,
        "\x08" * 500_000 + "1",
        "━" * 300_000,
        ("word " * 8 + "1 ") * 40_000,
        "\n".join(f"name{i}: {i}" for i in range(20_000)),
        "\n".join("  " * (i % 500) + f"key{i}:" for i in range(15_000)),
        "\n".join("{" * 500 for _ in range(500)),
        "epoch 1 " + "0" * 1_000_000,
        "1" * 1_000_000 + "/" + "1" * 1_000_000,
        "a,b\n" + '"' + "x\n" * 300_000,
    ],
    ids=range(23),
)
def test_hostile_text_takes_seconds_at_most(tmp_path: Path, text: str) -> None:
    """No pattern goes back and forth over a long line, no structure grows with the square of the file."""
    (tmp_path / "a.log").write_text(text)
    started = time.process_time()
    read_all(tmp_path / "a.log")
    assert time.process_time() - started < 20


def test_memory_is_bounded_by_what_is_kept(tmp_path: Path) -> None:
    """Twenty-five megabytes of rows."""
    block = "".join(f"{i},0.123456,0.654321,0.5,0.5,0.5\n" for i in range(40_000))
    with (tmp_path / "a.csv").open("w") as file:
        file.write("step,a,b,c,d,e\n")
        for _ in range(15):
            file.write(block)
    said, grown = _told(tmp_path / "a.csv")
    assert "Run" in said
    assert grown < 900


def test_json_that_opens_up(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" + "[1,2,3]," * 9_000_000 + "1]")
    said, grown = _told(tmp_path / "a.json")
    assert "MiB" in said
    assert grown < 400


def test_secrets_in_a_log_are_dropped(tmp_path: Path) -> None:
    lines = "api_key=SECRET1 password: SECRET2\n" + "".join(
        f"epoch {i} loss {3 - i / 10}\n" for i in range(9)
    )
    (tmp_path / "a.log").write_text(lines)
    ((run,), _) = read_all(tmp_path / "a.log")
    assert "SECRET" not in json.dumps([dict(run.params), [curve.id for curve in run.curves]])
    assert all("SECRET" not in problem.what for problem in run.problems)
