"""The attacks of the self-test, run inside the sandbox in a notebook's place: each says whether the wall held."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .syscalls import unshare
from .wire import encode, read_frame

Target = dict[str, Any]  # what the self-test has laid out to be attacked


def serve(connection: socket.socket, folder: Path) -> None:
    """Read where the targets are, try everything, answer {attack: "" where the wall held, else what happened}."""
    frame = read_frame(connection)
    if frame is not None:
        answers = {name: _try(attack, frame[0], folder) for name, attack in ATTACKS.items()}
        connection.sendall(encode(answers))


def _try(attack: Callable[[Target, Path], str], target: Target, folder: Path) -> str:
    try:
        return attack(target, folder)
    except OSError:
        return ""


def _read_elsewhere(target: Target, folder: Path) -> str:
    return f"read {target['canary']}" if Path(target["canary"]).read_bytes() else ""


def _write_elsewhere(target: Target, folder: Path) -> str:
    places = [Path(target["canary"]).parent, Path("/usr"), Path("/etc"), Path("/"), Path("/dev"), Path(__file__).parent]
    written = []
    for place in places:
        try:
            (place / "detrlab-probe").write_text("x")
            (place / "detrlab-probe").unlink()
            written.append(str(place))
        except OSError:
            continue
    return f"wrote to {', '.join(written)}" if written else ""


def _network(target: Target, folder: Path) -> str:
    with socket.create_connection(("127.0.0.1", target["port"]), timeout=2):
        return "reached a server of the machine"


def _services(target: Target, folder: Path) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(target["socket"])
        return "reached a service of the machine"


def _signal(target: Target, folder: Path) -> str:
    os.kill(target["victim"], 9)  # the supervisor looks whether it lives
    return ""


def _namespaces(target: Target, folder: Path) -> str:
    unshare("user")
    return "made a user namespace"


def _trace(target: Target, folder: Path) -> str:
    return "may trace processes" if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0 else ""


def _parent_memory(target: Target, folder: Path) -> str:
    with open(f"/proc/{os.getppid()}/mem", "rb"):
        return "opened its parent's memory"


def _rights(target: Target, folder: Path) -> str:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    wanted = {"CapEff": 0, "CapPrm": 0, "CapBnd": 0, "CapInh": 0, "NoNewPrivs": 1, "Seccomp": 2}
    wrong = [name for name, value in wanted.items() if int(status[name].strip(), 16) != value]
    return f"unexpected {', '.join(wrong)} in /proc/self/status" if wrong else ""


def _works(target: Target, folder: Path) -> str:
    (folder / "mine").write_text("x")  # a sandbox in which nothing works would pass every other line
    return "" if (folder / "mine").read_text() == "x" else "its own folder is not its own"


ATTACKS: dict[str, Callable[[Target, Path], str]] = {
    "read a file of the machine": _read_elsewhere,
    "write outside its folder": _write_elsewhere,
    "connect to a server": _network,
    "connect to a service": _services,
    "signal another process": _signal,
    "make namespaces": _namespaces,
    "trace its parent": _trace,
    "open its parent's memory": _parent_memory,
    "keep rights": _rights,
    "use its own folder": _works,
}
