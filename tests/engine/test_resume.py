"""A scan that is killed keeps what it has, and goes on from there to the very same result."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from engine.logs import log_teams

#: imports everything once, then forks a process for each scan; each run takes some milliseconds to judge
#: and to write, so that a kill hits any moment of a scan
SCANS = """
import json, os, sys, time
from curvedoctor.cli import main
from curvedoctor.engine import judge, grouping, scan
from curvedoctor.reports import as_jsonl
original, render = judge._diagnose, as_jsonl.render
def slow(*given):
    time.sleep(0.004)
    return original(*given)
def slowly(results, look):
    for piece in render(results, look):
        yield piece
        time.sleep(0.004)
judge._diagnose, as_jsonl.render = slow, slowly
while line := sys.stdin.readline():
    said = json.loads(line)
    process = os.fork()
    if not process:
        grouping.JOB, os.environ["CURVEDOCTOR_CACHE"], sys.argv[1:] = said
        try:
            code = main()
        except SystemExit as error:
            code = error.code
        os._exit(int(code or 0))
    print(process, flush=True)
    sys.stdin.readline()
    print(os.waitpid(process, 0)[1], flush=True)
"""


class Scans:
    """Scans of `logs`, each in a process of its own."""

    def __init__(self, logs: Path, job: int, cache: str) -> None:
        self.said = job, cache, ["diagnose", str(logs), "--format", "jsonl", "--output"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCANS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, *arguments: str) -> int:
        """Start a scan; its process id."""
        job, cache, command = self.said
        stdin, stdout = self.pipes()
        stdin.write(json.dumps([job, cache, [*command, *arguments]]) + "\n")
        stdin.flush()
        return int(stdout.readline())

    def wait(self) -> int:
        """Its exit status, as `os.waitpid` gives it."""
        stdin, stdout = self.pipes()
        stdin.write("\n")
        stdin.flush()
        return int(stdout.readline())

    def pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdin, self.process.stdout


@pytest.fixture(params=[(64, "on"), (3, "on"), (4, "off")], ids=str)
def scans(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scans]:
    job, cache = request.param
    log_teams(tmp_path / "logs", ("a", "b", "c/d", "c/e", "f"))
    found = Scans(tmp_path / "logs", job, "off" if cache == "off" else str(tmp_path / "cache"))
    yield found
    found.pipes()[0].close()
    found.pipes()[1].close()
    found.process.wait()


def test_killed_at_ten_random_moments_and_resumed(scans: Scans, tmp_path: Path) -> None:
    whole, target = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    scans.said, said = (scans.said[0], "off", scans.said[2]), scans.said
    scans.start(str(whole))
    assert scans.wait() == 0
    scans.said = said
    assert len(whole.read_bytes().splitlines()) == 20
    rng = random.Random(0)
    sizes = []
    for attempt in range(10):
        before = size(target)
        process = scans.start(str(target), *(["--resume"] if attempt else []))
        deadline = time.monotonic() + 20
        while attempt % 3 and size(target) <= before < size(whole) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.03))
        os.kill(process, signal.SIGKILL)  # not waited for yet: its id is still its own
        scans.wait()
        sizes.append(size(target))
        if sizes[-1] and rng.random() < 0.5:  # a line that was half on its way
            target.write_bytes(target.read_bytes()[: -rng.randrange(1, 3000)])
        elif sizes[-1] == size(whole):  # the kill came too late: there must be something left to interrupt
            target.write_bytes(target.read_bytes()[: rng.randrange(1, size(whole))])
    scans.start(str(target), "--resume")
    assert scans.wait() == 0
    assert target.read_bytes() == whole.read_bytes()
    assert sum(0 < part < size(whole) for part in sizes) >= 3  # kills did interrupt


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
