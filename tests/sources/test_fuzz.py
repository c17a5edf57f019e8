"""Mutated, truncated and spliced event files: no crash, no hang, no intact record lost, none invented."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from curvedoctor.sources.tensorboard.decode import read_file
from curvedoctor.sources.tensorboard.records.framing import Records
from sources import events
from sources.contract import read_all

CASES_PER_SEED = 125


def original(rng: random.Random) -> list[bytes]:
    """Framed records of a small file: scalars of both kinds, text, several values, odd sizes."""
    found = [events.version()]
    for step in range(rng.randint(3, 25)):
        found.append(
            events.scalar(rng.choice(["loss", "a" * rng.randint(1, 300), "val/loss"]), step, rng.random())
        )
        if rng.random() < 0.2:
            found.append(events.tensor("t", step, events.float_tensor(rng.random())))
        if rng.random() < 0.1:
            found.append(events.text("config", "lr: 0.1\n" * rng.randint(1, 50)))
    return events.encode(found)


def mutate(rng: random.Random, records: list[bytes]) -> tuple[bytes, list[bytes]]:
    """A damaged file, and the framed records that survived in it whole."""
    data = bytearray(b"".join(records))
    #: the record that each byte belongs to; -1 once it was touched
    owner = [i for i, record in enumerate(records) for _ in record]
    damage(rng, data, owner)
    return bytes(data), [records[i] for i in _survivors(owner, records)]


def damage(rng: random.Random, data: bytearray, owner: list[int]) -> None:
    """Flip, cut, insert or overwrite bytes in place."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data)) if data else 0
        size = rng.choice([1, 1, 2, 4, 12, 16, 40, 200])
        action = rng.randrange(6)
        if action == 0 and data:  # flip
            data[at] ^= 1 << rng.randrange(8)
            owner[at : at + 1] = [-1]
        elif action == 1:  # truncate
            del data[at:], owner[at:]
        elif action == 2:  # cut out
            del data[at : at + size], owner[at : at + size]
        elif action in (3, 4):  # insert noise, or zeros
            data[at:at] = rng.randbytes(size) if action == 3 else bytes(size)
            owner[at:at] = [-1] * size
        else:  # overwrite with a piece of the file itself: headers in wrong places
            piece = bytes(data[:size])
            data[at : at + len(piece)] = piece
            owner[at : at + len(piece)] = [-1] * len(piece)


def _survivors(owner: list[int], records: list[bytes]) -> list[int]:
    whole: list[int] = []
    at = 0
    while at < len(owner):
        i = owner[at]
        if (
            i >= 0
            and owner[at : at + len(records[i])] == [i] * len(records[i])
            and (at == 0 or owner[at - 1] != i)
        ):
            whole.append(i)
            at += len(records[i])
        else:
            at += 1
    return whole


def _payload(record: bytes) -> bytes:
    return record[12:-4]


@pytest.mark.parametrize("seed", range(20))
def test_framing(seed: int) -> None:
    rng = random.Random(seed)
    for case in range(CASES_PER_SEED):
        records = original(rng)
        data, whole = mutate(rng, records)
        reader = Records(BytesIO(data))
        found = [payload for _, payload in reader]
        known = {_payload(record) for record in records}
        assert set(found) <= known, f"seed {seed} case {case}: a record that was never written"
        rest = iter(found)
        for record in whole:
            assert _payload(record) in rest, f"seed {seed} case {case}: an intact record is lost"
        for offset, what, _ in reader.problems:
            assert 0 <= offset <= len(data)
            assert what


@pytest.mark.parametrize("seed", range(3))
def test_whole_source(seed: int, tmp_path: Path) -> None:
    """Through walk, grouping and segments: damaged runs among good ones never raise."""
    rng = random.Random(1000 + seed)
    for case in range(30):
        data, _ = mutate(rng, original(rng))
        folder = tmp_path / f"{case}"
        folder.mkdir()
        (folder / events.name(number=case)).write_bytes(data)
    events.run(tmp_path / "good")
    runs, _ = read_all(tmp_path)
    assert "good" in [run.name for run in runs]
    assert len(runs) > 10


@pytest.mark.parametrize("seed", range(4))
def test_valid_frames_around_mutated_events(seed: int, tmp_path: Path) -> None:
    """Right checksums over nonsense: protobuf's errors, wrong types and odd values stay inside."""
    rng = random.Random(seed)
    for _ in range(60):
        records = []
        for record in original(rng):
            payload = bytearray(_payload(record))
            for _ in range(rng.randint(0, 3)):
                payload[rng.randrange(len(payload))] = rng.randrange(256)
            records.append(events.frame(bytes(payload)))
        path = tmp_path / events.name()
        path.write_bytes(b"".join(records))
        log = read_file(str(path))
        for steps, values, walls in log.series.values():
            assert len(steps) == len(values) == len(walls)
            assert values.dtype == np.float64
