"""The front end's files: the shared panel's and our own."""

from __future__ import annotations

from pathlib import Path

from curvedoctor_panel.served import PANEL, Served

FILES = Served({"panel/": PANEL, "mlflow/": Path(__file__).parent / "static"})
