"""Text of any kind as a source: console logs, and tables that no program has given a name of its own.

What a file holds decides: `training.log` by Keras' `CSVLogger` is a table, and `resnet.csv` a history. In a
walk the first bytes of each text are looked at. A console log is left alone where something exact tells of
the run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from curvedoctor.model import Problem
from curvedoctor.sources import files, sidecars
from curvedoctor.sources.base import Claim, Folder, ReadOptions
from curvedoctor.sources.copies import EVENT_DIRS, is_event_file
from curvedoctor.sources.onefile import WELL_KNOWN, FileReader

#: names of logs that programs and people give; and those that are never one training's
_LOGS = re.compile(
    r"(?i)(^|[._\-])(train|training|log|logs|loss|losses|history|metrics?|results?|progress|summary|scalars|stdout|output|out|console|nohup|slurm|run|epochs?)"
    r"([._\-]?\w{0,40}){0,4}\.(log|txt|out|csv|tsv|jsonl|json|log\.json)$|\.log(\.json)?$|^slurm-\d+\.out$"
)
_NEVER = re.compile(r"(?i)requirements|license|readme|debug|conda|pip|^events?\.|\.tfevents")
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_TEXTS = (*_TABLES, ".log", ".txt", ".out", ".json", ".csv.gz", ".tsv.gz", ".jsonl.gz", ".log.gz", ".txt.gz")
#: bytes of a file that are looked at
_HEAD = 1 << 16
#: files of a folder that may be no logs before the rest is left alone (more as logs are found among them);
#: the same for folders that are far away; what a table counts among them, whose first line tells
_IDLE, _IDLE_REMOTE, _CHEAP = 64, 12, 1 / 32
#: directories below, and names beside, that tell of the same run
_TOLD_BELOW = frozenset(
    {"vis_data", "tensorboard", "tf_logs", "events", "runs", "lightning_logs", "tb", "wandb"}
)


#: directories below in which writers put event files of the same run
_EVENTS_BELOW = EVENT_DIRS | {"train", "validation", "val", "test", "eval", "learn"}


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
        """The logs of a folder; what almost is one is named, with the reason why it is none."""
        candidates = _candidates(folder.files)
        if not candidates:
            return None
        beside = _claimed_beside(folder)
        histories = [name for name in beside if name in WELL_KNOWN]
        told = _told(folder, beside)
        if told:  # console logs of runs that something exact tells of are common: no word is lost about them
            candidates = [name for name in candidates if name.endswith(_TABLES)]
        taken, passed = _looked(folder, candidates, exact_only=told or len(histories) == 1)
        twins = _twins(folder, beside, histories) if taken else []
        alone = not histories and not any(map(is_event_file, beside))
        units = self.found(folder, taken, alone, twins)
        return Claim(units, passed, files=frozenset(taken)) if units or passed else None


READER = TextReader()


def _told(folder: Folder, beside: Sequence[str]) -> bool:
    """Whether event files or W&B's, which others claim, tell of the run, here or below."""
    return any(is_event_file(name) or name.endswith(".wandb") for name in beside) or bool(
        _TOLD_BELOW & set(folder.dirs)
    )


def _twins(folder: Folder, beside: Sequence[str], histories: Sequence[str]) -> list[str]:
    """Files that may hold the same training; several histories in one folder are several trainings."""
    from curvedoctor.sources.history.beside import event_files

    places = [files.join(folder.path, name) for name in folder.dirs if name in _EVENTS_BELOW]
    events = [files.join(folder.path, name) for name in beside if is_event_file(name)]
    return [files.join(folder.path, name) for name in histories if len(histories) == 1] + event_files(
        events, places
    )


def _candidates(names: Sequence[str]) -> list[str]:
    """Texts by their names, those first that are called as logs are.

    mmdet writes each log twice: as text, and as JSON under the same name and more.
    """
    there = set(names)
    texts = [
        name
        for name in names
        if (name.endswith(_TEXTS) or _LOGS.search(name))
        and name not in sidecars.NAMES
        and not _NEVER.search(name)
        and f"{name}.json" not in there
    ]
    return sorted(texts, key=lambda name: _LOGS.search(name) is None)


def _looked(
    folder: Folder, candidates: Sequence[str], *, exact_only: bool
) -> tuple[list[str], tuple[Problem, ...]]:
    """The logs among some files of a folder, and what was passed over though it resembles one."""
    from curvedoctor.sources.history.sniff import look

    taken: list[str] = []
    passed: list[Problem] = []
    patience = float(_IDLE_REMOTE if files.is_url(folder.path) else _IDLE)
    for index, name in enumerate(candidates):
        if patience < 0:
            rest = f"{name} and {len(candidates) - index - 1} more after it"
            passed.append(_passed(folder, rest, "not looked into: none of those before is a log"))
            break
        path = files.join(folder.path, name)
        try:
            seen = look(name, files.read_bytes(path, _HEAD), named=_LOGS.search(name) is not None)
        except files.UNREADABLE:
            continue
        if seen.taken and (seen.exact or not exact_only):
            taken.append(name)
            patience += 4
            continue
        patience -= _CHEAP if name.endswith((".csv", ".tsv")) else 1
        if seen.taken:
            passed.append(_passed(folder, name, "a console log beside what tells of the same run"))
        elif seen.why:
            passed.append(_passed(folder, name, seen.why))
    return sorted(taken), tuple(passed)


def _passed(folder: Folder, name: str, why: str) -> Problem:
    return Problem(files.join(folder.path, name), why, kind="passed")


def _claimed_beside(folder: Folder) -> list[str]:
    """Files in this folder that other readers have claimed."""
    try:
        beside = [entry.name for entry in files.listing(folder.path) if not entry.is_dir]
    except files.UNREADABLE:
        return []
    return sorted(set(beside) - set(folder.files))
