"""What the tab asks of the service: all runs side by side, one run, and runs to be written back."""

from __future__ import annotations

from curvedoctor.model import Diagnosis
from curvedoctor_panel.overview import combine
from curvedoctor_panel.plain import Json
from curvedoctor_panel.view import problem, run_view
from curvedoctor_tensorboard.service import DiagnosisService

#: problems that are listed
PROBLEMS = 200


class Answers:
    """Asked from several threads at once."""

    def __init__(self, service: DiagnosisService) -> None:
        self._service = service
        #: key in the overview → where the service keeps the run
        self._keys: dict[str, tuple[str, str]] = {}
        self._combined: tuple[int, dict[str, Json]] = (-1, {})

    def overview(self) -> tuple[int, dict[str, Json]]:
        """(version, all runs side by side)."""
        with self._service.lock:
            version = self._service.version
            if self._combined[0] == version:
                return self._combined
            rows = [entry.row for entry in self._service.entries.values()]
            problems = [item for items in self._service.problems.values() for item in items]
        problems.sort(key=lambda item: item.kind == "note")  # what is missing is told first
        combined = combine(rows, [problem(item) for item in problems[:PROBLEMS]])
        keys: dict[str, tuple[str, str]] = {}
        for item in combined["rows"]:
            where, name = item.pop("place")
            keys[item["key"]] = (where, name)
        with self._service.lock:
            self._keys = keys
            self._combined = (version, combined)
        return version, combined

    def view(self, key: str) -> dict[str, Json] | None:
        """All that is shown of one run; None if there is none of that name."""
        if key not in self._keys:
            self.overview()
        with self._service.lock:
            entry = self._service.entries.get(self._keys.get(key, ("", "")))
        if entry is None:
            return None
        view = run_view(self._service.whole(entry), pages=False)
        if entry.unit is None:
            view["sampled"] = (
                "TensorBoard's files can't be reached from here, so this diagnosis rests on curves "
                "sampled to 1000 points: short spikes may be missing."
            )
        return view

    def complete(self, keys: set[str] | None) -> list[Diagnosis]:
        """The diagnoses of these runs (None: of all) with their curves."""
        self.overview()
        with self._service.lock:
            wanted = [place for key, place in self._keys.items() if keys is None or key in keys]
            entries = [self._service.entries[place] for place in wanted if place in self._service.entries]
        return [self._service.whole(entry) for entry in entries]
