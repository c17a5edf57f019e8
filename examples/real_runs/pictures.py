"""By torch: a DCGAN and a variational autoencoder of digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


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
