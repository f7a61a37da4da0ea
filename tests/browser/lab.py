"""A real JupyterLab on this machine, with settings and kernels of its own, and notebooks to open in it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

STARTS_WITHIN = 60  # seconds


@dataclass(frozen=True)
class Lab:
    """A running lab: its address, which ends in "/", and the folder with its files."""

    address: str
    folder: Path

    def open(self, page, path: str) -> None:
        """Open a notebook of the folder in a workspace of its own and wait for its kernel."""
        workspace = path.removesuffix(".ipynb").replace("/", "_")
        page.goto(f"{self.address}lab/workspaces/{workspace}/tree/{path}")
        # What is run before the kernel is there is lost without a word.
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=STARTS_WITHIN * 1000)

    def run(self, page, name: str, *cells: str) -> None:
        """Write a notebook, open it in a workspace of its own, wait for its kernel, and run all its cells."""
        write_notebook(self.folder / f"{name}.ipynb", *cells)
        self.open(page, f"{name}.ipynb")
        page.locator(".jp-Notebook .jp-Cell").first.click()
        for _ in cells:
            page.keyboard.press("Shift+Enter")


@contextmanager
def jupyter_lab(folder: Path) -> Iterator[Lab]:
    """A lab over a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = folder / ".settings"
    root = Path(__file__).parents[2]
    news = settings / "lab" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    kinds = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    env = os.environ | {f"JUPYTER_{kind}": str(settings / kind) for kind in kinds}
    env |= {"IPYTHONDIR": str(settings / "ipython"), "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    options = {
        "IdentityProvider.token": "",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.allow_root": True,
        "LabApp.user_settings_dir": settings / "lab",
        "LabApp.workspaces_dir": settings / "workspaces",
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    with (folder / "lab.log").open("wb") as log, subprocess.Popen(command, env=env, stdout=log, stderr=log) as lab:
        address = f"http://127.0.0.1:{port}/"
        try:
            wait_for(address, lab, folder / "lab.log")
            yield Lab(address, folder)
        finally:
            lab.terminate()
            lab.wait(20)


def wait_for(address: str, lab: subprocess.Popen, log: Path) -> None:
    started = time.monotonic()
    while time.monotonic() - started < STARTS_WITHIN and lab.poll() is None:
        try:
            urllib.request.urlopen(address + "api", timeout=5).close()
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-500:]}")


def write_notebook(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
