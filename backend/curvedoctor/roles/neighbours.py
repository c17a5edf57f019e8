"""What the other curves of a run say about one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curvedoctor.model import Split
from curvedoctor.roles import split, vocabulary
from curvedoctor.roles.quantity import inner
from curvedoctor.roles.rules import first
from curvedoctor.roles.words import Name

#: words of losses that only a training procedure has
_PROCEDURE = vocabulary.ADVERSARIAL | {"d", "g", "actor", "critic", "policy", "value", "surrogate"}
Key = tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]


def _bare(name: Name) -> Key:
    """The name without its split words: what "val_loss" and "loss" have in common."""
    return name.folder, tuple(w for w in name.flat if w not in vocabulary.SPLIT_WORDS)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A digest of a run's names, made once for all its curves."""

    #: splits that tags name, by the name without them
    splits: dict[Key, frozenset[Split]]
    #: folders in which tags name a split other than the folder's: the folder is no split then
    misnamed: frozenset[tuple[tuple[str, ...], ...]]
    #: rewards are logged, and nothing that supervised training would log
    only_reinforcement: bool
    #: adversarial or policy losses are logged, and no curve names a split: every loss is one of training
    only_procedure: bool

    @classmethod
    def of(cls, names: Iterable[Name]) -> Neighbours:
        """Digest all names of a run."""
        splits: dict[Key, set[Split]] = {}
        misnamed = set()
        rewards = supervised = procedure = False
        for name in names:
            tagged = first(split.NAMED[:1], name)
            foldered = first(split.NAMED[1:], name)
            if tagged:
                splits.setdefault(_bare(name), set()).add(tagged[0])
                if foldered and foldered[0] != tagged[0]:
                    misnamed.add(name.folder)
            leaf, _ = inner(name)
            procedure = procedure or any(w in _PROCEDURE for w in leaf)
            rewards = rewards or any(w in vocabulary.REWARD for w in leaf)
            held_out = (tagged or foldered or ("train",))[0] in ("val", "test")
            measured = any(
                w in vocabulary.LOSS or w in vocabulary.ACCURACY or w in vocabulary.ERROR for w in leaf
            )
            supervised = supervised or (
                held_out and measured and not any(w in vocabulary.REWARD for w in leaf)
            )
        frozen = {key: frozenset(found) for key, found in splits.items()}
        return cls(frozen, frozenset(misnamed), rewards and not supervised, procedure and not frozen)

    def named_split(self, name: Name) -> tuple[Split, str] | None:
        """The split that the tag names, else the directory, unless other tags in it contradict the directory."""
        rules = split.NAMED[:1] if name.folder in self.misnamed else split.NAMED
        return first(rules, name)

    def split_of_bare(self, name: Name) -> tuple[Split, str] | None:
        """ "loss" beside "val_loss" is the training loss; beside "train_loss" too, it could be anything."""
        if self.only_procedure and not split.has_phase(name) and any(w in vocabulary.LOSS for w in name.flat):
            return "train", "beside adversarial or policy losses, and no curve of the run names a split"
        named = self.splits.get(_bare(name), frozenset())
        if named & {"val", "test"} and "train" not in named:
            return "train", "the same name exists for held-out data, so this one is for training"
        return None
