"""A run's artifacts, as far as they are ours: what is there, what is written, what is taken back.

The folders that hold a run's artifacts (`EXPERIMENT/RUN/artifacts`) come into being with its first one. Those
that came with ours go with ours. Over a server nothing but a whole tree can be deleted: a folder is deleted
only if it was just seen to be empty, and no run is under way that may write to it.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from curvedoctor.address import hidden
from curvedoctor.errors import SinkError
from curvedoctor.sinks.mlflow.content import FILES, FOLDER
from curvedoctor.sources.mlflow.inner import artifacts, served

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

#: folders above ours that may have come with it: the run's artifacts, the run, the experiment
LEVELS = 3
_PROXIED = "/mlflow-artifacts/artifacts/"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one run's artifacts are."""

    uri: str
    repository: ArtifactRepository

    def present(self) -> set[str]:
        """The names in our folder."""
        return {str(item.path).rsplit("/", 1)[-1] for item in self.repository.list_artifacts(FOLDER) or ()}

    def whole(self) -> bool:
        """Whether all our files are there."""
        return self.present() >= set(FILES)

    def above(self) -> list[str]:
        """The folders above ours, nearest first, as far as they are the run's and its experiment's."""
        split = self.uri.rstrip("/").split("/")
        folders = ["/".join(split[: len(split) - level]) for level in range(LEVELS)]
        if local_path(self.uri) is None:  # below the root of what the server keeps
            return [folder for folder in folders if folder.partition(_PROXIED)[2]]
        return folders

    def missing(self) -> int:
        """How many of the folders above are not there yet, or (over a server) hold nothing but ours."""
        for level, folder in enumerate(self.above()):
            path = local_path(folder)
            if path.exists() if path is not None else _others(folder, (FOLDER, *self._names())[level]):
                return level
        return len(self.above())

    def _names(self) -> list[str]:
        return [folder.rsplit("/", 1)[-1] for folder in self.above()]

    def upload(self, files: Mapping[str, bytes]) -> None:
        """Write our files."""
        with tempfile.TemporaryDirectory(prefix="curvedoctor-") as scratch:
            for name, content in files.items():
                Path(scratch, name).write_bytes(content)
            self.repository.log_artifacts(scratch, FOLDER)

    def remove(self) -> list[str]:
        """Remove our files, and our folder if nothing else is in it; returns what was there."""
        present = self.present()
        ours = sorted(present & set(FILES))
        if ours and present <= set(FILES):
            self.repository.delete_artifacts(FOLDER)
        else:
            for name in ours:
                self.repository.delete_artifacts(f"{FOLDER}/{name}")
        return ours


def without_empty(folders: list[str], quiet: Callable[[int], bool]) -> None:
    """Remove folders, innermost first, as far as they are empty; over a server if that level is `quiet`."""
    for level, folder in enumerate(folders, 1):
        path = local_path(folder)
        if path is not None:
            with contextlib.suppress(OSError):
                path.rmdir()
        elif not quiet(level) or _others(folder):
            return
        else:
            above, _, name = folder.rpartition("/")
            artifacts(above).delete_artifacts(name)


def shelf(uri: str, tracking_uri: str) -> Shelf:
    """The shelf of a run's artifacts. Raises `SinkError` if it can't be written from here."""
    if uri.startswith("mlflow-artifacts:"):
        uri = _served(uri, tracking_uri)
        return Shelf(uri, artifacts(uri))
    path = local_path(uri)
    # the run's folder need not exist yet, but its experiment's, or the one above, must: MLflow would
    # otherwise build the folders of another machine here
    if path is not None and not any(
        parent.is_dir() for parent in path.parents[:3] if parent != Path(parent.anchor)
    ):
        raise SinkError(f"the run's artifacts are kept on another machine ({hidden(uri)})")
    return Shelf(uri, artifacts(uri))


def _served(uri: str, tracking_uri: str) -> str:
    destination = os.environ.get("_MLFLOW_SERVER_ARTIFACT_DESTINATION", "")
    if destination:  # this is the server's own process
        return f"{destination.rstrip('/')}/{urlsplit(uri).path.lstrip('/')}"
    if not tracking_uri.startswith(("http://", "https://")):
        raise SinkError("the run's artifacts are kept by the database's MLflow server: give the server's URI")
    return served(uri, tracking_uri)


def _others(folder: str, ours: str = "") -> bool:
    """Whether something other than `ours` is in a folder of a server."""
    there = artifacts(folder).list_artifacts() or ()
    return any(str(item.path).rstrip("/").rsplit("/", 1)[-1] != ours for item in there)


def local_path(uri: str) -> Path | None:
    """The folder behind a `file:` URI or a plain path; None for others."""
    if re.match(r"[A-Za-z]:[\\/]", uri):
        return Path(uri)
    split = urlsplit(uri)
    return Path(unquote(split.path)) if split.scheme in {"", "file"} else None
