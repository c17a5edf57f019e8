"""A secret in an address opens the source, and is seen nowhere: not in any output of any command,
nor in the store."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curvedoctor.address import Address, hidden, masked, real
from curvedoctor.cli import main
from curvedoctor.reports import formats
from mlflow_lab import servers

SECRET, TOKEN = "planted/9f8e~secret", "planted-token-77aa"
QUOTED = "planted%2F9f8e~secret"


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """A plain web server for files."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def commands(address: str, folder: Path) -> Iterator[list[str]]:
    """Every command in every form that shows something of a source."""
    for form in formats():
        name = f"out.{form}"
        yield ["diagnose", address, "--format", form, "-o", str(folder / name)]
    for form in ("table", "json", "markdown", "html"):
        yield ["compare", address, "--format", form, "-o", str(folder / f"compare.{form}")]
    notify = f"sh -c 'env >> {folder}/notified; cat >> {folder}/notified'"
    yield ["watch", address, "--times", "1", "--interval", "0.1", "--notify", notify]
    for form in ("table", "json", "csv"):
        yield ["roles", address, "--format", form]
    yield ["annotate", address, "--dry-run"]
    yield ["annotate", address, "--note", "--jobs", "2"]
    yield ["clean", address, "--dry-run"]
    yield ["explain", address]
    yield [address]
    yield ["diagnose", address, "--run", "no-such-run"]
    yield ["diagnose", address, "--nonsense"]


def leaks(text: str | bytes) -> bool:
    data = text.encode() if isinstance(text, str) else text
    return any(secret.encode() in data for secret in (SECRET, QUOTED, TOKEN))


@pytest.fixture
def run_all(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[int]]:
    """Run it all; nothing that is said or written holds the secret. The exit codes."""
    return lambda address, folder: ran(address, folder, capfd, monkeypatch)


def ran(
    address: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> set[int]:
    monkeypatch.setenv("CURVEDOCTOR_CACHE", str(folder / "cache"))
    monkeypatch.chdir(folder)
    codes = set()
    for arguments in commands(address, folder):
        code = main(arguments)
        out, err = capfd.readouterr()
        assert out or err or "-o" in arguments, arguments
        assert not leaks(out), (arguments, out)
        assert not leaks(err), (arguments, err)
        assert code != 70, err
        codes.add(code)
    for path in folder.rglob("*"):
        assert path.is_dir() or not leaks(path.read_bytes()), path
    return codes


def test_a_server_with_a_password(board, tmp_path: Path, run_all: Callable[..., set[int]]) -> None:
    host = board.uri.removeprefix("http://")
    address = f"http://me:{QUOTED}@{host}/?token={TOKEN}"
    assert 0 in run_all(address, tmp_path)
    assert (tmp_path / "notified").read_bytes().count(b"me:***@") > 0
    # what was written to the store for everybody to read
    for path in board.folder.rglob("*"):
        assert path.is_dir() or path.name.startswith("server-") or not leaks(path.read_bytes()), path
    assert list(board.folder.rglob("report.html"))
    assert main(["clean", address]) in {0, 3}


@pytest.mark.parametrize(
    "address",
    [
        "http://me:{secret}@{host}",
        "https://{token}@{host}/#/experiments/1?token={token}",
        "postgresql://me:{secret}@{host}/runs?sslpassword={token}",
        "mysql://me:{secret}@{host}/runs",
        "postgresql+psycopg2://me:{raw}@{host}/runs",
        "http://me:{secret}@{host}/results.csv?sig={token}",
        "ftp://me:{secret}@{host}/logs",
        "nonsense://me:{secret}@{host}/x?key={token}",
    ],
)  # fmt: skip
def test_what_can_not_be_opened(address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    host = f"127.0.0.1:{servers.free_port()}"
    said = address.format(secret=QUOTED, raw=SECRET, token=TOKEN, host=host)
    for arguments in (["diagnose", said], ["clean", said], ["diagnose", said, "results.csv"], [said]):
        assert main(arguments) == 2
        out, err = capfd.readouterr()
        assert err
        assert not leaks(out + err), err


def test_a_file_behind_a_token(tmp_path: Path, run_all: Callable[..., set[int]]) -> None:
    (tmp_path / "site").mkdir()
    rows = [f"{i},{2 / (1 + i)},{2.1 / (1 + i)}" for i in range(60)]
    (tmp_path / "site" / "log.csv").write_text("\n".join(["epoch,train_loss,val_loss", *rows]))
    (tmp_path / "out").mkdir()
    with web(tmp_path / "site") as host:
        address = f"http://{host}/log.csv?X-Amz-Signature={TOKEN}"
        assert 0 in run_all(address, tmp_path / "out")


def test_python(board) -> None:
    import curvedoctor
    from curvedoctor.errors import SourceError

    host = board.uri.removeprefix("http://")
    found = list(curvedoctor.diagnose(f"http://me:{QUOTED}@{host}", experiment="small"))
    assert len(found) == 3
    assert not leaks(repr(found))
    assert found[0].run.source.startswith("http://me:***@")
    with pytest.raises(SourceError) as failed:
        list(curvedoctor.diagnose(f"http://me:{QUOTED}@127.0.0.1:{servers.free_port()}"))
    assert not leaks(str(failed.value))
    assert not leaks(repr(failed.value))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:se:cr%40et@host/db", "postgresql://me:***@host/db"),
        ("mysql+pymysql://me:a/b@c@host/db?charset=utf8&password=x1y2z3", "mysql+pymysql://me:***@host/db?charset=utf8&password=***"),
        ("sqlite:///a@b:c.db", "sqlite:///a@b:c.db"),
        ("http://host:5000/@team/x", "http://host:5000/@team/x"),
        ("http://token@host:5000", "http://***@host:5000"),
        ("http://host:5000/#/experiments/1/runs/ab?workspace=w", "http://host:5000/#/experiments/1/runs/ab?workspace=w"),
        ("zip://a.csv::ftp://me:pass@word@host/x.zip", "zip://a.csv::ftp://me:***@host/x.zip"),
        ("https://host/a.csv?sv=1&sig=abcd%3D", "https://host/a.csv?sv=***&sig=***"),
        ("runs/me:you@here", "runs/me:you@here"),
    ],
)  # fmt: skip
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert Address(address) == masked(address) == shown
    assert real(Address(address)) == real(shown) == address
    assert real(Address(Address(address))) == address


def test_another_process_can_connect() -> None:
    import pickle

    address = Address("ftp://me:first-secret@elsewhere/logs")
    data = pickle.dumps(address)
    assert b"first-secret" in data
    assert real(f"{pickle.loads(data)}/run/events") == "ftp://me:first-secret@elsewhere/logs/run/events"


def test_texts_of_others() -> None:
    Address("postgresql://me:p%40ssw0rd@host/db")
    assert hidden("FATAL: p@ssw0rd is wrong for p%40ssw0rd") == "FATAL: *** is wrong for ***"
    assert hidden("see s3://key:other@bucket/x") == "see s3://key:***@bucket/x"
