"""Damaged files: each fault named with its place, every intact record used."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from curvedoctor.sources.tensorboard.decode import FileLog, read_file
from sources import events
from sources.contract import read_all

STEPS = list(range(30))


@pytest.fixture
def records() -> list[bytes]:
    return events.encode(
        [events.version(), *(events.scalar("loss", step, 1.0 / (1 + step)) for step in STEPS)]
    )


def _read(tmp_path: Path, data: bytes) -> FileLog:
    path = tmp_path / events.name()
    path.write_bytes(data)
    return read_file(str(path))


def _steps(log: FileLog) -> list[int]:
    return log.series["loss"][0].tolist()


def test_truncated_tail(tmp_path: Path, records: list[bytes]) -> None:
    log = _read(tmp_path, b"".join(records)[:-7])
    assert _steps(log) == STEPS[:-1]
    (problem,) = log.problems
    assert problem.offset == len(b"".join(records[:-1]))
    assert "7 bytes missing" in problem.what


def test_truncated_header(tmp_path: Path, records: list[bytes]) -> None:
    log = _read(tmp_path, b"".join(records[:-1]) + records[-1][:5])
    assert _steps(log) == STEPS[:-1]
    (problem,) = log.problems
    assert problem.offset == len(b"".join(records[:-1]))


def test_bad_payload_checksum(tmp_path: Path, records: list[bytes]) -> None:
    bad = bytearray(records[10])
    bad[20] ^= 1
    log = _read(tmp_path, b"".join([*records[:10], bytes(bad), *records[11:]]))
    assert _steps(log) == [step for step in STEPS if step != 9]
    (problem,) = log.problems
    assert problem.offset == len(b"".join(records[:10]))


def test_bad_length_resynchronizes(tmp_path: Path, records: list[bytes]) -> None:
    bad = bytearray(records[10])
    bad[0] ^= 0x7F
    log = _read(tmp_path, b"".join([*records[:10], bytes(bad), *records[11:]]))
    assert _steps(log) == [step for step in STEPS if step != 9]
    (problem,) = log.problems
    assert problem.offset == len(b"".join(records[:10]))
    assert str(len(records[10])) in problem.what


def test_bad_length_checksum_over_an_intact_record(tmp_path: Path, records: list[bytes]) -> None:
    bad = bytearray(records[10])
    bad[9] ^= 1
    log = _read(tmp_path, b"".join([*records[:10], bytes(bad), *records[11:]]))
    assert _steps(log) == STEPS
    assert len(log.problems) == 1


def test_zero_padding(tmp_path: Path, records: list[bytes]) -> None:
    log = _read(tmp_path, b"".join(records) + bytes(5000))
    assert _steps(log) == STEPS
    (problem,) = log.problems
    assert problem.offset == len(b"".join(records))
    assert problem.what == "zero padding: 5000 bytes"


@pytest.mark.parametrize("zeros", [1, 7, 12, 100, 3_000_000])
def test_records_behind_zeros_are_found(tmp_path: Path, records: list[bytes], zeros: int) -> None:
    log = _read(tmp_path, b"".join(records[:10]) + bytes(zeros) + b"".join(records[10:]))
    assert _steps(log) == STEPS
    assert len(log.problems) == 1


def test_records_behind_a_cut_record_are_found(tmp_path: Path, records: list[bytes]) -> None:
    """A crash in the middle of a write, then a restart that appends."""
    log = _read(tmp_path, b"".join(records[:10]) + records[10][:20] + b"".join(records[11:]))
    assert _steps(log) == [step for step in STEPS if step != 9]


def test_a_record_longer_than_any_scalar_is_passed_over(tmp_path: Path, records: list[bytes]) -> None:
    huge = events.frame(bytes(70 << 20))
    log = _read(tmp_path, b"".join(records[:10]) + huge + b"".join(records[10:]))
    assert _steps(log) == STEPS
    assert "skipped" in log.problems[0].what


@pytest.mark.parametrize(
    "content",
    [
        b"# Notes\n\nnot an event file\n",
        b"fileFormatVersion: 2\nguid: 0a\n",
        b"\x1f\x8b\x08 broken",
        bytes(70),
        b"x",
    ],
)
def test_no_event_file_at_all(tmp_path: Path, content: bytes) -> None:
    log = _read(tmp_path, content)
    assert not log.series
    (problem,) = log.problems
    assert "not an event file" in problem.what
    assert problem.offset == 0


def test_empty_file(tmp_path: Path) -> None:
    (problem,) = _read(tmp_path, b"").problems
    assert "empty" in problem.what


def test_version_record_only(tmp_path: Path, records: list[bytes]) -> None:
    (problem,) = _read(tmp_path, records[0]).problems
    assert "no scalar" in problem.what


def test_a_sparse_file_of_ten_gigabytes(tmp_path: Path, records: list[bytes]) -> None:
    path = tmp_path / "run" / events.name()
    path.parent.mkdir()
    with path.open("wb") as stream:
        stream.write(b"".join(records))
        stream.truncate(10 << 30)
    events.run(tmp_path / "good", wall=events.START + 1e5)
    began = time.monotonic()
    runs, _ = read_all(tmp_path)
    assert time.monotonic() - began < 10
    assert [run.name for run in runs] == ["good", "run"]
    assert "zero padding" in runs[1].problems[0].what


def test_hostile_headers_are_not_quadratic(tmp_path: Path) -> None:
    """Every 12 bytes a valid header that claims the rest of the file:
    each claim must not be checked in full."""
    size = 1 << 20
    header = events.frame(bytes(size // 2))[:12]
    began = time.monotonic()
    log = _read(tmp_path, header * (size // 12))
    assert time.monotonic() - began < 10
    assert not log.series


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed(
    tmp_path: Path, records: list[bytes], suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "run" / (events.name() + suffix)
    path.parent.mkdir()
    path.write_bytes(compress(b"".join(records)))
    ((run,), problems) = read_all(tmp_path)
    assert run.curves[0].steps.tolist() == STEPS
    assert not problems


def test_unknown_compression_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsspec.utils.infer_compression", lambda path: None)
    path = tmp_path / (events.name() + ".zst")
    path.write_bytes(b"\x28\xb5\x2f\xfd")
    (problem,) = read_file(str(path)).problems
    assert "install" in problem.what


def test_broken_compression_keeps_what_was_decompressed(tmp_path: Path) -> None:
    rng = random.Random(0)
    many = events.encode(
        [events.version(), *(events.scalar("loss", step, rng.random()) for step in range(20_000))]
    )
    path = tmp_path / (events.name() + ".gz")
    path.write_bytes(gzip.compress(b"".join(many))[:-2000])
    log = read_file(str(path))
    assert len(log.series["loss"][0]) > 1000
    assert log.problems
