"""The tab's routes, its worker, and everything that may go wrong around them, against real TensorBoards."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from curvedoctor_tensorboard.defence import known_host
from curvedoctor_tensorboard.places import Place, from_spec
from tensorboard_lab.logs import falling, turning, write
from tensorboard_lab.serving import Board


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    write(folder / "well", {"train/loss": falling(), "val/loss": falling(seed=2)})
    write(folder / "deep" / "ill", {"train/loss": falling(), "val/loss": turning()})
    return folder


def names(board: Board, count: int) -> list[str]:
    return sorted(row["run"] for row in board.diagnosed(count)["overview"]["rows"])


def post(board: Board, headers: Mapping[str, str], body: bytes = b"{}") -> tuple[int, dict[str, object]]:
    """(status, JSON) of a write request."""
    request = urllib.request.Request(
        f"{board.url}/data/plugin/curvedoctor/annotate", data=body, headers=dict(headers)
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_the_loader_is_light() -> None:
    """TensorBoard imports it at every start, and an exception there would end TensorBoard."""
    program = (
        "import sys; import tensorboard.plugins.base_plugin; before = set(sys.modules)\n"
        "import curvedoctor_tensorboard.loader\n"
        "print(sorted(m for m in set(sys.modules) - before if m.split('.')[0] in "
        "{'curvedoctor', 'scipy', 'numpy', 'curvedoctor_panel'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "fault",
    [
        "raise RuntimeError('broken on purpose')",
        "import sys; sys.exit(3)",
        "class DiagnosisPlugin:\n    def __init__(self, context): 1 / 0",
    ],
    ids=["import", "exit", "constructor"],
)
def test_a_broken_plugin_does_not_stop_tensorboard(logdir: Path, tmp_path: Path, fault: str) -> None:
    """Our package with its plugin module replaced by a fault stands before the real one."""
    import curvedoctor_tensorboard

    package = tmp_path / "broken" / "curvedoctor_tensorboard"
    package.mkdir(parents=True)
    for source in Path(str(curvedoctor_tensorboard.__file__)).parent.glob("*.py"):
        (package / source.name).write_bytes(source.read_bytes())
    (package / "plugin.py").write_text(fault)
    with Board(["--logdir", str(logdir)], env={"PYTHONPATH": str(package.parent)}) as board:
        board.until(lambda: board.get("plugin/scalars/tags").get("well"))
        assert "curvedoctor" not in board.get("plugins_listing")


def test_a_killed_worker_is_started_again(logdir: Path) -> None:
    with Board(["--logdir", str(logdir)]) as board:
        assert names(board, 2) == ["deep/ill", "well"]
        listed = subprocess.run(
            ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
        ).stdout
        (worker,) = [
            line.split()[0]
            for line in listed.splitlines()
            if "curvedoctor_tensorboard.worker" in line and line.split()[1] == str(board.process.pid)
        ]
        subprocess.run(["kill", "-9", worker], check=True)
        time.sleep(0.3)
        with pytest.raises(urllib.error.HTTPError) as refused:
            board.ours("runs")
        said = json.loads(gzip.decompress(refused.value.read()))["error"]
        refused.value.close()
        assert "ended with code -9" in said
        assert board.get("plugin/scalars/tags")["well"]
        assert names(board, 2) == ["deep/ill", "well"]


def test_the_worker_ends_with_tensorboard(logdir: Path) -> None:
    with Board(["--logdir", str(logdir)]) as board:
        names(board, 2)
        parent = board.process.pid
        board.process.kill()
        board.process.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            mine = [
                line
                for line in listed.splitlines()
                if "curvedoctor_tensorboard.worker" in line and str(logdir) in line
            ]
            if not mine:
                return
            time.sleep(0.1)
        raise AssertionError(f"the worker of {parent} outlived it: {mine}")


def test_asking_again_costs_nothing_and_growth_is_seen(logdir: Path) -> None:
    with Board(["--logdir", str(logdir)]) as board:
        first = board.diagnosed(2)
        again = board.ours("runs", version=first["version"])
        assert "overview" not in again and again["version"] == first["version"]
        stamps = {row["run"]: row["stamp"] for row in first["overview"]["rows"]}
        write(logdir / "new", {"train/loss": falling(seed=9)})
        later = board.diagnosed(3)
        assert {
            row["run"]: row["stamp"] for row in later["overview"]["rows"] if row["run"] in stamps
        } == stamps
        assert board.ours("run", key="new")["run"] == "new"


def test_unknown_runs_conditions_and_files_are_404(logdir: Path) -> None:
    with Board(["--logdir", str(logdir)]) as board:
        names(board, 2)
        for route in (
            "run?key=nobody",
            "explain?condition=../../etc/passwd",
            "static/x/../../plugin.py",
            "static/x/no.js",
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                board.raw(f"plugin/curvedoctor/{route}")
            assert refused.value.code == 404
            refused.value.close()
        assert board.ours("explain", condition="overfitting")["title"] == "Overfitting"


def test_logdir_spec(logdir: Path, tmp_path: Path) -> None:
    write(tmp_path / "more" / "x", {"train/loss": falling(seed=5), "val/loss": falling(seed=6)})
    spec = f"a:{logdir},b:{tmp_path / 'more'}"
    with Board(["--logdir_spec", spec], fast=False) as board:
        assert names(board, 3) == ["a/deep/ill", "a/well", "b/x"]
        assert board.ours("run", key="b/x")["run"] == "b/x"


def test_spec_is_split_as_tensorboard_does() -> None:
    assert from_spec("a:/one,/two,gs://bucket/x,b:gs://bucket/y") == [
        Place("/one", "a"), Place("/two"), Place("gs://bucket/x"), Place("gs://bucket/y", "b"),
    ]  # fmt: skip


def test_without_files_the_data_provider_serves_and_says_so(logdir: Path) -> None:
    """A TensorBoard that knows no directory: its plugin gets the data of a loader that does."""
    program = (
        "import sys, json, time\nfrom types import SimpleNamespace\n"
        "from tensorboard.backend.event_processing import data_ingester\n"
        "from tensorboard.data import provider\nfrom tensorboard.program import TensorBoard\n"
        "from tensorboard import default\nfrom curvedoctor_tensorboard.plugin import DiagnosisPlugin\n"
        "from curvedoctor_tensorboard.sampled import Feed\n"
        "board = TensorBoard(plugins=default.get_static_plugins())\n"
        "board.configure(['tensorboard', '--logdir', sys.argv[1], '--load_fast', 'false'])\n"
        "ingester = data_ingester.LocalDataIngester(board.flags)\ningester.start()\n"
        "plugin = DiagnosisPlugin(SimpleNamespace(logdir='', flags=None, "
        "data_provider=ingester.data_provider))\nfeed = Feed(ingester.data_provider, plugin._worker)\n"
        "for _ in range(100):\n    feed.look()\n    import gzip\n"
        "    found = json.loads(gzip.decompress(plugin._worker.ask({'want': 'runs'}).body))\n"
        "    if len(found['overview']['rows']) == 2: break\n    time.sleep(0.2)\n"
        "view = json.loads(gzip.decompress(plugin._worker.ask({'want': 'run', 'key': 'deep/ill'}).body))\n"
        "print(json.dumps([found['overview']['rows'], view['sampled']]))\nplugin._worker.stop()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(logdir)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows, said = json.loads(done.stdout.splitlines()[-1])
    assert {row["run"]: row["verdict"] for row in rows}["deep/ill"] == "sick"
    assert all(row["sampled"] for row in rows) and "sampled to 1000 points" in said


@pytest.fixture
def writable(logdir: Path) -> Iterator[Board]:
    with Board(["--logdir", str(logdir), "--curvedoctor_write"]) as board:
        names(board, 2)
        yield board


def test_writing_is_off_by_default(logdir: Path) -> None:
    with Board(["--logdir", str(logdir)]) as board:
        names(board, 2)
        assert board.ours("status")["token"] is None
        code, said = post(board, {"Content-Type": "application/json", "Origin": board.url})
        assert code == 403 and "--curvedoctor_write" in str(said["error"])
    assert not list(logdir.rglob("curvedoctor"))


def test_only_our_own_page_may_write(writable: Board, logdir: Path) -> None:
    token = writable.ours("status")["token"]
    good = {"Content-Type": "application/json", "Origin": writable.url, "X-Curvedoctor-Token": token}
    for wrong in (
        {"Origin": "http://evil.example"},
        {"Origin": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"X-Curvedoctor-Token": "guess"},
        {"X-Curvedoctor-Token": ""},
        {"Host": "rebound.example:6006", "Origin": "http://rebound.example:6006"},
    ):
        code, said = post(writable, {**good, **wrong})
        assert code == 403 and said["error"], wrong
    with pytest.raises(urllib.error.HTTPError) as refused:
        writable.ours("annotate")
    assert refused.value.code == 403
    refused.value.close()
    assert not list(logdir.rglob("curvedoctor"))
    code, said = post(writable, good, json.dumps({"keys": ["deep/ill"]}).encode())
    assert code == 200 and [item["status"] for item in said["outcomes"]] == ["written"]  # type: ignore[index,attr-defined]
    assert [path.parent.name for path in logdir.rglob("curvedoctor")] == ["ill"]
    assert writable.process.poll() is None


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:6006", True),
        ("127.0.0.1", True),
        ("[::1]:6006", True),
        ("192.168.0.7:6006", True),
        ("evil.example", False),
        ("localhost.evil.example:80", False),
        ("", False),
    ],
)
def test_hosts(host: str, known: bool) -> None:
    assert known_host(host, "") is known
    assert known_host("lab.example:6006", "lab.example")
