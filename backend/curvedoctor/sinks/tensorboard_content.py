"""What is written beside a TensorBoard run, as serialized events: text, picture, severities, JSON.

Everything stands at step 0 behind a `SessionLog.START` at step 0, so that both of TensorBoard's loaders
take a later set in place of the earlier one: the Python loader purges what the START preempts, the
data server preempts per tag. That is why a tag that was ever written is written again every time.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curvedoctor import __version__
from curvedoctor.model import Curve, Diagnosis, Finding
from curvedoctor.reports import evidence, words
from curvedoctor.reports.as_json import to_dict
from curvedoctor.reports.text import number, percent

WRITER = "curvedoctor"
TEXT, PICTURE, DATA = "diagnosis", "curves", "data"
#: a condition's scalar; 0: written before, no longer there
LEVELS = {"info": 1.0, "warning": 2.0, "error": 3.0}
#: one card in the Scalars tab for all conditions; HParams shows `curvedoctor.severity/CONDITION`
SEVERITY = "severity/"
#: points of an overlay curve
OVERLAY = 200
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~<>])")


def head() -> bytes:
    """The first event of our file: its version, and that it is ours."""
    from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata

    event = Event(
        wall_time=time.time(), file_version="brain.Event:2", source_metadata=SourceMetadata(writer=WRITER)
    )
    return bytes(event.SerializeToString())


def is_head(event: bytes) -> bool:
    """Whether a file that starts with `event` is ours."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    try:
        return bool(Event.FromString(event).source_metadata.writer == WRITER)
    except DecodeError:
        return False


def state(diagnosis: Diagnosis) -> dict[str, object]:
    """What must change for a run to be written again: verdict, conditions, first prescription."""
    first = diagnosis.prescriptions[0] if diagnosis.prescriptions else None
    return {
        "verdict": diagnosis.state,
        "conditions": sorted([finding.condition, finding.severity] for finding in diagnosis.findings),
        "first": None if first is None else [first.action, _plain(first.text)],
    }


def events(
    diagnosis: Diagnosis, written: Sequence[str], drawn: Sequence[str], overlay: bool
) -> Iterator[bytes]:
    """One complete set of events.

    `written` are the conditions that our file already speaks of, `drawn` the curves that it overlays.
    """
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.plugins.text.summary_v2 import text_pb

    now = time.time()
    yield bytes(
        Event(wall_time=now, step=0, session_log=SessionLog(status=SessionLog.START)).SerializeToString()
    )

    def event(summary: Any, step: int = 0) -> bytes:
        return bytes(Event(wall_time=now, step=step, summary=summary).SerializeToString())

    yield event(text_pb(TEXT, markdown(diagnosis)))
    yield event(_image(diagnosis))
    levels = severities(diagnosis, written)
    for condition, level in levels.items():
        yield event(scalar_pb(SEVERITY + condition, level))
    lines = _overlaid(diagnosis, drawn, overlay)
    for curve in lines:
        for step, value in overlaid(curve, diagnosis):
            yield event(scalar_pb(curve.tag, value), step)
    # last, so that its presence proves the set complete
    closing = {
        "state": state(diagnosis),
        "tags": list(levels),
        "overlay": overlay or bool(drawn),
        "drawn": [curve.tag for curve in lines],
    }
    yield event(_data({**closing, "diagnosis": to_dict(diagnosis)}))


def severities(diagnosis: Diagnosis, written: Sequence[str]) -> dict[str, float]:
    """Condition → level; conditions of earlier sets that are gone get 0."""
    levels = dict.fromkeys(written, 0.0)
    levels.update({finding.condition: LEVELS[finding.severity] for finding in diagnosis.findings})
    return dict(sorted(levels.items()))


def _image(diagnosis: Diagnosis) -> Any:
    """A summary of TensorBoard's image plugin: width, height and the PNG as strings."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.image.metadata import create_summary_metadata

    from curvedoctor.sinks.picture import curves_png

    png = curves_png(diagnosis)
    # width and height stand in a PNG's first chunk
    size = [str(int.from_bytes(png[at : at + 4], "big")).encode() for at in (16, 20)]
    metadata = create_summary_metadata(
        display_name=None, description="The curves that the diagnosis rests on.", converted_to_tensor=True
    )
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=3)])
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=[*size, png])
    return Summary(value=[Summary.Value(tag=PICTURE, metadata=metadata, tensor=tensor)])


def _data(content: Mapping[str, object]) -> Any:
    """Our own JSON, under our plugin's name."""
    from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_TENSOR, Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    metadata = SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name="curvedoctor"), data_class=DATA_CLASS_TENSOR
    )
    text = json.dumps({"version": __version__, **content}, allow_nan=False).encode()
    tensor = TensorProto(dtype=DT_STRING, tensor_shape={}, string_val=[text])
    return Summary(value=[Summary.Value(tag=DATA, metadata=metadata, tensor=tensor)])


