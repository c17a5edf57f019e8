"""Checkpoints beside a run's log, by their names alone: no such file is ever opened.

Names are hostile: bounded in number and length, read by plain patterns, and shown through `safe` like any
other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from curvedoctor.model import Checkpoint, Origin, Run
from curvedoctor.sources import files

#: directories below a run in which checkpoints are kept
_BELOW = (
    "checkpoints",
    "checkpoint",
    "ckpts",
    "ckpt",
    "weights",
    "models",
    "model",
    "snapshots",
    "artifacts",
    "saved_models",
)
#: directories that only hold a run's log: its checkpoints stand beside them
_LOGS = frozenset({"vis_data", "tensorboard", "tf_logs", "tb", "tblogs", "events", "logs", "log"})
#: Hugging Face's `output/runs/DATE`
_RUNS = "runs"
#: names looked at in one directory, kept of one run, and characters of a name
MOST_NAMES, MOST, LONGEST = 2000, 256, 160
#: directories whose names are kept at hand
DIRECTORIES = 64
#: greatest number that counts steps
GREATEST = 10**13
_SUFFIX = re.compile(
    r"\.(pt|pth|ckpt|h5|hdf5|keras|safetensors|bin|zip|pkl|joblib|msgpack|npz|tar|params|pdparams|ubj|model|index|meta"
    r"|data-\d{5}-of-\d{5})$",
    re.IGNORECASE,
)
_SHARD = re.compile(r"\d{5}-of-\d{5}")
#: what a name must say to be a checkpoint's; the optimizer's state is none
_SAYS = re.compile(
    r"(?i)(^|[^a-z])(ckpt|checkpoint|cp|model|weights?|snapshot|epoch|ep|step|iter|best|last|final|latest|rl_model)([^a-z]|\d|$)"
)
_NEVER = re.compile(
    r"(?i)optim|scheduler|scaler|rng_state|tokenizer|training_args|replay_buffer|vecnormalize|events\.out"
)
_EPOCH = re.compile(r"(?i)(?<![a-z])(?:epochs?|ep|e)[=_.\- ]?(\d{1,13})(?![\d])")
_STEP = re.compile(
    r"(?i)(?<![a-z])(?:global_?step|steps?|iterations?|iter|it|updates?)[=_.\- ]?(\d{1,13})(?![\d])"
)
_STEPS = re.compile(r"(?i)(?<![\d.=])(\d{1,13})[_\- ]?(?:steps?|iters?|iterations?)(?![a-z])")
_NUMBER = re.compile(r"(?i)(?:ckpt|checkpoint|cp|model|weights?|snapshot)[_.\-= ]?(\d{1,13})(?![\d])")
#: LightGBM's `model.txt.snapshot_iter_100`
_SNAPSHOT = re.compile(r"\.snapshot_iter_\d{1,13}$")
#: a run that was told apart from others in its files: theirs are not its own
_SEVERAL = re.compile(r"#\d+$")
_WORD = re.compile(r"(?i)(?<![a-z])(best|last|latest|final)(?![a-z])")


class Checkpoints:
    """What stands beside runs that are loaded together: each directory is looked into once."""

    def __init__(self) -> None:
        self._names = lru_cache(maxsize=DIRECTORIES)(_names)
        self._parsed = lru_cache(maxsize=DIRECTORIES)(self._kept)

    def added(self, run: Run) -> Run:
        """The run with the checkpoints that stand beside its files."""
        known = tuple(self.beside(run))
        return replace(run, checkpoints=known) if known else run

    def beside(self, run: Run) -> list[Checkpoint]:
        """Checkpoints of one run, by number and name;
        none of runs that are not in local files of their own."""
        origin = run.origin
        if origin is None or not origin.paths or files.is_url(origin.paths[0]) or _SEVERAL.search(run.name):
            return []
        known: dict[str, Checkpoint] = {}
        for folder, shown in self._places(_home(origin)):
            for made in self._parsed(folder, shown):
                if len(known) < MOST:
                    known.setdefault(made.name, made)
        return sorted(known.values(), key=_order)

    def _kept(self, folder: str, shown: str) -> list[Checkpoint]:
        """The checkpoints in one directory, by the names that they have below the run's."""
        every = (parse(name, is_dir, named_by_folder=shown != "") for name, is_dir in self._names(folder))
        return [replace(made, name=shown + made.name) for made in every if made is not None]

    def _places(self, home: str) -> Iterator[tuple[str, str]]:
        """Directories to look into, each with what stands before its names: the run's, those below that keep
        checkpoints, and the one above where the run's holds its log only."""
        above = files.parent(home)
        tops = [home]
        if files.basename(home) in _LOGS:
            tops.append(above)
        elif files.basename(above) == _RUNS and len(self._subdirectories(above)) == 1:
            tops.append(files.parent(above))
        for top in tops:
            yield top, ""
            below = self._subdirectories(top)
            for name in _BELOW:
                if name in below:
                    yield files.join(top, name), f"{name}/"
                    if name == "artifacts" and "checkpoints" in self._subdirectories(files.join(top, name)):
                        yield files.join(files.join(top, name), "checkpoints"), "artifacts/checkpoints/"

    def _subdirectories(self, folder: str) -> set[str]:
        return {name for name, is_dir in self._names(folder) if is_dir}


