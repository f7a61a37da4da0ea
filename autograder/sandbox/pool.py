"""One warm process in its sandbox, N notebooks running side by side in forks of it; it is replaced when it dies.

All of it is one thread of its own (bubblewrap ends with the thread that started it), so the limits hold and notebooks
go on while whoever asked for the results writes them down.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import selectors
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path

from coursework.marking.messages import Note

from . import launch, self_test
from .job import CellResult, Job, Result
from .levels import UNSAFE, Level, SandboxUnavailable
from .packages import NOTHING, Needs
from .supervise import Run, SandboxError

Answer = tuple[Job, Result] | BaseException  # of the pool's thread to whoever waits for results
_PREFIX = "detrlab-grader-"
_TICK_S = 0.05
_ATTEMPTS = 2  # of one job, where the sandbox itself failed
_STARTS_THAT_MAY_FAIL = 3
_SECONDS_TO_DIE = 10  # after its kill; a job that takes longer costs the warm process


class Pool:
    """`workers` notebooks at a time; a context manager that stays warm from one `run` to the next.

    Entering it proves that `level` holds here, while the warm process imports; raises SandboxUnavailable where it does
    not. `level` may be UNSAFE, openly. `needs` is what the assignment's notebooks import and read.
    """

    def __init__(self, workers: int, level: Level, needs: Needs = NOTHING):
        self.level, self._needs = level, needs
        self._size = workers
        self._jobs: deque[tuple[Job, int]] = deque()  # job, attempts so far
        self._results: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._stopping = self._dropping = False
        self._thread = threading.Thread(target=self._main, name="autograder-pool", daemon=True)

    def __enter__(self) -> Pool:
        _tidy()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        launch.prepare(self._folder, self._needs)
        self._thread.start()
        try:
            if self.level != UNSAFE:
                self_test.prove(self.level)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopping = True
        self._wake.send(b"x")
        self._thread.join()
        self._wake.close()
        self._woken.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Result], None, None]:
        """Run notebooks side by side; yields each with its result as it finishes.

        Takes jobs from the iterable as workers get free, so it may be long.
        """
        coming, running = iter(jobs), 0
        try:
            while True:
                while running < 2 * self._size and (job := next(coming, None)) is not None:
                    self._jobs.append((job, 0))
                    self._wake.send(b"x")
                    running += 1
                if not running:
                    return
                answer = self._next_result()
                if isinstance(answer, BaseException):
                    raise answer
                running -= 1
                yield answer
        finally:
            if running:  # the caller stopped early: forget the rest, and what still comes of it
                self._dropping = True
                self._wake.send(b"x")
                while self._dropping and self._thread.is_alive():
                    time.sleep(0.01)
                while not self._results.empty():
                    self._results.get()

    def _next_result(self) -> Answer:
        while True:
            try:
                return self._results.get(timeout=1)
            except queue.Empty:
                if not self._thread.is_alive():
                    raise RuntimeError("this pool has stopped after an error; open another one") from None

    def _main(self) -> None:
        """The thread: wait for something to happen, let it happen, look after every job."""
        with selectors.DefaultSelector() as selector:
            self._woken.setblocking(False)
            selector.register(self._woken, selectors.EVENT_READ, lambda _: self._woken.recv(1 << 12))
            start = partial(launch.start, self.level, self._folder, self._needs)
            workers = _Workers(self._size, self.level, start, selector, self._jobs, self._results.put)
            try:
                workers.start()
                while not self._stopping:
                    for key, events in selector.select(_TICK_S if workers.busy else None):
                        key.data(events)
                    if self._dropping:
                        self._jobs.clear()
                        workers.forget()
                        self._dropping = False
                    workers.step()
            except BaseException as error:
                self._results.put(error)
            finally:
                workers.stop()


def _tidy() -> None:
    """Remove what graders left behind that were killed: folders, and sandboxes that were just being set up."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found = re.search(rb"/" + _PREFIX.encode() + rb"(\d+)-[^/]+/packages", command.read_bytes())
            if found and not Path(f"/proc/{int(found[1])}").exists():
                os.kill(int(command.parent.name), signal.SIGKILL)
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)


