"""Writing into `mlruns` folders: as MLflow lays them out, atomically, and taken back to the last folder."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from curvedoctor.sinks.mlflow.content import FILES, NOTE
from mlflow_lab import look, servers
from mlflow_lab.write import diagnoses, erase, statuses, write

#: runs by their names; what stands in the middle is in no run's id
CHOSEN = "[fnw]*[!0-9a-f]*"
FIELD = os.environ.get("CURVEDOCTOR_FIELD_LOGS")


@pytest.fixture
def store(filled_files, tmp_path: Path) -> Path:
    """A small copy to write to."""
    shutil.copytree(filled_files.uri, tmp_path / "mlruns")
    for meta in (tmp_path / "mlruns").rglob("meta.yaml"):
        meta.write_text(meta.read_text().replace(str(filled_files.folder), str(tmp_path)))
    return tmp_path / "mlruns"


def test_writes_and_takes_it_back(store: Path) -> None:
    before = look.files(store)
    found = diagnoses(str(store), experiment="hard", run=CHOSEN)
    foretold = write(found, dry_run=True, note=True)
    assert look.files(store) == before
    assert write(found, note=True) == foretold
    assert statuses(foretold) == {"written"}
    written = look.files(store)
    changed = {path for path in before if written[path] != before[path]}
    # the one run with a description of its own
    assert len(changed) == 1
    assert changed.pop().endswith(NOTE)
    new = {Path(path).name for path in set(written) - set(before)}
    assert new >= {*FILES, "curvedoctor", "curvedoctor.verdict", "curvedoctor.state"}
    assert statuses(write(diagnoses(str(store), experiment="hard", run=CHOSEN), note=True)) == {"unchanged"}
    assert look.files(store) == written
    assert statuses(erase(found, dry_run=True)) == {"removed"}
    assert look.files(store) == written
    assert statuses(erase(found)) == {"removed"}
    assert look.files(store) == before
    assert statuses(erase(found)) == {"absent"}


def test_mlflow_reads_what_was_written(store: Path) -> None:
    found = diagnoses(str(store), experiment="small")
    write(found, note=True)
    code = (
        "import sys; from mlflow import MlflowClient; c = MlflowClient(sys.argv[1]); r = "
        "c.get_run(sys.argv[2]);"
        "print(r.data.tags['curvedoctor.verdict'], len(c.list_artifacts(sys.argv[2], 'curvedoctor')))"
    )
    run_id = found[0].run.origin.key
    done = subprocess.run(
        [sys.executable, "-c", code, str(store), run_id],
        env=servers.quiet_environment(MLFLOW_ALLOW_FILE_STORE="true"), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.split() == [*found[0].state.split(), "3"]


KILLED = """
import sys, time, pathlib
from curvedoctor.sinks.mlflow import files as mlflow_files
from mlflow_lab.write import diagnoses, write
replace, count = pathlib.Path.replace, 0
def slow(self, target):
    global count
    count += 1
    if count == int(sys.argv[2]):
        print("now", flush=True)
        time.sleep(60)
    return replace(self, target)
pathlib.Path.replace = slow
write(diagnoses(sys.argv[1], experiment="small"), note=True)
"""


@pytest.mark.parametrize("writes", [2, 5, 8])
def test_killed_midway_the_next_call_finishes(store: Path, writes: int) -> None:
    """Killed at a rename: what is there is whole, the fingerprint is not, and the rest is made up for."""
    before = look.files(store)
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(store), str(writes)],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    found = diagnoses(str(store), experiment="small")
    assert "written" in statuses(write(found, note=True))
    assert statuses(write(found, note=True)) == {"unchanged"}
    for temporary in store.rglob(".curvedoctor-*"):
        temporary.unlink()  # the file that was being written when it was killed
    erase(found)
    assert look.files(store) == before


def test_a_store_without_write_permission(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told, not raised. (Taking the permission away would not keep root, who runs CI, from writing.)"""

    def refuse(*arguments: object, **more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(store))

    found = diagnoses(str(store), experiment="small")
    before = look.files(store)
    monkeypatch.setattr(Path, "mkdir", refuse)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    outcomes = write(found)
    assert statuses(outcomes) == {"refused"}
    assert "permission" in outcomes[0].what[0]
    assert look.files(store) == before


def test_a_link_out_of_the_run_is_not_followed(store: Path, tmp_path: Path) -> None:
    found = diagnoses(str(store), experiment="small")
    folder = Path(found[0].run.origin.paths[0])
    (tmp_path / "elsewhere").mkdir()
    shutil.rmtree(folder / "tags")
    (folder / "tags").symlink_to(tmp_path / "elsewhere")
    assert write(found)[0].status == "refused"
    assert not list((tmp_path / "elsewhere").iterdir())


if FIELD is not None:  # a folder of real logs, which not everybody has

    def test_real_stores_are_as_before(tmp_path: Path) -> None:
        for number, source in enumerate(sorted(Path(str(FIELD)).rglob("mlruns"))):
            store = tmp_path / str(number)
            shutil.copytree(source, store)
            subprocess.run(["chmod", "-R", "u+w", store], check=True)
            before = look.files(store)
            found = diagnoses(str(store))
            assert statuses(write(found, note=True)) == {"written"}
            assert statuses(write(diagnoses(str(store)), note=True)) == {"unchanged"}
            assert statuses(erase(found)) == {"removed"}
            assert look.files(store) == before


def test_it_is_quick(store: Path) -> None:
    """Repeating over a store that is annotated already costs reading, not drawing."""
    found = diagnoses(str(store), experiment="small")
    write(found)
    start = time.perf_counter()
    write(found)
    assert time.perf_counter() - start < 0.5
