"""Weights & Biases as a source: what `wandb` leaves on the disk, read without it and without network.

`wandb/offline-run-DATE-ID/run-ID.wandb` holds everything; where it is missing, older versions left
`wandb-history.jsonl`, which is a history like others. Settings are in the record log, and in
`files/config.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from curvedoctor.model import Problem, Run
from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Traits, Unit, parts

_FILE = re.compile(r"^(?:offline-)?run-[^/]+\.wandb$")
#: beside the record log, stronger than it: what was set after the log was cut
_CONFIG, _SUMMARY = "config.yaml", "wandb-summary.json"


class WandbReader:
    """One record log is one run."""

    name = "wandb"
    traits = Traits()

    def opens(self, address: str) -> bool:
        """A `.wandb` file."""
        try:
            return address.endswith(".wandb") and files.kind(address) == "file"
        except files.UNREADABLE:
            return False

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run in one file."""
        files.check_readable(address)
        folder = files.parent(address)
        yield self._unit(folder, address, files.basename(folder))

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The run whose directory this is; its `files` and `logs` hold no others."""
        logs = [name for name in folder.files if _FILE.match(name)]
        if not logs:
            return _only_summary(folder)
        units = tuple(
            self._unit(
                folder.root,
                files.join(folder.path, name),
                folder.run if len(logs) == 1 else f"{folder.run}/{name[:-6]}",
            )
            for name in logs
        )
        own = frozenset({"files", "logs", "tmp"}.intersection(folder.dirs))
        return Claim(units, dirs=own, files=frozenset(logs))

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        from curvedoctor.sources.wandb.run import load

        for unit in units:
            yield from load(unit)

    def _unit(self, root: str, path: str, run: str) -> Unit:
        folder = files.parent(path)
        config = files.join(files.join(folder, "files"), _CONFIG)
        there = parts((path, config) if files.stamp(config) else (path,))
        return Unit(self.name, root, run, files.parent(folder), path, there)


READER = WandbReader()


def _only_summary(folder: Folder) -> Claim | None:
    """What is said of a folder with nothing but a run's last values."""
    if _SUMMARY not in folder.files or "wandb-history.jsonl" in folder.files:
        return None
    what = (
        "holds a run's last values only: give the folder with its record log, run-ID.wandb, or "
        f"its history from the server ({_SUMMARY})"
    )
    return Claim(problems=(Problem(folder.path, what),), files=frozenset({_SUMMARY}))
