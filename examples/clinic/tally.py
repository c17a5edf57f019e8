"""What is counted of a kind of training, and its row of the table."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "| kind | alarms on sound runs | faults found | first remedy helps |\n| --- | --- | --- | --- |"


@dataclass
class Tally:
    """Alarms on sound runs, faults that cost something, those found, and first remedies that help."""

    sound: int = 0
    alarms: int = 0
    faults: int = 0
    found: int = 0
    helped: int = 0

    def row(self, name: str) -> str:
        """One line of Markdown."""
        of = f"{self.faults}"
        return f"| {name} | {self.alarms} of {self.sound} | {self.found} of {of} | {self.helped} of {of} |"
