"""`RUN/curvedoctor/`: written, replaced, repaired, removed, in both of TensorBoard's loaders."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

from curvedoctor.model import Origin
from curvedoctor.sinks.base import Outcome, WriteOptions
from curvedoctor.sinks.tensorboard import SINK, content
from curvedoctor.sinks.tensorboard import file as tensorboard_file
from curvedoctor.sinks.tensorboard.content import overlaid
from curvedoctor.sources import find_all, load_units
from curvedoctor.sources.base import Unit
from panel import samples
from tensorboard_lab.logs import Writer, broken, falling, write
from tensorboard_lab.notes import SICK, WELL, annotate, annotate_often, at, clean
from tensorboard_lab.serving import Board

BOTH = pytest.mark.parametrize("fast", [True, False], ids=["data-server", "python-loader"])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ours(logdir: Path, name: str = "one") -> Path:
    (path,) = (logdir / name / "curvedoctor").glob("events*")
    return path


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    write(tmp_path / "one", {"train/loss": falling(), "val/loss": falling(seed=3)})
    return tmp_path


def texts(path: Path) -> list[str]:
    """What TensorBoard's own reader finds under our text tag."""
    events = EventAccumulator(str(path), size_guidance={"tensors": 0}).Reload()
    return [item.tensor_proto.string_val[0].decode() for item in events.Tensors("diagnosis")]


def test_written_once_then_unchanged(logdir: Path) -> None:
    before = contents(logdir)
    assert annotate(at(SICK(), logdir)).status == "written"
    after = contents(logdir)
    assert {name: data for name, data in after.items() if "curvedoctor/" not in name} == before
    assert annotate(at(SICK(), logdir)).status == "unchanged"
    assert contents(logdir) == after


def test_a_changed_diagnosis_replaces_the_former(logdir: Path) -> None:
    annotate(at(SICK(), logdir), hparams=True)
    size = ours(logdir).stat().st_size
    assert annotate(at(WELL(), logdir)).status == "written"
    assert ours(logdir).stat().st_size > size, "the file must only ever be appended to"
    (text,) = texts(ours(logdir).parent)
    assert text.startswith("# Fine")
    events = EventAccumulator(str(ours(logdir).parent), size_guidance={"tensors": 0}).Reload()
    (level,) = events.Tensors("severity")
    assert level.tensor_proto.float_val == [0.0], "what was written once is written again, or it would stay"


def test_dry_run_changes_nothing_and_says_what_would(logdir: Path) -> None:
    before = contents(logdir)
    outcome = annotate(at(SICK(), logdir), dry_run=True, hparams=True)
    assert outcome.status == "written" and "verdict=3, severity=2" in "\n".join(outcome.what)
    assert contents(logdir) == before and not (logdir / "one" / "curvedoctor").exists()
    annotate(at(SICK(), logdir))
    held = contents(logdir)
    assert clean(logdir, dry_run=True).status == "removed"
    assert contents(logdir) == held


def test_clean_leaves_the_store_as_it_was(logdir: Path) -> None:
    before = contents(logdir)
    annotate(at(SICK(), logdir))
    assert clean(logdir).status == "removed"
    assert contents(logdir) == before and not (logdir / "one" / "curvedoctor").exists()
    assert clean(logdir).status == "absent"


