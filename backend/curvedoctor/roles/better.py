"""Which way a curve should go, or that no way is the good one."""

# ruff: noqa: SIM905 - lists of words read best as text
from __future__ import annotations

import re

from curvedoctor.model import Better, Quantity
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.quantity import inner
from curvedoctor.roles.tag_words import Name

_EPISODE = frozenset({"episode", "episodes", "episodic"})
#: terms of a generator's loss that are to be minimised all the same
_BESIDE_ADVERSARIAL = frozenset("recon reconstruction cycle matching identity idt l1 perceptual".split())
_PLAIN_LOSS = {("loss",), ("total",), ("loss", "total"), ("total", "loss"), ("reg",)}
#: of a discriminator's gradient (Gulrajani et al. 2017, Mescheder et al. 2018)
_PENALTIES = frozenset({"penalty", "gp", "r1"})
#: transformers that detect or segment have a loss per layer of their decoder: "d0.loss_bbox"
_LAYER = re.compile(r"(?:^|[./])d\d+\.loss_")
#: whom a discriminator tells apart in imitation learning
_DEMONSTRATED = (("agent",), ("demo",), ("expert",))
_CHOICE = frozenset(
    (
        "chosen rejected logps kl penalty entropy bonus intrinsic curiosity gail rnd icm nonscore discounted"
    ).split()
)


def decide(name: Name, quantity: Quantity) -> tuple[Better, str]:
    """Direction of the quantity under this name, and the reason."""
    if quantity == "loss":
        return _of_loss(name)
    if quantity == "error":
        if name.words & {"td", "bellman"} or name.flat[:2] == ("ppo", "val"):
            return "none", "of a value function's error neither lower nor higher is better: its target moves"
        return "lower", "an error"
    if quantity == "accuracy":
        letter = len(name.leaf) > 1 and {name.leaf[0], name.leaf[-1]} & v.GAN_LETTERS
        if name.leaf[-1:] in (("acc",), ("accuracy",)) and name.leaf[:-1] in _DEMONSTRATED:
            return "none", "of how well imitation is told from demonstration neither more nor less is better"
        if letter or name.words & (v.ADVERSARIAL | {"fake", "real", "critic"}):
            return "none", "of how well a discriminator does neither more nor less is better"
        return "higher", "a score"
    if quantity == "reward":
        if name.words & _CHOICE:
            return "none", "a part of the reward that need not rise"
        return "higher", "a reward"
    return "none", "it is not to be optimised"


def _of_loss(name: Name) -> tuple[Better, str]:
    if _LAYER.search(name.text):
        return "lower", "the loss of one layer of a decoder"
    leaf, around = inner(name)
    here = frozenset(leaf)
    outside = frozenset(around)
    adversarial = v.ADVERSARIAL | {"unsupervised"} if outside & v.ADVERSARIAL else v.ADVERSARIAL
    if here & _PENALTIES:
        return "none", "a penalty that holds a discriminator back, no measure of learning"
    if here & adversarial and not here & _BESIDE_ADVERSARIAL:
        return "none", "adversarial: what one player wins the other loses, neither way is better"
    letters = here | ({*around[-1:]} if leaf in _PLAIN_LOSS else set())
    player = len(leaf) == 2 and here & v.GAN_LETTERS and here & v.ERROR
    if player or (letters & v.GAN_LETTERS and not here & (v.PLAIN_TERMS - {"feature"})):
        return "none", "adversarial: what one player wins the other loses, neither way is better"
    if here & v.RL_LOSS:
        return "none", "a policy's or value function's loss moves with its own target"
    if here & v.PLAIN_TERMS:
        return "lower", "a loss"
    if outside & v.ADVERSARIAL:
        return "none", "adversarial: what one player wins the other loses, neither way is better"
    if outside & (v.RL_LOSS - {"v", "q", "alpha", "clip"}):
        return "none", "a policy's or value function's loss moves with its own target"
    if name.words & _EPISODE:
        return "none", "a loss per episode is that of reinforcement learning: its target moves"
    return "lower", "a loss"
