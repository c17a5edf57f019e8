"""The walk: links, permissions, odd names, remote trees."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from curvedoctor.errors import SourceError
from curvedoctor.sources import files, find_all
from sources import events
from sources.contract import read_all, units_of


def test_a_loop_of_links_ends_and_is_named(tmp_path: Path) -> None:
    events.run(tmp_path / "a" / "run")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["a/run"]
    assert any("loop" in problem.where and "link" in problem.what for problem in problems)


def test_links_inside_the_tree_are_not_second_runs(tmp_path: Path) -> None:
    events.run(tmp_path / "z_run")
    (tmp_path / "latest").symlink_to(tmp_path / "z_run")
    assert [unit.run for unit in units_of(tmp_path)] == ["z_run"]


def test_links_out_of_the_tree_are_followed_once(tmp_path: Path) -> None:
    events.run(tmp_path / "disk" / "run")
    (tmp_path / "logs").mkdir()
    for name in ("one", "two"):
        (tmp_path / "logs" / name).symlink_to(tmp_path / "disk")
    assert [unit.run for unit in units_of(tmp_path / "logs")] == ["one/run"]


def test_the_address_may_be_a_link(tmp_path: Path) -> None:
    events.run(tmp_path / "disk" / "run")
    (tmp_path / "logs").symlink_to(tmp_path / "disk")
    assert [unit.run for unit in units_of(tmp_path / "logs")] == ["run"]


def test_an_unreadable_directory_is_named(tmp_path: Path) -> None:
    events.run(tmp_path / "good")
    events.run(tmp_path / "locked" / "run")
    (tmp_path / "locked").chmod(0)
    try:
        runs, problems = _as_nobody(tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert runs == ["good"]
    assert [(p.where, p.what) for p in problems] == [
        (str(tmp_path / "locked"), "can't list this directory: permission denied")
    ]


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    events.run(tmp_path / "good")
    path = events.run(tmp_path / "locked")
    path.chmod(0)
    runs, problems = _as_nobody(tmp_path)
    assert runs == ["good"]
    assert [(p.where, p.what) for p in problems] == [(str(path), "can't be read: permission denied")]


def _as_nobody(path: Path) -> tuple[list[str], list[object]]:
    """Read as a user without rights; root reads everything."""
    if os.geteuid() != 0:
        runs, problems = read_all(path)
        return [run.name for run in runs], list(problems)
    read_all(path)  # imports what `nobody` may not be able to
    for folder in (path, *path.parents):
        if folder.stat().st_uid == 0 and folder != Path(folder.root) and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o55)
    os.seteuid(65534)
    try:
        runs, problems = read_all(path)
    finally:
        os.seteuid(0)
    return [run.name for run in runs], list(problems)


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    events.run(tmp_path / "good")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / events.name())
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["good"]
    assert "not a regular file" in problems[0].what


def test_odd_names(tmp_path: Path) -> None:
    names = ["with space", "emoji 🎉", "new\nline", "#1", "percent%20", "a::b"]
    for i, name in enumerate(names):
        events.run(tmp_path / name, wall=events.START + i)
    runs, problems = read_all(tmp_path)
    assert sorted(run.name for run in runs) == sorted(names)
    assert not problems


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    folder = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    os.mkdir(folder)
    events.run(tmp_path / "a")
    os.rename(events.run(tmp_path / "b"), os.path.join(os.fsdecode(folder), events.name()))
    assert len(read_all(tmp_path)[0]) == 2


def test_a_wide_directory(tmp_path: Path) -> None:
    events.run(tmp_path)
    for i in range(5_000):
        (tmp_path / f"weights{i}.bin").touch()
    assert len(units_of(tmp_path)) == 1


def test_a_deep_directory(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(80):
        deep = deep / "d"
        deep.mkdir()
    events.run(tmp_path / "run")
    runs, problems = read_all(tmp_path)
    assert [run.name for run in runs] == ["run"]
    assert "levels" in problems[0].what


def test_finding_streams(tmp_path: Path) -> None:
    for i in range(30):
        events.run(tmp_path / f"run{i:02}", wall=events.START + i)
    found = find_all([str(tmp_path)])
    first = next(found)
    for path in sorted(tmp_path.glob("run*"))[5:]:
        (path / events.name()).unlink(missing_ok=True)
        for file in path.iterdir():
            file.unlink()
    assert first == units_of(tmp_path)[0]
    assert len(list(found)) == 4


def test_all_addresses_unreadable(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"x: no such file or directory; check the path\n.*y: no such"):
        list(find_all([str(tmp_path / "x"), str(tmp_path / "y")]))


def test_a_file_of_no_known_kind(tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_bytes(bytes(range(256)))
    with pytest.raises(SourceError, match="event file"):
        list(find_all([str(tmp_path / "notes.bin")]))


def test_the_same_address_twice_is_read_once(tmp_path: Path) -> None:
    events.run(tmp_path / "a")
    assert len(units_of(tmp_path, tmp_path)) == 1


def test_remote_trees(tmp_path: Path) -> None:
    fs = fsspec.filesystem("memory")
    try:
        for name in ("a", "b/train", "b/validation"):
            path = events.run(tmp_path / name, wall=events.START + len(name))
            fs.pipe_file(f"/bucket/logs/{name}/{path.name}", path.read_bytes())
        fs.pipe_file("/bucket/logs/a/hparams.yaml", b"lr: 0.5")
        remote, problems = read_all("memory://bucket/logs")
        local, _ = read_all(tmp_path)
        assert [run.name for run in remote] == ["a", "b"] == [run.name for run in local]
        assert not problems
        for one, other in zip(remote, local, strict=True):
            assert [c.id for c in one.curves] == [c.id for c in other.curves]
            assert all((c.values == d.values).all() for c, d in zip(one.curves, other.curves, strict=True))
        assert remote[0].params["lr"] == 0.5
        assert remote[0].source == "memory://bucket/logs/a"
        with pytest.raises(SourceError, match="no such"):
            list(find_all(["memory://bucket/nope"]))
    finally:
        fs.store.clear()
        fs.pseudo_dirs[:] = [""]


def test_unknown_protocols_say_what_is_missing() -> None:
    with pytest.raises(SourceError, match="nosuch"):
        list(find_all(["nosuch://bucket/logs"]))


@pytest.mark.parametrize(
    ("path", "name", "joined", "above", "base"),
    [
        ("logs", "a", "logs/a", ".", "logs"),
        ("/x/logs", "a", "/x/logs/a", "/x", "logs"),
        ("s3://b/logs", "a", "s3://b/logs/a", "s3://b", "logs"),
        ("zip://in::s3://b/c.zip", "a", "zip://in/a::s3://b/c.zip", "zip:::s3://b/c.zip", "in"),
    ],
)
def test_paths(path: str, name: str, joined: str, above: str, base: str) -> None:
    assert files.join(path, name) == joined
    assert files.relative(joined, path) == name
    assert files.basename(path) == base
    if not path.startswith("zip"):
        assert files.parent(path) == above
