"""`python -m clinic train | pack | summary | verify | tune` (see README.md)."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="clinic", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("train", "train what is missing"), ("pack", "journal → data files"),
        ("tune", "search lr"),
                       ("survey", "drawn tasks, wave by wave"),
                       ("pack-survey", "its journal → data files"), ("summary", "what the stored runs say"),
                       ("verify", "train a sample again")):  # fmt: skip
        sub = commands.add_parser(name, help=text)
        sub.add_argument("--tasks", default="", help="comma list; default all")
        sub.add_argument(
            "--work", type=Path, default=Path.home() / ".cache" / "clinic", help="journal folder"
        )
        sub.add_argument("--limit", type=int, default=None, help="base runs per task")
        sub.add_argument(
            "--since",
            type=int,
            default=None,
            help="leave out that many base runs of each task; survey: that many waves (default: those "
            "packed)",
        )
        sub.add_argument("--rounds", type=int, default=1, help="how often every fault is drawn per task")
        sub.add_argument("--jobs", type=int, default=1, help="processes, each with its own tasks")
        sub.add_argument("--minutes", type=float, default=1e6, help="stop training after this time")
        sub.add_argument("--sample", type=int, default=5, help="runs that verify trains again")
        sub.add_argument("--waves", type=int, default=None, help="survey: stop after so many waves")
        sub.add_argument("--drawn", action="store_true", help="summary, verify: the runs on drawn tasks")
        sub.add_argument("--final", action="store_true", help="summary: also the held-out part")
    return parser


def _compile_cache(folder: Path) -> None:
    import jax

    jax.config.update("jax_compilation_cache_dir", str(folder / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


def _train(args: argparse.Namespace, names: list[str]) -> int:
    if args.jobs > 1:
        import subprocess

        parts = [names[i :: args.jobs] for i in range(args.jobs)]
        rest = ["--work", str(args.work), "--rounds", str(args.rounds), "--minutes", str(args.minutes)]
        rest += ["--limit", str(args.limit)] if args.limit else []
        command = [sys.executable, "-m", "clinic", "train", *rest, "--tasks"]
        running = [subprocess.Popen([*command, ",".join(p)]) for p in parts if p]
        return max(p.wait() for p in running)
    from clinic.campaign import Journal, carry_out

    _compile_cache(args.work)
    start = time.time()
    count = carry_out(
        Journal(args.work), names, args.rounds, args.limit, start + 60 * args.minutes, args.since or 0
    )
    print(f"{count} trainings in {time.time() - start:.0f} s", file=sys.stderr)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = _parser().parse_args(argv)
    if args.command == "summary":
        from clinic.summary import summary

        print(summary(final=args.final, drawn=args.drawn))
        return 0
    from clinic.tasks import TASKS

    names = [n for n in args.tasks.split(",") if n] or list(TASKS)
    if unknown := [n for n in names if n not in TASKS]:
        print(f"unknown task {unknown[0]!r}; known: {', '.join(TASKS)}", file=sys.stderr)
        return 2
    if args.command == "train":
        return _train(args, names)
    if args.command == "survey":
        from clinic.drawn.survey import Survey

        _compile_cache(args.work)
        Survey(args.work, time.time() + 60 * args.minutes).carry_out(args.waves, args.since)
        return 0
    if args.command == "tune":
        from clinic.tune import search

        _compile_cache(args.work)
        search(names)
        return 0
    if args.command == "pack":
        from clinic.pack import pack

        print(pack(args.work, names, args.rounds, args.limit))
        return 0
    if args.command == "pack-survey":
        from clinic.drawn.pack import pack as pack_survey

        print(pack_survey(args.work))
        return 0
    from clinic.verify import verify

    stored = None
    if args.drawn:
        from clinic.drawn.store import load

        stored = load(final=False)
    return verify(args.sample, args.tasks.split(",") if args.tasks else None, stored=stored)


if __name__ == "__main__":
    sys.exit(main())
