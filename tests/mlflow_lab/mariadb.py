"""MariaDB, once by hand: everything that the tests ask of PostgreSQL. Needs Debian's package mariadb-server-core.

cd tests && python -m mlflow_lab.mariadb [newest|2.22.5]
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql

from mlflow_lab import servers
from mlflow_lab.compare import assert_all
from mlflow_lab.look import every_row
from mlflow_lab.stores import Store, fill
from mlflow_lab.write import diagnoses, erase, statuses, write
from sources.contract import read_all


@contextlib.contextmanager
def running() -> Iterator[tuple[str, int]]:
    """(address, port) of a new, empty server on loopback: `mysql://root@127.0.0.1:PORT`."""
    port = servers.free_port()
    folder = Path(tempfile.mkdtemp(prefix="curvedoctor-maria-"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    data = folder / "data"
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={user}"]
    subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, **quiet)
    server = [
        "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}", f"--user={user}", f"--port={port}",
        "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}",
    ]  # fmt: skip
    process = subprocess.Popen(server, **quiet)
    try:
        connected(port).close()
        yield f"mysql://root@127.0.0.1:{port}", port
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def connected(port: int, name: str | None = None) -> pymysql.Connection:
    """A connection, as soon as there can be one."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(pymysql.err.OperationalError):
            return pymysql.connect(host="127.0.0.1", port=port, user="root", database=name)
        time.sleep(0.2)
    raise TimeoutError(f"no MariaDB answers on port {port}")


def content(port: int, name: str) -> dict[str, list[str]]:
    """Every row of every table."""
    with contextlib.closing(connected(port, name)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        return every_row(cursor, "`")


def read_and_write(store: Store, port: int, name: str, address: str, allowed: bool) -> None:
    """Read to the last point; annotated and cleaned, or refused, with every row as before."""
    before = content(port, name)
    runs, problems = read_all(address)
    assert not problems
    assert_all(runs, store.truth)
    found = diagnoses(address, experiment="small")
    if not allowed:
        outcomes = write(found)
        assert statuses(outcomes) == {"refused"}
        print("annotate:", outcomes[0].what[0])
    else:
        assert statuses(write(found, note=True)) == {"written"}
        assert statuses(write(diagnoses(address, experiment="small"), note=True)) == {"unchanged"}
        assert statuses(erase(found)) == {"removed"}
    assert content(port, name) == before
    print(
        address.partition("@")[2] or address,
        "as logged:",
        len(runs),
        "runs;",
        "written and taken back" if allowed else "refused",
    )


def main(version: str = "newest") -> None:
    python = servers.old_python() if version == "2.22.5" else sys.executable
    with running() as (address, port), tempfile.TemporaryDirectory() as scratch:
        connection = connected(port)
        connection.cursor().execute("CREATE DATABASE mlflow")
        print("MariaDB", connection.server_version)
        connection.close()
        uri, driver = f"{address}/mlflow", f"{address}/mlflow".replace("mysql:", "mysql+pymysql:")
        (Path(scratch) / "artifacts").mkdir()
        store = fill(python, Path(scratch), uri=driver, artifacts="mlflow-artifacts:/")
        with servers.serve(python, driver, Path(scratch)) as server:
            read_and_write(store, port, "mlflow", server.url, allowed=True)
        read_and_write(store, port, "mlflow", uri, allowed=version == "newest")


if __name__ == "__main__":
    main(*sys.argv[1:])
