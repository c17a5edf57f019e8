"""The batched reader gives what the per-record reader gives, on sound files and on damaged ones."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.histogram_pb2 import HistogramProto
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

from curvedoctor.sources.tensorboard import fast
from curvedoctor.sources.tensorboard.batches import chain, known
from curvedoctor.sources.tensorboard.batches.chain import length_checksums
from curvedoctor.sources.tensorboard.decode import FileLog, read_file
from curvedoctor.sources.tensorboard.records import crc
from sources import events
from sources.test_fuzz import damage, original


@pytest.fixture(params=[2 << 20, 3000], ids=["one batch", "many batches"])
def capacity(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes per batch: small ones put a batch's end everywhere."""
    size = int(request.param)
    monkeypatch.setattr(fast, "CAPACITY", size)
    monkeypatch.setattr(fast, "_LARGE", size // 2)
    monkeypatch.setattr(fast._local, "arena", fast._Arena(), raising=False)
    monkeypatch.setattr(known, "_shapes", {})
    monkeypatch.setattr(chain, "REGULAR", size // 8)
    return size


@pytest.fixture(params=["hardware", "numpy"])
def checksum(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        for module in ("batches.rows", "records.framing", "fast"):
            monkeypatch.setattr(f"curvedoctor.sources.tensorboard.{module}.crc32c", lambda: crc.numpy_crc32c)
    return str(request.param)


def assert_same(one: FileLog, other: FileLog, damage: bool = True) -> None:
    assert one.path == other.path
    assert set(one.series) == set(other.series)
    for tag, points in one.series.items():
        for ours, theirs in zip(points, other.series[tag], strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs, err_msg=tag)
    assert (one.texts, one.hparams, one.starts, one.ours) == (
        other.texts,
        other.hparams,
        other.starts,
        other.ours,
    )
    if damage:
        np.testing.assert_equal(one.first_time, other.first_time)
        assert one.problems == other.problems
        assert one.records == other.records
        assert one.end == other.end


def _tag(rng: random.Random) -> str:
    return rng.choice(["loss", "acc", "val/loss", "train/accuracy", "Ünicode", "x" * 200, "lr"])


def _event(rng: random.Random, step: int) -> Event:
    """Any record that a writer may leave, the usual ones more often."""
    tag, wall = _tag(rng), events.START + step * rng.choice([0.1, 1, 100])
    kind = rng.randrange(24)
    if kind < 10:
        return events.scalar(tag, step, rng.choice([rng.random(), float("nan"), float("inf"), -0.0]), wall)
    if kind < 14:
        return events.tensor(
            tag, step, events.float_tensor(rng.random()), rng.choice(["scalars", "scalars", None]), wall
        )
    if kind == 14:
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in rng.choice([[], [1], [2]])])
        dtype = rng.choice([1, 2, 3, 9, 10, 14, 19, 23])
        width = {1: 4, 2: 8, 3: 4, 9: 8, 10: 1, 14: 2, 19: 2, 23: 8}[dtype]
        return events.tensor(
            tag,
            step,
            TensorProto(dtype=dtype, tensor_shape=shape, tensor_content=rng.randbytes(width)),
            wall=wall,
        )
    if kind == 15:
        return events.tensor(
            tag,
            step,
            TensorProto(dtype=2, tensor_shape=TensorShapeProto(), double_val=[rng.random()]),
            wall=wall,
        )
    if kind == 16:
        return events.text("config/" + tag, "lr: 0.1\n" * rng.randint(1, 80))
    if kind == 17:
        return events.hparams({"lr": rng.random()})
    if kind == 18:
        return events.start(step)
    event = events.scalar(tag, step, 0.0, wall)
    if kind == 19:  # several values, at times two of one curve
        event.summary.CopyFrom(
            Summary(value=[Summary.Value(tag=_tag(rng), simple_value=rng.random()) for _ in range(3)])
        )
    elif kind in (20, 21):
        sizes = [rng.random() for _ in range(rng.choice([3, 30, 200]))]
        event.summary.CopyFrom(
            Summary(value=[Summary.Value(tag=tag, histo=HistogramProto(bucket=sizes, bucket_limit=sizes))])
        )
    elif kind == 22:
        event.summary.CopyFrom(
            Summary(
                value=[Summary.Value(tag=tag, image=Summary.Image(encoded_image_string=rng.randbytes(900)))]
            )
        )
    else:
        event = Event(wall_time=wall, step=step, graph_def=rng.randbytes(rng.choice([10, 500, 5000])))
    return event


def _records(rng: random.Random) -> list[bytes]:
    """A regular log with irregular records strewn in, of one of several mixtures."""
    start = rng.choice([0, 0, 0, 100, 16_000, 2**30, 2**56, 2**63 - 500, -(2**40)])
    found = [events.version(writer=rng.choice([None, "tensorboard.summary"]))] if rng.random() < 0.9 else []
    odd = rng.choice([0, 0, 0.05, 1])
    for step in range(start, start + rng.randint(1, 150)):
        if rng.random() < odd:
            found.append(_event(rng, step))
        else:
            found += [
                events.scalar(tag, step, rng.random(), events.START + step % 1000)
                for tag in ("loss", "acc", "val/loss")
            ]
    return events.encode(found)


def _save(folder: Path, contents: list[bytes]) -> list[str]:
    paths = [folder / f"events.out.tfevents.{i}" for i in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


@pytest.mark.parametrize("seed", range(4))
def test_sound_files(tmp_path: Path, seed: int, capacity: int, checksum: str) -> None:
    rng = random.Random(seed)
    paths = _save(tmp_path, [b"".join(_records(rng)) for _ in range(12)])
    for one, other in zip(map(read_file, paths), fast.read_files(paths), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_files(tmp_path: Path, seed: int, capacity: int) -> None:
    """Many damaged files side by side in one arena, and large ones in pieces:
    each fault stays in its file."""
    rng = random.Random(seed)
    contents = []
    for _ in range(40):
        content = bytearray(b"".join(_records(rng) if rng.random() < 0.5 else original(rng)))
        if rng.random() < 0.8:
            damage(rng, content, [])
        contents.append(bytes(content))
    paths = _save(tmp_path, contents)
    for one, other in zip(map(read_file, paths), fast.read_files(paths), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("seed", range(3))
def test_nonsense_in_sound_frames(tmp_path: Path, seed: int, capacity: int) -> None:
    """Records passed over unread are not parsed, so that only what becomes of scalars is compared."""
    rng = random.Random(seed)
    contents = []
    for _ in range(30):
        frames = []
        for record in _records(rng):
            payload = bytearray(record[12:-4])
            if rng.random() < 0.3:
                payload[rng.randrange(len(payload))] = rng.randrange(256)
            frames.append(events.frame(bytes(payload)))
        contents.append(b"".join(frames))
    paths = _save(tmp_path, contents)
    for one, other in zip(map(read_file, paths), fast.read_files(paths), strict=True):
        assert_same(one, other, damage=False)


def test_what_is_no_event_file_beside_what_is(tmp_path: Path, capacity: int) -> None:
    good = b"".join(_records(random.Random(1)))
    contents = [good, b"", b"# notes\n", good, bytes(5000), good[:30], good + bytes(100), b"x" * 4000, good]
    paths = [*_save(tmp_path, contents), str(tmp_path / "missing")]
    for one, other in zip(map(read_file, paths), fast.read_files(paths), strict=True):
        assert_same(one, other)


def test_a_hundred_megabytes_with_damage_at_batch_boundaries(tmp_path: Path) -> None:
    rng = random.Random(0)
    block = events.encode(
        [
            events.scalar(tag, 1000 + s, rng.random())
            for s in range(4000)
            for tag in ("loss", "acc", "val/loss")
        ]
    )
    data = bytearray(
        b"".join(events.encode([events.version()]) + block * (100_000_000 // sum(map(len, block)) + 1))
    )
    repeats = 100_000_000 // sum(map(len, block)) + 1
    starts = np.cumsum(
        [0, len(data) - repeats * sum(map(len, block)), *([len(record) for record in block] * repeats)]
    )
    broken: set[int] = set()
    for boundary in range(fast.CAPACITY, len(data), 4 * fast.CAPACITY):
        for nudge in (-30, 0, 40):
            at = boundary + nudge
            broken.add(int(np.searchsorted(starts, at, side="right")) - 1)
            data[at] ^= 0x55
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(data)
    (log,) = fast.read_files([str(path)])
    points = sum(len(steps) for steps, _, _ in log.series.values())
    assert len(data) >= 100_000_000
    assert points == len(starts) - 1 - 1 - len(broken)
    assert log.records == len(starts) - 1 - len(broken)
    assert log.problems


def test_made_up_tags_do_not_fill_memory(tmp_path: Path) -> None:
    rng = random.Random(0)
    found = [events.scalar(f"tag{i:06}", step, rng.random()) for i in range(3000) for step in range(5)]
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"".join(events.encode(found)))
    (log,) = fast.read_files([str(path)])
    assert_same(read_file(str(path)), log)
    assert sum(len(shape.templates) for shapes in known._shapes.values() for shape in shapes) < 200


def test_hundreds_of_tags_of_one_length(tmp_path: Path) -> None:
    rng = random.Random(0)
    tags = [f"layer_{i:03}/norm" for i in range(300)]
    found = [
        events.scalar(tag, step, rng.random()) for step in range(100, 160) for tag in rng.sample(tags, 250)
    ]
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"".join(events.encode(found)))
    for _ in range(2):
        assert_same(read_file(str(path)), fast.read_files([str(path)])[0])


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 255, 256, 257, 5000])
def test_numpy_checksum(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert crc.numpy_crc32c(data) == crc.crc32c()(data)
    assert crc.unmask(crc.mask(crc.numpy_crc32c(data))) == crc.numpy_crc32c(data)


def test_checksums_of_lengths() -> None:
    lengths = np.array([0, 1, 255, 256, 70_000, 2**24 + 5, 2**32 - 1], np.uint32)
    expected = [crc.mask(crc.crc32c()(int(n).to_bytes(8, "little"))) for n in lengths]
    assert length_checksums(lengths).tolist() == expected
