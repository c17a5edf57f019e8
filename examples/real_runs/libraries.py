"""Real runs by real libraries: a DCGAN, a VAE, a fine-tuned transformer, GRPO and a detector; sound ones and
broken ones.

    pip install torch transformers accelerate trl datasets ultralytics tensorboard scikit-learn
    python examples/real_runs/libraries.py LOGS                # every run; half an hour on one core
    python examples/real_runs/libraries.py LOGS dcgan_sound grpo_lr_huge --seed 3
    curvedoctor diagnose LOGS

Nothing is downloaded: pictures and texts are drawn here or ship with scikit-learn, models are built from
small configurations. Each log is what the library leaves: event files by torch's writer, HF's
`trainer_state.json`, Ultralytics' `results.csv`. Those of seed 0 are kept in `tests/data/libraries`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

WORDS = [
    "the",
    "cat",
    "dog",
    "bird",
    "tree",
    "house",
    "sees",
    "likes",
    "finds",
    "and",
    "a",
    "big",
    "small",
    "red",
    "old",
    "runs",
    "sleeps",
    "near",
    "under",
    "with",
]


def digits() -> Any:
    """Handwritten digits, 16 × 16, −1..1, shape (1797, 1, 16, 16)."""
    import torch
    from sklearn.datasets import load_digits

    x = torch.tensor(load_digits().images / 8 - 1, dtype=torch.float32)[:, None]
    return torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def dcgan(to: Path, *, lr_d: float = 2e-4, lr_g: float = 2e-4, steps: int = 1500) -> None:
    """The tutorial's pair, smaller, under the tutorial's names (Radford et al. 2015)."""
    import torch
    from torch import nn
    from torch.utils.tensorboard import SummaryWriter

    generator = nn.Sequential(
        nn.ConvTranspose2d(32, 64, 4, 1, 0, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    judge = nn.Sequential(
        nn.Conv2d(1, 24, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.2),
        nn.Conv2d(24, 48, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.2),
        nn.Conv2d(48, 1, 4, 1, 0),
        nn.Flatten(0),
    )
    by_d = torch.optim.Adam(judge.parameters(), lr_d, betas=(0.5, 0.999))
    by_g = torch.optim.Adam(generator.parameters(), lr_g, betas=(0.5, 0.999))
    loss, pictures = nn.functional.binary_cross_entropy_with_logits, digits()
    writer, kept = SummaryWriter(str(to)), []
    for step in range(1, steps + 1):
        real, made = (
            judge(pictures[torch.randint(len(pictures), (64,))]),
            generator(torch.randn(64, 32, 1, 1)),
        )
        fake = judge(made.detach())
        lost_d = loss(real, torch.full_like(real, 0.9)) + loss(fake, torch.zeros_like(fake))
        by_d.zero_grad()
        lost_d.backward()
        by_d.step()
        passes = judge(made)
        lost_g = loss(passes, torch.ones_like(passes))
        by_g.zero_grad()
        lost_g.backward()
        by_g.step()
        kept.append(
            [float(v.detach()) for v in (lost_d, lost_g, real.sigmoid().mean(), fake.sigmoid().mean())]
        )
        if step % 15 == 0:
            for name, value in zip(
                ("Loss_D", "Loss_G", "D(x)", "D(G(z))"), np.mean(kept[-15:], axis=0), strict=True
            ):
                writer.add_scalar(name, value, step)
    writer.close()


def vae(to: Path, *, beta: float = 1.0, lr: float = 2e-3, epochs: int = 40) -> None:
    """A variational autoencoder of digits (Kingma and Welling 2014)."""
    import torch
    from torch import nn
    from torch.utils.tensorboard import SummaryWriter

    encoder = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 16))
    decoder = nn.Sequential(nn.Linear(8, 128), nn.ReLU(), nn.Linear(128, 256))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr)
    x = (digits() + 1) / 2
    x = x[torch.randperm(len(x))]
    splits, writer = {"train": x[300:], "val": x[:300]}, SummaryWriter(str(to))
    for epoch in range(epochs):
        for split, data in splits.items():
            sums = torch.zeros(2)
            for rows in torch.randperm(len(data)).split(64):
                middle, log_var = encoder(data[rows]).chunk(2, dim=1)
                code = middle + torch.randn_like(middle) * (0.5 * log_var).exp()
                flat = data[rows].flatten(1)
                recon = nn.functional.binary_cross_entropy_with_logits(
                    decoder(code), flat, reduction="sum"
                ) / len(rows)
                kl = -0.5 * (1 + log_var - middle**2 - log_var.exp()).sum() / len(rows)
                if split == "train":
                    optimizer.zero_grad()
                    (recon + beta * kl).backward()
                    optimizer.step()
                sums += torch.stack([recon, kl]).detach() * len(rows) / len(data)
            recon_mean, kl_mean = sums.tolist()
            writer.add_scalar(f"{split}/loss", recon_mean + beta * kl_mean, epoch)
            writer.add_scalar(f"{split}/recon_loss", recon_mean, epoch)
            writer.add_scalar(f"{split}/kl_loss", kl_mean, epoch)
    writer.close()


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


def pictures(place: Path, train: int, val: int, *, labels_off: bool) -> Path:
    """Bright squares and discs on noise, with their boxes; `labels_off` writes the boxes of other
    pictures."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        (place / "images" / split).mkdir(parents=True)
        (place / "labels" / split).mkdir(parents=True)
        for n in range(count):
            shade, lines = rng.integers(0, 90, (64, 64)), []
            for _ in range(int(rng.integers(1, 3))):
                kind, size = int(rng.integers(2)), int(rng.integers(12, 26))
                x, y = rng.integers(0, 64 - size, 2)
                down, right = np.mgrid[:size, :size] - (size - 1) / 2
                there = np.ones((size, size), bool) if kind == 0 else down**2 + right**2 <= (size / 2) ** 2
                shade[y : y + size, x : x + size][there] = 200 + rng.integers(0, 50)
                if labels_off:
                    x, y = rng.integers(0, 64 - size, 2)
                lines.append(f"{kind} {(x + size / 2) / 64} {(y + size / 2) / 64} {size / 64} {size / 64}")
            Image.fromarray(np.stack([shade] * 3, -1).astype(np.uint8)).save(
                place / "images" / split / f"{n}.png"
            )
            (place / "labels" / split / f"{n}.txt").write_text("\n".join(lines))
    (place / "data.yaml").write_text(
        f"path: {place}\ntrain: images/train\nval: images/val\nnames: [square, disc]\n"
    )
    return place / "data.yaml"


