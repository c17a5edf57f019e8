"""The verdict: what was seen decides, and health needs evidence."""

from __future__ import annotations

from collections.abc import Sequence

from curvedoctor.conditions.adversarial.adversary_dominates import in_doubt
from curvedoctor.conditions.measures.shape import error_of_mean, name, probing
from curvedoctor.features.case import Case
from curvedoctor.features.chance import chance_error, expected_first_loss
from curvedoctor.features.sentences import number
from curvedoctor.features.series import Series
from curvedoctor.model import Finding, Unjudged, Verdict

#: points from which on a plateau can be told from a fall
EVIDENCE = 8
#: conditions that may be unjudged for want of points in a run that is called healthy
MAX_UNJUDGED = 4
#: share of its start by which a curve must have moved for its training to have done anything
CHANGE = 0.01
#: the same of the first evaluation, where no score stands beside it
HELD_OUT = 0.05
#: share of a blind guess's loss or errors from which on little is learnt: of the clinic's runs that end there
#: without a finding four of five could be much better
GUESS = 0.8
JUDGED = ("loss", "error", "accuracy", "reward")


def verdict(
    case: Case, findings: Sequence[Finding], unjudged: Sequence[Unjudged], asked: int
) -> tuple[Verdict, str | None]:
    """The verdict, and why it is undetermined."""
    if any(finding.severity != "info" for finding in findings):
        return "sick", None
    reason = _no_evidence(case, unjudged, asked)
    return ("healthy", None) if reason is None else ("undetermined", reason)


def _no_evidence(case: Case, unjudged: Sequence[Unjudged], asked: int) -> str | None:
    main = case.primary or case.reward
    if main is None and case.pairs:
        return in_doubt(case)
    if main is None:
        points = max((len(curve) for curve in case.run.curves), default=0)
        if points <= 2:
            return (
                f"its longest curve has {points} point{'s' * (points != 1)}" if points else "it has no curve"
            )
        return "no loss, error or score with a direction is logged"
    if asked == len(unjudged):
        return unjudged[0].reason if unjudged else "no condition was asked for"
    if not any(_improved(s) for s in case.series.values()):
        return f"no {'reward' if case.agent else 'loss, error or score'} improved over the run"
    if (still := _never_better(case)) is not None:
        return still
    if (little := _little_learnt(case)) is not None:
        return little
    nothing = next(
        (s for s in (case.val_score, case.train_score) if s is not None and s.stats.low == 1.0 == s.ceiling),
        None,
    )
    if nothing is not None:
        return f"the {name(nothing)} is zero at all of its {nothing.stats.n:.0f} points"
    longest = max(s.stats.n for s in (case.train, case.train_step, case.val, case.reward) if s is not None)
    if longest < EVIDENCE:
        return f"{longest:.0f} points can't tell a plateau from a fall; {EVIDENCE} are needed"
    short = [u for u in unjudged if "too few" in u.reason]
    if len(short) > MAX_UNJUDGED:
        return f"{len(short)} of {asked} conditions lack points: {short[0].reason}"
    return None


def _never_better(case: Case) -> str | None:
    """That validation, which no score stands beside, is about as good at its first evaluation as ever: so is
    that of a model that answers the mean, while its first epoch's average falls."""
    val = case.val
    if val is None or case.boosting or case.agent or case.val_score is not None or probing(case):
        return None
    first, best = float(val.y[0]), min(val.stats.end, val.stats.at75)
    if first - best > HELD_OUT * abs(first):
        return None
    lowest = number(val.logged(float(val.y.min())))
    return (
        f"the {name(val)} is about as good at its first evaluation ({number(val.logged(first))}) as ever "
        f"({lowest}), and no score tells whether anything was learnt"
    )


def _little_learnt(case: Case) -> str | None:
    """That validation ends near what a blind guess gives: a hard task, or most is still to be learnt."""
    if case.boosting or case.agent or probing(case):
        return None
    loss, score = case.val if case.judged_quantity == "loss" else None, case.val_score
    for s, guess in ((score if score is not None and score.ceiling == 1.0 else None, chance_error(case)),
                     (loss, expected_first_loss(case))):  # fmt: skip
        if s is None or guess is None or s.stats.end < GUESS * guess:
            continue
        level, blind = number(s.logged(s.stats.end)), number(s.logged(guess))
        return (
            f"the {name(s)} ends at {level}, near what a blind guess gives ({blind}): nothing tells how much "
            "more there is to learn"
        )
    return None


def _improved(s: Series) -> bool:
    """Whether a curve with a direction got better, beyond its noise."""
    if s.curve.role.better == "none" or s.curve.role.quantity not in JUDGED:
        return False
    best = min(s.stats.end, s.stats.at75)
    return s.stats.start - best > max(CHANGE * abs(s.stats.start), 3 * error_of_mean(s, 1 / 20))
