"""Pictures without what a camera wrote beside the pixels: place, time, device, thumbnails, film of a "live" photo."""

from __future__ import annotations

import base64
import binascii
import io

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
_OPTIONS = {"PNG": {}, "JPEG": {"quality": 95}, "WEBP": {"quality": 95}, "GIF": {}, "BMP": {}, "TIFF": {}}


def clean_picture(data: bytes) -> bytes:
    """The same picture, upright, in the same format, made of its pixels alone; of a film, the first frame.

    Raises ValueError where it cannot be read, or its format cannot be written here.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            name = {"MPO": "JPEG"}.get(image.format or "", image.format)
            if name not in _OPTIONS:
                raise ValueError(f"{name} pictures cannot be written here; PNG and JPEG can")
            upright = ImageOps.exif_transpose(image)
            has_alpha = name in ("PNG", "WEBP") and upright.has_transparency_data
            pixels = np.asarray(upright.convert("RGBA" if has_alpha else "RGB"))
    except (OSError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise ValueError(f"no picture that can be read ({error})") from error
    clean = io.BytesIO()
    # Only the pixels are handed over: whatever hung on the old picture stays behind.
    Image.fromarray(pixels).save(clean, name, **_OPTIONS[name])
    return clean.getvalue()


def clean_attachments(notebook: dict) -> None:
    """Clean the pictures pasted into a notebook's cells, in place; one that cannot be read goes."""
    for cell in notebook["cells"]:
        for name, kinds in list(cell.get("attachments", {}).items()):
            for mime, text in list(kinds.items()):
                try:
                    raw = base64.b64decode("".join(text), validate=False)
                    kinds[mime] = base64.b64encode(clean_picture(raw)).decode()
                except (ValueError, TypeError, binascii.Error):
                    del kinds[mime]
            if not kinds:
                del cell["attachments"][name]
