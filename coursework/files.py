"""Files written whole or not at all: whoever reads one, now or after a crash, finds the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` at the end of the block, on the disk by then; where it raises, none does.

    `mode`: the rights of the new file, less those that the umask withholds.
    """
    beside = path.with_name(f".{path.name.removeprefix('.')}.{os.getpid()}.new")
    try:
        with open(beside, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a text as UTF-8, whole or not at all."""
    with whole(path, mode) as file:
        file.write(text.encode())