def data_of(event: bytes) -> dict[str, Any] | None:
    """The JSON in an event that closes a set; None for any other event."""
    from tensorboard.compat.proto.event_pb2 import Event

    value = Event.FromString(event).summary.value
    if len(value) != 1 or value[0].tag != DATA or not value[0].tensor.string_val:
        return None
    found = json.loads(value[0].tensor.string_val[0])
    return found if isinstance(found, dict) else None


def _overlaid(diagnosis: Diagnosis, drawn: Sequence[str], overlay: bool) -> list[Curve]:
    """The curves that findings rest on, else the first loss; and those overlaid before, if any."""
    if not overlay and not drawn:
        return []
    named = {name for finding in diagnosis.findings for name in finding.curves}
    long = [curve for curve in diagnosis.run.curves if len(curve) >= 8]
    chosen = [curve for curve in long if curve.id in named] or [
        curve for curve in long if curve.role.quantity == "loss"
    ][:1]
    by_tag = {curve.tag: curve for curve in chosen}
    for curve in long:
        if curve.tag in drawn:
            by_tag.setdefault(curve.tag, curve)
    return list(by_tag.values())


def overlaid(curve: Curve, diagnosis: Diagnosis) -> list[tuple[int, float]]:
    """(step, value): the curve without its noise, and on past its end where a finding rests on that."""
    points = list(zip(*smoothed(curve), strict=True))
    line = evidence.extrapolation(curve, OVERLAY // 2) if curve in evidence.heading(diagnosis) else None
    if line is not None:
        ahead = {round(x): y for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True) if x > line.end}
        points += sorted((step, value) for step, value in ahead.items() if step > line.end)
    return points


def smoothed(curve: Curve) -> tuple[list[int], list[float]]:
    """(steps, running median) at no more than OVERLAY places; the noise stays in the user's own curve."""
    import numpy as np
    from scipy.ndimage import median_filter

    finite = np.isfinite(curve.values)
    order = np.argsort(curve.steps[finite], kind="stable")
    steps, values = curve.steps[finite][order], curve.values[finite][order]
    if not len(steps):
        return [], []
    calm = median_filter(values, size=max(3, len(values) // 25) | 1, mode="nearest")
    at = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), OVERLAY)).round().astype(np.int64))
    at = at[np.unique(steps[at], return_index=True)[1]]
    return steps[at].tolist(), calm[at].tolist()


def markdown(diagnosis: Diagnosis) -> str:
    """The diagnosis for the Text tab, which renders Markdown and escapes HTML."""
    lines = [f"# {diagnosis.state.capitalize()}", "", escaped(words.headline(diagnosis)), ""]
    if diagnosis.findings:
        # no table: the Text tab breaks its narrow columns within words
        lines += [f"**{words.SEEN}**", "", *map(_item, diagnosis.findings), ""]
    if diagnosis.prescriptions:
        told = [f"1. {escaped(item.text)} ({escaped(beside)})" for item, beside in words.told(diagnosis)]
        lines += [f"**{words.advice(diagnosis)}**", "", *told, ""]
    if diagnosis.unjudged:
        groups = [f"* {escaped(why)}: {', '.join(names)}" for why, names in words.grouped(diagnosis.unjudged)]
        lines += [f"**{words.UNJUDGED}**", "", *groups, ""]
    lines.append(f"curvedoctor {__version__}")
    return "\n".join(lines)


def _item(finding: Finding) -> str:
    start = "" if finding.onset is None else f", from {finding.axis or 'step'} {number(finding.onset)}"
    sure = f"{finding.severity}, {percent(finding.confidence)}{start}"
    return f"* **{escaped(finding.condition)}** ({escaped(sure)}): {escaped(finding.summary)}"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: log content may be quoted in it."""
    return _MARKUP.sub(r"\\\1", _plain(text))


def _plain(text: str) -> str:
    """One printable line that UTF-8 can say."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
