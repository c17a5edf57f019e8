"""What a curve measures, from the words of its name, the innermost part first."""

from __future__ import annotations

from curvedoctor.model import Quantity
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.gradient import gradient
from curvedoctor.roles.rules import Rule
from curvedoctor.roles.tag_words import Name

Words = tuple[str, ...]
#: quantities that a trailing "/step" or "/Episode" may merely give the x axis of
_MEASURED = v.LOSS | v.ERROR | v.ACCURACY | v.REWARD | {"eplen", "lengths", "length", "prob", "q"}
_AXIS_WORDS = v.STEP | v.EPOCH | {"time", "frame", "frames", "timesteps", "seconds", "wall", "walltime"}
_NOT_A_LOSS = frozenset(
    {"weight", "weights", "coef", "coeff", "coefficient", "scale", "scaler", "time", "std", "lossweight"}
)
#: what optimizers have besides their learning rate ("lr-SGD-momentum")
_NOT_A_RATE = frozenset({"momentum", "weightdecay", "wd", "beta", "beta1", "beta2"})
_ANSWERS = frozenset({"score", "scores", "sign", "signs", "logit", "logits"})
_IN_LOSS_SECTION = (
    v.LOSS_TERMS
    | v.ADVERSARIAL
    | (v.RL_LOSS - {"entropy", "ent", "alpha", "temperature", "temp", "qvalue", "qvalues"})
)
#: what may stand beside the letter of a generator or discriminator in the name of its loss
_BESIDE_LETTER = v.ADVERSARIAL | v.PLAIN_TERMS | {"real", "fake", "a", "b", "gp", "adv", "ab", "ba", "total"}


def _last(words: Words, *kinds: frozenset[str]) -> str | None:
    """The last of the words that belongs to one of the kinds."""
    return next((w for w in reversed(words) if any(w in kind for kind in kinds)), None)


def _has(words: Words, kind: frozenset[str]) -> bool:
    return any(w in kind for w in words)


def _is_axis(words: Words) -> bool:
    """A part that only names what the x axis counts ("Episode", "step")."""
    return bool(words) and all(w in _AXIS_WORDS or w in v.MODIFIERS for w in words)


def inner(name: Name) -> tuple[Words, Words]:
    """The innermost part that says what is measured, and all words of the parts around it."""
    parts = list(name.parts)
    while len(parts) > 1 and (
        all(w in v.SPLIT_WORDS or w in v.MODIFIERS or w.isdigit() for w in parts[-1])
        or (_has(parts[-2], _MEASURED) and all(w in _AXIS_WORDS or w in v.SPLIT_WORDS for w in parts[-1]))
        or (_is_axis(parts[-1]) and _has(parts[-2], _MEASURED))
    ):
        parts.pop()
    leaf = parts[-1] if parts else ()
    return leaf, tuple(w for part in parts[:-1] for w in part)


def _learning_rate(name: Name) -> Quantity | None:
    leaf, around = inner(name)
    if not (_has(leaf, v.LR) or (_has(around, v.LR) and not _has(leaf, _MEASURED))):
        return None
    if _has(leaf, _NOT_A_RATE):
        return "other"
    return "loss" if leaf[-1] in v.LOSS else "lr"


def _perplexity(name: Name) -> Quantity | None:
    leaf, _ = inner(name)
    if _has(leaf, frozenset({"code", "codes", "codebook", "vq"})) and "perplexity" in leaf:
        return "other"  # how many entries of a codebook are used
    return "error" if _has(leaf, frozenset({"ppl", "perplexity"})) else None


def _rate(name: Name) -> Quantity | None:
    # what it costs to read a batch is time: PaddlePaddle's reader_cost and avg_batch_cost
    waited = "cost" in name.leaf and ("reader" in name.leaf or name.leaf == ("avg", "batch", "cost"))
    return "time" if waited or _has(name.flat, frozenset({"persec", "perit"})) else None


def _system(name: Name) -> Quantity | None:
    leaf, around = inner(name)
    if around[:1] == ("system",) or (name.flat[:1] == ("system",) and not _has(leaf, _MEASURED)):
        return "system"
    if _has(
        leaf, frozenset({"gpu", "cpu", "gpus", "cpus", "ram", "vram", "cuda", "flos", "flops", "tflops"})
    ):
        return "time" if _last(leaf, v.TIME) else "system"
    return None


def _loss(name: Name) -> Quantity | None:
    leaf, _ = inner(name)
    if not _has(leaf, v.LOSS):
        return None
    if leaf[-1] in _NOT_A_LOSS or "lossscale" in leaf:
        return "time" if leaf[-1] == "time" else "other"
    named = _last(leaf, v.LOSS, frozenset({"accuracy", "entropy"}))
    return "accuracy" if named == "accuracy" else "loss"


def _reward(name: Name) -> Quantity | None:
    leaf, around = inner(name)
    if _has(leaf, v.SPREAD):
        return "other"
    if "rew" in leaf:
        return "reward"
    if _has(leaf, v.REWARD):
        if leaf[-1] in v.OTHER or leaf[-1] in {"count", "normalizer"}:
            return "other"
        tail = _last(leaf, v.REWARD, v.PROPORTION, v.ERROR)
        return "accuracy" if tail in v.PROPORTION else "error" if tail in v.ERROR else "reward"
    if _has(around, v.REWARD):
        known = v.ACCURACY | v.ERROR | v.OTHER | v.COUNTER
        whole = all(w in known or w in v.MODIFIERS or w in v.SPLIT_WORDS or w.isdigit() for w in leaf)
        return None if whole and _last(leaf, known) else "reward"
    return None


