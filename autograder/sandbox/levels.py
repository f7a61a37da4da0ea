"""How well this machine can lock a notebook in, and the refusal where it cannot.

| level | needs | a notebook's code |
|---|---|---|
| namespaces | Linux, bubblewrap, user namespaces | sees no file, process or network of the machine |
| landlock | Linux, landlock ABI 6 | writes nothing outside its folder, reaches no network, signals nobody |
| unsafe | an explicit flag | runs with the rights of whoever grades: trusted notebooks only |
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass

from .cgroup import hierarchy
from .inside import landlock, seccomp


class SandboxUnavailable(RuntimeError):
    """This machine has no sandbox; the message says why and what to do."""


@dataclass(frozen=True)
class Level:
    """A level's name, and the sentence a report prints; `grouped`: does a cgroup bound a job's processes together?"""

    name: str
    says: str
    grouped: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.says}"


def found_level() -> Level:
    """The best level whose means are here, untried; raises SandboxUnavailable where there is none."""
    if sys.platform != "linux":
        raise SandboxUnavailable(
            f"Running strangers' notebooks needs Linux; this is {sys.platform}: grade in a Linux container or machine."
        )
    if not seccomp.known_machine():
        raise SandboxUnavailable(
            f"The sandbox knows x86_64 and aarch64; this processor is {os.uname().machine}: grade on another machine."
        )
    grouped = hierarchy() is not None
    memory = "a cgroup" if grouped else "RLIMIT_DATA and a watchdog"
    if shutil.which("bwrap") and shutil.which("setpriv") and _user_namespaces():
        extra = f", landlock ABI {landlock.abi()}" if landlock.abi() else ", no landlock"
        return Level("namespaces", f"bubblewrap and namespaces per job, seccomp{extra}; memory by {memory}", grouped)
    if landlock.abi() >= 6:
        return Level(
            "landlock",
            f"landlock ABI {landlock.abi()}, seccomp, limits, no sockets; no namespaces, so a process that leaves its "
            f"session may outlive its job and a notebook's folder has no quota; memory by {memory}",
            grouped,
        )
    raise SandboxUnavailable(
        "No sandbox on this machine: install bubblewrap and allow user namespaces "
        "(sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns), or grade in a container "
        "on a Linux kernel 6.12 or newer."
    )


UNSAFE = Level("unsafe", "UNSAFE, no sandbox: trusted notebooks only")


def _user_namespaces() -> bool:
    """Can this kernel make one? Tried in a child, since a namespace entered cannot be left."""
    pid = os.fork()
    if pid == 0:
        from .inside.syscalls import unshare

        try:
            unshare("user")
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0
