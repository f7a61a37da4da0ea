"""What a fork does to itself before it runs a stranger's code: new namespaces, private folders, limits, no rights.

The order matters: namespaces need to be entered before the init is forked, folders are mounted by the init, and the
worker gives up capabilities last of all but the filters that need no_new_privs.
"""

from __future__ import annotations

import contextlib
import os
import resource
from typing import Any

from . import landlock, seccomp
from .syscalls import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    drop_capabilities,
    mount,
    prctl,
    unshare,
)

FOLDER = "/home/student"  # where the notebook lies and runs, a tmpfs of its own
SHARED_MEMORY_MB = 512
INODES = 20_000
PROCESSES = 200  # threads count, too
_SIGKILL = 9
# What a notebook may read where the file system is the machine's own (no mount namespace).
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/proc"]
_DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts"]


def enter_namespaces() -> None:
    """New user, mount, pid, net, ipc and uts namespaces; the caller's next child is process 1 of them."""
    user, group = os.getuid(), os.getgid()
    unshare("user", "mount", "pid", "net", "ipc", "uts")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount_private(file_mb: int, readable: list[str]) -> None:
    """In process 1: a fresh /proc and private, limited folders to write; the rest stays read-only as it came.

    What of `readable` lies in /tmp (an interpreter in a checkout there) is put back on top of the private one.
    """
    mount("", "/", "", MS_REC | MS_PRIVATE)
    covered = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in readable if path.startswith("/tmp/")}
    for target, megabytes in ((FOLDER, file_mb), ("/tmp", file_mb), ("/dev/shm", SHARED_MEMORY_MB)):
        options = f"size={megabytes}m,nr_inodes={INODES},mode=0700"
        mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path, descriptor in covered.items():
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", path, "", MS_BIND | MS_REC)
        os.close(descriptor)
    # `!command` in a notebook opens a terminal; these are the job's own.
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def follow_parent() -> None:
    """The calling process ends when its parent does."""
    prctl(PR_SET_PDEATHSIG, _SIGKILL)


def guard_init() -> None:
    """In the init: nobody may look into it, what is orphaned comes to it, and it ends with its parent."""
    follow_parent()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_DUMPABLE, 0)


def confine(limits: dict[str, Any], level: str, folder: str, readable: list[str]) -> None:
    """In the worker, last before the notebook: limits, no capabilities, and the filters of `level`."""
    os.setsid()
    follow_parent()
    prctl(PR_SET_DUMPABLE, 1)  # the init is not, and it was forked from it
    _set_limits(limits)
    if level == "unsafe":
        return
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    drop_capabilities()
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if landlock.abi():
        write = [folder] if level == "landlock" else [folder, "/tmp", "/dev/shm"]
        read = [*SYSTEM, *readable] if level == "landlock" else ["/"]
        landlock.restrict(read, write, _DEVICES)
    seccomp.install(unix_sockets=level == "namespaces")


def _set_limits(limits: dict[str, Any]) -> None:
    seconds = int(limits["notebook_cpu_s"]) + 5
    file_bytes, memory = limits["file_mb"] * 2**20, limits["memory_mb"] * 2**20
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        # RLIMIT_AS would break torch; RLIMIT_DATA counts private memory, beyond what the imports took.
        (resource.RLIMIT_DATA, _data_now() + memory),
        (resource.RLIMIT_NPROC, limits["processes"]),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _data_now() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData"))
