"""A MariaDB server of Debian's package, in a folder of its own, on loopback."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from mlflow_lab import servers
from mlflow_lab.look import every_row

PROGRAMS = ("mariadb-install-db", "mariadbd")
#: seconds until it must answer
STARTUP = 90


def binaries() -> list[str]:
    """The installed server's programs; a loud skip without them."""
    found = [shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in PROGRAMS]
    if None in found:
        pytest.skip("no MariaDB: apt-get install mariadb-server")
    return [str(path) for path in found]


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of a new, empty server: `mysql://root@127.0.0.1:PORT`."""
    (install, server), port = binaries(), servers.free_port()
    folder = Path(tempfile.mkdtemp(prefix="curvedoctor-maria-"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    common = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={pwd.getpwuid(os.geteuid()).pw_name}"]
    subprocess.run([install, *common, "--auth-root-authentication-method=normal"], check=True, **quiet)
    process = subprocess.Popen(
        [server, *common, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}"],
        **quiet,
    )  # fmt: skip
    address = f"mysql://root@127.0.0.1:{port}"
    try:
        connected(address).close()
        yield address
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def connected(address: str) -> pymysql.Connection:
    """A connection, as soon as there can be one."""
    place, _, name = address.partition("@127.0.0.1:")[2].partition("/")
    end = time.monotonic() + STARTUP
    while time.monotonic() < end:
        with contextlib.suppress(pymysql.err.OperationalError):
            return pymysql.connect(host="127.0.0.1", port=int(place), user="root", database=name or None)
        time.sleep(0.2)
    raise TimeoutError(f"no MariaDB answers at {address}")


def create(address: str, name: str) -> str:
    """A new database on the server; returns its address."""
    with contextlib.closing(connected(address)) as connection:
        connection.cursor().execute(f"CREATE DATABASE `{name}`")
    return f"{address}/{name}"


def content(address: str) -> dict[str, list[str]]:
    """Every row of every table."""
    with contextlib.closing(connected(address)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        return every_row(cursor, "`")


def for_mlflow(address: str) -> str:
    """The address with a driver, which MLflow wants: SQLAlchemy's own choice may not be installed."""
    return address.replace("mysql:", "mysql+pymysql:")
