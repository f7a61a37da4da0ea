"""What the build stores beside a notebook: NAME.json, and in NAME.safetensors the arrays among its values."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.numpy

from .outcome import Outcome


def read_stored(path: Path) -> dict:
    """The data in `path` (NAME.json): hints, and per check points, parts, seeds, expected and mistakes as Outcomes."""
    data = json.loads(path.read_text(encoding="utf-8"))
    arrays_path = path.with_suffix(".safetensors")
    arrays = safetensors.numpy.load_file(arrays_path) if arrays_path.exists() else {}
    for check in data["checks"].values():
        check["expected"] = [Outcome.unpack(item, arrays) for item in check["expected"]]
        for mistake in check["mistakes"]:
            mistake["outcomes"] = [Outcome.unpack(item, arrays) for item in mistake["outcomes"]]
    return data
