"""The same jobs on a Dask cluster: each worker process of the cluster keeps one warm sandbox and runs jobs in it.

A job goes out as data and a result comes back as data; the notebook's own process is behind the sandbox's wall on the
worker's machine, as it is on this one. A worker that dies is replaced by the others: its jobs are done again.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from coursework.marking.messages import Note

from .job import CellResult, Job, Result
from .levels import SandboxUnavailable, found_level
from .packages import NOTHING, Needs
from .pool import Pool
from .self_test import level

_SECONDS_TO_ANSWER = 30
_alone = threading.Lock()  # one notebook at a time per worker process, however many threads it has


class ClusterError(RuntimeError):
    """The cluster cannot be used; the message says why."""


@contextmanager
def connect(scheduler: str, needs: Needs = NOTHING) -> Iterator[Cluster]:
    """The cluster of that scheduler ("tcp://host:8786", "tls://..."); raises ClusterError where it cannot be used."""
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("a cluster needs dask: pip install 'detrlab[cluster]'") from None
    try:
        client: Any = Client(scheduler, timeout=_SECONDS_TO_ANSWER)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with client:
        if not client.nthreads():
            raise ClusterError(f"the scheduler at {scheduler} has no workers yet: start some and try again")
        levels = set(client.run(_level).values())
        refusals = sorted(text for kind, text in levels if kind == "refused")
        if refusals:
            raise SandboxUnavailable(f"A worker of {scheduler} has no sandbox: {refusals[0]}")
        yield Cluster(client, "; ".join(sorted(text for _, text in levels)), needs)


class Cluster:
    """A connected cluster; `level` is the sandbox level of its workers, in words."""

    def __init__(self, client: Any, level: str, needs: Needs):
        self._client, self.level, self._needs = client, level, needs

    def run(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Result], None, None]:
        """As `autograder.sandbox.pool.Pool.run`, on the cluster's workers."""
        from distributed import as_completed

        coming = iter(jobs)
        running: dict[Any, Job] = {}
        waiting: Any = as_completed()
        try:
            while True:
                room = 2 * max(1, len(self._client.nthreads()))
                while len(running) < room and (job := next(coming, None)) is not None:
                    future = self._client.submit(run_job, job, self._needs, pure=False)
                    running[future] = job
                    waiting.add(future)
                if not running:
                    return
                future = next(waiting)
                job = running.pop(future)
                yield job, _result(job, future)
        finally:
            self._client.cancel(list(running))


def run_job(job: Job, needs: Needs) -> Result:
    """One job in this process's sandbox, which stays warm for the next of the same needs."""
    with _alone:
        return next(iter(_pool(needs).run([job])))[1]


_warm: list[tuple[Needs, Pool]] = []  # at most one


def _pool(needs: Needs) -> Pool:
    if not _warm or _warm[0][0] != needs:
        _cool()
        _warm.append((needs, Pool(1, found_level(), needs).__enter__()))
    return _warm[0][1]


@atexit.register
def _cool() -> None:
    while _warm:
        _warm.pop()[1].__exit__(None, None, None)


def _level() -> tuple[str, str]:
    try:
        return "level", str(level())
    except SandboxUnavailable as error:
        return "refused", str(error)


def _result(job: Job, future: Any) -> Result:
    from distributed.scheduler import KilledWorker

    try:
        result: Result = future.result()
        return result
    except KilledWorker as error:
        cells = [CellResult(cell.index, "not run") for cell in job.cells]
        return Result({}, cells, Note("workers_died", {"error": str(error)}), 0.0, 0.0, "cluster")
