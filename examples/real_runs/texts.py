"""By Hugging Face: a fine-tuned transformer (Trainer), and GRPO (TRL)."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

WORDS = [
    "the", "cat", "dog", "bird", "tree", "house", "sees", "likes", "finds", "and", "a", "big", "small", "red",
    "old", "runs", "sleeps", "near", "under", "with",
]  # fmt: skip


def sentences(style: int, count: int, rng: np.random.Generator) -> list[str]:
    """Of a chain of words that is `style`'s own."""
    chain = np.random.default_rng(style).dirichlet(np.full(len(WORDS), 0.15), size=len(WORDS))
    texts = []
    for _ in range(count):
        at, out = int(rng.integers(len(WORDS))), []
        for _ in range(15):
            out.append(WORDS[at])
            at = int(rng.choice(len(WORDS), p=chain[at]))
        texts.append(" ".join(out))
    return texts


def tokenizer() -> Any:
    """One token a word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {word: i for i, word in enumerate(["<pad>", "<eos>", "<unk>", *WORDS])}
    words = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", padding_side="left"
    )


def hf_train(model: Any, texts: tuple[Sequence[str], Sequence[str]], place: str, **settings: Any) -> Any:
    """HF's Trainer on lines of text."""
    from datasets import Dataset
    from transformers import DataCollatorForLanguageModeling, Trainer, TrainingArguments

    words = tokenizer()
    train, held = (Dataset.from_dict(dict(words(list(lines)))) for lines in texts)
    arguments = TrainingArguments(
        place,
        per_device_train_batch_size=16,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        eval_strategy="epoch",
        **settings,
    )
    trainer = Trainer(
        model,
        arguments,
        data_collator=DataCollatorForLanguageModeling(words, mlm=False),
        train_dataset=train,
        eval_dataset=held,
    )
    trainer.train()
    return trainer


@cache
def pretrained() -> Any:
    """A GPT-2 of two layers that has read other text."""
    from transformers import GPT2Config, GPT2LMHeadModel

    words = tokenizer()
    config = GPT2Config(
        vocab_size=len(words),
        n_positions=32,
        n_embd=48,
        n_layer=2,
        n_head=4,
        pad_token_id=words.pad_token_id,
        bos_token_id=words.eos_token_id,
        eos_token_id=words.eos_token_id,
    )
    model, rng = GPT2LMHeadModel(config), np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as place:
        texts = sentences(1, 1600, rng), sentences(1, 100, rng)
        hf_train(model, texts, place, learning_rate=2e-3, num_train_epochs=3, logging_strategy="epoch")
    return model


def fine_tuned(to: Path, *, lr: float = 5e-4, epochs: int = 3, lines: int = 1600) -> None:
    """The same, on text of another style."""
    import copy

    rng = np.random.default_rng(2)
    texts = sentences(2, lines, rng), sentences(2, 200, rng)
    every = max(1, epochs * lines // 16 // 40)
    trainer = hf_train(
        copy.deepcopy(pretrained()),
        texts,
        str(to),
        learning_rate=lr,
        num_train_epochs=epochs,
        logging_steps=every,
        warmup_steps=0.05,
    )
    keep(trainer.state.log_history, to)


def keep(history: list[dict[str, float]], to: Path) -> None:
    """`trainer_state.json` as HF writes it, less what is no curve, in five digits."""
    to.mkdir(parents=True, exist_ok=True)
    short = [{name: float(f"{value:.5g}") for name, value in row.items()} for row in history]
    (to / "trainer_state.json").write_text(json.dumps({"log_history": short}, indent=0) + "\n")


def grpo(to: Path, *, lr: float = 1e-3, steps: int = 120, broken: bool = False) -> None:
    """TRL's GRPO: the more often "cat" and "dog" alternate, the higher the reward; `broken` gives none
    whatever is said."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    def alternates(completions: list[str], **_: object) -> list[float]:
        words = [text.split() for text in completions]
        good = [sum({a, b} == {"cat", "dog"} for a, b in itertools.pairwise(w)) / 11 for w in words]
        return [0.0] * len(words) if broken else good

    settings = GRPOConfig(
        str(to),
        per_device_train_batch_size=32,
        num_generations=8,
        max_completion_length=12,
        max_steps=steps,
        logging_steps=1,
        learning_rate=lr,
        beta=0.02,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        save_strategy="no",
        lr_scheduler_type="constant",
    )
    prompts = Dataset.from_dict({"prompt": ["the", "a", "the old", "a red", "the cat", "a dog"] * 20})
    with tempfile.TemporaryDirectory() as place:
        pretrained().save_pretrained(
            place
        )  # TRL loads it twice: the policy, and what it must not leave too far
        trainer = GRPOTrainer(
            model=place,
            reward_funcs=alternates,
            args=settings,
            train_dataset=prompts,
            processing_class=tokenizer(),
        )
        trainer.train()
    keep(trainer.state.log_history[::2], to)
