"""The button at the end of the last notebook and on the start page: the same as `coursework hand-in`, and its words."""

from __future__ import annotations

import subprocess
import sys
import threading
from html import escape
from pathlib import Path

from coursework.assignment import assignment_folders, read_assignment

from .sentences import say

_WORDS = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;line-height:1.5"


def hand_in_button(folder: str | Path = "."):
    """A widget that hands in `folder`; where it is the course's folder, one of its assignments can be chosen."""
    from ipywidgets import HTML, Button, Dropdown, HBox, Layout, VBox

    folder = Path(folder).resolve()
    folders = [folder] if read_assignment(folder) else []
    folders += assignment_folders(folder)
    if not folders:
        return HTML(escape(say("no_folder", folder=folder, expected=say("expected_one"))))
    choice = Dropdown(
        options=[(path.name, str(path)) for path in folders], description=say("choose"), layout=Layout(width="20em")
    )
    button = Button(description=say("button"), icon="paper-plane", layout=Layout(width="auto"))
    said = HTML(f"<p>{escape(say('save_first'))}</p>")

    def work(path: str) -> None:
        lines: list[str] = []
        # A process of its own: this kernel stays free, and the notebooks run as they do from a terminal.
        command = [sys.executable, "-u", "-m", "coursework", "hand-in", path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for line in process.stdout or ():
                lines.append(line.rstrip("\n"))
                said.value = f'<pre role="status" style="{_WORDS}">{escape(chr(10).join(lines))}</pre>'
        button.disabled = False

    def pressed(_button) -> None:
        button.disabled = True
        threading.Thread(target=work, args=(choice.value,), daemon=True).start()

    button.on_click(pressed)
    row = [button] if len(folders) == 1 else [choice, button]
    return VBox([HBox(row), said])
