"""Text of any kind as a source: console logs, and tables whose suffix says nothing.

What a file holds decides: `training.log` by Keras' `CSVLogger` is a table. In a walk, only files are taken
whose name is a log's and whose first lines are a training's, and only where nothing else tells of the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from curvedoctor.model import Problem, Run
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, ReadOptions, Traits, Unit, parts

#: names of logs that programs and people give; and those that are never one training's
_LOGS = re.compile(
    r"(?i)(^|[._\-])(train|training|log|logs|loss|losses|history|metrics?|results?|progress|summary|scalars|stdout|output|out|console|nohup|slurm|run|epochs?)"
    r"([._\-]?\w{0,40}){0,4}\.(log|txt|out|csv|tsv|jsonl|json|log\.json)$|\.log(\.json)?$|^slurm-\d+\.out$"
)
_NEVER = re.compile(r"(?i)requirements|license|readme|debug|conda|pip|^events?\.|\.tfevents")
#: files of one folder that are looked into, and bytes of each
_MOST, _HEAD = 12, 1 << 16
#: directories below, and names beside, that tell of the same run
_TOLD_BELOW = frozenset(
    {"vis_data", "tensorboard", "tf_logs", "events", "runs", "lightning_logs", "tb", "wandb"}
)


class TextReader:
    """One file is one run, or several side by side."""

    name = "text"
    traits = Traits(stamped=True, cached=True, copied="", several=True)

    def opens(self, address: str) -> bool:
        """A text file, of whatever suffix."""
        from curvedoctor.sources.text.content import encoding_of

        try:
            return files.kind(address) == "file" and encoding_of(files.read_bytes(address, _HEAD)) is not None
        except files.UNREADABLE:
            return False

    def find(self, address: str, options: ReadOptions) -> Iterator[Unit | Problem]:
        """The run in one file."""
        if options.only_mlflow:
            return
        files.check_readable(address)
        yield self._unit(files.parent(address), address, files.basename(address), sidecars.NAMES)

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The logs of a folder in which nothing else tells of the run."""
        if options.only_mlflow:
            return None
        named = [name for name in folder.files if _LOGS.search(name) and not _NEVER.search(name)]
        if not named or _TOLD_BELOW & set(folder.dirs) or _told_beside(folder):
            return None
        taken = [name for name in _richest(named[:_MOST]) if _is_log(files.join(folder.path, name))]
        run = files.relative(folder.path, folder.root)
        run = files.basename(folder.root) if run == "." else run
        units = tuple(
            self._unit(
                folder.root,
                files.join(folder.path, name),
                run if len(taken) == 1 else f"{run}/{name}",
                folder.files,
            )
            for name in taken
        )
        return Claim(units, files=frozenset(taken)) if units else None

    def load(self, units: Sequence[Unit], options: ReadOptions) -> Iterator[Run | Problem]:
        """Runs in the order of their units."""
        from curvedoctor.sources.history.reader import load_file

        for unit in units:
            yield from load_file(unit, options)

    def _unit(self, root: str, path: str, run: str, beside: Sequence[str]) -> Unit:
        folder = files.parent(path)
        settings = [files.join(folder, name) for name in sidecars.NAMES if name in beside]
        settings = [other for other in settings if other != path and files.stamp(other)]
        return Unit(self.name, root, run, files.parent(folder), path, parts((path, *settings)))


READER = TextReader()


def _told_beside(folder: Folder) -> bool:
    """Whether event files or a history in this folder, which others claim, tell of the same run."""
    from curvedoctor.sources.copies import is_event_file
    from curvedoctor.sources.history.reader import WELL_KNOWN

    try:
        beside = [entry.name for entry in files.listing(folder.path) if not entry.is_dir]
    except files.UNREADABLE:
        return False
    claimed = set(beside) - set(folder.files)
    return any(is_event_file(name) or name in WELL_KNOWN or name.endswith(".wandb") for name in claimed)


def _richest(named: Sequence[str]) -> list[str]:
    """mmdet writes each log twice: as text, and as JSON under the same name and more."""
    return [name for name in named if f"{name}.json" not in named]


def _is_log(path: str) -> bool:
    from curvedoctor.sources.history.tables import tells_of_training

    try:
        return tells_of_training(path, files.read_bytes(path, _HEAD))
    except files.UNREADABLE:
        return False
