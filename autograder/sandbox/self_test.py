"""Proof at start that the sandbox holds: a few attacks through the very launch and lockdown that notebooks get.

Fails closed: what cannot be proven is not used.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from . import launch
from .inside import probe
from .inside.wire import encode, read_frame
from .levels import Level, SandboxUnavailable, found_level

_SECONDS = 30
LIMITS = {"file_mb": 8, "memory_mb": 256, "notebook_cpu_s": 20, "processes": 50}


def level() -> Level:
    """The best level of this machine, proven by a few attacks; raises SandboxUnavailable: the reason and the cure."""
    found = found_level()
    prove(found)
    return found


@cache
def prove(level: Level) -> None:
    """Raise SandboxUnavailable where an attack of `probe` succeeds at `level`."""
    broken = broken_walls(level)
    if broken:
        raise SandboxUnavailable(f"The sandbox does not hold on this machine ({'; '.join(broken)}): nothing is run.")


def broken_walls(level: Level) -> list[str]:
    """Which attacks of `probe` succeed at `level`, in words; empty where it holds."""
    victim = subprocess.Popen(["sleep", "60"])
    server = socket.create_server(("127.0.0.1", 0))
    try:
        with tempfile.TemporaryDirectory(prefix="detrlab-") as name:
            folder = Path(name)
            launch.prepare(folder)
            canary = folder / "canary"
            canary.write_text("not for notebooks")
            target = {"canary": str(canary), "port": server.getsockname()[1], "victim": victim.pid}
            target["socket"] = str(folder / "service")
            with socket.socket(socket.AF_UNIX) as service:
                service.bind(target["socket"])
                os.chmod(target["socket"], 0o777)
                service.listen()
                answers = _ask(level, folder, target)
        if set(answers) != set(probe.ATTACKS):
            return ["it answered something else"]
        broken = [f"{attack}: {what}" for attack, what in answers.items() if what]
        return broken + (["signal another process: it was killed"] if victim.poll() is not None else [])
    finally:
        victim.kill()
        victim.wait()
        server.close()


def _ask(level: Level, folder: Path, target: dict[str, Any]) -> dict[str, Any]:
    """Start a probe, give it one job and read its answers."""
    warm = launch.start(level, folder, purpose="probe")
    ours, theirs = socket.socketpair()
    status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pidfds: list[int] = []
    try:
        for connection in (warm.control, ours, status):
            connection.settimeout(_SECONDS)
        warm.control.recv(1 << 16)
        socket.send_fds(warm.control, [b"job"], [theirs.fileno(), their_status.fileno()])
        theirs.close()
        their_status.close()
        message, pidfds, _, _ = socket.recv_fds(status, 1 << 16, 1)
        if not pidfds:
            raise SandboxUnavailable(f"The sandbox cannot be set up: {message.decode(errors='replace')}")
        status.send(json.dumps(LIMITS).encode())
        ours.sendall(encode(target))
        frame = read_frame(ours)
        if frame is None:
            raise SandboxUnavailable(
                f"The sandbox ended before its self-test did: {status.recv(1 << 16).decode(errors='replace')}"
            )
        return frame[0]
    except OSError as error:
        raise SandboxUnavailable(f"The sandbox did not start: {warm.complaint() or error}") from error
    finally:
        for connection in (ours, theirs, status, their_status):
            connection.close()
        for pidfd in pidfds:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.close(pidfd)
        warm.stop()
