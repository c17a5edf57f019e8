"""Tiny real trainings that go wrong in different ways, and one that doesn't: numpy, under a minute."""

from __future__ import annotations