def detector(
    to: Path,
    *,
    lr0: float = 0.01,
    epochs: int = 40,
    train: int = 160,
    val: int = 80,
    labels_off: bool = False,
    **others: Any,
) -> None:
    """Ultralytics' YOLOv8, an eighth as wide, from scratch."""
    from importlib.resources import files

    from ultralytics import YOLO

    with tempfile.TemporaryDirectory() as place:
        text = (files("ultralytics") / "cfg/models/v8/yolov8.yaml").read_text()
        small = Path(place) / "yolov8n.yaml"
        small.write_text(text.replace("n: [0.33, 0.25, 1024]", "n: [0.33, 0.125, 1024]"))
        data = pictures(Path(place) / "data", train, val, labels_off=labels_off)
        YOLO(str(small)).train(
            data=str(data),
            epochs=epochs,
            imgsz=64,
            batch=16,
            lr0=lr0,
            optimizer="SGD",
            device="cpu",
            workers=0,
            plots=False,
            save=False,
            project=place,
            name="run",
            verbose=False,
            mosaic=0.0,
            warmup_epochs=2,
            **others,
        )
        to.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(place) / "run" / "results.csv", to / "results.csv")


Run = tuple[Callable[..., None], Mapping[str, Any]]
RUNS: Mapping[str, Run] = {
    "dcgan_sound": (dcgan, {}),
    "dcgan_generator_too_slow": (dcgan, {"lr_d": 2e-3, "lr_g": 2e-6}),
    "dcgan_discriminator_asleep": (dcgan, {"lr_d": 1e-7, "lr_g": 2e-3}),
    "vae_sound": (vae, {}),
    "vae_posterior_collapse": (vae, {"beta": 40.0}),
    "vae_lr_huge": (vae, {"lr": 0.1}),
    "transformer_sound": (fine_tuned, {}),
    "transformer_memorizes": (fine_tuned, {"epochs": 60, "lines": 96, "lr": 2e-3}),
    "transformer_lr_tiny": (fine_tuned, {"lr": 1e-8}),
    "grpo_sound": (grpo, {}),
    "grpo_lr_huge": (grpo, {"lr": 0.1}),
    "grpo_no_reward": (grpo, {"broken": True}),
    "detector_sound": (detector, {}),
    "detector_labels_off": (detector, {"labels_off": True}),
    "detector_lr_huge": (detector, {"lr0": 1.0}),
    "detector_four_validation_pictures": (detector, {"val": 4, "epochs": 60}),
}


def train(names: Sequence[str], seed: int, to: Path) -> Iterator[Path]:
    """Train the named runs and leave each log in `to/name`."""
    import torch

    torch.set_num_threads(1)
    for name in names:
        make, settings = RUNS[name]
        if make in (fine_tuned, grpo):
            pretrained()
        torch.manual_seed(seed)
        make(to / name, **settings)
        for log in (to / name).glob("events.out.tfevents.*"):
            log.rename(log.with_name("events.out.tfevents.0.run"))
        yield to / name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("logs", type=Path)
    parser.add_argument("names", nargs="*", default=list(RUNS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for log in train(args.names, args.seed, args.logs):
        print(log, flush=True)


if __name__ == "__main__":
    main()
