"""curvedoctor: reads training curves, names what went wrong, prescribes the one change to try first."""

from __future__ import annotations

__version__ = "0.1.0"
