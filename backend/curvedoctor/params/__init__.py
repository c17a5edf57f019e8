"""Hyperparameters: recognized under any library's names, checked for plausibility;
everything unrecognized is dropped."""

from __future__ import annotations

from curvedoctor.params.given import parse_param
from curvedoctor.params.recognize import recognize
from curvedoctor.params.table import PARAMS, Param
from curvedoctor.params.usual import UsualLr, usual_lr

__all__ = ["PARAMS", "Param", "UsualLr", "parse_param", "recognize", "usual_lr"]
