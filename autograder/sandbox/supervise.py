"""One job seen from the trusted side: sends it cells one by one, keeps what comes back, and ends it at its limits.

The child is believed in nothing: the cell that runs is the one sent last, a check's values count once, what is too
much, too long or malformed ends the job, and what it used is read from the kernel (metering.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any

from coursework.marking.messages import Note
from coursework.marking.outcome import Outcome

from .inside.lockdown import PROCESSES
from .inside.wire import MAX_MESSAGES, Frames, WireError, encode
from .job import FINISHED, CellResult, CellStatus, CheckRun, Job, Result
from .levels import Level
from .metering import Meter
from .outcomes import read_outcomes
from .outputs import Outputs
from .watch import process_tree

_VALUE_BYTES = 256 * 2**20  # returned values of one notebook
_LOOK_S = 0.02  # at least so long between two looks at what a job used
_CHUNK = 1 << 16  # bytes read from one job before the next has its turn
_LAST_CHUNKS = 64  # read from a process that ended; a socket holds far less
_START_S = 30.0
_OWN_PROCESSES = 2  # the job's init and the notebook's process


class SandboxError(RuntimeError):
    """The sandbox, not the notebook, failed."""


class Run:
    """One job in one forked child. The pool's loop calls `on_status`, `on_frames`, `on_writable` and `tick`.

    `ended` says why it is over (None while it runs); after that `gone()` becomes true and `result()` is complete.
    """

    def __init__(self, job: Job, level: Level, control: socket.socket):
        self.job, self.ended_at, self.closed_at = job, 0.0, 0.0
        self.ended: Note | None = None
        self._level = level
        self.connection, theirs = socket.socketpair()
        self.status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        socket.send_fds(control, [b"job"], [theirs.fileno(), their_status.fileno()])
        theirs.close()
        their_status.close()
        self.connection.setblocking(False)
        self.status.setblocking(False)
        self._frames = Frames(_VALUE_BYTES + 3 * job.limits.output_mb * 2**20)
        self._outputs = Outputs(len(job.cells))
        self._outcomes: dict[str, list[Outcome]] = {}
        self._forbidden = sorted({name for cell in job.cells for name in cell.forbidden})
        self._finished: list[tuple[CellStatus, float]] = []  # status and CPU seconds of the cells that ended
        self._waiting = bytearray()  # frames on their way to the child
        self.pidfd, self._meter = -1, Meter(job.limits, level)
        self._ready, self._messages, self._output_bytes = False, 0, 0
        self._answers_left = 1 + 2 * len(job.cells)  # it is ready; of each cell what its check returned, and its end
        self._next_look = 0.0
        self._notes: list[Note] = []

    # ------------------------------------------------------------------ what the loop calls
    def on_status(self) -> None:
        """The job's trusted first process says something."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self.status, 1 << 16, 4)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        head = json.loads(message) if message else {"closed": True}
        if "init" in head:
            self.pidfd = descriptors[0]
            try:
                self._begin()
            except OSError as error:  # no group could be made, or the process is gone already
                self._kill()
                raise SandboxError(f"the sandbox failed: {error}") from error
        elif "ended" in head:
            self._read_rest()
            self._end(self._meter.how_it_died(head["ended"]))
        elif not self.ended:
            if self._meter.memory_kills():  # the kernel chose the init
                return self._end(self._meter.too_much_memory())
            self._kill()
            raise SandboxError(f"the sandbox failed: {head.get('failed', 'it ended before the notebook did')}")

    def on_frames(self) -> None:
        """The notebook's process says something."""
        try:
            data = self.connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.closed_at = time.monotonic()
            return
        self._feed(data)

    def on_writable(self) -> None:
        """Send what waits."""
        try:
            while self._waiting:
                del self._waiting[: self.connection.send(self._waiting[:_CHUNK])]
        except BlockingIOError:
            return
        except OSError:  # the child closed its end; on_frames hears of it
            self._waiting.clear()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._waiting)

    def tick(self) -> None:
        """Measure, and end the job at its limits."""
        now = time.monotonic()
        if self.ended:
            return
        if self._meter.pid == 0 or not self._ready:
            if now - self._meter.started > _START_S + self.job.limits.wall_factor:
                self._kill()
                raise SandboxError("the sandbox did not start within its time")
            return
        if self.closed_at and now - self.closed_at > 1:
            return self._end(Note("connection_closed"))
        if now < self._next_look:  # the loop comes by with every message of any job
            return
        self._next_look = now + _LOOK_S
        if why := self._meter.passed():
            self._end(why)

    def gone(self) -> bool:
        """Has every process of the job ended? (Where there is no pid namespace: those that can be found.)"""
        if self.pidfd < 0:
            return True
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def result(self) -> Result:
        """What came of it; to be asked once it has ended."""
        assert self.ended is not None
        cells = []
        for place, cell in enumerate(self.job.cells):
            if place < len(self._finished):
                status, cpu_s = self._finished[place]
            else:
                was_running = place == len(self._finished) and self._ready
                status, cpu_s = ("error", self._meter.cell_cpu_s) if was_running else ("not run", 0.0)
            cells.append(CellResult(cell.index, status, self._outputs.of(place), cpu_s))
        wall_s = time.monotonic() - self._meter.started
        notes = tuple(self._notes)
        return Result(self._outcomes, cells, self.ended, self._meter.cpu_s, wall_s, str(self._level), notes)

    def close(self) -> None:
        """Let go of everything; the processes are killed if they still live."""
        self._kill()
        for end in (self.connection, self.status):
            end.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        self._meter.close()

    # ------------------------------------------------------------------ the conversation
    def _begin(self) -> None:
        """The first process exists: put it into its group, and let it go on."""
        limits = self.job.limits
        self._meter.watch(_pid_of(self.pidfd))
        go = {
            "file_mb": limits.file_mb,
            "memory_mb": limits.memory_mb,
            "notebook_cpu_s": limits.notebook_cpu_s,
            "processes": PROCESSES,
        }
        self.status.send(json.dumps(go).encode())
        files = {name: len(content) for name, content in self.job.files.items()}
        head = {"files": files, "output_mb": limits.output_mb, "forbidden": self._forbidden}
        self._send(head, b"".join(self.job.files.values()))

    def _send(self, head: dict[str, Any], body: bytes = b"") -> None:
        self._waiting += encode(head, body)
        self.on_writable()

    def _feed(self, data: bytes) -> None:
        try:
            for head, body, size in self._frames.feed(data):
                if self.ended:
                    return
                self._on_frame(head, body, size)
        except WireError as error:
            self._end(Note("connection_damaged", {"error": str(error)}))

    def _read_rest(self) -> None:
        """What the process sent before it ended."""
        with contextlib.suppress(OSError):
            for _ in range(_LAST_CHUNKS):  # a fork of it may still be sending
                if self.ended or not (data := self.connection.recv(_CHUNK)):
                    return
                self._feed(data)

    def _on_frame(self, head: dict[str, Any], body: bytes, size: int) -> None:
        place = len(self._finished)
        if "message" not in head:
            self._answers_left -= 1
            if self._answers_left < 0:
                raise WireError("more messages than a notebook may send")
        if "ready" in head and not self._ready:
            self._ready = True
            self._meter.measure()
            self._next_cell()
        elif not self._ready:
            raise WireError("a message before the first cell")
        elif "message" in head:
            self._messages += 1
            self._output_bytes += size
            if self._messages > 2 * MAX_MESSAGES or self._output_bytes > 2 * self.job.limits.output_mb * 2**20:
                raise WireError("more outputs than a notebook may send")
            self._outputs.add(place, head["message"], head.get("content"))
        elif "outcomes" in head:
            cell = self.job.cells[place]
            run = cell.check
            if run and head.get("check") == run.check and run.name not in self._outcomes:
                refusals = set(self._forbidden)
                self._outcomes[run.name] = read_outcomes(head["outcomes"], body, len(run.seeds), refusals)
        elif head.get("done") != self.job.cells[place].index:
            raise WireError("a message that means nothing")
        else:
            self._meter.measure()
            status: CellStatus = "ok" if head.get("status") == "ok" else "error"
            self._finished.append((status, self._meter.cell_cpu_s))
            self._next_cell()

    def _next_cell(self) -> None:
        place = len(self._finished)
        if place == len(self.job.cells):
            return self._end(FINISHED)
        cell = self.job.cells[place]
        self._outputs.begin(place)
        self._meter.begin_cell()
        if cell.check and cell.forbidden and len(process_tree(self._meter.pid)) > _OWN_PROCESSES:
            self._notes.append(Note("others_beside", {"check": cell.check.check}))
        run = cell.check or CheckRun("", ())
        head = {"index": cell.index, "source": cell.source, "check": run.check, "seeds": run.seeds}
        self._send({**head, "jitter": run.jitter, "forbidden": cell.forbidden, "locked": cell.locked})

    # ------------------------------------------------------------------ ending
    def _end(self, why: Note) -> None:
        if not self.ended:
            self.ended, self.ended_at = why, time.monotonic()
            self._kill()

    def _kill(self) -> None:
        if self.pidfd < 0:
            return
        if self._level.name != "namespaces":
            # No pid namespace does this for us: what hangs below the init first, then the init itself.
            for _ in range(20):
                below = process_tree(self._meter.pid)[1:]
                alive = [pid for pid in below if not _is_zombie(pid)]
                for pid in alive:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                if not alive:
                    break
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)


def _pid_of(pidfd: int) -> int:
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pid:"))


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
