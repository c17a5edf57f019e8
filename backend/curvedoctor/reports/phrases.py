"""What every surface says, in the same words: five states, what is seen, what is suggested, in order.

Two kinds of statement never mix: a finding is seen in the curves, a prescription is suggested; one that
rests on the odds of other trainings says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from curvedoctor.actions import EXPERIMENTS, promise
from curvedoctor.model import Diagnosis, Prescription, State, Unjudged
from curvedoctor.reports.text import number, percent

#: as lists are sorted: what needs somebody first
STATES: tuple[State, ...] = ("failed", "needs attention", "can't tell", "could improve", "fine")
SEEN = "Seen in the curves"
TRY = "To try first"
IMPROVE = "What may improve it"
UNJUDGED = "Could not be judged"
KEEP = "Which checkpoint to keep"
#: beside what changes nothing, and comes first
ASKS = "tells what is wrong"
#: shares below this are no number to act on
LEAST = 0.005
#: what people are told: from these probabilities on, of what rests on odds alone, and of all else
EVEN, HOPELESS = 0.5, 0.1


def title(identifier: str) -> str:
    """A condition's title, else the identifier as words.

    >>> title("lower-lr")
    'Lower learning rate'
    """
    from curvedoctor.conditions.base import all_conditions

    condition = all_conditions().get(identifier)
    words = (
        re.sub(r"\blr\b", "learning rate", identifier.replace("-", " "))
        if condition is None
        else condition.title
    )
    return words[:1].upper() + words[1:]


def identifier(text: str) -> str | None:
    """The condition that a person means, by its id or its title, whatever the case; None if there is none."""
    from curvedoctor.conditions.base import all_conditions

    wanted = _plainly(text)
    return next((name for name in all_conditions() if wanted in {name, _plainly(title(name))}), None)


def _plainly(text: str) -> str:
    return "-".join(re.findall(r"[^\W_]+", text.lower()))


def headline(diagnosis: Diagnosis) -> str:
    """The diagnosis in one sentence: what is seen, never what is only suggested."""
    if diagnosis.verdict == "sick" and diagnosis.findings:
        return diagnosis.findings[0].summary
    if diagnosis.verdict == "undetermined":
        return reason(diagnosis)
    if diagnosis.state == "could improve":
        return "Nothing wrong is seen in the curves; a change is likely to improve the run further."
    return "Nothing wrong is seen in the curves."


def reason(diagnosis: Diagnosis) -> str:
    """Why nothing can be told of a run, as one sentence."""
    first = next((why for why, _ in grouped(diagnosis.unjudged)), "too little was logged to judge this run")
    return sentence(diagnosis.reason or first)


def sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def grouped(unjudged: Iterable[Unjudged]) -> list[tuple[str, list[str]]]:
    """(reason, conditions) of what could not be judged: the commonest reason first,
    other kinds of training last."""
    from curvedoctor.conditions.base import all_conditions

    known = all_conditions()
    by_reason: dict[str, list[str]] = {}
    for item in unjudged:
        by_reason.setdefault(item.reason, []).append(item.condition)

    def place(group: tuple[str, list[str]]) -> tuple[bool, int]:
        return all(each in known and known[each].special for each in group[1]), -len(group[1])

    return sorted(by_reason.items(), key=place)


def of_this_kind(diagnosis: Diagnosis) -> list[tuple[str, list[str]]]:
    """What could not be judged, without what is asked of other kinds of training only."""
    from curvedoctor.conditions.base import all_conditions

    known = all_conditions()
    groups = grouped(diagnosis.unjudged)
    return [group for group in groups if not all(each in known and known[each].special for each in group[1])]


def advice(diagnosis: Diagnosis) -> str:
    """What a run's prescriptions stand under: a healthy run is not treated."""
    return TRY if diagnosis.verdict == "sick" else IMPROVE


def chance(item: Prescription) -> str:
    """How likely it is to help, and whether that rests on other trainings only.

    >>> chance(Prescription("lower-lr", 0.9, (), "", basis="odds"))
    'helped 90 % of similar runs'
    """
    share = percent(item.confidence)
    if item.action in EXPERIMENTS:
        return f"{share} likely to tell"
    return f"helped {share} of similar runs" if item.basis == "odds" else f"{share} likely to help"


def gain(item: Prescription) -> str:
    """What it typically brings; "" where it is not known, next to nothing, or its text tells a sibling's.

    >>> gain(Prescription("lower-lr", 0.9, (), "", gain=(0.12, 0.35, 0.6)))
    'typically −35 % loss'
    """
    if item.gain is None or item.basis == "siblings" or not item.gain[1] >= LEAST:
        return ""
    return f"typically −{min(round(100 * item.gain[1]), 99)} % loss"


