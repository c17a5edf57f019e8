"""A CI gate: the build fails when a training run has a new finding, not for those that are known.

  1  the main branch trains; its model overfits, everybody knows, and it goes into the baseline
  2  a pull request that changes nothing in the training passes the gate
  3  a pull request that raises the learning rate a hundredfold does not

The gate is one command, the same in every CI system (`github.yml` beside this file is a whole workflow):

    curvedoctor diagnose logs --fail-on warning --baseline baseline.json --format junit -o curvedoctor.xml

Expect: exit codes 0, 0 and 1, and a JUnit file that names the new finding.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from data_sets import digits
from tiny_net import cnn
from training import Recipe, run, train


def model(folder: Path, lr: float, quick: bool) -> None:
    """What the project trains on every build: few samples, many units."""
    data = digits(np.random.default_rng(0), 200)
    recipe = Recipe(
        epochs=40 if quick else 60, batch=32, optimizer="momentum", lr=lr, log_every=2, notes={"model": "cnn"}
    )
    train(folder / "model", cnn(np.random.default_rng(1), 10, (8,), 10, hidden=128), data, recipe)


def gate(logs: Path, *more: str) -> int:
    """The gate's exit code; its output is shown."""
    command = [sys.executable, "-m", "curvedoctor", "diagnose", str(logs), "--fail-on", "warning", *more]
    code = subprocess.run(command, check=False).returncode
    print(f"\nexit code {code}\n")
    return code


def main(folder: Path, quick: bool) -> list[int]:
    """Run the three builds; their exit codes."""
    folder.mkdir(parents=True, exist_ok=True)
    baseline = folder / "baseline.json"
    model(folder / "main", 0.05, quick)
    print("1. The main branch: its findings become the baseline.\n")
    command = [
        sys.executable,
        "-m",
        "curvedoctor",
        "diagnose",
        str(folder / "main"),
        "--write-baseline",
        str(baseline),
    ]
    codes = [subprocess.run(command, check=False).returncode]
    print("\n2. A pull request that changes nothing in the training:\n")
    model(folder / "harmless", 0.05, quick)
    codes.append(gate(folder / "harmless", "--baseline", str(baseline)))
    print("3. A pull request that raises the learning rate from 0.05 to 500:\n")
    model(folder / "harmful", 500.0, quick)
    report = folder / "curvedoctor.xml"
    codes.append(
        gate(folder / "harmful", "--baseline", str(baseline), "--format", "junit", "-o", str(report))
    )
    print(f"What the CI system shows ({report}):\n{report.read_text()}")
    return codes


if __name__ == "__main__":
    run(main)
