"""Real runs by real libraries: a DCGAN, a VAE, a fine-tuned transformer, GRPO and a detector; sound ones and
broken ones.

    pip install torch transformers accelerate trl datasets ultralytics tensorboard scikit-learn
    cd examples
    python -m real_runs.libraries LOGS                # every run; half an hour on one core
    python -m real_runs.libraries LOGS dcgan_sound grpo_lr_huge --seed 3
    curvedoctor diagnose LOGS

Nothing is downloaded: pictures and texts are drawn here or ship with scikit-learn, models are built from
small configurations. Each log is what the library leaves: event files by torch's writer, HF's
`trainer_state.json`, Ultralytics' `results.csv`. Those of seed 0 are kept in `tests/data/libraries`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from real_runs.asked import make_all
from real_runs.detectors import detector
from real_runs.pictures import dcgan, vae
from real_runs.texts import fine_tuned, grpo, pretrained

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


def train(name: str, seed: int, to: Path) -> None:
    """Train one run and leave its log in `to/name`."""
    import torch

    torch.set_num_threads(1)
    make, settings = RUNS[name]
    if make in (fine_tuned, grpo):
        pretrained()
    torch.manual_seed(seed)
    make(to / name, **settings)
    for log in (to / name).glob("events.out.tfevents.*"):
        log.rename(log.with_name("events.out.tfevents.0.run"))


if __name__ == "__main__":
    make_all(__doc__, RUNS, train)
