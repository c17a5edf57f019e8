"""The tasks: pairs of a data set and a model family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import numpy as np

from clinic import data, data_more
from clinic.data import Pool


@dataclass(frozen=True)
class Task:
    """A data set, a model family and the sizes that are usual for them."""

    name: str
    modality: str  # tabular, signal, image, text
    kind: str  # multiclass, binary, hinge, regression, autoencoder
    family: str  # mlp, cnn2d, cnn1d, rnn, gru, attn
    load: Callable[[], Pool]
    inputs: tuple[int, ...]
    outputs: int
    width: int
    depth: int
    n_std: int  #: training samples of an ordinary run
    n_max: int  #: training samples available
    n_test: int
    n_val: int
    epochs: int
    resplit: bool = False  # small real set: every seed draws its own split
    bottleneck: int = 0
    per_token: bool = False
    activation: str = "relu"

    @property
    def tokens(self) -> bool:
        """Inputs are token ids."""
        return self.modality == "text" and self.family != "mlp"

    @property
    def scarce(self) -> bool:
        """So few test rows that every outcome is an average over three splits."""
        return self.resplit and self.n_test < 300

    @property
    def norm(self) -> bool:
        """Attention models are built with normalization."""
        return self.family == "attn"


def _synthetic(
    name: str, modality: str, kind: str, family: str, make: Callable[..., Pool], **rest: object
) -> Task:
    n_std = int(rest.setdefault("n_std", 1024))  # type: ignore[call-overload]
    rest.setdefault("n_max", 4 * n_std)
    rest.setdefault("n_test", 1536)
    rest.setdefault("n_val", 512)
    total = rest["n_max"] + rest["n_test"] + rest["n_val"]  # type: ignore[operator]
    return Task(name, modality, kind, family, partial(make, n=total), **rest)  # type: ignore[arg-type]


def _real(name: str, kind: str, load: Callable[[], Pool], **rest: object) -> Task:
    return Task(name, kind=kind, load=load, resplit=True, **rest)  # type: ignore[arg-type]


_DIGITS = {"n_std": 500, "n_max": 1000, "n_test": 500, "n_val": 256}

_ALL = [
    # --- tabular
    _real("cancer-mlp", "binary", partial(data.real, "breast_cancer"), modality="tabular", family="mlp",
        inputs=(30,),
          outputs=1, width=16, depth=1, n_std=150, n_max=300, n_test=170, n_val=99, epochs=40),
    _real("wine-mlp", "multiclass", partial(data.real, "wine"), modality="tabular", family="mlp",
        inputs=(13,),
          outputs=3, width=16, depth=1, n_std=50, n_max=100, n_test=46, n_val=32, epochs=40),
    _real("diabetes-mlp", "regression", partial(data.real, "diabetes"), modality="tabular", family="mlp",
        inputs=(10,),
          outputs=1, width=16, depth=1, n_std=120, n_max=240, n_test=130, n_val=72, epochs=40),
    _synthetic("teacher-mlp", "tabular", "regression", "mlp",
        partial(data.teacher, seed=1, features=8, noise=0.5, hidden=3),
               inputs=(8,), outputs=1, width=12, depth=2, n_std=2048, epochs=15),
    _synthetic("friedman-mlp", "tabular", "regression", "mlp", partial(data.friedman, seed=2, noise=0.4),
               inputs=(10,), outputs=1, width=12, depth=2, n_std=2048, epochs=15),
    _synthetic("line-linear", "tabular", "regression", "mlp",
               partial(data.linear_regression, seed=3, features=12, noise=0.35),
               inputs=(12,), outputs=1, width=0, depth=0, n_std=512, n_max=4096, epochs=20),
    _synthetic("mixture-linear", "tabular", "multiclass", "mlp",
               partial(data.mixture, seed=4, features=12, classes=4, distance=2.4),
               inputs=(12,), outputs=4, width=0, depth=0, n_std=2048, epochs=12),
    _synthetic("blobs-hinge", "tabular", "hinge", "mlp",
               partial(data.mixture, seed=5, features=10, classes=2, distance=2.6, modes=2),
               inputs=(10,), outputs=1, width=10, depth=1, n_std=2048, epochs=12),
    _synthetic("spirals-mlp", "tabular", "multiclass", "mlp",
        partial(data.spirals, seed=6, classes=3, noise=0.75),
               inputs=(4,), outputs=3, width=24, depth=2, n_std=2048, epochs=25),
    _synthetic("ring-mlp", "tabular", "binary", "mlp", partial(data.ring, seed=7, flip=0.1),
               inputs=(5,), outputs=1, width=10, depth=1, n_std=2048, n_max=8192, epochs=20),
    # --- signals
    _synthetic("waves-mlp", "signal", "multiclass", "mlp",
        partial(data.waves, seed=8, classes=3, noise=0.7, turn=1.5),
               inputs=(64,), outputs=3, width=24, depth=2, n_std=2048, epochs=12),
    _synthetic("waves-cnn1d", "signal", "multiclass", "cnn1d",
        partial(data.waves, seed=9, classes=4, noise=0.8),
               inputs=(64,), outputs=4, width=8, depth=2, n_test=768, n_val=400, epochs=10),
    _synthetic("beats-cnn1d", "signal", "binary", "cnn1d", partial(data.beats, seed=10, noise=0.15),
               inputs=(64,), outputs=1, width=8, depth=2, n_test=768, n_val=400, epochs=10),
    _synthetic("forecast-rnn", "signal", "regression", "rnn",
        partial(data.autoregressive, seed=11, noise=0.35),
               inputs=(20, 2), outputs=1, width=12, depth=1, n_test=768, n_val=400, epochs=8,
               activation="tanh"),
    _synthetic("sines-autoencoder", "signal", "autoencoder", "mlp",
        partial(data.sine_code, seed=12, noise=0.6),
               inputs=(64,), outputs=64, width=32, depth=3, bottleneck=6, epochs=20),
    # --- images
    _real("digits-mlp", "multiclass", partial(data.real, "digits"), modality="image", family="mlp",
        inputs=(64,),
          outputs=10, width=32, depth=1, epochs=20, **_DIGITS),
    _real("digits-cnn", "multiclass", partial(data.real, "digits"), modality="image", family="cnn2d",
        inputs=(8, 8),
          outputs=10, width=8, depth=2, epochs=12, **_DIGITS),
    _real("digits-linear", "multiclass", partial(data.real, "digits"), modality="image", family="mlp",
        inputs=(64,),
          outputs=10, width=0, depth=0, epochs=20, **_DIGITS),
    _real("digits-autoencoder", "autoencoder", data.digits_code, modality="image", family="mlp", inputs=(64,),
          outputs=64, width=32, depth=3, bottleneck=8, epochs=30, **_DIGITS),
    _synthetic("shapes-cnn", "image", "multiclass", "cnn2d",
        partial(data_more.shapes, seed=13, kinds=(0, 1, 2, 3),
               noise=0.6), inputs=(12, 12), outputs=4, width=8, depth=2, epochs=8, n_test=768, n_val=400),
    _synthetic("textures-cnn", "image", "binary", "cnn2d", partial(data_more.textures, seed=14, noise=2.2),
               inputs=(12, 12), outputs=1, width=6, depth=2, epochs=8, n_test=768, n_val=400),
    # --- text
    _synthetic("documents-mlp", "text", "multiclass", "mlp",
               partial(data_more.word_counts, seed=15, vocabulary=40, classes=5, length=30),
               inputs=(40,), outputs=5, width=12, depth=1, n_std=2048, epochs=8),
    _synthetic("topics-gru", "text", "multiclass", "gru",
               partial(data_more.topics, seed=16, vocabulary=8, length=16, classes=3),
               inputs=(16, 8), outputs=3, width=16, depth=1, n_test=768, n_val=400, epochs=8,
               activation="tanh"),
    _synthetic("majority-rnn", "text", "binary", "rnn",
        partial(data_more.majority, seed=17, vocabulary=8, length=16),
               inputs=(16, 8), outputs=1, width=12, depth=1, n_test=768, n_val=400, epochs=8,
               activation="tanh"),
    _synthetic("chars-attn", "text", "multiclass", "attn",
               partial(data_more.language, seed=18, vocabulary=12, length=12), inputs=(12, 12), outputs=12,
               width=16, depth=1, per_token=True, n_std=512, n_max=2048, n_test=600, n_val=200, epochs=12),
    _synthetic("topics-attn", "text", "multiclass", "attn",
               partial(data_more.topics, seed=19, vocabulary=10, length=12, classes=4), inputs=(12, 10),
               outputs=4,
               width=16, depth=1, n_test=768, n_val=400, epochs=8),
    _synthetic("chars-gru", "text", "multiclass", "gru",
               partial(data_more.language, seed=20, vocabulary=12, length=12), inputs=(12, 12), outputs=12,
               width=16, depth=1, per_token=True, n_std=512, n_max=2048, n_test=600, n_val=200, epochs=12,
               activation="tanh"),
]  # fmt: skip


class _Tasks(dict[str, Task]):
    """The fixed tasks by name; those of families (`family~number`) are drawn when they are asked for."""

    def __missing__(self, name: str) -> Task:
        from clinic.drawn.families import task

        return task(name)


TASKS: dict[str, Task] = _Tasks({t.name: t for t in _ALL})


def patches(x: np.ndarray, task: Task) -> np.ndarray:
    """Samples as the patches of a first convolution, shape (n, positions, taps).

    Images: 3×3, padded; positions ordered so that each run of 4 is a 2×2
    pooling window, each run of 16 a 2×2 block of windows. Signals: 5 taps, stride 2.
    """
    if task.family == "cnn1d":
        padded = np.pad(x, ((0, 0), (2, 2)))
        return np.stack([padded[:, a : a + task.inputs[0] : 2] for a in range(5)], -1)
    side = 12
    padded = np.pad(x.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    taps = np.stack([padded[:, a : a + side, b : b + side] for a in range(3) for b in range(3)], -1)
    blocks = taps.reshape(-1, side // 4, 2, 2, side // 4, 2, 2, 9).transpose(0, 1, 4, 2, 5, 3, 6, 7)
    return np.ascontiguousarray(blocks).reshape(len(x), side * side, 9)


@lru_cache(maxsize=64)
def pool(name: str) -> Pool:
    """The task's samples; for CNNs as patches."""
    task = TASKS[name]
    samples = task.load()
    if task.family in ("cnn2d", "cnn1d"):
        x: np.ndarray = samples.x
        if task.inputs == (8, 8):  # a frame of blanks, so that all images are 12×12
            x = np.pad(x.reshape(-1, 8, 8), ((0, 0), (2, 2), (2, 2)), constant_values=x.min()).reshape(
                len(x), -1
            )
        return Pool(patches(x, task).astype(np.float32), samples.y)
    return samples


