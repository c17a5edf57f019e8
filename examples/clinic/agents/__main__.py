"""A table of small agents: alarms on sound ones, faults found, and whether what is prescribed first really
helps.

`python -m clinic.agents` (from examples/; `--seeds N --sound N`, `--held-out`, `--work DIR` keeps trainings
to judge them again). Every remedy is tried: the same agent, the same seed, with that one change. It helps
when it brings back a tenth or more of what an agent can gain in that world. A fault that costs less than that
is none.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from clinic.agents.learn import train
from clinic.agents.setting import Log, Setting
from clinic.tally import Tally
from curvedoctor.engine import Options, diagnose_runs
from curvedoctor.model import Curve, Diagnosis, Prescription, Run
from curvedoctor.roles import assign

#: share of what can be gained that a fault costs, and that a remedy brings back
MATTERS = 0.1
SOUND: Mapping[str, Setting] = {
    "cartpole-ppo": Setting(lr=1e-2, copies=8, horizon=64, epochs=8, gamma=0.99, updates=100),
    "cartpole-q": Setting(algorithm="q", lr=2e-3, updates=4000, copies=4),
    "grid-reinforce": Setting("grid", "reinforce", lr=2e-2, updates=80, horizon=60, clip_norm=1.0),
    "bandit-reinforce": Setting("bandit", "reinforce", lr=2e-2, updates=120, horizon=20, gamma=0.0),
    "doors-ppo": Setting("doors", lr=3e-3, copies=16, horizon=32, gamma=0.95, updates=100),
    "doors-q": Setting("doors", "q", lr=3e-3, updates=8000, copies=4, gamma=0.95),
    "track-ppo": Setting("track", lr=3e-3, copies=8, horizon=40, gamma=0.95, updates=100),
    "track-q": Setting("track", "q", lr=2e-3, updates=8000, copies=4, gamma=0.9),
}
#: worlds that nobody looked at while the rules were written
HELD_OUT: Mapping[str, Setting] = {
    "catch-ppo": Setting("catch", lr=1e-2, copies=16, horizon=64, epochs=8, gamma=0.95, updates=150),
    "catch-q": Setting("catch", "q", lr=3e-3, updates=8000, copies=4, gamma=0.95),
}
#: return of a policy that guesses, and of a good one
LEVELS: Mapping[str, tuple[float, float]] = {
    "cartpole": (22.0, 200.0),
    "grid": (-59.0, -11.0),
    "bandit": (9.5, 17.0),
    "catch": (-0.6, 0.78),
    "doors": (-0.55, 0.95),
    "track": (-133.0, -3.0),
}


def faults(s: Setting) -> dict[str, Setting]:
    """What goes wrong: the setting with one thing broken."""
    found = {
        "rate too high": replace(s, lr=100 * s.lr),
        "rate too low": replace(s, lr=s.lr / 1000),
        "rate raised late": replace(s, late=0.6, burst=200.0),
        "stopped early": replace(s, updates=max(24, s.updates // 4)),
    }
    if s.algorithm == "q":
        found["target never follows"] = replace(s, target_every=0)
        found["rewards times 1000"] = replace(s, reward_scale=1000.0, clip_norm=1e9)
    else:
        found["entropy rules"] = replace(s, entropy_coef=3.0)
        found["entropy unweighted"] = replace(s, entropy_coef=0.0, lr=10 * s.lr)
    if s.algorithm == "ppo":
        found["nothing clipped"] = replace(s, clip_range=50.0, clip_norm=1e9, lr=3 * s.lr, epochs=20)
        found["short sight"] = replace(s, gamma=0.2)
    return found


def as_run(name: str, s: Setting, log: Log) -> Run:
    """The log as a run; of its settings those that people log."""
    curves = []
    for tag, (steps, values) in log.curves.items():
        y = np.array(values)
        curves.append(Curve(tag, tag, np.array(steps), y, np.full(len(y), np.nan)))
    params = {"lr": s.lr, "optimizer": "adam", "clip_norm": s.clip_norm, "discount": s.gamma}
    if s.algorithm != "q":
        params["entropy_coef"] = s.entropy_coef
    return Run(name, name, name, assign(curves), params)


def remedied(s: Setting, p: Prescription) -> Setting | None:
    """The setting with what is prescribed; None where nothing is trained anew."""
    factor = p.factor or 1.0
    changes: dict[str, object] = {}
    match p.action:
        case "lower-lr" | "raise-lr":
            changes = {"lr": p.proposed or s.lr * factor, "late": 1.0}
        case "regularize" | "reduce-regularization":
            changes = {"entropy_coef": s.entropy_coef * factor if p.proposed is None else p.proposed}
        case "clip-gradients":
            name = p.parameter or "clip_norm"
            changes = {name: p.proposed} | ({"target_kl": 0.02} if name == "clip_range" else {})
        case "bigger-batch":
            changes = {"copies": 4 * s.copies}
        case "change-loss" if p.parameter == "discount":
            changes = {"gamma": p.proposed}
        case "fix-targets":
            changes = {"reward_scale": 1.0} if p.parameter == "reward_scale" else {"target_every": p.proposed}
        case "train-longer":
            changes = {"updates": 2 * s.updates}
    return replace(s, **changes) if changes else None  # type: ignore[arg-type]


@dataclass
class Bench:
    """Trains, and keeps what was trained if it is given a place."""

    work: Path | None

    def log(self, s: Setting) -> Log:
        if self.work is None:
            return train(s)
        self.work.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(s), sort_keys=True)
        path = self.work / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
        if not path.exists():
            path.write_text(json.dumps(asdict(train(s))), encoding="utf-8")
        held = json.loads(path.read_text(encoding="utf-8"))
        return Log(**held)

    def gains(self, s: Setting, p: Prescription, log: Log) -> float:
        """Share of what can be gained that the remedy brings."""
        low, high = LEVELS[s.world]
        if p.action == "restore-checkpoint":
            return (log.best - log.final) / (high - low)
        other = remedied(s, p)
        return 0.0 if other is None else (self.log(other).final - log.final) / (high - low)


def diagnose(s: Setting, log: Log) -> Diagnosis:
    (found,) = diagnose_runs([as_run("agent", s, log)], Options(alone=True))
    return found


def sound_rows(
    bench: Bench, tasks: Mapping[str, Setting], seeds: int, tally: Tally
) -> Iterator[tuple[str, str]]:
    """Alarms on sound agents: those that end within a tenth of a good one."""
    unsure = 0
    for task, setting in tasks.items():
        low, high = LEVELS[setting.world]
        told = []
        for seed in range(seeds):
            s = replace(setting, seed=100 + seed)
            log = bench.log(s)
            if log.final < high - MATTERS * (high - low):
                continue
            d = diagnose(s, log)
            told.append(",".join(f.condition for f in d.findings if f.severity != "info"))
            tally.sound, tally.alarms = tally.sound + 1, tally.alarms + bool(told[-1])
            unsure += d.verdict == "undetermined"
        said = f"{sum(map(bool, told))} of {len(told)} alarmed  {' '.join(sorted(set(filter(None, told))))}"
        yield f"{task}, sound", said
    yield "all sound", f"{tally.alarms} of {tally.sound} alarmed, {unsure} undetermined"


def fault_rows(
    bench: Bench, tasks: Mapping[str, Setting], seeds: int, tally: Tally
) -> Iterator[tuple[str, str]]:
    """Faults that cost something: found, by what, and what the first prescription brings."""
    off: list[float] = []
    for task, setting in tasks.items():
        low, high = LEVELS[setting.world]
        for name, broken in faults(setting).items():
            for seed in range(seeds):
                s = replace(broken, seed=seed)
                log = bench.log(s)
                cost = (high - log.final) / (high - low)
                if cost < MATTERS:
                    yield f"{task}, {name}", f"costs {max(cost, 0):.0%}: no fault"
                    continue
                d = diagnose(s, log)
                grave = [f for f in d.findings if f.severity != "info"]
                first = d.prescriptions[0] if d.prescriptions else None
                gain = bench.gains(s, first, log) if first is not None else 0.0
                tally.faults, tally.found = tally.faults + 1, tally.found + bool(grave)
                tally.helped += gain >= MATTERS
                said = ",".join(f.condition for f in grave) or d.verdict
                onset = ""
                if s.late < 1 and grave and grave[0].onset is not None:
                    last = max(steps[-1] for steps, _ in log.curves.values())
                    off.append(abs(grave[0].onset / last - s.late))
                    onset = f", onset off by {off[-1]:.0%} of the run"
                yield (
                    f"{task}, {name}",
                    (
                        f"costs {cost:.0%}: {said}{onset}; "
                        f"{first.action if first else 'nothing'} brings back {gain:.0%}"
                    ),
                )
    near = f"; onset within 5 % of the run in {sum(o <= 0.05 for o in off)} of {len(off)}" if off else ""
    yield (
        "all faults",
        f"{tally.found} of {tally.faults} found, the first prescription helps {tally.helped}{near}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="clinic.agents", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of every fault")
    parser.add_argument("--sound", type=int, default=5, help="trainings of every sound agent")
    parser.add_argument("--work", type=Path, default=None, help="folder in which trainings are kept")
    parser.add_argument("--held-out", action="store_true", help="the worlds that no rule was written by")
    args = parser.parse_args()
    bench, tally = Bench(args.work), Tally()
    tasks = HELD_OUT if args.held_out else SOUND
    for row, said in chain(
        sound_rows(bench, tasks, args.sound, tally), fault_rows(bench, tasks, args.seeds, tally)
    ):
        print(f"{row:38} {said}", flush=True)


if __name__ == "__main__":
    main()
