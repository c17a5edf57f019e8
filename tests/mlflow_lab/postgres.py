"""A PostgreSQL server of Debian's package, in a folder of its own, over a socket on loopback."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlflow_lab.look import every_row
from mlflow_lab.servers import free_port


def binaries() -> Path:
    """The newest installed server's programs; a loud skip without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if not found:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    return found[-1].parent


def _as() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of a new, empty server: `postgresql://postgres@127.0.0.1:PORT`."""
    programs, port = binaries(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="curvedoctor-pg-"))
    if _as():
        shutil.chown(folder, "postgres")
    data, quiet = folder / "data", {"stdout": subprocess.DEVNULL, "cwd": folder, **_as()}
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], check=True, **quiet
    )
    options = f"-p {port} -h 127.0.0.1 -k {folder} -F -c autovacuum=off"
    control = [programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], check=True, **quiet)
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def create(address: str, name: str) -> str:
    """A new database on the server; returns its address."""
    import psycopg2

    connection = psycopg2.connect(f"{address}/postgres")
    connection.autocommit = True
    connection.cursor().execute(f'CREATE DATABASE "{name}"')
    connection.close()
    return f"{address}/{name}"


def content(address: str) -> dict[str, list[str]]:
    """Every row of every table."""
    import psycopg2

    connection = psycopg2.connect(address)
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return every_row(cursor, '"')
    finally:
        connection.close()


def for_mlflow(address: str) -> str:
    """The address with a driver, which MLflow wants: SQLAlchemy's own choice may not be installed."""
    return address.replace("postgresql:", "postgresql+psycopg2:")