#: common sizes to which MLP and CNN tasks are padded, so that they share compiled programs
FEATURES = 64


def pool_rows(task: Task) -> int:
    """Rows of a lane's pool (padded): fewer where a sample is large."""
    return 5376 if task.family == "cnn2d" else 10240


def test_rows(task: Task) -> int:
    """Test rows of a lane (padded): fewer where evaluation is costly."""
    return 1536 if task.family == "mlp" else 768


def padded_inputs(task: Task) -> tuple[int, ...]:
    """The shape of one sample as the programs see it."""
    return {"mlp": (FEATURES,), "cnn2d": (12, 12), "cnn1d": (64,)}.get(task.family, task.inputs)


def padded_outputs(task: Task) -> int:
    """Outputs of the programs: those of several classes share them where widths are masked."""
    if task.kind == "autoencoder":
        return FEATURES
    if task.family in ("mlp", "cnn2d", "cnn1d"):
        return 10
    return 16 if "~" in task.name else task.outputs


@lru_cache(maxsize=32)
def padded(name: str) -> np.ndarray:
    """The pool's inputs with absent rows and features filled with zeros."""
    x = np.asarray(pool(name).x)
    columns = FEATURES - x.shape[1] if TASKS[name].family == "mlp" else 0
    return np.pad(x, [(0, pool_rows(TASKS[name]) - len(x)), (0, columns)] + [(0, 0)] * (x.ndim - 2))


@cache
def chance(name: str) -> float:
    """Canonical loss of the best constant prediction."""
    task, y = TASKS[name], np.asarray(pool(name).y)
    if task.kind == "hinge":
        return 1.0
    if task.kind == "regression":
        return float(np.var(y))
    if task.kind == "autoencoder":
        return float(np.var(pool(name).x, axis=0).mean())
    share = np.bincount(y.ravel(), minlength=max(2, task.outputs)) / y.size
    return float(-np.sum(share * np.log(share + 1e-12)))
