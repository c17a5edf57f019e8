"""What the stored runs say, as a table for a critical eye."""

from __future__ import annotations

from collections import Counter, defaultdict

from clinic.drawn.families import family_of
from clinic.drawn.store import load as load_drawn
from clinic.store import ClinicRun, load
from clinic.truth import DIAGNOSTIC, MEASUREMENT, TRAINING


def _share(yes: int, of: int) -> str:
    return f"{yes:4d} {yes / of:5.0%}" if of else "   -     -"


def _table(title: str, runs: list[ClinicRun], keys: dict[str, list[ClinicRun]]) -> list[str]:
    lines = [f"\n{title:<26} runs  sick  healthy  unclear   most often helped by"]
    for key, members in sorted(keys.items()):
        helped = Counter(a for r in members for a, v in r.verdicts.items() if v and a not in DIAGNOSTIC)
        top = ", ".join(f"{a} {n / len(members):.0%}" for a, n in helped.most_common(5))
        sick, fine = sum(r.sick for r in members), sum(r.healthy is True for r in members)
        lines.append(
            f"{key:<26} {len(members):4d}  {sick:4d}  {fine:7d}  {len(members) - sick - fine:7d}   {top}"
        )
    return lines


def summary(*, final: bool = False, drawn: bool = False) -> str:
    """Runs per fault and task (drawn: family), and how often each action helps;
    the held-out part only on demand."""
    runs = (load_drawn if drawn else load)(final=None if final else False)
    by_fault, by_task = defaultdict(list), defaultdict(list)
    for run in runs:
        by_fault[run.fault].append(run)
        by_task[family_of(run.task)].append(run)
    sick = [r for r in runs if r.sick]
    fine = sum(r.healthy is True for r in runs)
    lines = [
        f"{len(runs)} base runs, {len(sick)} sick, {fine} healthy, {len(runs) - len(sick) - fine} unclear"
    ]
    lines += _table("fault", runs, by_fault) + _table("family" if drawn else "task", runs, by_task)
    lines.append(f"\n{'action':<24} helps      (of all runs)   of sick runs   not scored")
    for action in (*TRAINING, *MEASUREMENT, *DIAGNOSTIC):
        yes = sum(r.helps(action) is True for r in runs)
        inside = sum(r.helps(action) is True for r in sick)
        unknown = sum(r.helps(action) is None for r in runs)
        lines.append(
            f"{action:<24} {_share(yes, len(runs))}   {_share(inside, len(sick))}   "
            f"{_share(unknown, len(runs))}"
        )
    return "\n".join(lines)
