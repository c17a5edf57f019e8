"""The same work on one process, on all cores, or on a Dask or Ray cluster: results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from curvedoctor.errors import UsageError

Job = TypeVar("Job")
Result = TypeVar("Result")
#: jobs under way per worker: enough to keep it busy, few enough to bound memory
AHEAD = 3


def run_ordered(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int = 1, backend: str = "loky"
) -> Iterator[Result]:
    """`work` on every job, results in the order of the jobs; at most AHEAD jobs per worker are held.

    `workers` 0 means one per core (on a cluster: as many as it has). Raises `UsageError` for an
    unknown backend or one that is not installed.
    """
    if backend == "loky":
        return map(work, jobs) if workers == 1 else _loky(work, jobs, workers)
    if backend == "dask":
        return _dask(work, jobs)
    if backend == "ray":
        return _ray(work, jobs)
    raise UsageError(f"backend {backend!r} is not known; use loky, dask or ray")


def _loky(work: Callable[[Job], Result], jobs: Iterable[Job], workers: int) -> Iterator[Result]:
    from joblib import Parallel, cpu_count, delayed

    count = workers or cpu_count()
    if count == 1:
        yield from map(work, jobs)
        return
    parallel = Parallel(n_jobs=count, return_as="generator", pre_dispatch=AHEAD * count, batch_size=1)
    yield from parallel(delayed(work)(job) for job in jobs)


def _dask(work: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """On the Dask client that is active, else on one made from the environment or this machine."""
    try:
        from distributed import Client, default_client
    except ImportError as error:
        raise UsageError("--backend dask needs Dask: pip install 'curvedoctor[dask]'") from error
    own: Any = None
    try:
        client = default_client()
    except ValueError:
        client = own = Client()
    try:
        width = AHEAD * max(1, sum(client.ncores().values()))
        yield from _windowed(
            lambda job: client.submit(work, job, pure=False), lambda f: f.result(), jobs, width
        )
    finally:
        if own is not None:
            own.close()


def _ray(work: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
    """On the Ray cluster of the environment (RAY_ADDRESS), else on this machine."""
    try:
        import ray
    except ImportError as error:
        raise UsageError("--backend ray needs Ray: pip install 'curvedoctor[ray]'") from error
    own = not ray.is_initialized()
    if own:
        ray.init(log_to_driver=False, configure_logging=False)
    try:
        remote = ray.remote(work)
        width = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        yield from _windowed(remote.remote, ray.get, jobs, width)
    finally:
        if own:
            ray.shutdown()


def _windowed(
    submit: Callable[[Job], Any], collect: Callable[[Any], Result], jobs: Iterable[Job], width: int
) -> Iterator[Result]:
    waiting: deque[Any] = deque()
    for job in jobs:
        waiting.append(submit(job))
        if len(waiting) >= width:
            yield collect(waiting.popleft())
    while waiting:
        yield collect(waiting.popleft())
