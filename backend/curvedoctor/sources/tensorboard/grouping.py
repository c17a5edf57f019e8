"""Which directories of event files belong to one run.

Some writers spread a run over sub-directories: Keras and Estimators by split (`train`, `validation`,
`eval`), `add_scalars` of torch and tensorboardX by series (`Loss_train`, `Loss_val`), `add_hparams` by
time. Each rule below needs evidence beyond the name: `runs/detect/train` alone is a run, not a split.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from curvedoctor.sources import files
from curvedoctor.sources.base import Folder
from curvedoctor.sources.copies import is_event_file
from curvedoctor.sources.tensorboard.peek import first_tag, is_ours

_TRAIN = re.compile(r"(train|training|learn|fit)(ing)?([_-]?\d+)?$", re.IGNORECASE)
_EVAL = re.compile(r"(val|valid|validation|eval|evaluation|test|testing|dev)([_-]\w+|\d+)?$", re.IGNORECASE)
#: what Keras users put beside train and validation, by a writer of their own
_EXTRA = frozenset({"metrics", "lr", "learning_rate", "scalars"})
#: `add_hparams` writes into a directory named after the time
_TIME_NAME = re.compile(r"\d{9,11}(\.\d+)?$")
#: files that mark a directory as a run in its own right
_OWN_RUN = frozenset({"args.yaml", "opt.yaml", "hparams.yaml", "results.csv", "metrics.csv"})
#: children looked at when searching for parts of a run: beyond, it is a directory of many runs
_MAX_CHILDREN = 256
#: directories looked at below one sub-directory, and levels: tags have few parts
_MAX_NESTED, _MAX_LEVELS = 32, 4


@dataclass(frozen=True, slots=True)
class Grouping:
    """Event files that make up one run, and the sub-directories that they come from."""

    #: paths
    events: tuple[str, ...]
    #: names of sub-directories that are parts of the run
    dirs: frozenset[str]


def group(folder: Folder) -> Grouping:
    """The run whose directory is `folder`: no event files if it isn't one."""
    own = [files.join(folder.path, name) for name in folder.files if is_event_file(name)]
    if own and files.basename(folder.path) == "curvedoctor":
        own = [path for path in own if not is_ours(path)]
    candidates = [name for name in folder.dirs if _may_be_part(name, bool(own))][:_MAX_CHILDREN]
    children = {name: events for name in candidates if (events := _events_in(folder, name))}
    parts = _splits(children, bool(own))
    if own:
        parts |= {name for name, events in children.items() if _is_part(name, events)}
        nested = {
            name: found for name in folder.dirs if name not in children and (found := _series(folder, name))
        }
        children |= nested
        parts |= set(nested)
    events = own + [path for name in sorted(parts) for path in children[name]]
    return Grouping(tuple(events), frozenset(parts))


def _may_be_part(name: str, own: bool) -> bool:
    if _TRAIN.match(name) or _EVAL.match(name) or name.lower() in _EXTRA:
        return True
    return own and ("_" in name or " " in name or bool(_TIME_NAME.match(name)))


def _events_in(folder: Folder, name: str) -> list[str]:
    """Event files directly in a sub-directory; none if that is a run in its own right, or can't be listed."""
    path = files.join(folder.path, name)
    try:
        entries = sorted(files.listing(path), key=lambda entry: entry.name)
    except files.UNREADABLE:
        return []
    if any(entry.name in _OWN_RUN for entry in entries):
        return []
    return [files.join(path, e.name) for e in entries if is_event_file(e.name) and not e.is_dir]


def _splits(children: dict[str, list[str]], own: bool) -> set[str]:
    train = {name for name in children if _TRAIN.match(name)}
    held = {name for name in children if _EVAL.match(name)}
    together = bool(train and held) or (own and bool(held))
    if together or (len(train) == 1 and all(_of_tf2(path) for path in children[next(iter(train))])):
        return train | held | {name for name in children if name.lower() in _EXTRA}
    return set()


def _of_tf2(path: str) -> bool:
    """TF2 summary writers end their names so; Keras writes `train` alone until an epoch is validated."""
    return files.basename(path).endswith(".v2")


def _is_part(name: str, events: list[str]) -> bool:
    if _TIME_NAME.match(name):
        return True
    tag = first_tag(events[0])
    return tag is not None and name.startswith(tag.replace("/", "_") + "_")


def _series(folder: Folder, name: str) -> list[str]:
    """Event files below a sub-directory if all of them are series of one call: `TAG/KEY`, as tensorboardX nests them."""
    found: list[str] = []
    pending = [name]
    for _ in range(_MAX_NESTED):
        if not pending:
            return found
        below = pending.pop()
        path = files.join(folder.path, below)
        try:
            entries = sorted(files.listing(path), key=lambda entry: entry.name)
        except files.UNREADABLE:
            return []
        events = [files.join(path, e.name) for e in entries if is_event_file(e.name) and not e.is_dir]
        if events and first_tag(events[0]) != below.rpartition("/")[0]:
            return []
        found.extend(events)
        if below.count("/") < _MAX_LEVELS:
            pending.extend(f"{below}/{entry.name}" for entry in entries if entry.is_dir and not entry.is_link)
    return []


def subdirectory(path: str, run: str) -> str:
    """Where below the run's directory an event file lies; empty for the run's directory itself."""
    below = files.relative(files.parent(path), run)
    return "" if below == "." else below
