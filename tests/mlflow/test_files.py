"""`mlruns` folders in every shape in which they are found."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curvedoctor.sources.base import ReadOptions
from mlflow_lab.compare import assert_all
from sources.contract import SourceContract, read_all

RUN = "0123456789abcdef0123456789abcdef"
FIELD = os.environ.get("CURVEDOCTOR_FIELD_LOGS")


def write_run(
    experiment: Path, run_id: str = RUN, name: str = "one", points: int = 5, meta: bool = True
) -> Path:
    """A run as MLflow lays it out."""
    folder = experiment / run_id
    for part in ("metrics", "params", "tags", "artifacts"):
        (folder / part).mkdir(parents=True)
    lines = "".join(f"{1700000000000 + i} {1 / (1 + i)} {i}\n" for i in range(points))
    (folder / "metrics" / "loss").write_text(lines)
    (folder / "metrics" / "val").mkdir()
    (folder / "metrics" / "val" / "acc").write_text(lines)
    (folder / "params" / "lr").write_text("0.1")
    (folder / "tags" / "mlflow.runName").write_text(name)
    if meta:
        where = "file:///C:/Users/somebody/mlruns/0/artifacts"
        (folder / "meta.yaml").write_text(
            f"artifact_uri: {where}\nrun_id: {run_id}\nstatus: 3\nlifecycle_stage: "
            "active\nexperiment_id: '0'\n"
        )
    return folder


def write_store(root: Path, runs: int = 3) -> Path:
    experiment = root / "mlruns" / "0"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("experiment_id: '0'\nname: Default\nlifecycle_stage: active\n")
    for i in range(runs):
        write_run(experiment, f"{i:032x}", name=f"run-{i}")
    return experiment


class TestContract(SourceContract):
    reader_name = "mlflow-files"

    @pytest.fixture
    def populated(self, tmp_path: Path) -> str:
        return str(write_store(tmp_path / "a").parent)

    @pytest.fixture
    def damaged(self, tmp_path: Path) -> str:
        experiment = write_store(tmp_path / "b")
        (experiment / f"{1:032x}" / "metrics" / "loss").write_text("1 0.5 0\nrubbish\n")
        (experiment / f"{2:032x}" / "meta.yaml").write_text("{: broken")
        return str(experiment.parent)


def test_a_store_written_by_mlflow_is_read_back(filled_files) -> None:
    runs, problems = read_all(filled_files.uri)
    assert not problems
    assert_all(runs, filled_files.truth)


def test_deleted_runs_come_when_asked_for(filled_files) -> None:
    asked = ReadOptions(filter="attributes.lifecycle_stage = 'deleted'")
    runs, _ = read_all(filled_files.uri, options=asked)
    assert [run.name for run in runs] == ["deleted"]
    assert runs[0].origin.read_only is not None


def test_filters_select_as_mlflow_does(filled_files) -> None:
    wanted = ReadOptions(filter="params.lr = '0.001' AND metrics.val_loss > 0.5")
    assert [run.name for run in read_all(filled_files.uri, options=wanted)[0]] == ["overfits"]
    named = ReadOptions(experiment="hard", run="child-*")
    assert {run.name for run in read_all(filled_files.uri, options=named)[0]} == {"child-0.1", "child-1.0"}
    assert not read_all(filled_files.uri, options=ReadOptions(experiment="other"))[0]


def lose_meta(experiment: Path) -> None:
    for path in experiment.rglob("meta.yaml"):
        path.unlink()


def lose_empty_folders(experiment: Path) -> None:
    for path in experiment.iterdir():
        if path.is_dir():
            shutil.rmtree(path / "artifacts")
            shutil.rmtree(path / "params")


def be_of_2018(experiment: Path) -> None:
    for path in experiment.glob("*/meta.yaml"):
        path.write_text(f"run_uuid: {path.parent.name}\nname: old\nexperiment_id: 0\nstatus: 3\ntags: []\n")
        shutil.rmtree(path.parent / "tags")


def be_in_the_trash(experiment: Path) -> None:
    (experiment.parent / ".trash").mkdir()
    experiment.rename(experiment.parent / ".trash" / "0")


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (lose_meta, {"run-0", "run-1", "run-2"}),
        (lose_empty_folders, {"run-0", "run-1", "run-2"}),
        (be_of_2018, {"old"}),
        (be_in_the_trash, set()),
    ],
)
def test_layouts(tmp_path: Path, damage: Callable[[Path], None], names: set[str]) -> None:
    damage(write_store(tmp_path))
    runs, _ = read_all(tmp_path)
    assert {run.name for run in runs} == names
    assert all({curve.id for curve in run.curves} == {"loss", "val/acc"} for run in runs)


@pytest.mark.parametrize("below", ["mlruns", "mlruns/0", f"mlruns/0/{1:032x}", "."])
def test_every_level_can_be_named(tmp_path: Path, below: str) -> None:
    write_store(tmp_path)
    runs, _ = read_all(tmp_path / below)
    assert "run-1" in {run.name for run in runs}
    assert len(runs) == (1 if below.endswith("1") else 3)
    assert all(run.curves for run in runs)


def test_a_file_uri(tmp_path: Path) -> None:
    write_store(tmp_path / "with space")
    assert len(read_all((tmp_path / "with space" / "mlruns").as_uri())[0]) == 3


def test_what_runs_keep_is_no_source_of_its_own(tmp_path: Path) -> None:
    experiment = write_store(tmp_path, runs=1)
    inner = experiment / f"{0:032x}" / "artifacts" / "logs"
    inner.mkdir()
    (inner / "history.csv").write_text("step,loss\n0,1\n1,2\n2,3\n")
    assert len(read_all(tmp_path)[0]) == 1


def test_links_that_loop_end(tmp_path: Path) -> None:
    experiment = write_store(tmp_path, runs=1)
    metrics = experiment / f"{0:032x}" / "metrics"
    (metrics / "loop").symlink_to(metrics)
    os.mkfifo(metrics / "pipe")
    runs, _ = read_all(tmp_path)
    assert {curve.id for curve in runs[0].curves} == {"loss", "val/acc"}


if FIELD is not None:  # a folder of real logs, which not everybody has

    def test_the_real_stores_are_read_with_all_their_points() -> None:
        stores = sorted(Path(str(FIELD)).rglob("mlruns"))
        assert stores
        for store in stores:
            files = [path for path in store.rglob("*") if path.is_file() and "metrics" in path.parts]
            runs, problems = read_all(store)
            assert not problems
            assert sum(len(curve) for run in runs for curve in run.curves) == sum(
                len(path.read_text().splitlines()) for path in files
            )
            folders = {path.parts[: path.parts.index("metrics")] for path in files}
            assert len(runs) >= len(folders)


def test_the_short_way_through_a_meta_file_is_yaml(filled_files) -> None:
    """What is read line by line, for speed, is what YAML's own parser reads."""
    import yaml

    from curvedoctor.sources.mlflow import disk as mlflow_disk

    short = 0
    for path in Path(filled_files.uri).rglob("meta.yaml"):
        found = mlflow_disk._flat(path.read_text())
        short += found is not None
        assert found is None or found == yaml.safe_load(path.read_text())
    assert short > 10
    for odd in (
        "name: 1e5",
        "name: 0x1f",
        "name: yes",
        "name: 12:30:45",
        "a: &x 1",
        "name: 'it''s'",
        "name: a: b",
        "name: 1_000",
    ):
        assert mlflow_disk._flat(odd) in (None, yaml.safe_load(odd) if ": b" not in odd else None)
