"""What is written beside a TensorBoard run, as events: text, JSON; on request picture, numbers, lines.

Everything stands at step 0 behind a `SessionLog.START` at step 0, so that both of TensorBoard's loaders
take a later set in place of the earlier one: the Python loader purges what the START preempts, the
data server preempts per tag. That is why a tag that was ever written is written again every time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curvedoctor.model import Curve, Diagnosis, Severity, State
from curvedoctor.reports import overlays
from curvedoctor.reports.as_json import to_dict
from curvedoctor.reports.text import one_line
from curvedoctor.sinks.base import WriteOptions
from curvedoctor.sinks.tensorboard.text import page
from curvedoctor.version import __version__

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

#: what our last event says, as JSON gives it
Closing = Mapping[str, Any]
WRITER = "curvedoctor"
TEXT, PICTURE, DATA = "diagnosis", "curves", "data"
#: scalars for the HParams table, which shows them as `curvedoctor.verdict` and `curvedoctor.severity`
VERDICT, SEVERITY = "verdict", "severity"
#: the five words as numbers: the higher, the more it needs somebody
VERDICTS: dict[State, float] = {
    "fine": 0.0, "could improve": 1.0, "can't tell": 2.0, "needs attention": 3.0, "failed": 4.0,
}  # fmt: skip
#: of the heaviest finding; 0 without any
LEVELS: dict[Severity, float] = {"info": 1.0, "warning": 2.0, "error": 3.0}
#: scalars of the first version, one per condition
FORMER = "severity/"
#: points of an overlay curve
OVERLAY = 200


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
        "first": None if first is None else [first.action, one_line(first.text)],
    }


@dataclass(frozen=True, slots=True)
class Written:
    """What our file holds beside text and data: it must be written again each time, or the former stays."""

    #: tags of scalars
    scalars: tuple[str, ...] = ()
    #: tags of curves that are overlaid
    drawn: tuple[str, ...] = ()
    pictures: bool = False

    @classmethod
    def of(cls, closing: Closing) -> Written:
        """What a closed set holds. The first version named its conditions, and always wrote a picture."""
        former = tuple(FORMER + str(name) for name in closing.get("tags", ()))
        scalars = tuple(map(str, closing.get("scalars", former)))
        return cls(scalars, tuple(map(str, closing.get("drawn", ()))), bool(closing.get("pictures", True)))

    def joined(self, other: Written) -> Written:
        """What both hold."""
        return Written(
            tuple(dict.fromkeys((*self.scalars, *other.scalars))),
            tuple(dict.fromkeys((*self.drawn, *other.drawn))),
            self.pictures or other.pictures,
        )

    def lacks(self, options: WriteOptions) -> bool:
        """Whether more is asked for than was written."""
        asked = (options.pictures, self.pictures), (options.hparams, VERDICT in self.scalars)
        return any(wanted and not there for wanted, there in asked)


def events(diagnosis: Diagnosis, before: Written, options: WriteOptions) -> Iterator[bytes]:
    """One complete set of events, of what is asked for and of what was written before."""
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.plugins.text.summary_v2 import text_pb

    now = time.time()
    yield bytes(
        Event(wall_time=now, step=0, session_log=SessionLog(status=SessionLog.START)).SerializeToString()
    )

    def event(summary: Summary, step: int = 0) -> bytes:
        return bytes(Event(wall_time=now, step=step, summary=summary).SerializeToString())

    yield event(text_pb(TEXT, page(diagnosis)))
    pictures = options.pictures or before.pictures
    if pictures:
        yield event(_image(diagnosis))
    numbers = scalars(diagnosis, before, options)
    for tag, value in numbers.items():
        yield event(scalar_pb(tag, value))
    lines = _overlaid(diagnosis, before.drawn, options.overlay)
    for curve in lines:
        for step, value in overlaid(curve, diagnosis):
            yield event(scalar_pb(curve.tag, value), step)
    # last, so that its presence proves the set complete
    closing = {
        "state": state(diagnosis),
        "scalars": list(numbers),
        "pictures": pictures,
        "overlay": options.overlay or bool(before.drawn),
        "drawn": [curve.tag for curve in lines],
    }
    yield event(_data({**closing, "diagnosis": to_dict(diagnosis)}))


def scalars(diagnosis: Diagnosis, before: Written, options: WriteOptions) -> dict[str, float]:
    """Tag → number, for the HParams table; what an earlier version wrote per condition gets 0."""
    former = dict.fromkeys(before.scalars, 0.0)
    if not options.hparams and VERDICT not in former:
        return former
    level = max((LEVELS[finding.severity] for finding in diagnosis.findings), default=0.0)
    return {**former, VERDICT: VERDICTS[diagnosis.state], SEVERITY: level}


def _image(diagnosis: Diagnosis) -> Summary:
    """A summary of TensorBoard's image plugin: width, height and the PNG as strings."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.image.metadata import create_summary_metadata

    from curvedoctor.sinks.picture import curves_png

    png = curves_png(diagnosis, width_px=640, thumbnail=True)
    # width and height stand in a PNG's first chunk
    size = [str(int.from_bytes(png[at : at + 4], "big")).encode() for at in (16, 20)]
    metadata = create_summary_metadata(
        display_name=None, description="The curves that the diagnosis rests on.", converted_to_tensor=True
    )
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=3)])
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=[*size, png])
    return Summary(value=[Summary.Value(tag=PICTURE, metadata=metadata, tensor=tensor)])


def _data(content: Mapping[str, object]) -> Summary:
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


def data_of(event: bytes) -> Closing | None:
    """The JSON in an event that closes a set; None for any other event."""
    from tensorboard.compat.proto.event_pb2 import Event

    value = Event.FromString(event).summary.value
    if len(value) != 1 or value[0].tag != DATA or not value[0].tensor.string_val:
        return None
    data = json.loads(value[0].tensor.string_val[0])
    return data if isinstance(data, dict) else None


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
    line = overlays.extrapolation(curve, OVERLAY // 2) if curve in overlays.heading(diagnosis) else None
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
