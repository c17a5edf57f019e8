"""The first records of an event file, to learn what it is without reading it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from curvedoctor.sources import files
from curvedoctor.sources.tensorboard.decode import OUR_WRITER
from curvedoctor.sources.tensorboard.records.framing import Records

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

#: bytes
_PEEK = 1 << 16
#: records that tell a file of one curve from a file of many
_FEW = 32


def _first_events(path: str) -> Iterator[Event]:
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    try:
        head = files.read_bytes(path, _PEEK)
    except files.UNREADABLE:
        return
    try:
        for _, payload in Records(BytesIO(head)):
            yield Event.FromString(payload)
    except DecodeError:
        return


def is_ours(path: str) -> bool:
    """Whether curvedoctor wrote this file: its first record says so."""
    event = next(_first_events(path), None)
    return event is not None and event.source_metadata.writer == OUR_WRITER


def is_event_stream(path: str) -> bool:
    """Whether the file starts with an intact event, whatever its name."""
    return next(_first_events(path), None) is not None


def first_tag(path: str) -> str | None:
    """The first tag with a value; None if there is none near the start."""
    for event in _first_events(path):
        for value in event.summary.value:
            return str(value.tag)
    return None


def is_trial(path: str) -> bool:
    """Whether a file holds what one call of `add_hparams` writes: hyperparameters,
    and each final value once."""
    stamp = files.stamp(path)
    if not stamp or int(stamp[0]) > _PEEK:
        return False
    tags: list[str] = []
    has_hparams = False
    for event in _first_events(path):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "hparams":
                has_hparams = True
            else:
                tags.append(value.tag)
    return has_hparams and len(set(tags)) == len(tags)


def only_tag(path: str) -> str | None:
    """The tag of all values near the start; None if there are several, or none."""
    tags = {value.tag for event in islice(_first_events(path), _FEW) for value in event.summary.value}
    return tags.pop() if len(tags) == 1 else None
