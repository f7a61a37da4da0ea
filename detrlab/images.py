"""Pictures: opening them wherever they come from, and making them a model's input.

Resize rule and normalisation follow `datasets/transforms.py` of the official code: the shorter side becomes 800
pixels unless the longer one would pass 1333; colours are standardised with ImageNet's mean and deviation.
"""

import io
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Pillow opens many more, of which some (EPS) start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "PPM", "TIFF")
MIN_SIDE = 32  # pixels: one cell of a ResNet's last feature map
MAX_PIXELS = 50_000_000  # a decompression bomb is a small file with a huge picture
MAX_DOWNLOAD = 64 * 2**20  # bytes
TIMEOUT_S = 20.0  # for a whole download

Source: TypeAlias = str | Path | bytes | bytearray | memoryview | Image.Image | Mapping | tuple | list


class PictureError(ValueError):
    """A picture that cannot be opened or used; the message says why and what to do."""


def open_picture(source: Source) -> Image.Image:
    """A picture as RGB, upright (EXIF orientation applied), first frame if animated, without metadata.

    Args:
        source: a path, an http(s) URL, the bytes of a file, a PIL picture, or the value of an ipywidgets
            `FileUpload` (the tuple or one of its entries). Transparent parts come out white.

    Raises:
        PictureError: nothing there, not a picture, damaged, a side below 32 pixels, more than 50 million pixels,
            a download that fails or takes longer than 20 s.
    """
    if isinstance(source, Image.Image):
        return _to_rgb(source, "the picture")
    data, what = _read(source)
    with warnings.catch_warnings():
        # Pillow warns of what is raised below (bombs) or of harmless metadata.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                return _to_rgb(picture, what)
        except Image.DecompressionBombError:
            raise PictureError(f"{what} has far more than {MAX_PIXELS:,} pixels: make it smaller") from None
        except UnidentifiedImageError:
            raise PictureError(f"{what} is not a picture{_looks_like(data)}: use a JPEG or PNG file") from None


def _read(source: Source) -> tuple[bytes, str]:
    """The bytes of a file, and what to call it in a message."""
    if isinstance(source, tuple | list):
        if len(source) != 1:
            raise PictureError(
                f"the upload holds {len(source)} files, one is expected: press the button and choose one"
            )
        source = source[0]
    if isinstance(source, Mapping):
        if "content" not in source:
            raise PictureError(f"an upload has the entry 'content', this has {sorted(source)}: pass upload.value")
        return bytes(source["content"]), f"the upload {source.get('name', '')!r}"
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), "the data"
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return _download(source), source
    if isinstance(source, str | Path):
        return _read_file(Path(source)), f"the file {str(source)!r}"
    raise PictureError(
        f"a picture cannot be opened from {type(source).__name__}: "
        "pass a path, a URL, bytes, a PIL picture or upload.value"
    )


