"""Text of any kind as a source: console logs, and tables whose suffix says nothing.

What a file holds decides: `training.log` by Keras' `CSVLogger` is a table. In a walk, only files are taken
whose name is a log's and whose first lines are a training's, and only where nothing else tells of the run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from curvedoctor.sources import files
from curvedoctor.sources.base import Claim, Folder, ReadOptions
from curvedoctor.sources.copies import is_event_file
from curvedoctor.sources.onefile import WELL_KNOWN, FileReader

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


class TextReader(FileReader):
    """One file is one run, or several side by side."""

    name = "text"

    def opens(self, address: str) -> bool:
        """A text file, of whatever suffix."""
        from curvedoctor.sources.text.content import encoding_of

        try:
            return files.kind(address) == "file" and encoding_of(files.read_bytes(address, _HEAD)) is not None
        except files.UNREADABLE:
            return False

    def claim(self, folder: Folder, options: ReadOptions) -> Claim | None:
        """The logs of a folder in which nothing else tells of the run."""
        named = [name for name in folder.files if _LOGS.search(name) and not _NEVER.search(name)]
        if not named or _TOLD_BELOW & set(folder.dirs) or _told_beside(folder):
            return None
        taken = [name for name in _richest(named[:_MOST]) if _is_log(files.join(folder.path, name))]
        units = tuple(
            self.unit(
                folder.root,
                files.join(folder.path, name),
                folder.run if len(taken) == 1 else f"{folder.run}/{name}",
                folder.files,
            )
            for name in taken
        )
        return Claim(units, files=frozenset(taken)) if units else None


READER = TextReader()


def _told_beside(folder: Folder) -> bool:
    """Whether event files or a history in this folder, which others claim, tell of the same run."""

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
