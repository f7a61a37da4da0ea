"""One notebook from the beginning, in a fresh kernel, in the grader's conditions: a copy of the folder, no network.

Where the system lets a user do so, the kernel gets a network namespace of its own, with nothing in it; everywhere,
it refuses network addresses and files from outside in Python and notes what was tried (see kernel.py).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import site
import subprocess
import sys
import time
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

import nbformat

from coursework.submission import GRADED

from .kernel import EVENTS, FOLDER

CELL_SECONDS = 120  # a cell may take as long
_START_SECONDS = 180


@dataclass(frozen=True)
class Event:
    """Something a cell tried: kind "network" (a host), "outside" (a path) or "read" (a file of the folder)."""

    cell: int
    kind: str
    what: str


class Ended(StrEnum):
    """How a notebook's run ended; the words stand in the manifest."""

    FINISHED = "finished"
    STOPPED = "stopped"  # at its time
    DIED = "died"


@dataclass
class Run:
    """A notebook as it came out; `ended` says how, in cell `last`."""

    notebook: nbformat.NotebookNode
    ended: Ended = Ended.FINISHED
    last: int = -1
    events: list[Event] = field(default_factory=list)
    seconds: float = 0.0


@cache
def network_is_closed() -> bool:
    """May this user start a process in a network namespace of its own?"""
    return bool(_unshare()) and not subprocess.run([*_unshare(), "true"], capture_output=True).returncode


def _unshare() -> list[str]:
    tool = shutil.which("unshare")
    return [tool, "--user", "--map-root-user", "--net"] if tool and sys.platform == "linux" else []


def run_notebook(notebook: nbformat.NotebookNode, session: Path, cell_seconds: int = CELL_SECONDS) -> Run:
    """Run `notebook` in `session`/work; the notebook is changed in place and has only this run's outputs."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    class Manager(AsyncKernelManager):
        @property
        def kernel_spec(self):
            command = [sys.executable, "-m", "coursework.hand_in.kernel", "-f", "{connection_file}"]
            return KernelSpec(
                argv=[*(_unshare() if network_is_closed() else []), *command],
                display_name="Python 3",
                language="python",
            )

    _forget_outputs(notebook)
    events = session / "events.jsonl"
    events.write_bytes(b"")
    # Talking through sockets in the file system: a namespace without a network has no loopback either.
    manager = Manager(transport="ipc", ip=str(session / "k"), connection_file=str(session / "k.json"))
    run, starts = Run(notebook), {}

    def on_start(cell, cell_index: int) -> None:
        run.last = cell_index
        starts[cell_index] = events.stat().st_size

    client = NotebookClient(
        notebook,
        km=manager,
        timeout=cell_seconds,
        startup_timeout=_START_SECONDS,
        iopub_timeout=30,
        allow_errors=True,
        store_widget_state=False,
        log=_silent(),
        on_cell_start=on_start,
        resources={"metadata": {"path": str(session / "work")}},
    )
    started = time.monotonic()
    try:
        client.execute(
            env=_environment(session, events), cleanup_kc=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except CellTimeoutError:
        run.ended = Ended.STOPPED
    except DeadKernelError:
        run.ended = Ended.DIED
    finally:
        _end(manager)
    run.seconds = time.monotonic() - started
    run.events = _read_events(events, starts)
    return run


def _silent() -> logging.Logger:
    """What a stopped or dead kernel has to say is said by inspect.py, in other words."""
    log = logging.getLogger(__name__)
    log.propagate, log.handlers = False, [logging.NullHandler()]
    return log


def _end(manager) -> None:
    import asyncio

    if manager.has_kernel:
        asyncio.run(manager.shutdown_kernel(now=True))


def _environment(session: Path, events: Path) -> dict[str, str]:
    """This process's environment with an empty home: what lies in one's own home is not at the grader's."""
    import matplotlib

    for name in ("home", "tmp"):
        (session / name).mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DETRLAB_", "JPY_", "XDG_"))}
    return {
        **kept,
        "HOME": str(session / "home"),
        "TMPDIR": str(session / "tmp"),
        "IPYTHONDIR": str(session / "home" / ".ipython"),
        "PYTHONUSERBASE": site.getuserbase(),
        # The list of fonts takes seconds to make; it is the only thing taken from the real home.
        "MPLCONFIGDIR": matplotlib.get_cachedir(),
        "OMP_NUM_THREADS": "1",
        GRADED: "autograde",
        # Relative entries would mean another folder in the kernel's.
        "PYTHONPATH": os.pathsep.join(
            map(os.path.abspath, filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
        ),
        EVENTS: str(events),
        FOLDER: str(session),
    }


def _forget_outputs(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata.pop("widgets", None)  # an upload's bytes, with what a camera wrote into them
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)


def _read_events(path: Path, starts: dict[int, int]) -> list[Event]:
    events, position = [], 0
    order = sorted(starts.items(), key=lambda item: item[1])
    for line in path.read_bytes().splitlines(keepends=True):
        before = [cell for cell, start in order if start <= position]
        position += len(line)
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if before:
            events.append(Event(max(before), found["kind"], found["what"]))
    return list(dict.fromkeys(events))
