"""The other readers: what they cost until every point is in the caller's hands."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sources.accumulator import stock_points

#: seconds after which a peer is given up
PATIENCE = 600


def stock(paths: Sequence[str]) -> int:
    """`EventAccumulator`, uncapped."""
    return sum(len(steps) for path in paths for steps, _, _ in stock_points(path).values())


def tbparse(paths: Sequence[str]) -> int:
    """tbparse into pandas frames."""
    from tbparse import SummaryReader

    points = 0
    for path in paths:
        reader = SummaryReader(path, event_types={"scalars", "tensors"})
        points += len(reader.scalars) + len(reader.tensors)
    return points


def floor(paths: Sequence[str]) -> int:
    """The bytes alone, into one reused buffer: nobody can be faster."""
    buffer = bytearray(2 << 20)
    for path in paths:
        with open(path, "rb", buffering=0) as stream:
            while stream.readinto(buffer):
                pass
    return -1


def rustboard(root: Path, expected: int) -> tuple[float, float]:
    """Wall and processor seconds of TensorBoard's data server: load,
    then ReadScalars of all runs over gRPC."""
    import grpc
    import tensorboard_data_server
    from tensorboard.data.proto import data_provider_pb2 as messages
    from tensorboard.data.proto.data_provider_pb2_grpc import TensorBoardDataProviderStub

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        port_file = Path(scratch, "port")
        command = [
            tensorboard_data_server.server_binary(), "--logdir", str(root), "--reload", "once", "--port", "0",
            "--port-file", str(port_file), "--checksum", "--samples-per-plugin", "scalars=all",
        ]  # fmt: skip
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
            try:
                while not (port_file.exists() and port_file.read_text().strip()):
                    time.sleep(0.002)
                unlimited = ("grpc.max_receive_message_length", -1)
                with grpc.insecure_channel(
                    f"127.0.0.1:{port_file.read_text().strip()}", options=[unlimited]
                ) as channel:
                    stub = TensorBoardDataProviderStub(channel)
                    while _serve(stub, messages) < expected:
                        if time.perf_counter() - began > PATIENCE:
                            raise TimeoutError(
                                f"RustBoard served fewer than {expected} points in {PATIENCE} s"
                            )
                        time.sleep(0.05)
            finally:
                server.terminate()
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime + time.process_time() - own
    return wall, processor


def _serve(stub: object, messages: object) -> int:
    """All scalars of all runs, as a plugin gets them."""
    request = messages.ReadScalarsRequest(experiment_id="", downsample=messages.Downsample(num_points=10**9))  # type: ignore[attr-defined]
    request.plugin_filter.plugin_name = "scalars"
    answer = stub.ReadScalars(request)  # type: ignore[attr-defined]
    return sum(len(tag.data.step) for run in answer.runs for tag in run.tags)


Peer = Callable[[Sequence[str]], int]
PEERS: dict[str, Peer] = {"EventAccumulator": stock, "tbparse": tbparse, "page-cache floor": floor}
