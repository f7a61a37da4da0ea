"""The kernel that hand-in starts: an ordinary one that behaves as if it were at the grader's.

No address is reachable, and no picture or data file outside the handed-in folder is. What was tried is written to a
file, a JSON line each: {"kind": "network" | "outside" | "read", "what": ...}. It is run as a module, by run.py.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import sysconfig
from pathlib import Path

EVENTS = "DETRLAB_HAND_IN_EVENTS"  # environment: the file to write to
FOLDER = "DETRLAB_HAND_IN_FOLDER"  # environment: the session's folder; work/ in it is what is handed in
_DATA = (".npy", ".npz", ".csv", ".tsv", ".pt", ".pth", ".safetensors", ".pkl", ".txt", ".mp4", ".zip")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif")
_SYSTEM = ("/usr/", "/etc/", "/proc/", "/sys/", "/dev/", "/opt/", "/lib", "/var/", "/System/", "/Library/")
_HERE = ("localhost", "127.", "::1", "0.0.0.0")


def main() -> None:
    from ipykernel.kernelapp import launch_new_instance

    _close(os.environ.pop(EVENTS), os.environ.pop(FOLDER))
    launch_new_instance()


def _close(events: str, session: str) -> None:
    log = os.open(events, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    work = os.path.join(os.path.realpath(session), "work") + os.sep
    package = Path(__file__).resolve().parent.parent
    packages = [folder.parent for folder in package.parent.glob("*/__init__.py")]  # of a checkout, or site-packages
    folders: tuple[str | Path, ...] = (
        session,
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        *packages,
        package.parent / "data",
        os.environ.get("MPLCONFIGDIR", session),
    )
    allowed = tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)

    def note(kind: str, what: str) -> None:
        os.write(log, json.dumps({"kind": kind, "what": what}).encode() + b"\n")

    def watch(event: str, args: tuple) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
            address = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
            host = address[0] if isinstance(address, tuple) else address if "addr" in event or "name" in event else None
            host = host.decode("ascii", "replace") if isinstance(host, bytes) else host
            if isinstance(host, str) and host and not host.startswith(_HERE):
                note("network", host)
                raise OSError(errno.ENETUNREACH, f"there is no network at the grader's, so {host} cannot be reached")
        elif event == "open" and isinstance(args[0], str | bytes):
            path = os.path.realpath(os.fsdecode(args[0]))
            reads = not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR)
            if not reads or not os.path.isfile(path):
                return
            if path.startswith(work):
                note("read", path.removeprefix(work))
            elif path.lower().endswith(_PICTURES + _DATA) and not path.startswith(allowed + _SYSTEM):
                if "site-packages" in path or ".dist-info" in path or ".egg-info" in path:
                    return
                note("outside", os.fsdecode(args[0]))
                raise FileNotFoundError(
                    errno.ENOENT, "not in the folder that is handed in, so not at the grader's", os.fsdecode(args[0])
                )

    sys.addaudithook(watch)


if __name__ == "__main__":
    main()
