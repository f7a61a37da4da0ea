"""Starts the warm process as an ordinary user of its own, inside bubblewrap, with an empty environment.

As root, rights are dropped by setpriv first (bubblewrap's --uid would keep root's file rights), and what lies under
folders that only root may enter is mounted where that user can reach it, in a mount namespace that ends with the
process. bubblewrap's --die-with-parent follows the parent *thread*: call `start` from one that stays.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from coursework.submission import GRADED

from . import packages
from .inside import huge_pages, lockdown
from .levels import Level
from .packages import NOTHING, Needs
from .watch import process_tree

USER = 64_200  # a user that exists nowhere; also its group
GRADER = "/grader"  # where our packages lie inside


@dataclass
class Warm:
    """A started warm process, its control socket (ours), and what it says on stderr."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    stderr: IO[bytes] = field(repr=False)

    def stop(self) -> None:
        """End it and every job it forked."""
        # bubblewrap's second process waits for ever where the first is killed before it has told it to go on: hold
        # the first, end what is below, then end it.
        self.process.send_signal(signal.SIGSTOP)
        for pid in process_tree(self.process.pid)[1:]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.control.close()
        self.stderr.close()

    def complaint(self) -> str:
        """The last lines of what it said on stderr."""
        self.stderr.seek(0)
        return self.stderr.read()[-2000:].decode(errors="replace").strip()


def start(level: Level, folder: Path, needs: Needs = NOTHING, purpose: str = "notebooks") -> Warm:
    """Start a warm process at `level` for "notebooks" or the self-test's "probe"; `folder` is from `prepare`."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
    command = _command(level, folder, [purpose, level.name, ",".join(needs.packages)])
    process = subprocess.Popen(
        command,
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={},
        cwd="/",
        start_new_session=True,
    )
    theirs.close()
    return Warm(process, ours, stderr)


def prepare(folder: Path, needs: Needs = NOTHING) -> None:
    """Fill an empty folder with what warm processes see and mount: packages, data, users, places to mount on."""
    folder.chmod(0o755)
    packages.install(folder / "packages", needs.data)
    (folder / "passwd").write_text(f"student:x:65000:65000::{lockdown.FOLDER}:/bin/sh\n")
    for number in range(len(interpreter_folders())):
        (folder / "stage" / str(number)).mkdir(parents=True)


def interpreter_folders() -> list[str]:
    """The folders that Python and its packages live in, outside of /usr."""
    folders = {str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix)} | {sys.prefix, sys.base_prefix}
    return sorted(folder for folder in folders if not f"{folder}/".startswith("/usr/"))


def _environment(packages: str, home: str) -> list[str]:
    """NAME=value; no thread but one, no randomness in the order of sets, no place of the machine's user."""
    return [
        f"PATH={Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        f"HOME={home}",
        f"MPLCONFIGDIR={home}/matplotlib",
        f"IPYTHONDIR={home}/ipython",
        f"PYTHONPATH={packages}",
        "LANG=C.UTF-8",
        "PYTHONHASHSEED=0",
        "PYTHONDONTWRITEBYTECODE=1",
        "OMP_NUM_THREADS=1",
        f"{GRADED}=autograde",
        huge_pages.ENVIRONMENT,
        "MPLBACKEND=module://matplotlib_inline.backend_inline",
    ]


def _command(level: Level, folder: Path, asked: list[str]) -> list[str]:
    folders, ours = interpreter_folders(), str(folder / "packages")
    rights = _as_user(folders, folder) if os.getuid() == 0 and level.name != "unsafe" else []
    if level.name == "namespaces":
        return [*rights, "env", "-i", *_environment(GRADER, "/tmp"), *_bubblewrap(folder, folders, asked)]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    if rights:
        os.chown(home, USER, USER)
    python = [sys.executable, "-P", "-m", "autograder.sandbox.inside.warm", *asked, ours, *folders]
    return [*rights, "env", "-i", *_environment(ours, str(home)), *python]


def _as_user(folders: list[str], stage: Path) -> list[str]:
    """Root's part of the command line: become USER, after opening the way to the interpreter for it alone."""
    nothing = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    return [*opened(folders, stage), "setpriv", f"--reuid={USER}", f"--regid={USER}", *nothing]


def opened(folders: list[str], stage: Path) -> list[str]:
    """Root's command line in front of another one, for which other users may enter these folders; [] if all may.

    `stage` holds a folder per folder, `stage`/stage/0 and so on.
    """
    closed = {folder: place for folder in folders if (place := _closed_ancestor(Path(folder)))}
    if not closed:
        return []
    # Python in root's own home, say: in this process's view of the files, that home holds Python and nothing else.
    lines = [
        f"mount --bind {shlex.quote(path)} {shlex.quote(str(stage / 'stage' / str(number)))}"
        for number, path in enumerate(closed)
    ]
    lines += [f"mount -t tmpfs -o mode=0755 tmpfs {shlex.quote(place)}" for place in sorted(set(closed.values()))]
    for number, path in enumerate(closed):
        staged = shlex.quote(str(stage / "stage" / str(number)))
        lines.append(f"mkdir -p {shlex.quote(path)}; mount --bind {staged} {shlex.quote(path)}")
    lines.append('exec "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", "\n".join(lines), "sh"]


def _closed_ancestor(folder: Path) -> str | None:
    """The outermost folder on the way that other users may not enter, if any."""
    ways = [*reversed(folder.parents), folder]
    return next((str(way) for way in ways if not way.stat().st_mode & stat.S_IXOTH), None)


def _bubblewrap(folder: Path, folders: list[str], asked: list[str]) -> list[str]:
    """bubblewrap's command line: /usr, the interpreter's folders and our packages to read, nothing to write."""
    arguments = ["bwrap", "--unshare-user", "--unshare-all", "--cap-drop", "ALL", "--die-with-parent", "--new-session"]
    arguments += ["--hostname", "grader", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        path = Path("/") / name
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            arguments += ["--ro-bind", str(path), str(path)]
    for file in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/mime.types"):
        arguments += ["--ro-bind-try", file, file]
    arguments += ["--ro-bind", str(folder / "passwd"), "/etc/passwd"]
    arguments += ["--tmpfs", "/tmp"]  # before the interpreter's folders, which may lie in it
    for readable in folders:
        arguments += ["--ro-bind", readable, readable]
    arguments += ["--ro-bind", str(folder / "packages"), GRADER]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--dir", lockdown.FOLDER]
    # bubblewrap's own root and /dev are writable otherwise: a place where jobs could leave things for each other.
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    return [
        *arguments,
        "--",
        sys.executable,
        "-P",
        "-m",
        "autograder.sandbox.inside.warm",
        *asked,
        GRADER,
        *folders,
    ]
