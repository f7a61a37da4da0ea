"""Frames on a socket: a JSON head and a body of raw bytes, with a cap on each. Nothing is ever unpickled.

Both sides use it; the trusted side reads with `Frames`, which never blocks and refuses what is too long.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from typing import Any

from .bounded_json import holds_more, load

_LENGTHS = struct.Struct(">II")
MAX_HEAD = 18 * 2**20
MAX_BODY = 160 * 2**20
MAX_VALUES = 500_000  # in one head
MAX_MESSAGES = 10_000  # outputs of one notebook; the honest side sends no more, a forger may try


class WireError(ValueError):
    """What came is no frame, or a frame beyond the caps."""


def encode(head: dict[str, Any], body: bytes = b"", default: Callable[[Any], Any] | None = None) -> bytes:
    """One frame as bytes; `default` turns what JSON does not know into something it does.

    Raises WireError where the other side would not read it.
    """
    text = json.dumps(head, separators=(",", ":"), default=default)
    if len(text) > MAX_HEAD or len(body) > MAX_BODY or holds_more(text, MAX_VALUES):
        raise WireError("a message is longer than allowed")
    encoded = text.encode()
    return _LENGTHS.pack(len(encoded), len(body)) + encoded + body


def read_frame(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """The next frame of a blocking socket, or None at its end."""
    lengths = _read_exactly(connection, _LENGTHS.size)
    if lengths is None:
        return None
    head_size, body_size = _LENGTHS.unpack(lengths)
    head = _read_exactly(connection, head_size)
    body = _read_exactly(connection, body_size)
    return None if head is None or body is None else (json.loads(head), body)


def _read_exactly(connection: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 2**20))
        if not part:
            return None
        parts += part
    return bytes(parts)


class Frames:
    """Bytes in, frames out, for a reader that must not trust the writer: at most `budget` bytes in all."""

    def __init__(self, budget: int):
        self._buffer = bytearray()
        self._budget = budget

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes, int]]:
        """The frames that are complete now, with the length of their heads; raises WireError for damage or excess."""
        self._budget -= len(data)
        if self._budget < 0:
            raise WireError("more bytes came than a notebook may send")
        self._buffer += data
        frames, start = [], 0
        while len(self._buffer) - start >= _LENGTHS.size:
            head_size, body_size = _LENGTHS.unpack_from(self._buffer, start)
            if head_size > MAX_HEAD or body_size > MAX_BODY:
                raise WireError("a message is longer than allowed")
            end = start + _LENGTHS.size + head_size + body_size
            if len(self._buffer) < end:
                break
            middle = end - body_size
            head = _head(self._buffer[start + _LENGTHS.size : middle])
            frames.append((head, bytes(self._buffer[middle:end]), head_size))
            start = end
        del self._buffer[:start]
        return frames


def _head(text: bytearray) -> dict[str, Any]:
    try:
        head = load(text.decode("ascii"), MAX_VALUES)  # as `encode` writes it
    except (ValueError, RecursionError) as error:
        raise WireError(f"a message cannot be read ({type(error).__name__})") from None
    if not isinstance(head, dict):
        raise WireError("a message is not an object")
    return head
