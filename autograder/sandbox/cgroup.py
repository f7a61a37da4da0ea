"""A control group per job, where one can be had: a hard cap on the memory and number of a job's processes together, and
the processor time of all of them, of those that ended too.

Version 2 where its memory controller is delegated to us, else version 1 as root. Both are plain files.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from functools import cache
from pathlib import Path

_numbers = itertools.count(1)
_leftover: list[Path] = []  # groups whose last process had not quite ended


@cache
def hierarchy() -> tuple[int, dict[str, Path]] | None:
    """(version, {controller: folder in which groups can be made}), or None where no memory controller is ours."""
    for find in (_version_2, _version_1):
        found = find()
        if found and all(_can_make(folder) for folder in found[1].values()):
            for folder in found[1].values():
                _tidy(folder)
            return found
    return None


def _own_paths() -> dict[str, str]:
    """{controllers: path} of this process; the key of version 2 is empty."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}


def _version_2() -> tuple[int, dict[str, Path]] | None:
    path = _own_paths().get("")
    if path is None:
        return None
    # A group with processes of its own cannot hand controllers down, so ours are made beside it.
    parent = (Path("/sys/fs/cgroup") / path.lstrip("/")).parent
    with contextlib.suppress(OSError):
        if {"memory", "pids"} <= set((parent / "cgroup.subtree_control").read_text().split()):
            return 2, {"memory": parent}
    return None


def _version_1() -> tuple[int, dict[str, Path]] | None:
    found = {}
    for controllers, path in _own_paths().items():
        for name in {"memory", "pids"} & set(controllers.split(",")):
            found[name] = Path("/sys/fs/cgroup") / name / path.lstrip("/")
        if "cpuacct" in controllers.split(","):  # it only counts: where it cannot be had, the caps are still worth it
            folder = Path("/sys/fs/cgroup/cpuacct") / path.lstrip("/")
            found |= {"cpuacct": folder} if _can_make(folder) else {}
    return (1, found) if "memory" in found else None


def _can_make(folder: Path) -> bool:
    probe = folder / f"detrlab-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
        return True
    except OSError:
        return False


def _tidy(folder: Path) -> None:
    """Remove the groups of graders that were killed."""
    for group in folder.glob("detrlab-*-*"):
        owner = group.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                group.rmdir()


class Group:
    """One job's group: made, filled with the job's first process, asked for kills and time, removed."""

    def __init__(self, memory_mb: int, processes: int):
        found = hierarchy()
        assert found is not None, "a level that is grouped has them"
        self.version, parents = found
        name = f"detrlab-{os.getpid()}-{next(_numbers)}"
        self._folders = [parent / name for parent in parents.values()]
        limits = (
            {"memory.max": memory_mb * 2**20, "memory.swap.max": 0, "pids.max": processes}
            if self.version == 2
            else {
                "memory.limit_in_bytes": memory_mb * 2**20,
                "memory.memsw.limit_in_bytes": memory_mb * 2**20,
                "pids.max": processes,
            }
        )
        for folder in self._folders:
            folder.mkdir()
            for file, value in limits.items():
                if (folder / file).exists():
                    (folder / file).write_text(str(value))

    def add(self, pid: int) -> None:
        """The process, and all it will fork, belongs to the group."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def memory_kills(self) -> int:
        """How many of the group's processes the kernel killed for want of memory."""
        file = "memory.events" if self.version == 2 else "memory.oom_control"
        for folder in self._folders:
            with contextlib.suppress(OSError):
                for line in (folder / file).read_text().splitlines():
                    if line.startswith("oom_kill "):
                        return int(line.split()[1])
        return 0

    def cpu_seconds(self) -> float | None:
        """CPU seconds of all processes that were ever in the group; None where nobody counts them."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                if self.version == 1:
                    return int((folder / "cpuacct.usage").read_text()) / 1e9
                for line in (folder / "cpu.stat").read_text().splitlines():
                    if line.startswith("usage_usec "):
                        return int(line.split()[1]) / 1e6
        return None

    def remove(self) -> None:
        """Take the group away, now or, where a process of it is still ending, with a later one."""
        _leftover.extend(self._folders)
        self._folders = []
        for folder in list(_leftover):
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                continue
            _leftover.remove(folder)
