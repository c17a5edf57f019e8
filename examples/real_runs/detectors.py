"""By Ultralytics: a small YOLO."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np


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