class _Workers:
    """The warm process and the jobs that run in forks of it."""

    def __init__(
        self,
        size: int,
        level: Level,
        start_warm: Callable[[], launch.Warm],
        selector: selectors.BaseSelector,
        jobs: deque[tuple[Job, int]],
        put: Callable[[Answer], None],
    ):
        self._size, self._level, self._start_warm, self._selector = size, level, start_warm, selector
        self._jobs, self._put = jobs, put
        self._warm: launch.Warm | None = None
        self._ready, self._failed_starts, self._broken = False, 0, ""
        self._seats: list[_Seat] = []

    @property
    def busy(self) -> bool:
        return bool(self._seats)

    def start(self) -> None:
        self._warm, self._ready = self._start_warm(), False
        self._selector.register(self._warm.control, selectors.EVENT_READ, self._on_control)

    def stop(self) -> None:
        self.forget()
        if self._warm:
            self._selector.unregister(self._warm.control)
            self._warm.stop()
            self._warm = None

    def forget(self) -> None:
        """End the running jobs and their results with them."""
        while self._seats:
            self._seats.pop().leave()

    def step(self) -> None:
        """Look after the jobs: limits, ends, a broken sandbox; begin the next ones."""
        for seat in list(self._seats):
            seat.tick()
            self._broken = self._broken or seat.broken
            if seat.run.ended and seat.run.gone():
                job, result = seat.run.job, seat.run.result()
                self._seats.remove(seat)
                seat.leave()
                self._put((job, result))
        if self._broken:
            self._recover()
        while self._ready and self._jobs and len(self._seats) < self._size:
            job, attempt = self._jobs.popleft()
            assert self._warm is not None, "it is ready"
            try:
                run = Run(job, self._level, self._warm.control)
            except OSError as error:  # the warm process is gone; its socket will say so, too
                self._jobs.appendleft((job, attempt))
                self._broken, self._ready = str(error), False
                return
            self._seats.append(_Seat(run, attempt, self._selector))

    def _recover(self) -> None:
        """The warm process is of no use any more: start another, and do its jobs again (once)."""
        why, was_ready, self._broken = self._broken, self._ready, ""
        complaint = self._warm.complaint() if self._warm else ""
        lost = [(seat.run.job, seat.attempt + 1) for seat in self._seats]
        self.stop()
        for job, attempt in lost:
            if attempt < _ATTEMPTS:
                self._jobs.appendleft((job, attempt))
            else:
                cells = [CellResult(cell.index, "not run") for cell in job.cells]
                self._put((job, Result({}, cells, Note("sandbox_broke", {"error": why}), 0.0, 0.0, str(self._level))))
        self._failed_starts = 0 if was_ready else self._failed_starts + 1
        if self._failed_starts >= _STARTS_THAT_MAY_FAIL:
            raise SandboxUnavailable(f"The sandbox does not start: {complaint or why}")
        self.start()

    def _on_control(self, _events: int) -> None:
        assert self._warm is not None, "its socket is looked at"
        try:
            message = self._warm.control.recv(1 << 16)
        except OSError:
            message = b""
        if message and "warm" in json.loads(message):
            self._ready = True
        else:
            self._broken = "the warm process ended"


class _Seat:
    """One running job and what the selector knows of it."""

    def __init__(self, run: Run, attempt: int, selector: selectors.BaseSelector):
        self.run, self.attempt, self.broken = run, attempt, ""
        self._selector = selector
        self._registered: dict[socket.socket | int, int] = {}
        self._register(run.status, self._on_status)
        self._register(run.connection, self._on_connection)

    def tick(self) -> None:
        """Limits, and whether the connection wants to write."""
        try:
            self.run.tick()
        except SandboxError as error:
            self.broken = str(error)
        if self.run.ended and time.monotonic() - self.run.ended_at > _SECONDS_TO_DIE:
            self.broken = "a notebook's processes cannot be ended"
        connection = self.run.connection
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.run.wants_to_write else 0)
        if self._registered.get(connection, wanted) != wanted:
            self._selector.modify(connection, wanted, self._on_connection)
            self._registered[connection] = wanted

    def leave(self) -> None:
        """Let go of the job; what still runs of it is killed."""
        for end in (self.run.status, self.run.connection, self.run.pidfd):
            self._unregister(end)
        self.run.close()

    def _on_status(self, _events: int) -> None:
        try:
            self.run.on_status()
        except SandboxError as error:
            self.broken = str(error)
        if self.run.pidfd >= 0 and self.run.pidfd not in self._registered:
            self._register(self.run.pidfd, self._on_gone)
        if self.run.ended or self.broken:
            self._unregister(self.run.status)

    def _on_gone(self, _events: int) -> None:
        self._unregister(self.run.pidfd)

    def _on_connection(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self.run.on_writable()
        if events & selectors.EVENT_READ:
            self.run.on_frames()
        if self.run.ended or self.run.closed_at:
            self._unregister(self.run.connection)

    def _register(self, end: socket.socket | int, call: Callable[[int], None]) -> None:
        self._selector.register(end, selectors.EVENT_READ, call)
        self._registered[end] = selectors.EVENT_READ

    def _unregister(self, end: socket.socket | int) -> None:
        if self._registered.pop(end, None) is not None:
            self._selector.unregister(end)
