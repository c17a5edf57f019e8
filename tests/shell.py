"""Real logs, written by TensorBoard's own writer, and ways to run the program on them."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curvedoctor.demo.log import Log

LENGTH = 120


@dataclass(frozen=True)
class Ran:
    """What a run of the program did."""

    code: int
    out: str
    err: str


def write(
    folder: Path, curves: Mapping[str, object], params: Mapping[str, str | int | float] | None = None
) -> None:
    """One run: curves of values, or of (steps, values)."""
    with Log(folder) as log:
        if params:
            log.hyperparameters(params)
        for tag, values in curves.items():
            steps, points = values if isinstance(values, tuple) else (range(len(values)), values)  # type: ignore[arg-type]
            for step, value in zip(steps, points, strict=True):
                log.scalars(int(step), {tag: float(value)})


def falling(length: int = LENGTH, floor: float = 0.3, seed: int = 0) -> np.ndarray:
    """A healthy descent."""
    noise = np.random.default_rng(seed).standard_normal(length)
    return (floor + 2 * np.exp(-12 * np.linspace(0, 1, length))) * np.exp(0.005 * noise)


def write_nan(folder: Path) -> None:
    """A loss that becomes NaN at step 60: an error by any judgement."""
    values = falling()
    values[60:] = np.nan
    write(folder, {"train/loss": values}, {"lr": 0.5, "optimizer": "sgd"})


def write_healthy(folder: Path) -> None:
    """Training and validation fall together to a floor."""
    write(
        folder,
        {"train/loss": falling(floor=0.30), "val/loss": falling(floor=0.32, seed=1)},
        {"lr": 0.1, "optimizer": "sgd", "lr_schedule": "cosine", "batch_size": 64},
    )


def write_short(folder: Path) -> None:
    """A run of one point."""
    write(folder, {"train/loss": [2.3]})


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a user does."""
    command = [sys.executable, "-m", "curvedoctor", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


def at_terminal(
    columns: int, *arguments: object, err_to_pipe: bool = False, **variables: str
) -> tuple[str, str]:
    """What the program shows on a real terminal: everything, and stderr alone if it goes to a pipe."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-m", "curvedoctor", *(str(argument) for argument in arguments)],
        stdin=follower, stdout=follower, stderr=subprocess.PIPE if err_to_pipe else follower,
        env={**os.environ, "TERM": "xterm", **variables}, close_fds=True,
    )  # fmt: skip
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
    err = child.stderr.read() if child.stderr else b""
    child.wait(timeout=60)
    if child.stderr:
        child.stderr.close()
    os.close(leader)
    return shown.decode(), err.decode()
