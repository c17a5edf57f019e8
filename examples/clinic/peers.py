"""Other people's tools on the same logs: their advice in our vocabulary.

`runmedic`, `trainspotter` and `trainproof` (all on PyPI) read the event files that a clinic run
would have left. Their advice is free text; the first sentence of each that names a remedy counts,
in the order in which the tool gives them. trainproof names faults only, so each of its findings
stands for the remedy that its documentation implies.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from clinic.dataset import as_run
from clinic.score import Answer
from clinic.store import ClinicRun
from curvedoctor.demo.log import Log

#: words of advice → action, first match wins
ADVICE: tuple[tuple[str, str], ...] = (
    (r"decaying schedule|cosine|lr decay", "decay-lr"),
    (r"add (linear )?(lr )?warm-?up", "add-warmup"),
    (r"higher (lr|learning rate)", "raise-lr"),
    (r"lower (the )?(peak )?(lr|learning rate)|reduce the learning rate", "lower-lr"),
    (r"clip", "clip-gradients"),
    (r"early stopping|keep the checkpoint|use the checkpoint|stop earlier", "stop-early"),
    (r"regulari[sz]ation|weight decay, dropout", "regularize"),
    (r"more (training )?data(?!.*eval)", "more-data"),
    (r"smaller model|reduce model capacity", "smaller-model"),
    (r"evaluate on more data", "more-validation-data"),
    (r"overfit a single batch|frozen", "overfit-one-batch"),
    (r"duplicate|overlap|leak|eval\(\)", "check-split"),
    (r"scheduler|schedule", "fix-schedule"),
    (r"shuffle", "shuffle"),
    (r"bad batch|inspect the batch|look at the batches|isfinite|batch at this step|filter", "clean-data"),
)
#: trainproof's findings → the remedy they imply
IMPLIED = (
    ("NAN", "lower-lr"), ("DIVERG", "lower-lr"), ("GRAD-SPIKE", "clip-gradients"),
    ("SPIKE", "clip-gradients"),
    ("OVERFIT", "stop-early"), ("ZERO-LR", "fix-schedule"), ("LR", "fix-schedule"),
    ("DEAD", "overfit-one-batch"),
    ("FLAT", "overfit-one-batch"), ("ZERO", "overfit-one-batch"),
)  # fmt: skip


def actions(advice: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """The remedies that sentences name, in order, without repeats."""
    named: dict[str, float] = {}
    for sentence in advice:
        for pattern, action in ADVICE:
            if re.search(pattern, sentence, re.IGNORECASE):
                named.setdefault(action, 0.5)
                break
    return tuple(named.items())


def runmedic(folder: Path) -> Answer:
    """runmedic: findings by severity, each with causes and fixes."""
    from runmedic import loaders
    from runmedic.checks import run_checks
    from runmedic.roles import detect

    found = [f for run in loaders.load(str(folder)) for f in run_checks(run, detect(run))]
    heavy = [f for f in found if f.severity != "info"]
    return Answer(bool(heavy), actions(text for f in heavy for text in f.fixes))


def trainspotter(folder: Path) -> Answer:
    """trainspotter: findings by severity, each with fixes."""
    from trainspotter.detectors import run_all
    from trainspotter.readers import load_run

    heavy = [f for f in run_all(load_run(folder)) if f.severity != "info"]
    return Answer(bool(heavy), actions(text for f in heavy for text in f.fixes))


def trainproof(folder: Path) -> Answer:
    """trainproof: a verdict and findings with an id."""
    from trainproof.epoch import check_epoch

    file = next(folder.rglob("events.out.tfevents.*"))
    heavy = [
        f
        for f in check_epoch(file).get("findings", [])
        if str(f.get("severity", f.get("level"))).upper() != "INFO"
    ]
    named: dict[str, float] = {}
    for finding in heavy:
        for part, action in IMPLIED:
            if part in str(finding.get("id")):
                named.setdefault(action, 0.5)
                break
    return Answer(bool(named), tuple(named.items()))


PEERS: dict[str, Callable[[Path], Answer]] = {
    "runmedic": runmedic,
    "trainspotter": trainspotter,
    "trainproof": trainproof,
}


def answers(name: str, runs: Sequence[ClinicRun]) -> list[Answer]:
    """What a peer says of each run. A peer that fails on a log says nothing of it."""
    out = []
    for run in runs:
        with tempfile.TemporaryDirectory() as folder:
            write(run, Path(folder))
            try:
                out.append(PEERS[name](Path(folder)))
            except ImportError:
                raise  # a part of it that is not installed is our fault, not its silence
            except Exception:  # whatever goes wrong in another's tool is its silence
                out.append(Answer(False))
    return out


def write(run: ClinicRun, folder: Path) -> None:
    """The run's curves as event files; Keras's two directories stay two."""
    logs: dict[Path, Log] = {}
    for curve in as_run(run).curves:
        head, _, tag = curve.tag.partition("/")
        split = run.style == "keras" and head in ("train", "validation")
        place = folder / head if split else folder
        if place not in logs:
            logs[place] = Log(place)
        for step, value in zip(curve.steps.tolist(), curve.values.tolist(), strict=True):
            logs[place].scalars(step, {tag if split else curve.tag: value})
    for log in logs.values():
        log.file.close()
