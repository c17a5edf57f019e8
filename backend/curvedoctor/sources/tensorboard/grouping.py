"""Which directories of event files belong to one run.

Some writers spread a run over sub-directories: Keras and Estimators by split (`train`, `validation`,
`eval`), `add_scalars` of torch and tensorboardX by series (`Loss_train`, `Loss_val`), and `add_hparams`
puts hyperparameters into a directory named after the time or by the user. Each rule below needs evidence
beyond the name: `runs/detect/train` alone is a run, not a split.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from curvedoctor.sources import files
from curvedoctor.sources.base import Folder
from curvedoctor.sources.copies import is_event_file
from curvedoctor.sources.tensorboard.peek import is_ours, is_trial, only_tag

_TRAIN = re.compile(r"(train|training|learn|fit)$", re.IGNORECASE)
_EVAL = re.compile(r"(val|valid|validation|eval|evaluation|test|testing|dev)([_-]?\d)?$", re.IGNORECASE)
#: an Estimator's evaluations have names; they count beside its own event file only
_NAMED_EVAL = re.compile(r"eval_\w+$")
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


#: sub-directories of a part of a run that hold no runs
_INNER = frozenset({"plugins", "curvedoctor"})


@dataclass(frozen=True, slots=True)
class Grouping:
    """Event files that make up one run, and the sub-directories that they come from."""

    #: paths
    events: tuple[str, ...]
    #: names of sub-directories that are parts of the run
    parts: frozenset[str]
    #: those of them that hold nothing else
    closed: frozenset[str]


_NOTHING = Grouping((), frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _Child:
    #: paths of the event files directly in it, or below it if it is closed
    events: list[str]
    #: no runs of its own below it
    closed: bool


def group(folder: Folder) -> Grouping:
    """The run whose directory is `folder`: no event files if it isn't one."""
    own = [files.join(folder.path, name) for name in folder.files if "tfevents" in name]
    if not own and not folder.dirs:
        return _NOTHING
    name = files.basename(folder.path)
    if own and name == "curvedoctor":
        own = [path for path in own if not is_ours(path)]
    if own and folder.path != folder.root and _is_split(name) and name in _parts_of_parent(folder):
        own = []  # the walk came here for what lies below
    if not folder.dirs:
        return Grouping(tuple(own), frozenset(), frozenset())
    parts = _parts(folder, bool(own))
    events = own + [path for part in sorted(parts) for path in parts[part].events]
    closed = frozenset(part for part, child in parts.items() if child.closed)
    return Grouping(tuple(events), frozenset(parts), closed)


def _parts(folder: Folder, own: bool) -> dict[str, _Child]:
    candidates = [name for name in folder.dirs if _may_be_part(name, own)][:_MAX_CHILDREN]
    children = {name: child for name in candidates if (child := _child(folder, name)).events}
    chosen = _splits(children, own)
    if own:
        chosen |= {name for name, child in children.items() if _is_series(name, child.events)}
        for name in folder.dirs[:_MAX_CHILDREN]:
            if name not in children and (events := _nested_series(folder, name)):
                children[name] = _Child(events, closed=True)
                chosen.add(name)
        if trial := _only_trial(folder, chosen):
            children |= trial
            chosen |= trial.keys()
    return {name: children[name] for name in chosen}


def _only_trial(folder: Folder, chosen: set[str]) -> dict[str, _Child]:
    """The one directory that `add_hparams` was told to write to; several are trials, runs of their own."""
    trials: dict[str, _Child] = {}
    for name in folder.dirs[:_MAX_CHILDREN]:
        child = _child(folder, name) if name not in chosen else _Child([], closed=False)
        if child.closed and len(child.events) == 1 and is_trial(child.events[0]):
            trials[name] = child
    return trials if len(trials) == 1 else {}


def _parts_of_parent(folder: Folder) -> frozenset[str]:
    above = files.parent(folder.path)
    try:
        entries = sorted(files.listing(above))
    except files.UNREADABLE:
        return frozenset()
    dirs = tuple(entry.name for entry in entries if entry.is_dir)
    return group(Folder(above, above, dirs, tuple(e.name for e in entries if not e.is_dir))).parts


def _is_split(name: str) -> bool:
    return bool(_TRAIN.match(name) or _EVAL.match(name) or _NAMED_EVAL.match(name)) or name.lower() in _EXTRA


def _may_be_part(name: str, own: bool) -> bool:
    if _is_split(name):
        return True
    return own and ("_" in name or " " in name or bool(_TIME_NAME.match(name)))


def _child(folder: Folder, name: str) -> _Child:
    """Event files directly in a sub-directory; none if that is a run in its own right, or can't be listed."""
    path = files.join(folder.path, name)
    try:
        entries = sorted(files.listing(path))
    except files.UNREADABLE:
        return _Child([], closed=False)
    if any(entry.name in _OWN_RUN for entry in entries):
        return _Child([], closed=False)
    events = [files.join(path, e.name) for e in entries if is_event_file(e.name) and not e.is_dir]
    closed = True
    for entry in entries if events else ():
        if entry.is_dir and entry.name not in _INNER:
            below = _trial(files.join(path, entry.name)) if _TIME_NAME.match(entry.name) else []
            events += below
            closed = closed and bool(below)
    return _Child(events, closed)


def _trial(path: str) -> list[str]:
    """The event file of a directory that holds nothing but what `add_hparams` wrote."""
    try:
        names = [entry.name for entry in files.listing(path)]
    except files.UNREADABLE:
        return []
    paths = [files.join(path, name) for name in names]
    return paths if len(paths) == 1 and is_event_file(names[0]) and is_trial(paths[0]) else []


def _splits(children: dict[str, _Child], own: bool) -> set[str]:
    train = {name for name in children if _TRAIN.match(name)}
    held = {name for name in children if _EVAL.match(name) or (own and _NAMED_EVAL.match(name))}
    extra = {name for name in children if name.lower() in _EXTRA}
    if (train and held) or (own and held):
        return train | held | extra
    alone = next(iter(train)) if len(train) == 1 else None
    if alone is not None and all(_of_tf2(path) for path in children[alone].events):
        return train | extra
    return set()


def _of_tf2(path: str) -> bool:
    """TF2 summary writers end their names so; Keras writes `train` alone until an epoch is validated."""
    return files.basename(path).endswith(".v2")


def _is_series(name: str, events: list[str]) -> bool:
    if _TIME_NAME.match(name):
        return True
    tag = only_tag(events[0])
    return tag is not None and name.startswith(tag.replace("/", "_") + "_")


def _nested_series(folder: Folder, name: str) -> list[str]:
    """Event files below a sub-directory if all of them are series of one call: `TAG/KEY`,
    as tensorboardX nests them."""
    paths: list[str] = []
    pending = [name]
    for _ in range(_MAX_NESTED):
        if not pending:
            return paths
        below = pending.pop()
        path = files.join(folder.path, below)
        try:
            entries = sorted(files.listing(path))
        except files.UNREADABLE:
            return []
        events = [files.join(path, e.name) for e in entries if is_event_file(e.name) and not e.is_dir]
        if events and only_tag(events[0]) != below.rpartition("/")[0]:
            return []
        paths.extend(events)
        if below.count("/") < _MAX_LEVELS:
            pending.extend(f"{below}/{entry.name}" for entry in entries if entry.is_dir and not entry.is_link)
    return []


def subdirectory(path: str, run: str) -> str:
    """Where below the run's directory an event file lies; empty for the run's directory itself."""
    below = files.relative(files.parent(path), run)
    return "" if below == "." else below
