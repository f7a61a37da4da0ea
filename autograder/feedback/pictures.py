"""Pictures in a page: part of it, each once, and large ones compressed, so that a page stays small and needs no file.

`embed` is the last step over a page's HTML, after everything of a student's in it was made harmless: what it puts in
are pictures that were decoded and written anew, or small ones as they are.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from PIL import Image, ImageChops, ImageOps

from coursework.marking.messages import say
from coursework.submission import MAX_FILE, safe_path

MAX_KB = 20  # of a picture that stays as it is
MAX_SIDE = 1_200  # pixels of one that is compressed
COLOURS = 256  # of a drawing
MAX_OFF = 0.05  # of its pixels may change visibly; where more do, as in a bar of colours, it is no drawing
MAX_PIXELS = 40_000_000  # of one that is decoded at all
MAX_PICTURES = 300  # of one page
_FORMATS = {"PNG": "png", "JPEG": "jpeg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp"}
# A whole tag. "<" stands for itself nowhere else: not in text, and `clean_html` writes it out in attributes, too.
_IMAGE = re.compile(r"""<img((?:\s+[\w-]+(?:="[^"<]*"|='[^'<]*'|=[^\s"'<>=]+)?)*)\s*/?>""")
# Its attributes up to the source, one by one: in another one's value ` src='` begins none.
_SOURCE = re.compile(r"""((?:\s+[\w-]+(?:="[^"]*"|='[^']*'|=[^\s"'<>=]+)?)*?)\s+src=(?:"([^"]*)"|'([^']*)')""")
_DATA = re.compile(r"data:image/(?:png|jpeg|gif);base64,")


def embed(page: str, folder: Path) -> str:
    """The page's HTML with its pictures in it: those in it already, and those of files in `folder`.

    A picture that is there for the second time, or that cannot be shown, becomes a sentence.
    """
    seen: set[bytes] = set()
    found = 0

    def shown(image: re.Match) -> str:
        nonlocal found
        attribute = _SOURCE.match(image[1])
        source = html.unescape(attribute[2] or attribute[3] or "") if attribute else ""
        if not attribute or (source.startswith("data:") and not _DATA.match(source)):
            return image[0]  # a drawing, as text
        found += 1
        data = _bytes(source, folder) if found <= MAX_PICTURES else None
        digest = hashlib.sha256(data or b"").digest()
        if data and digest in seen:
            return _instead("picture_again")
        seen.add(digest)
        address = small(data) if data else None
        if address is None:
            return _instead("picture_not_shown")
        return f'<img{attribute[1]} src="{address}"{image[1][attribute.end() :]}>'

    return _IMAGE.sub(shown, page)


def small(data: bytes) -> str | None:
    """A picture as the address that holds it, compressed where it is large; None for what is no picture."""
    try:
        return _small(data)
    except Exception:  # a stranger's picture may make its decoder fail in any way
        return None


@lru_cache(500)  # the course's own figures are on every student's page
def _small(data: bytes) -> str:
    with Image.open(io.BytesIO(data), formats=tuple(_FORMATS)) as picture:
        if len(data) <= MAX_KB * 1000:
            return _address(_FORMATS[picture.format or ""], data)
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError("more pixels than a page should decode")
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGBA" if picture.has_transparency_data else "RGB")
        upright.thumbnail((MAX_SIDE, MAX_SIDE))
        smallest = min([_as_photograph(upright), *_as_drawing(upright)], key=len)
    return _address("webp", min(smallest, data, key=len) if picture.format == "WEBP" else smallest)


def _as_photograph(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=65, method=2)  # 4 takes twice as long, for a twentieth less
    return file.getvalue()


def _as_drawing(picture: Image.Image) -> list[bytes]:
    """In few colours and sharp, half of a photograph's bytes where there is text on even ground; [] where it shows."""
    few = picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).convert(picture.mode)
    off = ImageChops.difference(few.convert("RGB"), picture.convert("RGB")).convert("L").histogram()
    if sum(off[5:]) > MAX_OFF * picture.width * picture.height:
        return []
    file = io.BytesIO()
    few.save(file, "WEBP", lossless=True, quality=20, method=2)
    return [file.getvalue()]


def _address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _bytes(source: str, folder: Path) -> bytes | None:
    if found := _DATA.match(source):
        try:
            return base64.b64decode(source[found.end() :])
        except ValueError:
            return None
    name = unquote(source)
    path = folder / name
    if not safe_path(name) or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    with open(path, "rb") as file:
        return file.read(MAX_FILE)


def _instead(message: str) -> str:
    return f"<em>{html.escape(say(message))}</em>"
