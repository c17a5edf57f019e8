"""What is written to an MLflow run, as plain data: tags, files, and a block of the description."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal
from urllib.parse import quote

from curvedoctor import fingerprint
from curvedoctor.errors import SinkError
from curvedoctor.model import Diagnosis
from curvedoctor.reports.as_json import dumps, position
from curvedoctor.reports.text import markdown
from curvedoctor.sinks.picture import curves_png
from curvedoctor.version import __version__

#: ours: nothing else is ever touched
PREFIX = "curvedoctor."
STATE = PREFIX + "state"
#: the run's folder of artifacts that is ours, and the files in it
FOLDER = "curvedoctor"
FILES = ("report.html", "diagnosis.json", "curves.png")
NOTE = "mlflow.note.content"
#: pixels of the picture: MLflow's description cuts off what does not fit beside its Assistant
WIDTH = 760
#: characters of a tag's value: MLflow cuts at 8,000 without saying so, older servers at 5,000
LONGEST = 5_000
#: `kept` tells that there was an empty description before, which is not the same as none; `below` that the
#: block stands behind the user's own words, with an empty line between that is ours
BEGIN, BEGIN_KEPT, BEGIN_BELOW, END = (
    "<!-- curvedoctor:begin -->",
    "<!-- curvedoctor:begin kept -->",
    "<!-- curvedoctor:begin below -->",
    "<!-- curvedoctor:end -->",
)
_BELOW = re.compile(rf"(?:\n\n)?{BEGIN_BELOW}.*?{END}", re.DOTALL)
_BLOCK = re.compile(rf"<!-- curvedoctor:begin( kept)? -->.*?{END}(?:\n\n)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of what was written to a run before: it stands in the tag `curvedoctor.state`."""

    #: fingerprint of the diagnosis that the files in the store show; "" where they were not written
    files: str = ""
    #: folders above ours that came with our files
    made: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What has to be done to a run's tags so that they say what they should."""

    #: tags to write, in one batch
    tags: Mapping[str, str] = field(default_factory=dict)
    #: tags of ours that no longer hold
    stale: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tags or self.stale)


def tags(diagnosis: Diagnosis, written: Written) -> dict[str, str]:
    """The tags of section 6 of the contract. What a run lacks (a finding, a prescription) gets no tag."""
    tags_ = {
        "verdict": diagnosis.state,
        "conditions": ",".join(finding.condition for finding in diagnosis.findings),
        "prescription": diagnosis.prescriptions[0].text if diagnosis.prescriptions else "",
        "state": _state(diagnosis, written),
    }
    return {PREFIX + key: value[:LONGEST] for key, value in tags_.items() if value}


def _state(diagnosis: Diagnosis, written: Written) -> str:
    """What programs may want to know, and what the next call must:
    a fingerprint per part that was written."""
    first = diagnosis.findings[0] if diagnosis.findings else None
    state: dict[str, object] = {
        "severity": first.severity if first else None,
        "onset": None if first is None else position(first.onset),
        "version": __version__,
        "tags": fingerprint.of(diagnosis),
        "files": written.files or None,
        "made": written.made or None,
    }
    return dumps({key: value for key, value in state.items() if value is not None})


def written(present: Mapping[str, str]) -> Written:
    """What the tag `curvedoctor.state` says; nothing if it is not there or not ours any more."""
    try:
        state = json.loads(present.get(STATE, "") or "{}")
    except ValueError:
        return Written()
    files, made = (state.get("files"), state.get("made")) if isinstance(state, dict) else ("", 0)
    return Written(files if isinstance(files, str) else "", made if isinstance(made, int) else 0)


def rest(known: Written) -> str:
    """The state of a run of which only the files are left."""
    return dumps({"files": known.files, "made": known.made})


def change(diagnosis: Diagnosis, present: Mapping[str, str], note: bool, run_id: str, now: Written) -> Change:
    """Compare what a run's tags should say with what they say.

    The state is written together with the other tags and after the files, so a run that was left
    half-written never carries the right one.
    """
    wanted = tags(diagnosis, now)
    ours = {key: value for key, value in present.items() if key.startswith(PREFIX)}
    new = {key: value for key, value in wanted.items() if ours.get(key) != value}
    # a block that is there must not go on saying what no longer holds
    if note or BEGIN[:-4] in present.get(NOTE, ""):
        text = with_note(present.get(NOTE), block(diagnosis, run_id))
        if text != present.get(NOTE):
            new[NOTE] = text
    return Change(new, tuple(sorted(set(ours) - set(wanted))))


def files(diagnosis: Diagnosis) -> dict[str, bytes]:
    """name → content of the artifacts."""
    from curvedoctor.reports import as_html
    from curvedoctor.reports.as_json import document

    drawn = {
        "report.html": as_html.page([diagnosis]).encode(),
        "diagnosis.json": (dumps(document([diagnosis]), indent=2) + "\n").encode(),
    }
    if find_spec("matplotlib") is not None:  # an extra, which MLflow itself asks for
        drawn["curves.png"] = curves_png(diagnosis, WIDTH, clear=True)
    return drawn


def block(diagnosis: Diagnosis, run_id: str) -> str:
    """The diagnosis in Markdown, the verdict first."""
    lines = [f"**curvedoctor: {diagnosis.state}**"]
    if diagnosis.findings:
        first = diagnosis.findings[0]
        lines[0] += (
            f" · {first.condition} ({first.severity}, {first.confidence:.0%}). {markdown(first.summary)}"
        )
    if diagnosis.prescriptions:
        lines.append(f"**Try first:** {markdown(diagnosis.prescriptions[0].text)}")
    source = f"get-artifact?path={quote(f'{FOLDER}/curves.png', safe='')}&run_uuid={quote(run_id, safe='')}"
    lines.append(f"![The run's main curves, with onset and span]({source})")
    lines += [
        f"- {other.condition} ({other.severity}): {markdown(other.summary)}"
        for other in diagnosis.findings[1:6]
    ]
    lines.append("Details: artifact `curvedoctor/report.html`")
    return "\n\n".join(lines)


def with_note(present: str | None, text: str) -> str:
    """The description with our block behind the user's words, or where it is. Nothing else changes.

    Raises `SinkError` if one of our two markers was lost: what is ours can't be told then.
    """
    kind = BEGIN_KEPT if present == "" else BEGIN
    if present is None or present == "":
        return f"{kind}\n{text}\n{END}\n\n"
    match = _note_in(present)
    if match is None:
        return f"{present}\n\n{BEGIN_BELOW}\n{text}\n{END}"
    old = match.group(0)
    head, tail = old[: old.index(" -->") + len(" -->")], old[old.rindex(END) :]
    return f"{present[: match.start()]}{head}\n{text}\n{tail}{present[match.end() :]}"


def without_note(present: str) -> tuple[Literal["none", "write", "delete"], str]:
    """What to do with a description to be rid of our block, and the description that is left."""
    match = _note_in(present)
    if match is None:
        return "none", present
    rest = present[: match.start()] + present[match.end() :]
    kept = match.re is _BELOW or match.group(1)
    return ("write", rest) if rest or kept else ("delete", "")


def _note_in(present: str) -> re.Match[str] | None:
    match = _BELOW.search(present) or _BLOCK.search(present)
    if match is None and ("<!-- curvedoctor:begin" in present or END in present):
        raise SinkError(
            "the description holds only one of the markers <!-- curvedoctor:begin --> and "
            "<!-- curvedoctor:end -->: restore the other, or remove it, and try again"
        )
    return match
