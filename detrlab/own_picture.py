"""The student's own picture: opened from wherever it is, kept as a small clean file beside the notebook.

The kept file is what is handed in and graded, so a notebook runs again offline, in another place and without the
upload. Re-encoding leaves out whatever a camera wrote beside the pixels (place, time, device).
"""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from detrlab.images import PictureError, Source, open_picture

KEPT_NAME = "my_picture.png"  # no file of the course has this name: graders overwrite files of the course
LONGEST_KEPT = 1600  # pixels: more than any model here looks at, and a photograph stays a few megabytes

THUMBNAIL = 16  # pixels a side
SAME_PICTURE = 6.0  # mean difference of two thumbnails, 0..255: above what JPEG or a resize changes


def keep_picture(source: Source, path: str | Path = KEPT_NAME) -> Image.Image:
    """Keep a picture as PNG at `path` and return it: RGB, upright, at most 1600 pixels a side, without metadata.

    Args:
        source: whatever `open_picture` takes: a path, an http(s) URL, bytes, a PIL picture, an upload's `.value`.
            An upload is empty again, and an address may be gone, when the notebook is run the next time: where a
            source is empty or cannot be opened, the picture kept before is taken, and a line says so.
        path: where to keep it.

    Raises:
        PictureError: the source cannot be opened, and no picture was kept before.
    """
    path = Path(path)
    try:
        if not source:
            raise PictureError(
                "no picture is chosen yet: drag a shape onto the composer's paper, or press the upload's button, "
                "or give a path or an address; then run this cell again"
            )
        picture = open_picture(source)
    except PictureError as error:
        if not path.exists():
            raise
        print(f"{path.name}, kept before, is used ({error}).")
        return open_picture(path)
    if max(picture.size) > LONGEST_KEPT:
        picture.thumbnail((LONGEST_KEPT, LONGEST_KEPT), Image.Resampling.LANCZOS)
    _write(picture, path)
    return picture


def _write(picture: Image.Image, path: Path) -> None:
    """Save as PNG, all or nothing; an equal file stays untouched, so that a read-only folder will do for a re-run."""
    encoded = io.BytesIO()
    # Only pixels are handed over: anything that hangs on the old object stays behind.
    Image.fromarray(np.asarray(picture)).save(encoded, "PNG")
    if path.exists() and path.read_bytes() == encoded.getvalue():
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(encoded.getvalue())
    unfinished.replace(path)


def upload_button():
    """A button (ipywidgets `FileUpload`) to choose one picture from one's computer; pass its `.value` on."""
    from ipywidgets import FileUpload, Layout  # loads slowly, and only notebooks want it

    return FileUpload(accept="image/*", multiple=False, description="Choose a picture", layout=Layout(width="auto"))


def same_picture(one: Image.Image, other: Image.Image) -> bool:
    """Do two pictures show the same, whatever their size and file format?"""
    return picture_difference(one, other) < SAME_PICTURE


def picture_difference(one: Image.Image, other: Image.Image) -> float:
    """How much two pictures of any size differ, both shrunk to 16 x 16 pixels: the mean over their colours, 0..255."""
    small = [
        np.asarray(picture.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), dtype=np.float64)
        for picture in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean())