def told(diagnosis: Diagnosis) -> list[tuple[Prescription, str]]:
    """The prescriptions that people are told, each with the word for its place.

    All that rests on a finding or a sibling and is not hopeless; what rests on the odds of other trainings
    alone where it is likelier to help than not; in any case the first, but of a run that is fine as it is
    nothing that rests on odds. Data for machines has all of them.
    """
    fine = diagnosis.state == "fine"
    least = {"odds": 1.0 if fine else EVEN}
    return [
        (item, word)
        for place, (item, word) in enumerate(zip(diagnosis.prescriptions, order(diagnosis), strict=True))
        if (place == 0 and not fine) or item.confidence >= least.get(item.basis, HOPELESS)
    ]


def order(diagnosis: Diagnosis) -> list[str]:
    """A word beside each prescription where the number alone does not explain its place; "" elsewhere."""
    given = diagnosis.prescriptions
    errors = {finding.condition for finding in diagnosis.findings if finding.severity == "error"}
    repairs = [item.basis != "odds" and bool(errors.intersection(item.treats)) for item in given]
    leading = next((place for place, repair in enumerate(repairs) if not repair), len(given))
    return [
        ASKS
        if item.action in EXPERIMENTS and (place < leading or place == 0)
        else "repairs an error"
        if place < leading
        else _why_later(item, [other for other in given[leading:place] if other.action not in EXPERIMENTS])
        for place, item in enumerate(given)
    ]


def _why_later(item: Prescription, before: Sequence[Prescription]) -> str:
    """Why it stands after what is less likely to help, by the numbers printed; "" where it doesn't."""
    less = [other for other in before if percent(other.confidence) != percent(item.confidence)]
    less = [other for other in less if other.confidence < item.confidence]
    if any(_gained(other) > _gained(item) > 0 for other in less):
        return "gained less"
    if any(_promise(other) >= _promise(item) for other in less):
        return "takes more effort"
    if not item.treats and any(other.treats for other in less):
        return "treats no finding"
    return "a last resort" if less else ""


def _gained(item: Prescription) -> float:
    """What it gained where a sibling tried it; else 0."""
    return item.gain[1] if item.basis == "siblings" and item.gain is not None else 0.0


def _promise(item: Prescription) -> float:
    return promise(item.action, item.confidence)


def suggestions(diagnosis: Diagnosis) -> list[tuple[Prescription, str]]:
    """What people are told to try, with all that stands beside its text: its place, probability and gain."""
    return [
        (item, "; ".join(filter(None, (word, chance(item), gain(item))))) for item, word in told(diagnosis)
    ]


def kept(reading: Mapping[str, object]) -> str:
    """Which checkpoint to keep, as one sentence: what the reading `checkpoint` says."""
    if reading["reason"] is not None:
        return f"None stands out: {reading['reason']}."
    low, high = cast("Sequence[float]", reading["band"])
    axis, keep = reading["axis"], reading["keep"]
    best = f"{number(reading['best'])} at {axis} {number(reading['best_at'])}, by {reading['curve']}"
    band = f"{_between(low, high)} can't be told from it"
    if keep is None:
        since, until = number(reading["as_good_from"]), number(reading["as_good_to"])
        if since == until:
            return (
                f"The best evaluation is {best}, and no other is within noise of it "
                f"({_between(low, high)}): keep that one."
            )
        return f"The best evaluation is {best}; {band} ({axis} {since} to {until}): keep one of these."
    if reading["by"] == "name":
        return (
            f"Keep {keep}, by its name: no numbered checkpoint beside the run was evaluated within "
            f"noise of the best, {best}."
        )
    if reading["at"] == reading["best_at"]:
        return f"Keep {keep}: it has the best evaluation, {best}; {band}."
    value = f"{number(reading['value'])} at {axis} {number(reading['at'])}"
    if reading["within_noise"]:
        return f"Keep {keep} ({value}): within noise of the best evaluation, {best}; {band}."
    return (
        f"Keep {keep} ({value}), the best beside the run, though beyond noise of the best "
        f"evaluation, {best}; {band}."
    )


def _between(low: float, high: float) -> str:
    """Two values, with as many digits as it takes to tell them apart.

    >>> _between(1.39087, 1.39112), _between(0.5, 0.5)
    ('1.3909 to 1.3911', '0.5')
    """
    pairs = ((f"{low:.{digits}g}", f"{high:.{digits}g}") for digits in range(4, 10))
    return next((f"{one} to {other}" for one, other in pairs if one != other), number(low))


def tally(states: Sequence[State]) -> str:
    """How many runs are how."""
    counts = ((states.count(state), state) for state in STATES if state in states)
    listed = (
        f"{count:,} {state if count == 1 else state.replace('needs', 'need')}" for count, state in counts
    )
    return f"{len(states):,} run{'' if len(states) == 1 else 's'}: {', '.join(listed) or 'none'}."
