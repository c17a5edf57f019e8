"""MLflow servers and databases: tags, artifacts, a block in the description, a saved view."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from curvedoctor import fingerprint
from curvedoctor.errors import SinkError
from curvedoctor.model import Diagnosis, Origin
from curvedoctor.reports.text import shorten
from curvedoctor.sinks.base import Outcome, Status, WriteOptions
from curvedoctor.sinks.mlflow import client as mlflow_client
from curvedoctor.sinks.mlflow import content as mlflow_content
from curvedoctor.sinks.mlflow import shelf as mlflow_shelf
from curvedoctor.sinks.mlflow import views as mlflow_views
from curvedoctor.sinks.mlflow.content import FILES, FOLDER, NOTE, PREFIX, STATE, Written

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: runs that may fail one after the other before the rest is no longer tried
PATIENCE = 3


class MlflowSink:
    """Writes through MlflowClient; never through the fluent interface, which would change end times."""

    name = "mlflow"

    def __init__(self) -> None:
        #: folders of experiments that came with our files, of all calls of this process
        self.made: set[str] = set()

    def accepts(self, origin: Origin) -> bool:
        """Runs of servers and databases."""
        return origin.kind in {"mlflow-http", "mlflow-sql", "mlflow-plugin"}

    def annotate(self, diagnoses: Sequence[Diagnosis], options: WriteOptions) -> Iterator[Outcome]:
        """Files first, then all tags in one batch, the fingerprint among them: a run that was left
        half-written is known by its fingerprint and finished by the next call."""
        placed = [(_origin(diagnosis), diagnosis) for diagnosis in diagnoses]
        for _, same in groupby(placed, key=lambda pair: (pair[0].kind, pair[0].address)):
            some = list(same)
            names = [diagnosis.run.name for _, diagnosis in some]
            store = _Store([origin for origin, _ in some], options, self.made)
            yield from store.each(names, [partial(store.annotate, diagnosis) for _, diagnosis in some])

    def clean(self, origins: Sequence[Origin], options: WriteOptions) -> Iterator[Outcome]:
        """Remove our tags, files, block and view."""
        for _, same in groupby(origins, key=lambda origin: (origin.kind, origin.address)):
            some = list(same)
            store = _Store(some, options, self.made)
            outcomes = store.each([origin.key for origin in some], [store.clean] * len(some))
            held: Outcome | None = None
            for outcome in outcomes:
                if held is not None:
                    yield held
                held = outcome
            if held is not None:
                yield store.without_views(held)


SINK = MlflowSink()


def _origin(diagnosis: Diagnosis) -> Origin:
    if diagnosis.run.origin is None:
        raise SinkError(f"{diagnosis.run.name}: the run was not read from a store")
    return diagnosis.run.origin


@dataclass(slots=True)
class _Store:
    """One server or database, while a batch of its runs is written."""

    origins: Sequence[Origin]
    options: WriteOptions
    #: folders of experiments that came with our files
    made: set[str]
    client: MlflowClient = None
    version: tuple[int, ...] = ()
    experiments: set[str] = field(default_factory=set)
    cleaned: set[str] = field(default_factory=set)
    #: experiment → whether none of its runs may be at work
    quiet: dict[str, bool] = field(default_factory=dict)

    def each(self, names: Sequence[str], jobs: Sequence[Callable[[Run], Outcome]]) -> Iterator[Outcome]:
        """Do one job per run; a run's trouble becomes its outcome, and a server that is gone ends it."""
        with mlflow_client.limits():
            try:
                self.client = mlflow_client.connect(self.origins[0])
                runs = mlflow_client.look_up(self.client, [origin.key for origin in self.origins])
                self.version = mlflow_client.server_version(self.origins[0])
            except SinkError as error:
                yield from (Outcome(name, "refused", (str(error),)) for name in names)
                return
            except Exception as error:  # MLflow lets exceptions of many libraries through
                yield from (Outcome(name, "failed", (mlflow_client.reason(error),)) for name in names)
                return
            failures = 0
            for name, origin, job in zip(names, self.origins, jobs, strict=True):
                if failures >= PATIENCE:
                    yield Outcome(
                        name, "failed", ("not tried: the server failed on the runs before it; call again",)
                    )
                    continue
                outcome, gone = _attempt(name, origin, runs.get(origin.key), job)
                failures = PATIENCE if gone else failures + 1 if outcome.status == "failed" else 0
                yield outcome

    def annotate(self, diagnosis: Diagnosis, run: Run) -> Outcome:
        """Write what differs."""
        run_id = run.info.run_id
        now, lines, remarks = self._files(run, diagnosis)
        change = mlflow_content.change(diagnosis, run.data.tags, self.options.note, run_id, now)
        changes = [f"tag {key} = {shorten(value, 100)}" for key, value in change.tags.items() if key != NOTE]
        changes += [f"tag {key} removed" for key in change.stale]
        lines = changes + lines
        if NOTE in change.tags:
            lines.append("a block in the description")
        if change and not self.options.dry_run:
            self._tags(run_id, change)
        lines += self._view(run.info.experiment_id, run.data.metrics)
        return Outcome(diagnosis.run.name, "written" if lines else "unchanged", (*lines, *remarks))

    def _files(self, run: Run, diagnosis: Diagnosis) -> tuple[Written, list[str], list[str]]:
        """Write the files where they differ or are gone: (what is there now, what was done, what was not)."""
        known, wanted = mlflow_content.written(run.data.tags), fingerprint.of(diagnosis)
        try:
            shelf = mlflow_shelf.shelf(run.info.artifact_uri, self.origins[0].address)
        except SinkError as error:
            # another way to this store may write them, or has done so
            kept = known if known.files == wanted else Written("", known.made)
            return kept, [], [] if kept.files else [f"files not written: {error}"]
        if known.files == wanted and shelf.whole():
            return known, [], []
        made = known.made or self._made(shelf)
        content = mlflow_content.files(diagnosis)
        if not self.options.dry_run:
            shelf.upload(content)
        lines = [f"artifact {FOLDER}/{name} ({len(data):,} bytes)" for name, data in content.items()]
        return Written(wanted, made), lines, []

    def _made(self, shelf: mlflow_shelf.Shelf) -> int:
        """Folders that come with our files, or came with another run's in this process."""
        missing, above = shelf.missing(), shelf.above()
        if missing == mlflow_shelf.LEVELS:
            self.made.add(above[-1])
        both = missing == mlflow_shelf.LEVELS - 1 and above[-1] in self.made
        return mlflow_shelf.LEVELS if both else missing

    def _tags(self, run_id: str, change: mlflow_content.Change) -> None:
        from mlflow.entities import RunTag

        # what no longer holds is emptied in the same batch: if the server dies before the removals,
        # no old severity stands beside a new verdict
        tags = {**dict.fromkeys(change.stale, ""), **change.tags}
        self.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
        for key in change.stale:
            self.client.delete_tag(run_id, key)

    def _view(self, experiment: str, metrics: Collection[str]) -> tuple[str, ...]:
        if experiment in self.experiments:
            return ()
        self.experiments.add(experiment)
        return mlflow_views.ensure(self.client, experiment, self.version, self.options.dry_run, metrics)

    def clean(self, run: Run) -> Outcome:
        """Remove all that is ours from one run; the state tells the next call which files could not be."""
        run_id, dry_run = run.info.run_id, self.options.dry_run
        self.experiments.add(run.info.experiment_id)
        self.cleaned.add(run_id)
        lines, trouble = self._remove_files(run)
        left = {STATE: mlflow_content.rest(mlflow_content.written(run.data.tags))} if trouble else {}
        action, rest = mlflow_content.without_note(run.data.tags.get(NOTE, ""))
        if action != "none":
            lines.append("the block in the description")
        for key in sorted(key for key in run.data.tags if key.startswith(PREFIX) and key not in left):
            lines.append(f"tag {key}")
            if not dry_run:
                self.client.delete_tag(run_id, key)
        if action == "write" and not dry_run:
            self.client.set_tag(run_id, NOTE, rest)
        if action == "delete" and not dry_run:
            self.client.delete_tag(run_id, NOTE)
        if left and run.data.tags.get(STATE) != left[STATE] and not dry_run:
            self.client.set_tag(run_id, STATE, left[STATE])
        status: Status = "refused" if trouble else "removed" if lines else "absent"
        return Outcome(run.info.run_name or run_id, status, (*lines, *trouble))

    def _remove_files(self, run: Run) -> tuple[list[str], list[str]]:
        """(what was removed, what could not be)."""
        known = mlflow_content.written(run.data.tags)
        try:
            shelf = mlflow_shelf.shelf(run.info.artifact_uri, self.origins[0].address)
        except SinkError as error:
            return [], [f"the files are still there: {error}"] if known.files else []
        if self.options.dry_run:
            return [f"artifact {FOLDER}/{name}" for name in sorted(shelf.present() & set(FILES))], []
        removed = shelf.remove()
        above = shelf.above()
        if known.made == mlflow_shelf.LEVELS:
            self.made.add(above[-1])
        gone = above if above[-1:] and above[-1] in self.made else above[: known.made]
        if known.made:
            mlflow_shelf.without_empty(gone, partial(self._is_quiet, run))
        return [f"artifact {FOLDER}/{name}" for name in removed], []

    def _is_quiet(self, run: Run, level: int) -> bool:
        """Whether nothing may write to the folder that is so many levels above ours just now."""
        experiment = run.info.experiment_id
        if level < mlflow_shelf.LEVELS:
            return not mlflow_client.under_way(run)
        if experiment not in self.quiet:
            running = self.client.search_runs([experiment], "attributes.status = 'RUNNING'")
            self.quiet[experiment] = not any(map(mlflow_client.under_way, running))
        return self.quiet[experiment]

    def without_views(self, last: Outcome) -> Outcome:
        """Remove the views of experiments that hold no annotated run any more; told with the last run."""
        still = frozenset(self.cleaned if self.options.dry_run else ())
        lines: list[str] = []
        try:
            with mlflow_client.limits():
                for experiment in sorted(self.experiments):
                    lines += mlflow_views.remove(self.client, experiment, self.options.dry_run, still)
        except Exception as error:  # as in `each`
            what = f"a saved view is still there: {mlflow_client.reason(error)}"
            return Outcome(last.run, "failed", (*last.what, *lines, what))
        status = "removed" if last.status == "absent" else last.status
        return Outcome(last.run, status, (*last.what, *lines)) if lines else last


def _attempt(name: str, origin: Origin, run: Run, job: Callable[[Run], Outcome]) -> tuple[Outcome, bool]:
    """(the outcome of one run, whether the server is gone)."""
    if origin.read_only is not None:
        return Outcome(name, "refused", (origin.read_only,)), False
    if run is None:
        return Outcome(name, "failed", ("the run is no longer in the store",)), False
    try:
        return job(run), False
    except SinkError as error:
        return Outcome(name, "refused", (str(error),)), False
    except Exception as error:  # MLflow lets exceptions of many libraries through
        return Outcome(name, "failed", (mlflow_client.reason(error),)), mlflow_client.is_gone(error)
