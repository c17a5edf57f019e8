"""On which data a curve was measured, from the words of its name and of its sub-directory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from curvedoctor.model import Better, Quantity, Split
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.quantity import inner
from curvedoctor.roles.rules import Rule, first
from curvedoctor.roles.tag_words import Name, parse

Words = tuple[str, ...]
#: words that may stand before "training" without making it the name of a phase ("step_training_loss")
_BEFORE_TRAINING = (
    v.LOSS | v.ERROR | v.ACCURACY | v.STEP | v.EPOCH | v.MODIFIERS | v.SPLIT_WORDS | v.LR | v.REWARD
)
#: words that may accompany a split word in a directory's name
_FOLDER_WORDS = (
    v.SPLIT_WORDS
    | v.MODIFIERS
    | frozenset("learn inner set data logs log split summary summaries metrics events writer".split())  # noqa: SIM905
)
#: `add_scalars` makes directories such as "Loss_train"
_FOLDER_METRICS = v.LOSS | v.ACCURACY | v.ERROR


def _is_phase(words: Words, i: int) -> bool:
    """ "Autoencoder training" names a phase of the work, not the training split."""
    if words[i] != "training" or i == 0 or words[i - 1] in _BEFORE_TRAINING or words[i - 1].isdigit():
        return False
    following = words[i + 1] if i + 1 < len(words) else ""
    return not (following in v.LOSS or following in v.ACCURACY or following in v.ERROR)


def has_phase(name: Name) -> bool:
    """Whether the tag names a phase of training ("Joint training - GAN")."""
    return any(_is_phase(part, i) for part in name.parts for i in range(len(part)))


def _of_part(words: Words) -> Split | None:
    """The split that one part names: a set's name beats "eval", which names an act;
    then the later word wins."""
    if "vs" in words and len({word in v.TRAIN for word in words if word in v.SPLIT_WORDS}) > 1:
        return None  # "Training vs. Validation Loss" names both
    split: Split | None = None
    for i, word in enumerate(words):
        if word in v.TRAIN:
            split = split if _is_phase(words, i) else "train"
        elif word in v.TEST:
            split = "test"
        elif word in v.VAL:
            split = "val"
    if split is None and any(word in v.EVAL for word in words):
        return "val"
    if split is None and (words == ("learn",) or "rollout" in words):
        return "train"
    return split


def _in_tag(name: Name) -> Split | None:
    return next((split for part in reversed(name.parts) if (split := _of_part(part))), None)


def _in_folder(name: Name) -> Split | None:
    for part in reversed(name.folder):
        if all(w in _FOLDER_WORDS or w in _FOLDER_METRICS or w.isdigit() for w in part):
            split = "train" if "learn" in part else _of_part(part)
            if split:
                return split
    return None


@lru_cache(maxsize=4096)
def is_held_out(folder: str) -> bool:
    """Whether a directory is called after held-out data: "validation", "eval"."""
    return _in_folder(parse(f"{folder}/x", "x")) in ("val", "test")


def speaks_of_training(names: Iterable[Name]) -> bool:
    """Whether some curve names a split, or is one that only training has."""
    training = v.LR | v.GRAD | v.REWARD
    return any(first(NAMED[:1], name) or name.words & training for name in names)


NAMED: tuple[Rule[Split], ...] = (
    Rule(_in_tag, "the tag names the split"),
    Rule(_in_folder, "the directory names the split"),
)


def by_nature(name: Name, quantity: Quantity, better: Better) -> tuple[Split, str] | None:
    """The split that follows from what is measured, where nothing names one."""
    leaf, _ = inner(name)
    if quantity in ("lr", "grad_norm"):
        return "train", "only training has it"
    if has_phase(name):
        return None
    if quantity in ("accuracy", "error") and better != "none" and any(w in v.WHOLE_SET for w in leaf):
        return "val", "computed over a whole set, so by an evaluation"
    player = quantity == "loss" and len(leaf) > 1 and leaf[0] in v.GAN_LETTERS
    if player or (quantity in ("loss", "accuracy", "error") and better == "none"):
        return "train", "it belongs to the training procedure itself"
    if (quantity == "loss" and any(w in v.STEP for w in leaf)) or (
        quantity in ("accuracy", "error") and "batch" in leaf
    ):
        return "train", "measured on single steps or batches"
    if quantity == "reward" or (quantity == "accuracy" and any(w in v.OF_EPISODES for w in leaf)):
        return "train", "what episodes give without a named split is of training"
    return None
