"""The version, for all that stamps what it writes."""

__version__ = "0.1.0"