@pytest.mark.parametrize("kind", ["file", "foreign events", "link", "sub-directory", "a file in its place"])
def test_what_is_not_ours_is_refused(
    logdir: Path, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = logdir / "one" / "curvedoctor"
    if kind == "link":
        folder.symlink_to(tmp_path_factory.mktemp("elsewhere"))
    elif kind == "a file in its place":
        folder.write_text("mine")
    else:
        folder.mkdir()
        if kind == "file":
            (folder / "notes.txt").write_text("mine")
        elif kind == "sub-directory":
            (folder / "events.out.tfevents.1.curvedoctor").mkdir()
        else:
            made = write(folder, {"loss": falling()})
            made.rename(folder / "events.out.tfevents.1700000000.curvedoctor")
    before = contents(logdir)
    for outcome in (annotate(at(SICK(), logdir)), clean(logdir)):
        assert outcome.status == "refused" and "curvedoctor" in outcome.what[0]
    assert contents(logdir) == before


def test_runs_that_cannot_be_written_say_why(logdir: Path) -> None:
    there = at(SICK(), logdir)
    mixed = replace(
        there, run=replace(there.run, origin=replace(there.run.origin, read_only="2 runs are mixed"))
    )
    assert annotate(mixed) == Outcome("one", "refused", ("2 runs are mixed",))
    remote = replace(there, run=replace(there.run, origin=Origin("tensorboard", "s3://bucket/logs", "one")))
    assert annotate(remote).status == "refused"
    assert annotate(at(SICK(), logdir, "gone")).status == "failed"
    assert not (logdir / "gone").exists()


def test_a_directory_that_refuses_is_a_failure_of_that_run_only(
    logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(logdir / "two", {"train/loss": falling()})
    mkdir = Path.mkdir

    def refusing(self: Path, *arguments: Any, **options: Any) -> None:
        if self.parent.name == "one":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        mkdir(self, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", refusing)
    outcomes = SINK.annotate([at(SICK(), logdir), at(SICK(), logdir, "two")], WriteOptions())
    assert [(outcome.run, outcome.status) for outcome in outcomes] == [("one", "failed"), ("two", "written")]


def test_our_own_file_is_no_run(logdir: Path) -> None:
    annotate(at(SICK(), logdir))
    units = [unit for unit in find_all([str(logdir)]) if isinstance(unit, Unit)]
    assert [item.name for item in load_units(units)] == ["one"]  # type: ignore[union-attr]


@pytest.mark.parametrize("cut", [1, 7, 300, 3_000])
def test_a_damaged_tail_of_ours_is_repaired(logdir: Path, cut: int) -> None:
    annotate(at(SICK(), logdir))
    path = ours(logdir)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert annotate(at(SICK(), logdir)).status == "written"
    assert len(texts(path.parent)) == 1 and texts(path.parent)[0].startswith("# Needs attention")
    assert annotate(at(SICK(), logdir)).status == "unchanged"
    path.write_bytes(path.read_bytes() + os.urandom(100))
    assert annotate(at(SICK(), logdir)).status == "written"
    assert len(texts(path.parent)) == 1


def test_killed_at_any_moment(logdir: Path) -> None:
    """Annotate in a process that is killed after more and more time; the user's run never changes."""
    user = contents(logdir)
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]\nfrom tensorboard_lab.notes import annotate_often\n"
        "print('ready', flush=True)\nannotate_often(sys.argv[1], 0, 1000)\n"
    )
    for delay in np.linspace(0.0, 0.6, 5):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(logdir), *sys.path],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert {name: data for name, data in contents(logdir).items() if "curvedoctor/" not in name} == user
    for diagnosis, begin in ((SICK(), "# Needs attention"), (WELL(), "# Fine")):
        annotate(at(diagnosis, logdir))
        assert [text[: len(begin)] for text in texts(ours(logdir).parent)] == [begin]
    assert clean(logdir).status == "removed" and contents(logdir) == user


def test_two_at_once_do_not_corrupt(logdir: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=annotate_often, args=(str(logdir), turn)) for turn in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    found = tensorboard_file.read(logdir / "one" / "curvedoctor")
    assert found is not None and found.intact == found.size and found.last is not None
    assert len(texts(found.path.parent)) == 1


def test_hostile_names_are_quoted(logdir: Path) -> None:
    assert annotate(at(samples.hostile(), logdir), overlay=True).status == "written"
    (text,) = texts(ours(logdir).parent)
    assert "<img" not in text.replace("\\<", "")


