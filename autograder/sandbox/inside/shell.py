"""IPython as a Jupyter kernel has it, in this process: what a cell shows leaves as the kernel's own messages.

The shell, its display hook and its publisher are ipykernel's, so outputs and tracebacks are those of a real kernel;
only the socket is another. Standard output is caught at the level of file descriptors too, so subprocesses and C
libraries are heard.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import fcntl
import getpass
import io
import os
import select
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session
from traitlets.config import Config

Emit = Callable[[str, dict[str, Any]], None]
_FLUSH_SECONDS, _FLUSH_CHARACTERS = 0.2, 1 << 14
_MOST_CHARACTERS = 1 << 20  # in one message
_PIPE_BYTES = 1 << 16


class PipeSession(Session):  # type: ignore[misc]  # its package is not read
    """ipykernel's session, but for where messages go: to `emit(type, content)`."""

    emit: Emit

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, parent: Any = None, ident: Any = None, **rest: Any
    ) -> None:
        message = msg_or_type if isinstance(msg_or_type, dict) else {"msg_type": msg_or_type, "content": content}
        self.emit(message["msg_type"], message["content"])


class PipeStream(io.TextIOBase):
    """sys.stdout or sys.stderr of a notebook: text is gathered and sent as stream messages."""

    encoding = "UTF-8"

    def __init__(self, name: str, emit: Emit):
        self.name = name
        self._emit, self._size, self._sent = emit, 0, 0.0
        self._parts: list[str] = []
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        with self._lock:
            self._parts.append(text)
            self._size += len(text)
            if self._size > _FLUSH_CHARACTERS:
                self.flush()
        return len(text)

    def flush(self) -> None:
        with self._lock:
            text = "".join(self._parts)
            self._parts, self._size, self._sent = [], 0, time.monotonic()
            for start in range(0, len(text), _MOST_CHARACTERS):
                self._emit("stream", {"name": self.name, "text": text[start : start + _MOST_CHARACTERS]})

    @property
    def waiting(self) -> bool:
        """Is there text that should have been sent by now?"""
        return bool(self._parts) and time.monotonic() - self._sent > _FLUSH_SECONDS

    def fileno(self) -> int:
        return {"stdout": 1, "stderr": 2}[self.name]

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class FdWatch:
    """File descriptors 1 and 2 become pipes whose text goes to the two streams; a thread keeps them empty."""

    def __init__(self, streams: dict[int, PipeStream]):
        self._lock = threading.Lock()
        self._streams: dict[int, PipeStream] = {}
        for number, stream in streams.items():
            reading, writing = os.pipe()
            os.dup2(writing, number)
            os.close(writing)
            # Away from the low numbers, where a student's os.close(3) or closerange would meet it first.
            kept = fcntl.fcntl(reading, fcntl.F_DUPFD_CLOEXEC, 100)
            os.close(reading)
            self._streams[kept] = stream
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._streams:
            try:
                select.select(list(self._streams), [], [], _FLUSH_SECONDS)
                self.drain()
                for stream in self._streams.values():
                    if stream.waiting:
                        stream.flush()
            except (OSError, ValueError):  # the student closed our ends; there is nothing left to hear
                return

    def drain(self) -> None:
        """Read what is in the pipes now."""
        with self._lock:
            for number, stream in list(self._streams.items()):
                try:
                    while self._waiting(number):
                        stream.write(os.read(number, _PIPE_BYTES).decode(errors="replace"))
                except OSError:
                    self._streams.pop(number, None)

    @staticmethod
    def _waiting(number: int) -> int:
        waiting: int = struct.unpack("i", fcntl.ioctl(number, termios.FIONREAD, b"\0" * 4))[0]
        return waiting


class NotebookShell(ZMQInteractiveShell):  # type: ignore[misc]  # its package is not read
    """ipykernel's shell without a kernel behind it: no GUI's event loop to run."""

    def enable_gui(self, gui: str | None = None) -> None:
        pass


class Shell:
    """A notebook kernel in this process. Made before the fork (it runs no code), `connect`ed after it."""

    def __init__(self) -> None:
        # No history database and its thread; messages go nowhere until `connect`.
        config = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})
        self._session = PipeSession()
        self._session.emit = lambda kind, content: None
        shell: Any = NotebookShell.instance(config=config, compiler_class=XCachingCompiler)
        self._shell = shell
        self._shell.kernel = None
        self._shell.displayhook.session = self._session
        self._shell.displayhook.topic = b"execute_result"
        self._shell.display_pub.session = self._session

    def connect(self, emit: Emit) -> None:
        """From here on outputs go to `emit`, and sys.stdout, stderr and descriptors 1 and 2 are the notebook's."""
        self._session.emit = emit
        sys.stdout, sys.stderr = PipeStream("stdout", emit), PipeStream("stderr", emit)
        self._streams = sys.stdout, sys.stderr
        self._watch = FdWatch({1: sys.stdout, 2: sys.stderr})
        # Not before the fork: all children would share the loop's sockets, and could leave notes for each other there.
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

    def run(self, source: str) -> str:
        """Run one cell as a kernel would; "ok" or "error"."""
        if self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        try:
            return self._loop.run_until_complete(self._execute(source))
        except BaseException as error:  # IPython catches what a cell raises; this is a cell that broke IPython
            self._loop.close()
            with contextlib.suppress(BaseException):
                self._streams[1].write(f"{type(error).__name__}: {error}\n")
            return "error"
        finally:
            with contextlib.suppress(BaseException):
                self._watch.drain()
                for stream in self._streams:
                    stream.flush()

    async def _execute(self, source: str) -> str:
        shell = self._shell
        before = builtins.input, getpass.getpass
        builtins.input = getpass.getpass = _no_input
        try:
            try:
                transformed, failure = shell.transform_cell(source), None
            except Exception:
                transformed, failure = source, sys.exc_info()
            if shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=failure):
                result = None
                try:
                    result = await shell.run_cell_async(
                        source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=failure
                    )
                finally:
                    shell.events.trigger("post_execute")
                    shell.events.trigger("post_run_cell", result)
            else:
                result = shell.run_cell(source, store_history=True)
        finally:
            builtins.input, getpass.getpass = before
        return "ok" if result is not None and result.success else "error"


def _no_input(prompt: object = "", stream: Any = None) -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")
