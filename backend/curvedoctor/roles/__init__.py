"""Every curve's role: what it measures, on which data, which way is good, how often it was logged.

The rules are general: words of the tag and of its directory, their order, the other curves of the run, the
values. The few rules written for one framework carry its name (`frameworks.py`).
"""

from __future__ import annotations

from curvedoctor.roles.assign import assign, infer
from curvedoctor.roles.blind import Kind, Measure, measure_of
from curvedoctor.roles.override import override, parse_role
from curvedoctor.roles.proportion import is_proportion

__all__ = ["Kind", "Measure", "assign", "infer", "is_proportion", "measure_of", "override", "parse_role"]
