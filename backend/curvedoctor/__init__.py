"""curvedoctor: reads training curves, names what went wrong, prescribes the one change to try first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curvedoctor.version import __version__

if TYPE_CHECKING:
    from curvedoctor.api import ReadWarning, assert_healthy, diagnose, diagnose_curves
    from curvedoctor.diagnoses import Diagnoses, to_pandas
    from curvedoctor.errors import CurvedoctorError, SinkError, SourceError, UsageError
    from curvedoctor.hooks import annotate, autolog
    from curvedoctor.model import Curve, Diagnosis, Finding, Prescription, Problem, Role, Run, Unjudged

#: name → the module that it comes from, imported when it is first asked for
_HOMES = {
    **dict.fromkeys(("ReadWarning", "assert_healthy", "diagnose", "diagnose_curves"), "api"),
    **dict.fromkeys(("Diagnoses", "to_pandas"), "diagnoses"),
    **dict.fromkeys(("annotate", "autolog"), "hooks"),
    **dict.fromkeys(("CurvedoctorError", "SinkError", "SourceError", "UsageError"), "errors"),
    **dict.fromkeys(
        ("Curve", "Diagnosis", "Finding", "Prescription", "Problem", "Role", "Run", "Unjudged"), "model"
    ),
}

__all__ = [
    "Curve",
    "CurvedoctorError",
    "Diagnoses",
    "Diagnosis",
    "Finding",
    "Prescription",
    "Problem",
    "ReadWarning",
    "Role",
    "Run",
    "SinkError",
    "SourceError",
    "Unjudged",
    "UsageError",
    "__version__",
    "annotate",
    "assert_healthy",
    "autolog",
    "diagnose",
    "diagnose_curves",
    "to_pandas",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'curvedoctor' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"curvedoctor.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
