"""A small character model of language (Bengio et al. 2003): pre-trained on one kind of text, fine-tuned on
little of another.

Both texts are drawn here from small grammars, so nothing is downloaded. Logged as people log it: loss,
gradient norm and learning rate per step, evaluation loss between. How good it is, is the evaluation loss at
the end (nats a character).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from real_runs.generative.dense import Adam, Array, Logged, Net, norm

LETTERS = " .,abcdefghijklmnopqrstuvwxyz"
#: characters that the next is foretold from, numbers that stand for one, batch
CONTEXT, WIDE, BATCH = 8, 12, 64


@dataclass(frozen=True)
class Settings:
    """What a run is trained with. Fine-tuning starts from weights that
    were pre-trained for `before` steps."""

    lr: float = 3e-3
    warmup: float = 0.05
    #: largest gradient norm; 0: any
    clip: float = 1.0
    steps: int = 1500
    hidden: int = 96
    decay: float = 0.01
    #: characters of text to learn from
    text: int = 60_000
    before: int = 0
    evaluations: int = 15
    #: grammar of the text that is pre-trained on; the next one is tuned on
    style: int = 1


def written(rng: np.random.Generator, style: int, length: int) -> Array:
    """Text as numbers of letters: words of a small vocabulary with Zipf's frequencies, in sentences."""
    made = np.random.default_rng(style)
    syllables = ["".join(made.choice(list(s)) for s in ("bcdfglmnprst", "aeiou")) for _ in range(24)]
    words = ["".join(made.choice(syllables, made.integers(1, 4))) for _ in range(300)]
    share = 1 / np.arange(1, len(words) + 1)
    follows = made.permutation(len(words))
    out: list[str] = []
    size = at = 0
    while size < length:
        at = int(follows[at]) if rng.random() < 0.5 else int(rng.choice(len(words), p=share / share.sum()))
        end = " " if rng.random() < 0.85 else rng.choice([". ", ", "])
        out.append(words[at] + end)
        size += len(out[-1])
    return np.array([LETTERS.index(c) for c in "".join(out)[:length]])


class Model:
    """Embedding and a dense network over a window of characters."""

    def __init__(self, of: Settings, rng: np.random.Generator) -> None:
        self.net = Net(rng, (CONTEXT * WIDE, of.hidden, len(LETTERS)), leak=0.0)
        self.net.weights[-2] *= 0.1
        self.letters = (0.3 * rng.standard_normal((len(LETTERS), WIDE))).astype(np.float32)

    def loss(self, text: Array, at: Array) -> tuple[float, list[Array]]:
        """Cross-entropy of the characters at some places, and the gradients of all weights."""
        seen = text[at[:, None] + np.arange(-CONTEXT, 0)]
        logit = self.net(self.letters[seen].reshape(len(at), -1))
        logit = logit - logit.max(1, keepdims=True)
        share = np.exp(logit)
        share /= share.sum(1, keepdims=True)
        rows = np.arange(len(at))
        lost = float(-np.log(np.maximum(share[rows, text[at]], 1e-30)).mean())
        share[rows, text[at]] -= 1
        grads, back = self.net.back(share / len(at))
        letters = np.zeros_like(self.letters)
        np.add.at(letters, seen.ravel(), back.reshape(-1, WIDE))
        return lost, [*grads, letters]


def rate(of: Settings, step: int) -> float:
    """Linear warm-up, then a cosine to a tenth."""
    warm = of.warmup * of.steps
    if step < warm:
        return of.lr * (step + 1) / warm
    done = (step - warm) / max(1.0, of.steps - warm)
    return of.lr * (0.1 + 0.45 * (1 + np.cos(np.pi * done)))


def _run(model: Model, of: Settings, rng: np.random.Generator, text: Array, held: Array) -> Logged:
    by = Adam([*model.net.weights, model.letters], decay=of.decay, beta2=0.99)
    out: Logged = {"train/loss": [], "train/grad_norm": [], "train/learning_rate": [], "eval/loss": []}
    every = max(1, of.steps // 150)
    for step in range(of.steps):
        lost, grads = model.loss(text, rng.integers(CONTEXT, len(text), BATCH))
        size = norm(grads)
        if of.clip and size > of.clip:
            grads = [g * np.float32(of.clip / size) for g in grads]
        by.step(grads, rate(of, step))
        if (step + 1) % every == 0:
            for name, value in (("loss", lost), ("grad_norm", size), ("learning_rate", rate(of, step))):
                out[f"train/{name}"].append((step + 1, value))
        if (step + 1) % (of.steps // of.evaluations) == 0:
            places = np.arange(CONTEXT, len(held), 7)
            out["eval/loss"].append((step + 1, model.loss(held, places)[0]))
    return out


def train(of: Settings, seed: int) -> tuple[Logged, float]:
    """What was logged, and the evaluation loss that the run ended at."""
    rng = np.random.default_rng(seed)
    model = Model(of, rng)
    style = of.style
    if of.before:
        plain = Settings(steps=of.before)
        _run(model, plain, rng, written(rng, style, plain.text), written(rng, style, 6000))
        style += 1
    out = _run(model, of, rng, written(rng, style, of.text), written(rng, style, 6000))
    return out, out["eval/loss"][-1][1]
