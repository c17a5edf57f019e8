"""The same work on one process, on all cores, or on a Dask or Ray cluster: results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from curvedoctor.errors import UsageError
from curvedoctor.extras import install

if TYPE_CHECKING:
    from concurrent.futures import Future

Job = TypeVar("Job")
Result = TypeVar("Result")
T_co = TypeVar("T_co", covariant=True)
#: jobs under way per worker: enough to keep it busy, few enough to bound memory
AHEAD = 3
#: a worker is one core: threads of linear algebra would only be in each other's way
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Later(Protocol[T_co]):
    """A result that may not be there yet."""

    def done(self) -> bool:
        """Whether `result` returns at once."""
        ...

    def result(self) -> T_co:
        """Wait for the result; raises what the work raised."""
        ...


@dataclass(frozen=True, slots=True)
class Now(Generic[Result]):
    """A result that is there."""

    value: Result

    def done(self) -> bool:
        """Always."""
        return True

    def result(self) -> Result:
        """The result."""
        return self.value


@dataclass(frozen=True, slots=True)
class Pool(Generic[Job, Result]):
    """Where jobs are done."""

    submit: Callable[[Job], Later[Result]]
    #: jobs that may be under way
    width: int
    #: whether jobs are done in this very process
    here: bool = False


def in_order(where: Pool[Job, Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """The results of `jobs` in their order; no more than the pool's width are under way."""
    waiting: deque[Later[Result]] = deque()
    for job in jobs:
        waiting.append(where.submit(job))
        while waiting and (len(waiting) >= where.width or waiting[0].done()):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def pool(
    work: Callable[[Job], Result], workers: int = 1, backend: str = "loky"
) -> Iterator[Pool[Job, Result]]:
    """Where `work` is done: `workers` 0 means one per core (on a cluster: as many as it has).

    Raises `UsageError` for an unknown backend or one that is not installed.
    """
    if backend not in _BACKENDS:
        raise UsageError(f"backend {backend!r} is not known; use loky, dask or ray")
    with _BACKENDS[backend](work, workers) as workers_pool:
        yield workers_pool


@contextmanager
def _loky(work: Callable[[Job], Result], workers: int) -> Iterator[Pool[Job, Result]]:
    if workers != 1:
        from loky import cpu_count

        workers = workers or cpu_count()
    if workers == 1:
        yield Pool(lambda job: Now(work(job)), 1, here=True)
        return
    from loky import get_reusable_executor

    executor = get_reusable_executor(max_workers=workers, env=_ONE_THREAD)
    held: list[Future[Result]] = []

    def submit(job: Job) -> Later[Result]:
        held[:] = [future for future in held if not future.done()]
        held.append(executor.submit(work, job))
        return held[-1]

    try:
        yield Pool(submit, AHEAD * workers)
    finally:
        for future in held:
            future.cancel()


@contextmanager
def _dask(work: Callable[[Job], Result], workers: int) -> Iterator[Pool[Job, Result]]:
    """On the Dask client that is active, else on one made from the environment or this machine."""
    try:
        from dask import config
        from distributed import Client, default_client
    except ImportError as error:
        raise UsageError(f"--backend dask needs Dask: {install('dask')}") from error
    own: Client | None = None
    try:
        client = default_client()
    except ValueError:
        local = {"n_workers": workers or None, "threads_per_worker": 1, "dashboard_address": None}
        client = own = Client() if config.get("scheduler-address", None) else Client(**local)
    try:
        width = AHEAD * max(1, sum(client.ncores().values()))
        yield Pool(lambda job: client.submit(work, job, pure=False), width)
    finally:
        if own is not None:
            own.close()


@contextmanager
def _ray(work: Callable[[Job], Result], workers: int) -> Iterator[Pool[Job, Result]]:
    """On the Ray cluster of the environment (RAY_ADDRESS), else on this machine."""
    try:
        import ray
    except ImportError as error:
        raise UsageError(f"--backend ray needs Ray: {install('ray')}") from error
    own = not ray.is_initialized()
    if own:
        local = {} if "RAY_ADDRESS" in os.environ else {"num_cpus": workers or None}
        ray.init(log_to_driver=False, configure_logging=False, include_dashboard=False, **local)
    try:

        @ray.remote  # type: ignore[untyped-decorator, unused-ignore]
        def remote(job: Job) -> Result:
            return work(job)

        width = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        yield Pool(lambda job: _RayLater(remote.remote(job)), width)
    finally:
        if own:
            ray.shutdown()


@dataclass(frozen=True, slots=True)
class _RayLater:
    reference: Any

    def done(self) -> bool:
        import ray

        return bool(ray.wait([self.reference], timeout=0)[0])

    def result(self) -> Any:
        import ray

        return ray.get(self.reference)


_BACKENDS = {"loky": _loky, "dask": _dask, "ray": _ray}
