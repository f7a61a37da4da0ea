"""The untrusted half of a job, in the locked-down process: cells come in, messages and returned values go out.

Nothing here decides a mark, and nothing that is expected is ever sent here. Seeds arrive with the check that uses
them, not before.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from ipykernel.compiler import get_file_name
from jupyter_client.jsonutil import json_default

from coursework.checks.guards import Guards
from coursework.checks.notebook import recording

from .shell import Shell
from .wire import MAX_MESSAGES, WireError, encode, read_frame

TORCH_SEED = 67280421310721  # what torch starts with in a fresh process


class Courier:
    """Sends frames; outputs beyond the cap are dropped with one note, so a talkative notebook runs on."""

    def __init__(self, connection: socket.socket, output_bytes: int):
        self._connection, self._left, self._messages = connection, output_bytes, MAX_MESSAGES
        self._lock = threading.RLock()  # a signal's handler may print while a message is under way
        self.owner = os.getpid()

    def send(self, head: dict[str, Any], body: bytes = b"") -> None:
        if os.getpid() != self.owner:  # a fork of the student's must not speak between our frames
            return
        frame = encode(head, body)
        with self._lock:
            self._connection.sendall(frame)

    def output(self, kind: str, content: dict[str, Any]) -> None:
        if os.getpid() != self.owner:
            if kind == "stream":  # a forked helper prints: through the descriptor that the notebook watches
                os.write(2 if content["name"] == "stderr" else 1, content["text"].encode(errors="replace"))
            return
        if self._left <= 0:
            return
        try:
            frame = encode({"message": kind, "content": content}, default=json_default)  # bytes as base64
            self._left -= len(frame)
        except WireError:
            self._left = 0
        self._messages -= 1
        if self._left <= 0 or self._messages <= 0:
            self._left = 0
            note = "\n[The notebook showed more than is kept; the rest of its outputs is left out.]\n"
            frame = encode({"message": "stream", "content": {"name": "stderr", "text": note}})
        with self._lock:
            self._connection.sendall(frame)


def serve(connection: socket.socket, shell: Shell, folder: Path) -> None:
    """Run the job that comes over `connection`, in `folder`; returns when the other side has no more cells."""
    first = read_frame(connection)
    if first is None:
        return
    head, body = first
    _write_files(folder, head["files"], body)
    os.chdir(folder)
    sys.path.insert(0, "")  # a notebook imports what lies beside it
    _seed()
    guards = Guards(head["forbidden"])
    _leave_the_notebook_alone()
    courier = Courier(connection, head["output_mb"] * 2**20)
    shell.connect(courier.output)
    courier.send({"ready": True})
    while (frame := read_frame(connection)) is not None:
        cell = frame[0]
        guards.refuse(cell["forbidden"])
        if cell["locked"] and head["forbidden"]:
            guards.trust(get_file_name(cell["source"]), is_check=bool(cell["check"]))
        status = _run_check(shell, courier, cell) if cell["check"] else shell.run(cell["source"])
        if os.getpid() != courier.owner:  # a fork that a cell left behind came out of it, too
            os._exit(0)
        courier.send({"done": cell["index"], "status": status})


def _run_check(shell: Shell, courier: Courier, cell: dict[str, Any]) -> str:
    """The release's own check cell; what its check recorded goes out as values."""
    with recording(cell["seeds"], cell["jitter"]) as record:
        status = shell.run(cell["source"])
    if cell["check"] not in record:  # the cell failed before its check was called
        return status
    try:
        arrays: dict[str, np.ndarray] = {}
        packed = [
            outcome.pack(arrays, "v")
            | (
                {"at": outcome.at, "refused": outcome.refused, "returned": list(outcome.returned)}
                if outcome.error
                else {}
            )
            for outcome in record[cell["check"]]
        ]
        courier.send({"check": cell["check"], "outcomes": packed}, safetensors.numpy.save(arrays) if arrays else b"")
    except Exception:  # the student put something into the record; it is worth nothing
        status = "error"
    return status


def _leave_the_notebook_alone() -> None:
    """Nothing of ours can be imported by a notebook, but for what it is given in detrlab."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "autograder"]:
        del sys.modules[name]
    sys.modules["autograder"] = None  # type: ignore[assignment]  # an import stops there


def _write_files(folder: Path, files: dict[str, int], body: bytes) -> None:
    """What lies beside the notebook; a file that does not fit is missing, as the notebook will say."""
    at = 0
    for name, size in files.items():
        path = folder / name
        with contextlib.suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body[at : at + size])
        at += size


def _seed() -> None:
    """Forks share their parent's random state; every job starts from the same one."""
    if "torch" in sys.modules:  # else it is imported by the notebook, and starts with this seed by itself
        sys.modules["torch"].manual_seed(TORCH_SEED)
    np.random.seed(0)
    random.seed(0)