def _home(origin: Origin) -> str:
    """The directory that is the run's: what all its files have in common; an MLflow run's own."""
    if origin.kind == "mlflow-files":
        return origin.paths[0]
    parents = {files.parent(path) for path in origin.paths}
    return parents.pop() if len(parents) == 1 else os.path.commonpath(parents)


def _names(folder: str) -> list[tuple[str, bool]]:
    """Names in a directory, each with whether it is one; sorted, and bounded."""
    try:
        entries = islice(files.listing(folder), MOST_NAMES)
        return sorted((entry.name, entry.is_dir) for entry in entries if len(entry.name) <= LONGEST)
    except files.UNREADABLE:
        return []


def parse(name: str, is_dir: bool, *, named_by_folder: bool = False) -> Checkpoint | None:
    """What a name says; None if it is no checkpoint's. `named_by_folder`:
    it stands in a directory of checkpoints."""
    if len(name) > LONGEST or _NEVER.search(name):
        return None
    stem = name
    while not is_dir and (match := _SUFFIX.search(stem)):
        stem = stem[: match.start()]
    if not is_dir and stem == name and not _SNAPSHOT.search(name):
        return None
    shown = name if not re.search(r"\.(index|meta|data-\d{5}-of-\d{5})$", name) else stem
    if named_by_folder and stem.isascii() and stem.isdigit():
        return _numbered(shown, number=stem)
    if _SHARD.search(stem) or not _SAYS.search(stem):
        return None
    step = _last(_STEP, stem) or _last(_STEPS, stem)
    epoch, number, word = _last(_EPOCH, stem), _last(_NUMBER, stem), _WORD.search(stem)
    if step or epoch or number:
        return _numbered(shown, step, epoch, None if step or epoch else number)
    if word and not is_dir:
        return Checkpoint(shown, word=word[1].lower())
    return None


def _numbered(
    name: str, step: str | None = None, epoch: str | None = None, number: str | None = None
) -> Checkpoint | None:
    """A checkpoint with its counts; None where one is beyond anything that counts."""
    at_step, at_epoch, at_number = (None if text is None else int(text) for text in (step, epoch, number))
    if max(at_step or 0, at_epoch or 0, at_number or 0) > GREATEST:
        return None
    return Checkpoint(name, at_step, at_epoch, at_number)


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    matches = pattern.findall(text)
    return matches[-1] if matches else None


def _order(one: Checkpoint) -> tuple[int, str]:
    counts = [count for count in (one.step, one.epoch, one.number) if count is not None]
    return (counts[0] if counts else GREATEST), one.name
