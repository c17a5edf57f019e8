"""What the name of a column says: a counter, a wall time, a run, a split, or a curve."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re
from functools import lru_cache

_OTHER = re.compile(r"[^a-z0-9]+")
#: counters, finest and most trustworthy first; without blanks, underscores and capitals
_FINE = (
    "step steps globalstep globalsteps trainstep trainingstep currentstep curstep nsteps numsteps "
    "timesteps timestep totaltimesteps timestepssofar timestepstotal numtimesteps totalsteps totalenvsteps "
    "envsteps totalenvinteracts numenvstepssampled numenvstepssampledlifetime ts "
    "iteration iterations iter iters it globaliter iternum iterno curriter totaliter itr "
    "update updates numupdates nupdates nupdate batch batchidx batchindex batchid batchno batchnum minibatch "
    "trainingiteration trainiter round rounds boostinground tree trees generation gen "
    "episode episodes episodessofar numepisodes episodestotal"
).split()
FINE = {name: rank for rank, name in enumerate(_FINE)}
EPOCH = frozenset(
    "epoch epochs epoche epoca ep epochnum epochno epochidx epochindex currentepoch curepoch trainepoch "
    "nepoch epochnumber".split()
)
#: counters that start over within an epoch, where it says so
BATCH = frozenset("batch batchidx batchindex batchid batchno batchnum minibatch".split())
WALL = frozenset({"walltime", "timestamp", "datetime"})
INDEX = frozenset({"", "unnamed0", "index", "rowid"})
#: columns whose words tell runs apart: always, and only if the counter starts over with them
RUNS = frozenset(
    "run runid runname runuuid trial trialid trialname experiment experimentid "
    "experimentname exp expname".split()
)
MAYBE_RUNS = frozenset(
    "fold seed name id model method algorithm algo config configuration job jobid "
    "optimizer variant rep repeat".split()
)
#: keys under which a configuration stands
_SETTINGS = frozenset(
    "config configs configuration cfg conf params parameters hparams hyperparams hyperparameters "
    "hyperparameter hp args arguments trainingargs settings options opts flags".split()
)
PHASES = frozenset("phase split mode stage set subset dataset partition loader".split())
#: columns of a long table (one number per row): what it is, and how much
KEYS, VALUES = (
    frozenset("metric metricname key tag name variable curve".split()),
    frozenset({"value", "metricvalue"}),
)
_TRAIN = frozenset("train training trn learn".split())
_VAL = frozenset("val valid validation validate validating eval evaluation evaluate evaluating dev".split())
_TEST = frozenset("test testing tst".split())
_EXTREME = re.compile(r"__(MIN|MAX)$")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """The last part of a name without split, blanks, signs and capitals:
    "misc/total_timesteps" → "totaltimesteps"."""
    if len(name) > 200:
        return "…"
    last = name.rstrip("/").rpartition("/")[2].lower()
    first, _, rest = last.partition("_")
    return _OTHER.sub("", rest if rest and first in _TRAIN | _VAL | _TEST else last)


@lru_cache(maxsize=4096)
def is_counter(name: str) -> bool:
    """Whether it may count time."""
    return plain(name) in FINE or plain(name) in EPOCH


@lru_cache(maxsize=4096)
def is_settings(name: str) -> bool:
    """Whether what stands under it is a configuration."""
    return plain(name) in _SETTINGS


def is_extreme(name: str) -> bool:
    """Whether it is the band around another curve that W&B exports."""
    return _EXTREME.search(name) is not None


@lru_cache(maxsize=4096)
def split_of(text: str) -> str | None:
    """ "train", "val" or "test" if a word of `text` says so."""
    for word in re.split(r"[^A-Za-z]+", text[:500]):
        low = word.lower()
        split = "train" if low in _TRAIN else "val" if low in _VAL else "test" if low in _TEST else None
        if split:
            return split
    return None


@lru_cache(maxsize=4096)
def split_prefix(word: str) -> str | None:
    """The split if a word is its name, perhaps with more behind it: "train_inner"."""
    return split_word(re.split(r"[_\-]", word, maxsplit=1)[0])


@lru_cache(maxsize=4096)
def split_word(text: str) -> str | None:
    """The split if `text` is nothing but its name."""
    return split_of(text) if _OTHER.sub("", text.lower()) in _TRAIN | _VAL | _TEST else None


def with_split(split: str | None, name: str) -> str:
    """The curve's name with its split in front,
    unless it says so itself or has none (learning rate, time)."""
    if split is None or split_of(name) or plain(name) in _NO_SPLIT or is_counter(name):
        return name
    return f"{split}/{name}"


def has_split(name: str) -> bool:
    """Whether it belongs to one set of the data; a learning rate and a time do not."""
    return plain(name) not in _NO_SPLIT


_NO_SPLIT = frozenset(
    "lr learningrate baselr time datatime eta memory maxmem gpumem fps ips momentum "
    "gradnorm mfu speed".split()
)


def spelled(header: list[str]) -> list[str]:
    """A header with its counters in full: spaCy's are E and #."""
    return ["epoch", "step", *header[2:]] if header[:2] == ["E", "#"] else header
