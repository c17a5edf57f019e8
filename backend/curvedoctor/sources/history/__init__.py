"""Training histories in tables: CSV, JSON lines, and what frameworks write beside their event files."""

from __future__ import annotations

from curvedoctor.sources.history.reader import READER

__all__ = ["READER"]
