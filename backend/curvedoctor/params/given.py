"""Facts that the log lacks, given by the user: `--param key=value`."""

from __future__ import annotations

from curvedoctor.model import ParamValue
from curvedoctor.params import read
from curvedoctor.params.recognize import recognize
from curvedoctor.params.table import PARAMS


def parse_param(text: str) -> tuple[str, ParamValue]:
    """Read `key=value`; the key may be any spelling that is recognized in configurations.

    Raises ValueError, naming the known keys or the plausible values, for anything else.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key or not value.strip():
        raise ValueError(f"{text[:80]!r} is no hyperparameter: write key=value, e.g. n_val=1000")
    if key in PARAMS:
        got = read.as_param(key, value)
        if got is not None:
            return key, got
    elif recognized := recognize({key: value}):
        return next(iter(recognized.items()))
    if key in PARAMS:
        raise ValueError(f"{value[:40]!r} is no plausible value of {key}: {_limits(key)}")
    raise ValueError(
        f"unknown hyperparameter {key[:60]!r}, or no plausible value; known are {', '.join(PARAMS)}"
    )


def _limits(key: str) -> str:
    param = PARAMS[key]
    if param.kind == "word":
        return "one of " + ", ".join(sorted(set(read.vocabulary(key))))
    if param.kind == "bool":
        return "true or false"
    kind = "a whole number" if param.kind == "int" else "a number"
    return f"{kind} {'above' if param.above_low else 'from'} {param.low:g} to {param.high:g}"
