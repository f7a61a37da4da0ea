"""Names under which a student's files lie beside notebooks that a teacher opens: no browser acts on what they hold.

A web server tells a browser by a file's ending what it is. Raster pictures (by what they hold, not by name alone) and
data keep their names; anything else (HTML, SVG, PDF, scripts, what has no ending) becomes a text: `plot.html` is
kept as `plot.html.txt`, byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import count
from pathlib import PurePosixPath

from coursework.submission import folded, parents

HEAD = 16  # bytes of a file that tell what it is
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
_DATA = {".csv", ".json", ".npy", ".npz", ".pt", ".pth", ".safetensors", ".tsv", ".txt"}
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")


def harmless_names(heads: Mapping[str, bytes], beside: Collection[str] = ()) -> dict[str, str]:
    """{name: name to keep it under}, all different, for files that are known by their first bytes.

    `beside`: names that are taken already.
    """
    kept = {name: name for name, head in heads.items() if _is_harmless(name, head)}
    taken = {folded(name) for name in [*kept, *beside]}
    taken |= {folded(folder) for name in [*heads, *beside] for folder in parents(name)}
    for name in heads:
        if name not in kept:
            tries = (f"{name}.txt" if number == 1 else f"{name}.{number}.txt" for number in count(1))
            kept[name] = next(new for new in tries if folded(new) not in taken)
            taken.add(folded(kept[name]))
    return kept


def _is_harmless(name: str, head: bytes) -> bool:
    ending = PurePosixPath(name).suffix.lower()
    return ending in _DATA or (ending in PICTURES and _is_picture(head))


def _is_picture(head: bytes) -> bool:
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_STARTS) or webp or head[4:8] == b"ftyp"  # the last: HEIC and AVIF
