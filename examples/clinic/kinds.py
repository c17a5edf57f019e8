"""One table of the other kinds of training: agents, pairs, autoencoders, language models, boosted trees;
tasks held out below.

    python -m clinic.kinds                              # from examples/; an hour on one core
    python -m clinic.kinds --sound 4 --seeds 1 --kind agents boosting
    python -m clinic.kinds --sound 6 --seeds 2 --write  # and put the rows where the READMEs quote them

Held out are a world (Catch, by PPO and by Q-learning), pictures (bars), texts (two grammars) and data sets
(circles, Friedman's second) that no rule was fitted to. Every first remedy is really tried; one that can't be
is counted as no help.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from clinic.quoted import write
from clinic.tally import HEAD, Tally


def agents(held_out: bool, sound: int, seeds: int, work: Path | None) -> Tally:
    """Reinforcement learning."""
    from clinic.agents.__main__ import HELD_OUT, SOUND, Bench, fault_rows, sound_rows

    bench, tally, tasks = Bench(work), Tally(), HELD_OUT if held_out else SOUND
    for rows in (sound_rows(bench, tasks, sound, tally), fault_rows(bench, tasks, seeds, tally)):
        for row, said in rows:
            print(f"  {row:38} {said}", flush=True)
    return tally


def generative(name: str) -> Callable[[bool, int, int, Path | None], Tally]:
    """Pairs, autoencoders, language models."""

    def count(held_out: bool, sound: int, seeds: int, work: Path | None) -> Tally:
        from real_runs.generative import count as runs

        kind = runs.KINDS[name]
        return runs.counted(runs.held_out(kind) if held_out else kind, sound, seeds)

    return count


def boosting(held_out: bool, sound: int, seeds: int, work: Path | None) -> Tally:
    """Boosted trees by the libraries that are installed."""
    from boosting.__main__ import counted, rows
    from boosting.tasks import HELD_OUT, TASKS
    from boosting.train import installed

    tasks = [name for name in TASKS if (name in HELD_OUT) == held_out]
    libraries = [name for name in installed() if name not in SLOW] or installed()
    told = []
    for row in rows(libraries, tasks, list(range(seeds))):
        told.append(row)
        where, said = row.made.where, row.said
        brought = "" if row.gained is None else f"; {said.prescriptions[0].action} brings {row.gained:.0%}"
        print(f"  {where.library} {where.task}, {row.made.kind}: {said.verdict}{brought}", flush=True)
    return counted(told)


#: libraries that are left to `python -m boosting` where a faster one is installed
SLOW = frozenset({"sklearn"})
KINDS: Mapping[str, tuple[str, Callable[[bool, int, int, Path | None], Tally]]] = {
    "agents": ("agents (PPO, REINFORCE, Q-learning)", agents),
    "pair": ("adversarial pairs", generative("pair")),
    "vae": ("variational autoencoders", generative("vae")),
    "pretraining": ("language models", generative("pretraining")),
    "tuning": ("fine-tuning", generative("tuning")),
    "boosting": ("boosted trees", boosting),
}


def main() -> None:
    """Train, diagnose, try, print."""
    parser = argparse.ArgumentParser(
        prog="clinic.kinds", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sound", type=int, default=12, help="sound runs of each task")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each fault; seeds of each data set")
    parser.add_argument("--work", type=Path, help="folder in which agents' trainings are kept")
    parser.add_argument("--write", action="store_true", help="put the rows where the READMEs quote them")
    asked = parser.parse_args()
    rows = {}
    for kind in asked.kind:
        for held_out in (False, True):
            name = called(kind, held_out)
            rows[name] = KINDS[kind][1](held_out, asked.sound, asked.seeds, asked.work).row(name)
            print(rows[name], flush=True)
            if asked.write:
                write({name: rows[name]}, [called(kind, apart) for kind in KINDS for apart in (False, True)])
    print("\n".join((HEAD, *rows.values())))


def called(kind: str, held_out: bool) -> str:
    """The name of a row."""
    return f"{KINDS[kind][0]}{', held out' if held_out else ''}"


if __name__ == "__main__":
    main()
