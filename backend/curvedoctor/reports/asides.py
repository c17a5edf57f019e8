"""What belongs beside a run's state: that it is still going on, and what could not be judged for want of a
fact that a user can give."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from curvedoctor.model import Diagnosis, Problem
from curvedoctor.reports.phrases import title
from curvedoctor.reports.text import number, percent

#: what a reason lacks → what that is called, and how it is given: what most depends on it first. Left out is
#: what most runs lack and few need: gradient norms, losses per step, a score beside the loss
_WANTS: Sequence[tuple[str, str, str]] = (
    ("training and validation are not both", "a validation loss", "log it"),
    ("no validation", "a validation loss", "log it"),
    ("too few", "more points", "log more often"),
    ("loss function", "the loss function", "log it, or --param loss=…"),
    ("validation set's size", "the validation set's size", "log it, or --param n_val=…"),
    ("batch size", "the batch size", "log it, or --param batch_size=…"),
    ("weight decay nor dropout", "the regularization", "log it, or --param weight_decay=…"),
    ("learning-rate curve", "the learning rate's curve", "log it"),
    ("learning rate", "the learning rate's curve", "log it"),
)
#: before what comes first instead if it is there
LOOK = "Before training again, look for"
#: wants that are told, and conditions that are named rather than counted
TOLD, NAMED = 2, 2


def asides(diagnosis: Diagnosis) -> list[str]:
    """Sentences to stand below the diagnosis in one sentence."""
    return [text for text in (*notes(diagnosis), wanting(diagnosis, titles=True)) if text]


def notes(diagnosis: Diagnosis) -> list[str]:
    """What to know before reading the rest: that the run goes on, that its settings did well elsewhere."""
    return [text for text in (so_far(diagnosis), unlike(diagnosis)) if text]


def unlike(diagnosis: Diagnosis) -> str:
    """That a sibling with the same settings ended far lower."""
    reading = diagnosis.readings.get("unlike")
    if reading is None:
        return ""
    lower = percent(cast("float", reading["lower"]))
    return (
        f"{reading['sibling']} logs the same settings and ended {lower} lower: something that is not logged "
        "differs (code, data, checkpoint)."
    )


def state(diagnosis: Diagnosis) -> str:
    """The state in words; of a run that goes on, so far."""
    reading = diagnosis.readings.get("so-far", {})
    going_on = reading.get("going_on") and diagnosis.verdict != "undetermined"
    return f"{diagnosis.state} so far" if going_on else diagnosis.state


def so_far(diagnosis: Diagnosis) -> str:
    """That a run goes on, or may; "" of one that has ended, or of which a finding says so."""
    reading = diagnosis.readings.get("so-far")
    if reading is None:
        return ""
    last, planned = reading["epoch"], reading["planned"]
    place = f"epoch {number(last)} of {number(planned)}" if last is not None and planned is not None else ""
    if reading["going_on"]:
        return f"The run is still going on{f' ({place})' if place else ''}: this is what it shows so far."
    if not place or any(finding.condition == "undertrained" for finding in diagnosis.findings):
        return ""
    return f"The log ends at {place}: the run was stopped, or is still going on."


def look(diagnosis: Diagnosis) -> str:
    """What to look for before anything is trained again; "" where nothing is, and of a run that is fine."""
    reading = diagnosis.readings.get("look")
    if reading is None or diagnosis.state == "fine":
        return ""
    named = cast("Sequence[Mapping[str, object]]", reading["for"])
    shares = [percent(cast("float", item["helps"])) for item in named]
    parts = [
        f"{item['there']}: {item['action']} {share}"
        for item, share in zip(named[1:], shares[1:], strict=True)
    ]
    first = f"{named[0]['there']}: where they were there, {named[0]['action']} helped {shares[0]} of runs"
    return f"{LOOK} {'; '.join((first, *parts))}."


def wanting(diagnosis: Diagnosis, titles: bool = False) -> str:
    """What a run that looks healthy was not judged for, and for want of what; "" where nothing is wanting."""
    if diagnosis.verdict != "healthy":
        return ""
    from curvedoctor.conditions.base import all_conditions

    known = all_conditions()
    wants: dict[str, list[str]] = {f"{what} ({how})": [] for _, what, how in _WANTS}
    for item in diagnosis.unjudged:
        want = next((f"{what} ({how})" for part, what, how in _WANTS if part in item.reason), "")
        if want and not (item.condition in known and known[item.condition].special):
            wants[want].append(f"“{title(item.condition)}”" if titles else item.condition)
    told = [(names, want) for want, names in wants.items() if names]
    parts = [
        f"{_named(names)} {'needs' if len(names) == 1 else 'need'} {want}" for names, want in told[:TOLD]
    ]
    rest = sum(len(names) for names, _ in told[TOLD:])
    return f"Not judged: {'; '.join(parts)}{f'; {rest} more' if rest else ''}." if parts else ""


def _named(conditions: Sequence[str]) -> str:
    return " and ".join(conditions) if len(conditions) <= NAMED else f"{len(conditions)} conditions"


def gist(note: Problem) -> str:
    """What kind of note it is, without the file's own names and numbers.

    >>> gist(Problem("a.log", "read as a console log: 20 of 23 lines were used"))
    'read as a console log'
    """
    return re.split(r" of |:| \(", note.what, maxsplit=1)[0]