@BOTH
def test_nothing_but_text_unless_asked_for(logdir: Path, fast: bool) -> None:
    annotate(at(SICK(), logdir))
    with Board(["--logdir", str(logdir)], fast=fast, bare=True) as board:
        board.until(lambda: board.get("plugin/text/text", run="one/curvedoctor", tag="diagnosis"))
        assert set(board.get("plugin/scalars/tags")) == {"one"}
        assert not any(board.get("plugin/images/tags").values())
        assert set(board.get("plugin/scalars/tags")["one"]) == {"train/loss", "val/loss"}


def test_more_is_written_when_more_is_asked_for(logdir: Path) -> None:
    annotate(at(SICK(), logdir))
    for more in ({"pictures": True}, {"hparams": True}, {"overlay": True}):
        assert annotate(at(SICK(), logdir), **more).status == "written"
        assert annotate(at(SICK(), logdir), **more).status == "unchanged"
        assert annotate(at(SICK(), logdir)).status == "unchanged"


def test_what_the_first_version_wrote_is_cleared(logdir: Path) -> None:
    former = {"state": {}, "tags": ["overfitting", "lr-too-low"], "overlay": False, "drawn": []}
    assert content.Written.of(former) == content.Written(
        ("severity/overfitting", "severity/lr-too-low"), (), pictures=True
    )
    numbers = content.scalars(SICK(), content.Written.of(former), WriteOptions())
    assert numbers == {"severity/overfitting": 0.0, "severity/lr-too-low": 0.0}


@pytest.mark.parametrize(
    "make", [SICK, WELL, samples.non_finite, samples.undetermined], ids=lambda m: m.__name__
)
def test_a_picture_is_readable_at_thumbnail_size(make: Any) -> None:
    import io

    from PIL import Image

    from curvedoctor.sinks.picture import curves_png

    image = Image.open(io.BytesIO(curves_png(make(), width_px=640, thumbnail=True))).convert("RGB")
    small = np.asarray(image.resize((240, 144)))
    # ink of the lines and letters, not just a hairline here and there
    assert float((small.min(axis=2) < 150).mean()) > 0.02


def test_a_run_of_nan_only_shows_what_there_is() -> None:
    from curvedoctor.sinks.picture import chosen

    nan = samples.curve("train/loss", np.full(50, np.nan))
    fine = samples.curve("val/loss", np.linspace(2, 1, 50), split="val")
    given = replace(samples.non_finite(), run=replace(samples.non_finite().run, curves=(nan, fine)))
    assert chosen(given)[0].id == "val/loss"


@BOTH
def test_stock_tensorboard_shows_the_diagnosis_and_only_the_newest(logdir: Path, fast: bool) -> None:
    annotate(at(SICK(), logdir), overlay=True, pictures=True, hparams=True)
    asked = {"run": "one/curvedoctor", "tag": "diagnosis"}

    def shown(board: Board, word: str) -> bool:
        found = board.get("plugin/text/text", **asked)
        return len(found) == 1 and word in found[0]["text"]

    with Board(["--logdir", str(logdir)], fast=fast, bare=True) as board:
        assert "curvedoctor" not in board.get("plugins_listing")
        board.until(lambda: shown(board, "Needs attention"))
        images = board.until(
            lambda: board.get("plugin/images/images", run="one/curvedoctor", tag="curves", sample="0")
        )
        assert (
            len(images) == 1
            and board.raw(f"plugin/images/individualImage?{images[0]['query']}")[:4] == b"\x89PNG"
        )
        overlay = board.get("plugin/scalars/scalars", run="one/curvedoctor", tag="train/loss")
        assert len(overlay) > 20
        # without `overlay`: what was drawn once is drawn again, or it would stay as it was
        annotate(at(WELL(), logdir))
        board.until(lambda: shown(board, "Fine"))
        newer = board.get("plugin/scalars/scalars", run="one/curvedoctor", tag="train/loss")
        assert newer and [point[1:] for point in newer] != [point[1:] for point in overlay]
        level = board.get("plugin/scalars/scalars", run="one/curvedoctor", tag="severity")
        assert [point[2] for point in level] == [0.0]
    with Board(["--logdir", str(logdir)], fast=fast, bare=True) as board:
        board.until(lambda: shown(board, "Fine"))
        images = board.get("plugin/images/images", run="one/curvedoctor", tag="curves", sample="0")
        assert len(images) == 1


