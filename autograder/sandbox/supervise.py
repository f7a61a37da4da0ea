"""One job seen from the trusted side: sends it cells one by one, keeps what comes back, and ends it at its limits.

The child is believed in nothing: the cell that runs is the one sent last, a check's values count once, what is too
long or malformed ends the job, and processor time is read from the kernel.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time

from coursework.marking.outcome import Outcome

from .cgroup import Group
from .inside.lockdown import PROCESSES
from .inside.wire import MAX_MESSAGES, Frames, WireError, encode
from .job import CellResult, Job, JobCell, Result
from .levels import Level
from .outcomes import read_outcomes
from .outputs import Outputs
from .watch import cpu_seconds, memory_mb, process_tree

_VALUE_BYTES = 256 * 2**20  # returned values of one notebook
_MEMORY_LOOK_S = 0.5  # how often memory is looked at
_CHUNK = 1 << 20
_START_S = 30.0
_OWN_PROCESSES = 2  # the job's init and the notebook's process


class SandboxError(RuntimeError):
    """The sandbox, not the notebook, failed."""


class Run:
    """One job in one forked child. The pool's loop calls `on_status`, `on_frames`, `on_writable` and `tick`.

    `ended` says why it is over ("" while it runs); after that `gone()` becomes true and `result()` is complete.
    """

    def __init__(self, job: Job, level: Level, control: socket.socket):
        self.job, self.ended, self.ended_at, self.closed_at = job, "", 0.0, 0.0
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
        self._finished: list[tuple[str, float]] = []  # status and CPU seconds of the cells that ended
        self._waiting = bytearray()  # frames on their way to the child
        self.pidfd, self._pid, self._group = -1, 0, None
        self._ready, self._messages, self._output_bytes = False, 0, 0
        self._started = self._cell_started = time.monotonic()
        self._cpu = self._cell_cpu = 0.0
        self._next_memory_look = 0.0
        self._notes: list[str] = []

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
            self._end(self._how_it_died(head["ended"]))
        elif not self.ended:
            if self._group is not None and self._group.memory_kills():  # the kernel chose the init
                return self._end(_too_much_memory(self.job.limits.memory_mb))
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
        limits, now = self.job.limits, time.monotonic()
        if self.ended:
            return
        if self._pid == 0 or not self._ready:
            if now - self._started > _START_S + limits.wall_factor:
                self._kill()
                raise SandboxError("the sandbox did not start within its time")
            return
        if self.closed_at and now - self.closed_at > 1:
            return self._end("the notebook closed its connection to the grader")
        self._measure()
        cell, notebook = self._cpu - self._cell_cpu, self._cpu
        if cell > limits.cell_cpu_s:
            self._end(f"a cell used more than {limits.cell_cpu_s:g} s of CPU time")
        elif notebook > limits.notebook_cpu_s:
            self._end(f"the notebook used more than {limits.notebook_cpu_s:g} s of CPU time")
        elif now - self._cell_started > limits.cell_cpu_s * limits.wall_factor:
            self._end(
                f"a cell ran for more than {limits.cell_cpu_s * limits.wall_factor:g} s; it seems to wait for something"
            )
        elif now - self._started > limits.notebook_cpu_s * limits.wall_factor:
            self._end(f"the notebook ran for more than {limits.notebook_cpu_s * limits.wall_factor:g} s")
        elif now > self._next_memory_look:
            self._next_memory_look = now + _MEMORY_LOOK_S
            if self._group.memory_kills() if self._group else memory_mb(process_tree(self._pid)) > limits.memory_mb:
                self._end(_too_much_memory(limits.memory_mb))

    def gone(self) -> bool:
        """Has every process of the job ended? (Where there is no pid namespace: those that can be found.)"""
        if self.pidfd < 0:
            return True
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def result(self) -> Result:
        cells = []
        for place, cell in enumerate(self.job.cells):
            if place < len(self._finished):
                status, cpu_s = self._finished[place]
            else:
                was_running = place == len(self._finished) and self._ready
                status, cpu_s = ("error", self._cpu - self._cell_cpu) if was_running else ("not run", 0.0)
            cells.append(CellResult(cell.index, status, self._outputs.of(place), cpu_s))
        wall_s = time.monotonic() - self._started
        notes = tuple(self._notes)
        return Result(self._outcomes, cells, self.ended, self._cpu, wall_s, str(self._level), notes)

    def close(self) -> None:
        """Let go of everything; the processes are killed if they still live."""
        self._kill()
        for end in (self.connection, self.status):
            end.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        if self._group:
            self._group.remove()

    # ------------------------------------------------------------------ the conversation
    def _begin(self) -> None:
        """The first process exists: put it into its group, and let it go on."""
        limits = self.job.limits
        self._pid = _pid_of(self.pidfd)
        if self._level.memory == "a cgroup":
            self._group = Group(limits.memory_mb, PROCESSES + 10)
            self._group.add(self._pid)
        go = {
            "file_mb": limits.file_mb,
            "memory_mb": limits.memory_mb,
            "notebook_cpu_s": limits.notebook_cpu_s,
            "processes": PROCESSES,
        }
        self.status.send(json.dumps(go).encode())
        files = {name: len(content) for name, content in self.job.files.items()}
        forbidden = sorted({name for cell in self.job.cells for name in cell.forbidden})
        head = {"files": files, "output_mb": limits.output_mb, "forbidden": forbidden}
        self._send(head, b"".join(self.job.files.values()))

    def _send(self, head: dict, body: bytes = b"") -> None:
        self._waiting += encode(head, body)
        self.on_writable()

    def _feed(self, data: bytes) -> None:
        try:
            for head, body, size in self._frames.feed(data):
                if self.ended:
                    return
                self._on_frame(head, body, size)
        except WireError as error:
            self._end(f"the notebook damaged its connection to the grader ({error})")

    def _read_rest(self) -> None:
        """What the process sent before it ended."""
        with contextlib.suppress(OSError):
            while not self.ended and (data := self.connection.recv(_CHUNK)):
                self._feed(data)

    def _on_frame(self, head: dict, body: bytes, size: int) -> None:
        place = len(self._finished)
        if "ready" in head and not self._ready:
            self._ready = True
            self._measure()
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
            name, seeds, _ = self._runs(cell)
            if cell.check and head.get("check") == cell.check and name not in self._outcomes:
                self._outcomes[name] = read_outcomes(head["outcomes"], body, len(seeds))
        elif head.get("done") != self.job.cells[place].index:
            raise WireError("a message that means nothing")
        else:
            self._measure()
            status = "ok" if head.get("status") == "ok" else "error"
            self._finished.append((status, self._cpu - self._cell_cpu))
            self._next_cell()

    def _next_cell(self) -> None:
        place = len(self._finished)
        if place == len(self.job.cells):
            return self._end("finished")
        cell = self.job.cells[place]
        self._outputs.begin(place)
        self._cell_started, self._cell_cpu = time.monotonic(), self._cpu
        if cell.check and cell.forbidden and len(process_tree(self._pid)) > _OWN_PROCESSES:
            self._notes.append(f"other processes of the notebook, where nothing is refused, ran beside {cell.check}")
        _, seeds, jitter = self._runs(cell)
        head = {"index": cell.index, "source": cell.source, "check": cell.check, "seeds": seeds, "jitter": jitter}
        self._send({**head, "forbidden": cell.forbidden, "locked": cell.locked})

    def _runs(self, cell: JobCell) -> tuple[str, tuple[int, ...], float]:
        """What the cell's check is kept under, its seeds, and by how much they are jittered."""
        if cell.runs_as:
            return cell.runs_as.name, cell.runs_as.seeds, cell.runs_as.jitter
        return cell.check, self.job.seeds if cell.check else (), 0.0

    # ------------------------------------------------------------------ measuring and ending
    def _measure(self) -> None:
        # A process that ended may take its time along (its parent ignored it); time never runs backwards.
        self._cpu = max(self._cpu, cpu_seconds(process_tree(self._pid)))

    def _how_it_died(self, code: int) -> str:
        limits = self.job.limits
        if self._group is not None and self._group.memory_kills():
            return _too_much_memory(limits.memory_mb)
        if code in (-signal.SIGXCPU, -signal.SIGKILL) and self._cpu >= limits.notebook_cpu_s:
            return f"the notebook used more than {limits.notebook_cpu_s:g} s of CPU time"
        if code < 0:
            return f"the notebook's process was ended by a signal ({_signal_name(-code)})"
        return f"the notebook ended its own process (exit code {code})"

    def _end(self, why: str) -> None:
        if not self.ended:
            self.ended, self.ended_at = why, time.monotonic()
            self._kill()

    def _kill(self) -> None:
        if self.pidfd < 0:
            return
        if self._level.name != "namespaces":
            # No pid namespace does this for us: what hangs below the init first, then the init itself.
            for _ in range(20):
                below = process_tree(self._pid)[1:]
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


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _too_much_memory(megabytes: int) -> str:
    return f"the notebook used more than {megabytes} MB of memory"
