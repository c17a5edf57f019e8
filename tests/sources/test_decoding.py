"""Every way in which a writer may store one number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

from curvedoctor.sources.tensorboard.decode import FileLog, read_file
from sources import events

NUMBERS = {
    "float": (1, np.float32(0.1), "float_val"),
    "double": (2, np.float64(0.1), "double_val"),
    "int32": (3, np.int32(-7), "int_val"),
    "uint8": (4, np.uint8(200), "int_val"),
    "int16": (5, np.int16(-300), "int_val"),
    "int8": (6, np.int8(-3), "int_val"),
    "int64": (9, np.int64(-(2**40)), "int64_val"),
    "bool": (10, np.bool_(True), "bool_val"),
    "uint16": (17, np.uint16(60000), "int_val"),
    "uint32": (22, np.uint32(4_000_000_000), "uint32_val"),
    "uint64": (23, np.uint64(2**63), "uint64_val"),
    "half": (19, np.float16(0.1), "half_val"),
    # numpy has no bfloat16: these are its bits, the upper half of a float's
    "bfloat16": (14, np.uint16(0x3DCD), "half_val"),
}


def _log(tmp_path: Path, *found: Event) -> FileLog:
    return read_file(str(events.write(tmp_path / events.name(), [events.version(), *found])))


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("typed", [False, True], ids=["tensor_content", "typed field"])
@pytest.mark.parametrize("kind", NUMBERS)
def test_every_numeric_type(tmp_path: Path, kind: str, typed: bool, shape: tuple[int, ...]) -> None:
    number, value, name = NUMBERS[kind]
    proto = TensorProto(
        dtype=number, tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in shape])
    )
    if typed:
        bits = int(np.asarray(value).view(np.uint16)) if name == "half_val" else value.item()
        getattr(proto, name).append(bits)
    else:
        proto.tensor_content = value.tobytes()
    log = _log(tmp_path, events.tensor("x", 3, proto), events.tensor("x", 4, proto, plugin=None))
    assert log.series["x"][0].tolist() == [3, 4]
    expected = 0.10009765625 if kind == "bfloat16" else float(value)
    assert log.series["x"][1].tolist() == [expected] * 2


@pytest.mark.parametrize(
    "proto",
    [
        TensorProto(
            dtype=1, tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=2)]), float_val=[1, 2]
        ),
        TensorProto(dtype=7, string_val=[b"text"]),
        TensorProto(dtype=8, scomplex_val=[1, 2]),
        TensorProto(dtype=1, tensor_content=b"123"),
        TensorProto(dtype=1, tensor_shape=TensorShapeProto(unknown_rank=True), float_val=[1]),
    ],
    ids=["two numbers", "text", "complex", "wrong size", "unknown rank"],
)
def test_what_is_not_one_number_is_no_curve(tmp_path: Path, proto: TensorProto) -> None:
    log = _log(tmp_path, events.tensor("x", 0, proto), events.scalar("y", 0, 1.0))
    assert set(log.series) == {"y"}


@pytest.mark.parametrize("plugin", ["histograms", "images", "pr_curves", "custom_scalars", "curvedoctor"])
def test_tensors_of_other_plugins_are_no_curves(tmp_path: Path, plugin: str) -> None:
    proto = events.float_tensor(1.0)
    log = _log(tmp_path, events.tensor("x", 0, proto, plugin), events.tensor("x", 1, proto, plugin))
    assert not log.series


def test_hostile_numbers_stay_as_logged(tmp_path: Path) -> None:
    values = [float("nan"), float("inf"), float("-inf"), 1e38, -0.0]
    found = [events.scalar("x", 2**63 - 1 - i, value, 1.0) for i, value in enumerate(values)]
    double = TensorProto(dtype=2, tensor_shape=TensorShapeProto(), double_val=[1e300])
    log = _log(tmp_path, *found, events.tensor("d", -(2**63), double))
    np.testing.assert_array_equal(log.series["x"][1], np.float64(np.float32(values)))
    assert np.signbit(log.series["x"][1][-1])
    assert log.series["x"][0].tolist() == [2**63 - 1 - i for i in range(len(values))]
    assert log.series["d"][0].tolist() == [-(2**63)]
    assert log.series["d"][1].tolist() == [1e300]


def test_hostile_tags_stay_as_logged(tmp_path: Path) -> None:
    tags = ["loss 🎉", "a\nb", "\x1b[31mred", "x" * 10_000, "", "../../etc/passwd", "<script>"]
    log = _log(tmp_path, *(events.scalar(tag, 1, 2.0) for tag in tags))
    assert set(log.series) == set(tags)


def test_no_version_record_and_no_wall_time(tmp_path: Path) -> None:
    found = [events.scalar("loss", step, 1.0, 0.0) for step in range(5)]
    log = read_file(str(events.write(tmp_path / "events.out.tfevents", found)))
    assert log.series["loss"][0].tolist() == [0, 1, 2, 3, 4]
    assert not log.problems


def test_a_framed_record_that_is_no_event_is_dropped_and_named(tmp_path: Path) -> None:
    records = events.encode([events.version(), events.scalar("loss", 1, 1.0), events.scalar("loss", 2, 1.0)])
    bad = events.frame(b"\xff\xff\xff\xff\xff")
    path = tmp_path / events.name()
    path.write_bytes(records[0] + records[1] + bad + records[2])
    log = read_file(str(path))
    assert log.series["loss"][0].tolist() == [1, 2]
    assert [problem.offset for problem in log.problems] == [len(records[0]) + len(records[1])]
