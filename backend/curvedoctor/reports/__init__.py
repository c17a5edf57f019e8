"""Ways to present diagnoses: one module per `--format`.

A module is a format when it defines `REPORT`; there is no registry to edit. See `base.Report`.
"""

from __future__ import annotations