def _read_file(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except FileNotFoundError:
        raise PictureError(
            f"there is no file {str(path)!r} seen from the folder {str(Path.cwd())!r}: check name and folder"
        ) from None
    except (OSError, ValueError) as error:
        raise PictureError(f"the file {str(path)!r} cannot be read ({error}): check name and permissions") from None


def _download(url: str) -> bytes:
    import requests  # only wanted where something is fetched
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    deadline = time.monotonic() + TIMEOUT_S
    data = bytearray()
    too_slow = PictureError(f"{url} did not arrive within {TIMEOUT_S:g} s: save the picture and pass its path")
    try:
        # Some sites refuse the default agent of a script.
        headers = {"User-Agent": "Mozilla/5.0 (compatible; detrlab)"}
        with requests.get(url, stream=True, timeout=TIMEOUT_S, headers=headers) as answer:
            answer.raise_for_status()
            # read1 returns what has arrived: the time-out above counts from byte to byte, so it would let a slow
            # drip through for ever, and so would waiting for whole chunks.
            while piece := answer.raw.read1(2**16, decode_content=True):
                data += piece
                if len(data) > MAX_DOWNLOAD:
                    raise PictureError(f"{url} is larger than {MAX_DOWNLOAD // 2**20} MiB: use a smaller picture")
                if time.monotonic() > deadline:
                    raise too_slow
    except requests.HTTPError as error:
        status = f"{error.response.status_code} {error.response.reason}"
        raise PictureError(f"the server answered {status} for {url}: open the address in a browser") from None
    except (requests.Timeout, ReadTimeoutError):
        raise too_slow from None
    except (requests.RequestException, HTTPError) as error:
        kind = type(error).__name__
        raise PictureError(f"{url} cannot be reached ({kind}): check the address and the network") from None
    return bytes(data)


def _looks_like(data: bytes) -> str:
    start = data[:512].lstrip().lower()
    if not data:
        return " (it is empty)"
    if b"<!doctype html" in start or b"<html" in start:
        return " but a web page (right-click the picture itself and save that)"
    if b"<svg" in start:
        return " of pixels but an SVG drawing (export it as PNG)"
    if b"ftypheic" in start or b"ftypmif1" in start:
        return " that can be read here but HEIC (export it as JPEG)"
    return ""


def _to_rgb(picture: Image.Image, what: str) -> Image.Image:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError(f"{what} has {width} x {height} pixels, at most {MAX_PIXELS:,} are allowed: make it smaller")
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{what} has {width} x {height} pixels, each side needs {MIN_SIDE}: use a larger one")
    try:
        rgb = _convert(_first_frame_upright(picture))
    except Exception as error:  # decoders raise whatever they like on damaged data
        raise PictureError(f"{what} is damaged or incomplete ({error}): save or download it again") from error
    rgb.info = {}  # place, time and camera of a photograph are nobody's business
    return rgb


def _first_frame_upright(picture: Image.Image) -> Image.Image:
    """A copy of the first frame with the EXIF orientation applied."""
    frame = picture.tell()
    picture.seek(0)
    upright = ImageOps.exif_transpose(picture)
    picture.seek(frame)  # the caller's picture stays as it was
    return upright


def _convert(picture: Image.Image) -> Image.Image:
    """Any mode -> a new RGB picture."""
    if picture.mode.startswith("I"):
        # 16-bit grey: Pillow would clip at 255 instead of scaling.
        grey = np.asarray(picture).clip(0, 65535) / 257
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return picture.convert("RGB")


def resized_size(size_wh: tuple[int, int], shorter: int = 800, longest: int = 1333) -> tuple[int, int]:
    """Size (width, height) a picture of `size_wh` is resized to: shorter side `shorter`, longer at most `longest`.

    The official rule to the pixel: the other side is rounded down, and where the longer side decides, rounding
    the shorter one can push the longer past `longest` by a few pixels.
    """
    width, height = size_wh
    short, long = min(size_wh), max(size_wh)
    target = shorter
    if long / short * shorter > longest:
        target = max(1, round(longest * short / long))
    other = int(target * long / short)
    return (target, other) if width < height else (other, target)


def resize_picture(picture: Image.Image, shorter: int = 800, longest: int = 1333) -> Image.Image:
    """The picture at `resized_size`, bilinear with antialiasing as in the official code."""
    return picture.resize(resized_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)


def normalise(pixels: Tensor) -> Tensor:
    """Colours (..., 3, H, W) in 0..1 -> standardised with ImageNet's mean and standard deviation."""
    mean, std = pixels.new_tensor(IMAGENET_MEAN), pixels.new_tensor(IMAGENET_STD)
    return (pixels - mean[:, None, None]) / std[:, None, None]


def to_input(picture: Image.Image, shorter: int = 800, longest: int = 1333) -> Tensor:
    """An RGB picture -> the model's input (3, H, W), float32, resized and normalised."""
    return pixels_of(resize_picture(picture, shorter, longest))


def pixels_of(picture: Image.Image) -> Tensor:
    """The pixels of an RGB picture, (3, H, W) float32, normalised."""
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()  # (H, W, 3) -> (3, H, W)
    return normalise(pixels.float() / 255)
