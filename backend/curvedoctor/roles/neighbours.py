"""What the other curves of a run say about one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from curvedoctor.model import Split
from curvedoctor.roles import split, vocabulary
from curvedoctor.roles.frameworks import is_environment
from curvedoctor.roles.quantity import inner
from curvedoctor.roles.rules import first
from curvedoctor.roles.tag_words import Name

#: words of losses that only a training procedure has
_PROCEDURE = vocabulary.ADVERSARIAL | {"d", "g", "actor", "critic", "policy", "value", "surrogate"}
#: words that only the training of a policy has
_POLICY = frozenset({"completion", "completions", "approxkl", "clipfrac"})
_RECONSTRUCTION = frozenset({"recon", "reconstruction", "recons"})
_MARGINS = frozenset({"margin", "margins"})
#: beside a divergence: its weight, or what limits it
_NO_TERM = frozenset({"weight", "coef", "klcoef", "beta", "target", "approxkl"})
_DIVERGENCE = frozenset({"kl", "kld", "kldiv"})
Key = tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]


def _bare(name: Name) -> Key:
    """The name without its split words: what "val_loss", "validation/loss" and "loss" have in common."""
    folder = tuple(part for part in name.folder if not all(w in vocabulary.SPLIT_WORDS for w in part))
    return folder, tuple(w for w in name.flat if w not in vocabulary.SPLIT_WORDS)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A digest of a run's names, made once for all its curves."""

    #: splits that tags or directories name, by the name without them
    splits: dict[Key, frozenset[Split]]
    #: folders in which tags name a split other than the folder's: the folder is no split then
    misnamed: frozenset[tuple[tuple[str, ...], ...]]
    #: rewards are logged
    rewards: bool
    #: a policy is trained by them: its KL, its clipping, what it answers, or how rewards spread,
    #: is logged too
    policy: bool
    #: a held-out loss, score or error is logged
    held_out: bool
    #: a held-out loss is
    held_out_loss: bool
    #: a share of right answers is logged
    scored: bool
    #: adversarial or policy losses are logged, and no tag names a split: every loss is one of training
    only_procedure: bool
    #: a loss is also logged by quarters of a diffusion's time step (`loss_q0` … `loss_q3`)
    quartered: bool
    #: a reconstruction is logged, as autoencoders do: a KL divergence beside it is that of their codes
    reconstructs: bool
    #: chosen beside rejected answers: a model learns preferences, and no agent plays
    prefers: bool

    @property
    def only_reinforcement(self) -> bool:
        """Rewards are logged, and nothing that supervised training would log, or what only a policy has."""
        return self.rewards and (self.policy or not self.held_out)

    @classmethod
    def of(cls, names: Iterable[Name], summaries: Collection[Name] = ()) -> Neighbours:
        """Digest all names of a run; that one of the `summaries` names
        training says nothing of the others."""
        splits: dict[Key, set[Split]] = {}
        misnamed, leaves, held_out, held_out_loss, tags_name = set(), [], False, False, False
        rewards = policy = False
        for name in names:
            policy = policy or _of_a_policy(name)
            tagged = first(split.NAMED[:1], name)
            foldered = first(split.NAMED[1:], name)
            tags_name = tags_name or tagged is not None
            named = tagged or foldered
            if named and not (named[0] == "train" and name in summaries):
                splits.setdefault(_bare(name), set()).add(named[0])
            if tagged and foldered and foldered[0] != tagged[0]:
                misnamed.add(name.folder)
            leaf = frozenset(inner(name)[0])
            leaves.append(leaf)
            rewards = rewards or bool(leaf & vocabulary.REWARD) or is_environment(name)
            if named is not None and named[0] != "train":
                held_out = held_out or _supervised(leaf)
                held_out_loss = held_out_loss or bool(leaf & vocabulary.LOSS)
        return cls(
            splits={key: frozenset(names_of) for key, names_of in splits.items()},
            misnamed=frozenset(misnamed),
            rewards=rewards,
            policy=rewards and policy,
            held_out=held_out,
            held_out_loss=held_out_loss,
            scored=any(leaf & (vocabulary.PROPORTION - vocabulary.OF_EPISODES) for leaf in leaves),
            only_procedure=not tags_name and any(leaf & _PROCEDURE for leaf in leaves),
            reconstructs=any(leaf & _RECONSTRUCTION for leaf in leaves)
            or (any("bce" in leaf for leaf in leaves) and any("kld" in leaf for leaf in leaves)),
            prefers=all(any(word in leaf for leaf in leaves) for word in ("chosen", "rejected")),
            quartered=all({"q", digit} in leaves or {"loss", "q", digit} in leaves for digit in "03"),
        )

    def named_split(self, name: Name) -> tuple[Split, str] | None:
        """The split that the tag names, else the directory,
        unless other tags in it contradict the directory."""
        rules = split.NAMED[:1] if name.folder in self.misnamed else split.NAMED
        return first(rules, name)

    def split_of_bare(self, name: Name) -> tuple[Split, str] | None:
        """ "loss" beside "val_loss" is the training loss; beside "train_loss" too, it could be anything."""
        if self.only_procedure and not split.has_phase(name) and any(w in vocabulary.LOSS for w in name.flat):
            return "train", "beside adversarial or policy losses, and no curve of the run names a split"
        named = self.splits.get(_bare(name), frozenset())
        if named & {"val", "test"} and "train" not in named:
            return "train", "the same name exists for held-out data, so this one is for training"
        if self.held_out and not self.held_out_loss and name.leaf == ("loss",) and len(name.parts) == 1:
            return "train", "held-out scores are logged, but no held-out loss: this one is for training"
        if self.of_diffusion(name):
            return "train", "logged beside, or as one of, the quarters of a diffusion's loss"
        return None

    def of_codes(self, name: Name) -> bool:
        """Whether this is the KL divergence of an autoencoder's codes from their prior."""
        leaf = frozenset(inner(name)[0])
        return self.reconstructs and bool(leaf & _DIVERGENCE) and not leaf & _NO_TERM

    def of_preferences(self, name: Name) -> bool:
        """Whether this is an implicit reward of learning from preferences:
        a margin between log-likelihoods."""
        return self.prefers and bool(name.words & _MARGINS)

    def of_diffusion(self, name: Name) -> bool:
        """Whether this is a diffusion model's training loss,
        or the part of it from one quarter of the time steps."""
        quarter = len(name.leaf) == 3 and name.leaf[1] == "q" and name.leaf[2] in "0123"
        return self.quartered and (quarter or name.leaf in (("loss",), ("mse",), ("vb",)))


def _of_a_policy(name: Name) -> bool:
    """Whether only the training of a policy by rewards logs this: GRPO's completions, PPO's clipping."""
    spread = name.words & vocabulary.REWARD and name.words & vocabulary.SPREAD
    return bool(name.words & _POLICY or spread)


def _supervised(leaf: frozenset[str]) -> bool:
    """Whether supervised training measures this on held-out data."""
    measured = leaf & (vocabulary.LOSS | vocabulary.ACCURACY | vocabulary.ERROR)
    return bool(measured) and not leaf & (vocabulary.REWARD | vocabulary.OF_EPISODES)
