"""Seeds and expected outcomes as one line of text, for nbgrader's hidden test cells."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import safetensors.numpy

from .outcome import Outcome


def pack_hidden(seeds: list[int], expected: list[Outcome]) -> str:
    """Seeds and expected outcomes as one line of text, for a hidden test cell."""
    arrays: dict[str, np.ndarray] = {}
    tree = {"seeds": seeds, "expected": [outcome.pack(arrays, "hidden") for outcome in expected]}
    head = json.dumps(tree).encode()
    body = safetensors.numpy.save(arrays) if arrays else b""
    return base64.b85encode(zlib.compress(len(head).to_bytes(4, "big") + head + body, 9)).decode()


def unpack_hidden(packed: str) -> tuple[list[int], list[Outcome]]:
    """What `pack_hidden` was given."""
    raw = zlib.decompress(base64.b85decode(packed))
    size = int.from_bytes(raw[:4], "big")
    tree = json.loads(raw[4 : 4 + size])
    arrays = safetensors.numpy.load(raw[4 + size :]) if len(raw) > 4 + size else {}
    return tree["seeds"], [Outcome.unpack(item, arrays) for item in tree["expected"]]
