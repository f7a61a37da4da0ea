"""HTML to PDF through the Chromium (or Chrome, or Edge) of this computer: no script runs, nothing is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unicodedata
from pathlib import Path

from .sentences import say

CHROMIUM = "DETRLAB_CHROMIUM"  # environment: which browser to take
_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
SECONDS = 180
_SCRIPTS = {  # a character that only a font of this script has, and a package with such a font
    "Korean": ("HANGUL", "AC00", "fonts-noto-cjk"),
    "Chinese or Japanese": ("CJK UNIFIED", "4E00", "fonts-noto-cjk"),
    "Cyrillic": ("CYRILLIC", "0416", "fonts-dejavu"),
    "Greek": ("GREEK", "03C0", "fonts-dejavu"),
    "Arabic": ("ARABIC", "0628", "fonts-noto-core"),
}


class NoPdf(Exception):
    """The PDF could not be made; the message says why."""


def find_chromium() -> str:
    """The browser's program; raises NoPdf where there is none."""
    named = os.environ.get(CHROMIUM)
    found = next(filter(None, (shutil.which(name) for name in ([named] if named else _NAMES))), None)
    if found is None:
        raise NoPdf(say("no_chromium") if not named else f"{say('no_chromium')}: {CHROMIUM}={named}")
    return found


def print_pdf(html: Path, pdf: Path, seconds: int = SECONDS) -> None:
    """Print a page to a PDF; raises NoPdf. Files that the page shows are read from its folder."""
    browser = find_chromium()
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),  # root cannot have one
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={pdf}",
            html.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds)
        except subprocess.TimeoutExpired:
            raise NoPdf(say("chromium_slow", name=Path(browser).name, seconds=seconds)) from None
        except OSError as error:
            why = say("chromium_failed", name=Path(browser).name, code=error.errno, last=error.strerror)
            raise NoPdf(why) from None
    data = pdf.read_bytes() if pdf.is_file() else b""
    if done.returncode or not data.startswith(b"%PDF-") or b"%%EOF" not in data[-1024:]:
        pdf.unlink(missing_ok=True)
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoPdf(say("chromium_failed", name=Path(browser).name, code=done.returncode, last=last[:200]))


def missing_fonts(text: str) -> list[str]:
    """Sentences on scripts in the text for which this computer has no font (where `fc-list` can tell)."""
    tool = shutil.which("fc-list")
    if tool is None:
        return []
    names = {unicodedata.name(character, "") for character in set(text) if ord(character) > 0x2FF}
    wanted = [
        (script, code, package)
        for script, (begins, code, package) in _SCRIPTS.items()
        if any(name.startswith(begins) for name in names)
    ]
    if any(0x1F300 <= ord(character) <= 0x1FAFF for character in set(text)):
        wanted.append(("An emoji", "1F600", "fonts-noto-color-emoji"))
    return [
        say("fonts", script=script, package=package)
        for script, code, package in wanted
        if not subprocess.run([tool, f":charset={code}"], capture_output=True, text=True).stdout.strip()
    ]
