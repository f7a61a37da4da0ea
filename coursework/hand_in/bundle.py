"""The one file that is handed in: a zip of executed notebooks, own pictures, the PDF, and a manifest with hashes."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from pathlib import Path

from coursework.files import whole

from .sentences import say

MANIFEST = "manifest.json"
_FORMAT = "detrlab hand-in 1"


class NotOurs(ValueError):
    """Where the zip would go lies a file that hand-in did not make."""


def write_zip(path: Path, files: dict[str, bytes], about: dict) -> None:
    """Write `files` and a manifest (their SHA-256 and sizes, and `about`); all or nothing. Raises NotOurs."""
    refuse_to_overwrite(path)
    files = {name: data for name, data in files.items() if name != MANIFEST}
    hashes = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in sorted(files.items())
    }
    manifest = json.dumps({"format": _FORMAT, **about, "files": hashes}, indent=1, ensure_ascii=False)
    with whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [*sorted(files.items()), (MANIFEST, manifest.encode())]:
            member = zipfile.ZipInfo(name, time.localtime()[:6])
            member.external_attr, member.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(member, data)


def refuse_to_overwrite(path: Path) -> None:
    """Raises NotOurs where `path` is a file of the student's."""
    if path.exists() and not is_ours(path):
        raise NotOurs(say("not_ours", path=path))


def is_ours(path: Path) -> bool:
    """Was this zip made by hand-in?"""
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(MANIFEST)).get("format") == _FORMAT
    except (OSError, KeyError, ValueError, AttributeError, zipfile.BadZipFile):
        return False