def test_the_overlay_goes_on_where_a_finding_rests_on_that() -> None:
    diagnosis = replace(
        WELL(), findings=tuple(replace(item, condition="undertrained") for item in SICK().findings[:1])
    )
    curve = next(c for c in diagnosis.run.curves if c.id == diagnosis.findings[0].curves[0])
    end = int(curve.steps[-1])
    steps = [step for step, _ in overlaid(curve, diagnosis)]
    assert steps == sorted(set(steps)) and end in steps
    assert steps[-1] == pytest.approx(1.5 * end, abs=2)
    assert [step for step, _ in overlaid(curve, replace(diagnosis, findings=()))][-1] == end


@BOTH
def test_hparams_shows_verdict_and_severity_on_the_right_trial(tmp_path: Path, fast: bool) -> None:
    """run1 and run10: TensorBoard matches names by prefix where hparams are written,
    not where scalars are."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    for name, lr in (("run1", 0.1), ("run10", 0.01)):
        writer = Writer(tmp_path / name)
        writer.records.write(Event(wall_time=1.0, summary=hparams_pb({"lr": lr})).SerializeToString())
        for step, value in enumerate(falling()):
            writer.add("train/loss", float(value), step)
        writer.close()
    annotate(at(SICK(), tmp_path, "run1"), hparams=True)
    metric = {"metric": {"group": "curvedoctor", "tag": "severity"}}
    asked = {
        "experimentName": "",
        "allowedStatuses": [f"STATUS_{name}" for name in ("UNKNOWN", "SUCCESS", "FAILURE", "RUNNING")],
        "colParams": [{"hparam": "lr"}, metric],
        "startIndex": 0,
        "sliceSize": 10,
    }
    with Board(["--logdir", str(tmp_path)], fast=fast, bare=True) as board:
        board.until(lambda: board.get("plugin/text/text", run="run1/curvedoctor", tag="diagnosis"))
        found = board.until(lambda: board.post("plugin/hparams/session_groups", asked).get("sessionGroups"))
    severity = {
        group["hparams"]["lr"]: {
            value["name"]["tag"]: value["value"]
            for value in group.get("metricValues", [])
            if value["name"].get("group") == "curvedoctor"
        }
        for group in found
    }
    assert severity == {0.1: {"verdict": 3.0, "severity": 2.0}, 0.01: {}}


def test_a_live_curve_never_freezes(tmp_path: Path) -> None:
    """The Python loader moves on to newer files of a directory: ours must not be one of them."""
    writer = Writer(tmp_path / "live")
    values = broken(400, at=60)
    for step in range(40):
        writer.add("train/loss", float(values[step]), step)
    writer.flush()

    def last(board: Board) -> int:
        return int(board.get("plugin/scalars/scalars", run="live", tag="train/loss")[-1][1])

    command = [sys.executable, "-m", "curvedoctor", "watch", str(tmp_path), "--annotate", "--interval", "0.3"]
    with Board(["--logdir", str(tmp_path)], fast=False) as board:
        board.until(lambda: last(board) == 39)
        watching = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            board.until((tmp_path / "live" / "curvedoctor").exists)
            for turn, end in enumerate(range(80, 281, 40)):
                annotate(at((SICK(), WELL())[turn % 2], tmp_path, "live"))
                for step in range(end - 40, end):
                    writer.add("train/loss", float(values[step]), step)
                writer.flush()
                board.until(lambda end=end: last(board) == end - 1)  # type: ignore[misc]
        finally:
            watching.terminate()
            watching.wait()
    writer.close()
