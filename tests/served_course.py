"""A course behind a real Jupyter server with nbgrader's formgrader, for a real browser to look at; for tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.course.places import ROOT


@contextmanager
def served_course(root: Path, without: tuple[str, ...] = (), start: Path | None = None) -> Iterator[str]:
    """The address of the server; `without`: statements of nbgrader_config.py that are left out.

    It runs in the course's folder, or in `start`, where the course is not open yet.
    """
    config = (ROOT / "nbgrader_config.py").read_text()
    for statement in without:
        assert config.count(statement) == 1
        config = config.replace(statement, "pass")
    (root / "nbgrader_config.py").write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "server", "--allow-root", "--no-browser", f"--port={port}"]
    command += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password="]
    written = root.parent / "server.log"
    with open(written, "w") as log:
        server = subprocess.Popen(
            command, cwd=start or root, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"}
        )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/formgrader", timeout=5).read()
                break
            except OSError:
                assert server.poll() is None, written.read_text()[-3000:]
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(20)
