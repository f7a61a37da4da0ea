"""The warm process: imports everything once with one thread, computes nothing, and forks a locked-down child per job.

Started by `autograder.sandbox.launch` as `python -m autograder.sandbox.inside.warm PURPOSE LEVEL READABLE...` with its
control socket as standard input; PURPOSE is "notebooks", or "probe" for the sandbox's self-test, which imports nothing.
Per job two sockets arrive: one for the notebook's frames, one ("status") that tells the supervisor who the job's first
process is and how its worker ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import huge_pages, lockdown

Serve = Callable[[socket.socket, Path], None]

# What notebooks import. Nothing here may compute: a thread pool started before a fork hangs the child.
PRELOAD = (
    "torch",
    "torchvision",
    "torchvision.ops",
    "torch.utils.data",
    "numpy",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.patches",
    "PIL.Image",
    "safetensors.numpy",
    "safetensors.torch",
    "requests",
    "ipywidgets",
    "detrlab.explorer",
    "coursework.checks",
)


def main(purpose: str, level: str, readable: list[str]) -> None:
    control = socket.socket(fileno=0)
    serve = _serve_notebooks() if purpose == "notebooks" else _serve_probe()
    threads = len(os.listdir("/proc/self/task"))
    assert threads == 1, f"{threads} threads in the warm process: forking it would hang its children"
    nowhere = os.open(os.devnull, os.O_RDONLY)
    opened = {int(name) for name in os.listdir("/proc/self/fd")} - {0, 1, 2, nowhere, nowhere + 1}
    assert not opened, f"descriptors {opened} are open in the warm process: its children would share them"
    gc.collect()
    gc.freeze()  # the children share these pages; the collector must not touch them
    huge_pages.collapse()
    control.send(json.dumps({"warm": os.getpid()}).encode())
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        _reap()
        if os.fork() == 0:
            control.close()
            os.dup2(nowhere, 0)
            _job(level, readable, *(socket.socket(fileno=number) for number in descriptors), serve)
        for number in descriptors:
            os.close(number)


def _serve_notebooks() -> Serve:
    """Import what notebooks import, open a shell, and return what runs a job in a child."""
    for name in PRELOAD:
        importlib.import_module(name)
    library = importlib.import_module("detrlab")
    for found in pkgutil.walk_packages(library.__path__, "detrlab."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    import torch

    from .serve import serve
    from .shell import Shell

    torch.set_num_threads(1)
    shell = Shell()
    return lambda connection, folder: serve(connection, shell, folder)


def _serve_probe() -> Serve:
    from .probe import serve

    return serve


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _job(level: str, readable: list[str], connection: socket.socket, status: socket.socket, serve) -> None:
    """The outer process of one job: enters namespaces, forks their init, and stays until that is gone."""
    try:
        if level == "namespaces":
            lockdown.enter_namespaces()
        lockdown.follow_parent()  # a new user namespace would undo it
        pid = os.fork()
        if pid == 0:
            _init(level, readable, connection, status, serve)
        connection.close()
        socket.send_fds(status, [b'{"init": true}'], [os.pidfd_open(pid)])
        status.close()
        os.waitpid(pid, 0)
    except BaseException as error:
        _report(status, {"failed": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)


def _init(level: str, readable: list[str], connection: socket.socket, status: socket.socket, serve) -> None:
    """The job's first process: waits for the go, forks the worker, reaps orphans; when it ends, all of them end."""
    try:
        lockdown.guard_init()
        go = status.recv(1 << 16)
        if not go:
            return
        limits = json.loads(go)
        folder = lockdown.FOLDER
        if level == "namespaces":
            lockdown.mount_private(limits["file_mb"], readable)
        else:
            folder = tempfile.mkdtemp(prefix="notebook-", dir=os.environ["HOME"])
        worker = os.fork()
        if worker == 0:
            _worker(level, readable, limits, folder, connection, status, serve)
        connection.close()
        ended = _wait_for(worker)
        if level != "namespaces":
            shutil.rmtree(folder, ignore_errors=True)
        _report(status, {"ended": ended})
        # Stay: where there is no pid namespace, what the worker left behind hangs below this process.
        status.recv(1)
    except BaseException as error:
        _report(status, {"failed": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)


def _wait_for(worker: int) -> int:
    """Reap whatever ends until the worker does; its exit code, negative for a signal."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == worker:
            return os.waitstatus_to_exitcode(status)


def _worker(
    level: str, readable: list[str], limits: dict, folder: str, connection: socket.socket, status, serve: Serve
) -> None:
    try:
        os.environ["HOME"] = os.environ["TMPDIR"] = folder
        if level == "namespaces":
            os.environ["TMPDIR"] = "/tmp"
        tempfile.tempdir = None
        signal.signal(signal.SIGINT, signal.default_int_handler)
        lockdown.confine(limits, level, folder, readable)
        status.close()
    except BaseException as error:
        _report(status, {"failed": f"{type(error).__name__}: {error}"})
        os._exit(70)
    try:
        serve(connection, Path(folder))
    finally:
        os._exit(0)


def _report(status: socket.socket, message: dict) -> None:
    with contextlib.suppress(OSError):
        status.send(json.dumps(message).encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
