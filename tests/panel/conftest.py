"""Fixtures of the panel's tests."""

from __future__ import annotations

from tensorboard_lab.browser import browser, watched

__all__ = ["browser", "watched"]
