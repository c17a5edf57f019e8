"""Runs of W&B: one really written by `wandb`, offline, is read point for point."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.model import Run
from curvedoctor.sources.wandb.records import HEADER
from sources.contract import SourceContract, read_all

WRITE = """
import json, sys, wandb
folder, spec = sys.argv[1], json.loads(sys.argv[2])
run = wandb.init(project="p", name=spec["name"], config=spec["config"], dir=folder, mode="offline",
                 settings=wandb.Settings(console="off", x_disable_stats=True, x_disable_meta=True))
for row in spec["rows"]:
    run.log({key: float(value) if isinstance(value, str) else value for key, value in row.items()})
run.finish()
"""


def _log(folder: Path, name: str, rows: list[dict[str, object]], config: dict[str, object]) -> Path:
    spec = json.dumps({"name": name, "rows": rows, "config": config})
    keep = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    homes = {"HOME": str(folder), "WANDB_CONFIG_DIR": str(folder / "c"), "WANDB_CACHE_DIR": str(folder / "c")}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WRITE, str(folder), spec],
        check=True, capture_output=True, timeout=180, env={**keep, **homes, "WANDB_SILENT": "true"},
    )  # fmt: skip
    (log,) = (folder / "wandb").glob("offline-run-*/run-*.wandb")
    return log


def _rows(count: int, seed: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for i in range(count):
        row: dict[str, object] = {"train/loss": float(rng.random()), "epoch": i // 10}
        if i % 7 == 0:
            row["val"] = {"loss": float(rng.random()), "acc": i / count}
        rows.append(row)
    rows[count // 2]["train/loss"] = "nan"
    rows[count // 2 + 1]["train/loss"] = "inf"
    return rows


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, object]]]:
    """A run of some blocks of 32 KiB."""
    pytest.importorskip("wandb")
    folder = tmp_path_factory.mktemp("wandb")
    rows = _rows(1500, 3)
    config = {"lr": 0.1, "batch_size": 32, "nested": {"optimizer": "sgd"}, "password": "hunter2"}
    return _log(folder, "nice", rows, config), rows


def _only(path: Path) -> Run:
    ((run,), problems) = read_all(path)
    assert not problems
    return run


def test_a_real_offline_run_point_for_point(written: tuple[Path, list[dict[str, object]]]) -> None:
    log, rows = written
    assert log.stat().st_size > 3 * 32768
    run = _only(log)
    curves = {curve.id: curve for curve in run.curves}
    assert set(curves) == {"train/loss", "val.loss", "val.acc", "epoch"}
    expected = np.array([float(str(row["train/loss"])) for row in rows])
    np.testing.assert_array_equal(curves["train/loss"].values, expected)
    np.testing.assert_array_equal(curves["train/loss"].steps, np.arange(len(rows)))
    val = [(i, row["val"]["loss"]) for i, row in enumerate(rows) if "val" in row]  # type: ignore[index]
    assert (
        list(zip(curves["val.loss"].steps.tolist(), curves["val.loss"].values.tolist(), strict=True)) == val
    )
    assert np.all(np.diff(curves["train/loss"].wall_times) >= 0)
    assert curves["train/loss"].wall_times[0] > 1.6e9


def test_its_hyperparameters(written: tuple[Path, list[dict[str, object]]]) -> None:
    assert _only(written[0]).params == {"lr": 0.1, "batch_size": 32, "optimizer": "sgd"}


def test_the_folder_that_wandb_makes(written: tuple[Path, list[dict[str, object]]]) -> None:
    """`latest-run` is a link to the same run, and its other files are no runs."""
    folder = written[0].parents[2]
    runs, _ = read_all(folder)
    assert [run.name for run in runs] == [f"wandb/{written[0].parent.name}"]


def test_a_log_that_is_cut_off_loses_only_its_end(
    written: tuple[Path, list[dict[str, object]]], tmp_path: Path
) -> None:
    log, rows = written
    data = log.read_bytes()
    for share in (0.3, 0.7, 0.95):
        (tmp_path / "run-cut.wandb").write_bytes(data[: int(share * len(data))])
        run = _only(tmp_path / "run-cut.wandb")
        (loss,) = [curve for curve in run.curves if curve.id == "train/loss"]
        assert 0.2 * share * len(rows) < len(loss) < len(rows)
        expected = [float(str(row["train/loss"])) for row in rows[: len(loss)]]
        np.testing.assert_array_equal(loss.values, expected)


def test_a_damaged_block_costs_that_block_only(
    written: tuple[Path, list[dict[str, object]]], tmp_path: Path
) -> None:
    log, rows = written
    data = bytearray(log.read_bytes())
    data[2 * 32768 + 500] ^= 0xFF
    (tmp_path / "run-bad.wandb").write_bytes(bytes(data))
    run = _only(tmp_path / "run-bad.wandb")
    assert any("checksum" in problem.what for problem in run.problems)
    (loss,) = [curve for curve in run.curves if curve.id == "train/loss"]
    assert 0.6 * len(rows) < len(loss) < len(rows)
    assert loss.steps[-1] == len(rows) - 1


def test_what_is_no_record_log_says_so(tmp_path: Path) -> None:
    for content in (b"", b"hello", b":W&B", HEADER.pack(b":W&B", 1, 0) + b"x" * 100):
        (tmp_path / "run-x.wandb").write_bytes(content)
        runs, problems = read_all(tmp_path / "run-x.wandb")
        assert not runs
        assert problems


def test_only_a_summary_is_said(tmp_path: Path) -> None:
    (tmp_path / "run-1" / "files").mkdir(parents=True)
    (tmp_path / "run-1" / "files" / "wandb-summary.json").write_text('{"loss": 0.3}')
    runs, problems = read_all(tmp_path)
    assert not runs
    assert any("last values" in problem.what for problem in problems)


def test_the_history_of_older_versions(tmp_path: Path) -> None:
    """Before the record log, wandb left JSON Lines."""
    rows = [{"loss": 3 - i / 10, "_step": i, "_runtime": i * 2.5, "_timestamp": 1.6e9 + i} for i in range(9)]
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "wandb-history.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "run-1" / "wandb-summary.json").write_text('{"loss": 0.3}')
    ((run,), _) = read_all(tmp_path)
    (loss,) = [curve for curve in run.curves if curve.id == "loss"]
    assert loss.steps.tolist() == list(range(9))
    assert loss.wall_times.tolist() == [1.6e9 + i for i in range(9)]


def _varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _record(kind: int, items: dict[str, object], step: int) -> bytes:
    body = b"".join(
        _field(1, _field(1, key.encode()) + _field(16, json.dumps(value).encode()))
        for key, value in items.items()
    )
    return _field(kind, body + (_field(2, b"\x08" + _varint(step)) if kind == 2 else b""))


def framed(records: list[bytes]) -> bytes:
    """A record log by hand, for what wandb itself would not write."""
    out = bytearray(HEADER.pack(b":W&B", 0xBEE1, 0))
    for record in records:
        first = True
        while True:
            room = 32768 - len(out) % 32768
            if room < 7:
                out += bytes(room)
                continue
            part, record = record[: room - 7], record[room - 7 :]
            kind = (1 if first else 4) if not record else (2 if first else 3)
            out += zlib.crc32(part, zlib.crc32(bytes([kind]))).to_bytes(4, "little")
            out += len(part).to_bytes(2, "little") + bytes([kind]) + part
            first = False
            if not record:
                break
    return bytes(out)


@pytest.mark.parametrize("size", [10, 32750, 100_000])
def test_records_across_blocks(tmp_path: Path, size: int) -> None:
    rows = [_record(2, {"loss": 1 / (i + 1), "note": "x" * size}, 5 * i) for i in range(6)]
    (tmp_path / "run-x.wandb").write_bytes(framed(rows))
    (curve,) = _only(tmp_path / "run-x.wandb").curves
    assert curve.steps.tolist() == [0, 5, 10, 15, 20, 25]
    assert curve.values.tolist() == [1 / (i + 1) for i in range(6)]
    assert math.isnan(curve.wall_times[0])


class TestWandb(SourceContract):
    reader_name = "wandb"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        for name in ("b", "a"):
            folder = tmp_path / "logs" / f"offline-run-1-{name}"
            folder.mkdir(parents=True)
            rows = [_record(2, {"train/loss": 1 / (i + 1)}, i) for i in range(20)]
            (folder / f"run-{name}.wandb").write_bytes(framed(rows))
        return str(tmp_path / "logs")

    @pytest.fixture
    def damaged(self, populated: str) -> str:
        shutil.copytree(Path(populated, "offline-run-1-a"), Path(populated, "offline-run-1-c"))
        log = Path(populated, "offline-run-1-c", "run-a.wandb")
        log.write_bytes(log.read_bytes()[:-5])
        return populated