def _game_score(name: Name) -> Quantity | None:
    words = name.words
    game = words & {
        "episode",
        "episodes",
        "episodic",
        "ep",
        "game",
        "games",
        "rollout",
        "environment",
        "env",
        "objective",
        "ppo",
    }
    return "reward" if game and words & {"score", "scores"} and not words & v.SPREAD else None


def _adversarial_error(name: Name) -> Quantity | None:
    """ "mse_disc": the error that a discriminator or generator is trained by is its loss."""
    leaf, _ = inner(name)
    kinds = (v.ERROR, v.ADVERSARIAL, v.MODIFIERS, v.SPLIT_WORDS, v.STEP, v.EPOCH, frozenset({"real", "fake"}))
    plain = all(w.isdigit() or any(w in kind for kind in kinds) for w in leaf)
    letters = len(leaf) == 2 and _has(leaf, v.GAN_LETTERS) and leaf[0] in v.ERROR | v.GAN_LETTERS
    return "loss" if _has(leaf, v.ERROR) and (letters or (plain and _has(leaf, v.ADVERSARIAL))) else None


def _inception(name: Name) -> Quantity | None:
    return "accuracy" if inner(name)[0] == ("is",) else None


def _answer(name: Name) -> Quantity | None:
    leaf, around = inner(name)
    what = leaf if len(leaf) > 1 else (*around[-1:], *leaf)
    return "other" if _has(what, _ANSWERS) and what[-1] in ("real", "fake") else None


def _head_noun(name: Name) -> Quantity | None:
    """English compounds end in what they are: "mask_error_count" is a count, "data_time" a time."""
    leaf, around = inner(name)
    if around and around[-1] in {"termination", "terminations", "curriculum"}:
        return "other"
    if _has(leaf, v.SPREAD):
        return "other"
    counted = [w for w in leaf if not w.isdigit()]
    if _has(around, v.LOSS - {"objective"}) and _last(leaf, _IN_LOSS_SECTION) and counted[-1] not in {
        "values", "entropy",
    }:  # fmt: skip
        return "loss"
    if counted and counted[-1] in {"count", "counts", "num"}:
        return "other"
    if _has(leaf, frozenset({"error", "err"})) and _has(leaf, v.TOP_K):
        return "error"
    if len(leaf) > 1 and leaf[-1] in {"score", "scores"} and _last(leaf[:-1], v.ERROR):
        return "error"
    kinds: tuple[tuple[frozenset[str], Quantity], ...] = (
        (v.ERROR, "error"),
        (v.ACCURACY, "accuracy"),
        (v.OTHER, "other"),
        (v.SYSTEM, "system"),
        (v.TIME, "time"),
    )
    for word in reversed(leaf):
        for kind, quantity in kinds:
            if word in kind:
                return quantity
    if _has(leaf, v.COUNTER) and all(
        w in v.COUNTER or w in v.MODIFIERS or w in v.SPLIT_WORDS or w not in v.KNOWN for w in leaf
    ):
        return "other"
    return None


def _objective_term(name: Name) -> Quantity | None:
    leaf, _ = inner(name)
    if len(leaf) > 1 and _has(leaf, v.GAN_LETTERS):
        if all(w in _BESIDE_LETTER or w in v.GAN_LETTERS or w.isdigit() for w in leaf):
            return "loss"
        return None
    rest = [
        w
        for w in leaf
        if not (w in v.MODIFIERS or w in v.SPLIT_WORDS or w in v.STEP or w in v.EPOCH or w.isdigit())
    ]
    if rest and all(w in v.LOSS_TERMS or w in v.ADVERSARIAL or w in v.PLAIN_TERMS for w in rest):
        return "loss"
    return None


def _section(name: Name) -> Quantity | None:
    """An innermost part that says nothing by itself is what its section is."""
    leaf, around = inner(name)
    if all(w in v.SPLIT_WORDS or w in v.MODIFIERS for w in leaf):
        around += name.folder[-1] if name.folder else ()
    for kind, quantity in _SECTIONS:
        if _has(around, kind):
            return quantity
    return None


def _counter(name: Name) -> Quantity | None:
    return "other" if _has(inner(name)[0], v.COUNTER) else None


_SECTIONS: tuple[tuple[frozenset[str], Quantity], ...] = (
    (v.LOSS - {"objective"}, "loss"),
    (v.REWARD, "reward"),
    (v.ERROR, "error"),
    (v.ACCURACY, "accuracy"),
    (
        frozenset({"time", "timer", "timers", "timing", "fps", "sps", "speed", "throughput", "latency"}),
        "time",
    ),
    (v.SYSTEM, "system"),
)

RULES: tuple[Rule[Quantity], ...] = (
    Rule(gradient, "the name speaks of gradients"),
    Rule(_rate, "the name is a rate (per second, per iteration)"),
    Rule(_learning_rate, "the name speaks of the learning rate"),
    Rule(_system, "the name speaks of the machine"),
    Rule(_perplexity, "perplexity: an error, the exponential of a loss"),
    Rule(_loss, "the innermost word is a loss"),
    Rule(_reward, "the name speaks of reward or return"),
    Rule(_game_score, "the score of an episode, or of an answer, is its reward"),
    Rule(_adversarial_error, "an error by which one of two players is trained"),
    Rule(_inception, "IS: the Inception Score"),
    Rule(_answer, "what a discriminator answers to real or made-up data"),
    Rule(_head_noun, "the last word that names a quantity"),
    Rule(_objective_term, "the name is a term of a training objective"),
    Rule(_section, "the section that the name stands in"),
    Rule(_counter, "the name is a counter"),
)
