"""Strict JSON that gives back every number, NaN and the infinities too."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

#: the key of a number that JSON can't hold
_ODD = "~"


def dumps(value: object) -> bytes:
    """Strict JSON; NaN and ±Inf as `{"~": "nan"}`."""
    try:
        return _strict(value)
    except ValueError:
        return _strict(_escaped(value))


def loads(data: bytes) -> Any:
    """What `dumps` was given, tuples as lists."""
    return json.loads(data, object_hook=_unescape if b'{"~":' in data else None)


def _strict(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> object:
    """Numpy's scalars and arrays, and mappings that are no dict."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return dict(cast("Mapping[str, object]", value))


def _escaped(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return {_ODD: repr(float(value))}
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return _escaped(value.tolist()) if hasattr(value, "tolist") else value


def _unescape(value: dict[str, object]) -> object:
    odd = value.get(_ODD)
    return float(odd) if len(value) == 1 and isinstance(odd, str) else value
