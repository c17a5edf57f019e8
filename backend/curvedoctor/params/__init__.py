"""Hyperparameters: recognized under any library's names, checked for plausibility; everything unrecognized is dropped."""

from __future__ import annotations

from curvedoctor.params.given import parse_param
from curvedoctor.params.recognize import recognize
from curvedoctor.params.table import PARAMS, Param

__all__ = ["PARAMS", "Param", "parse_param", "recognize"]
