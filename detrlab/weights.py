"""Weights as files: those shipped in `data/`, and the official ones, fetched on request and verified.

The official file names end in the first eight digits of their SHA-256. Nothing is fetched unless
`official_file` or `hub_file` is called, and no pickle is ever executed: .pth files are read with `weights_only=True`,
and of HuggingFace's hub only safetensors are asked for.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

OFFICIAL_URL = "https://dl.fbaipublicfiles.com/detr/"
OFFICIAL_FILES = {
    "detr_resnet50": "detr-r50-e632da11.pth",
    "detr_resnet50_dc5": "detr-r50-dc5-f0fb7ef5.pth",
    "detr_resnet101": "detr-r101-2c7b67e5.pth",
    "detr_resnet101_dc5": "detr-r101-dc5-a2e86def.pth",
    "detr_resnet50_panoptic": "detr-r50-panoptic-00ce5173.pth",
    "detr_resnet50_dc5_panoptic": "detr-r50-dc5-panoptic-da08f1b1.pth",
    "detr_resnet101_panoptic": "detr-r101-panoptic-40021d53.pth",
    "detr_demo": "detr_demo-da2a99e9.pth",
}
HUB_FILE = "model.safetensors"
TIMEOUTS_S = (10.0, 30.0)  # to connect, between two pieces


class WeightsError(RuntimeError):
    """Weights that are not there or cannot be read; the message says what to do."""


def data_path(name: str) -> Path:
    """The shipped file `data/<name>`, in a checkout or in an installed package.

    Raises:
        WeightsError: no such file is shipped.
    """
    package = Path(__file__).parent
    for folder in (package / "data", package.parent / "data"):
        if (folder / name).exists():
            return folder / name
    raise WeightsError(f"data/{name} is not there: in a checkout `make train` makes weights, else install again")


def cache_folder() -> Path:
    """Where official weights are kept: $DETRLAB_CACHE, or .cache/detrlab in the home folder."""
    return Path(os.environ.get("DETRLAB_CACHE") or Path.home() / ".cache" / "detrlab")


def is_cached(name: str) -> bool:
    """Whether the official weights `name` can be had without the network."""
    return (cache_folder() / _official_file_name(name)).exists()


def official_file(name: str) -> Path:
    """The official weights file `name`, fetched into the cache unless it is there; its hash is checked each time.

    Raises:
        ValueError: there are no official weights of this name.
        WeightsError: it is neither cached nor can be fetched, or its hash is wrong.
    """
    file_name = _official_file_name(name)
    path = cache_folder() / file_name
    if not path.exists():
        _fetch(OFFICIAL_URL + file_name, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(expected := _hash_prefix(file_name)):
        raise WeightsError(
            f"{path} has the SHA-256 {digest[:8]}..., {expected} was expected: it is incomplete or altered, "
            "delete it and try again"
        )
    return path


def is_hub_name(weights: str | Path) -> bool:
    """Is this a repository of HuggingFace's hub, as "facebook/detr-resnet-50", and no file?"""
    path = Path(weights)
    named = isinstance(weights, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", weights) is not None
    return named and path.suffix not in (".safetensors", ".pth") and not path.exists()


def hub_file(repository: str) -> Path:
    """The file model.safetensors of a repository on HuggingFace's hub, in the cache of `huggingface_hub` itself.

    Raises:
        WeightsError: huggingface_hub is not installed, or the file is neither in its cache nor can be fetched.
    """
    try:
        from huggingface_hub import hf_hub_download  # no requirement: whoever wants the hub installs it
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    except ImportError:
        raise WeightsError(
            f"there is no file {repository!r}, and to fetch it from HuggingFace's hub huggingface_hub is missing: "
            f"pip install huggingface_hub, or download {HUB_FILE} from https://huggingface.co/{repository} and pass "
            "its path"
        ) from None
    try:
        return Path(hf_hub_download(repository, HUB_FILE))
    except (EntryNotFoundError, OSError, ValueError) as error:
        if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
            raise WeightsError(
                f"{repository} on HuggingFace's hub holds no {HUB_FILE}, and no other format is read from there: "
                "save it with transformers' save_pretrained and pass the file's path"
            ) from None
        raise WeightsError(
            f"there is no file {repository!r}, nor has huggingface_hub one of this name, nor can it fetch it "
            f"({type(error).__name__}): check name and network, or download {HUB_FILE} from "
            f"https://huggingface.co/{repository} elsewhere and pass its path"
        ) from None


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The state dict in a .safetensors or .pth file; of a training checkpoint its entry "model".

    Raises:
        WeightsError: no such file, or not a file of tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"there is no weights file {str(path)!r}: check name and folder")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # A damaged file leads the unpickler to errors of any kind; and torch's advice for a refused one,
        # weights_only=False, would execute what the file says: neither is passed on.
        raise WeightsError(
            f"{str(path)!r} is not a file of tensors ({type(error).__name__}): a .pth saved from a state dict or a "
            ".safetensors file is expected"
        ) from None
    if isinstance(state, dict):
        state = state.get("model", state)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{str(path)!r} holds no state dict: save model.state_dict()")
    return dict(state)


def metadata(path: str | Path) -> dict[str, str]:
    """What a .safetensors file, which `read_weights` has read, says about its tensors."""
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def _official_file_name(name: str) -> str:
    if name not in OFFICIAL_FILES:
        raise ValueError(f"there are no official weights {name!r}, only {', '.join(OFFICIAL_FILES)}")
    return OFFICIAL_FILES[name]


def _hash_prefix(file_name: str) -> str:
    return Path(file_name).stem.rpartition("-")[2]


def _fetch(url: str, path: Path) -> None:
    """Download to a temporary file, check its hash, then move it into place: a file in the cache is whole."""
    import requests  # only wanted where something is fetched

    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        try:
            with requests.get(url, stream=True, timeout=TIMEOUTS_S) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_content(2**20):
                    part.write(chunk)
                    digest.update(chunk)
            part.close()
            if not digest.hexdigest().startswith(expected := _hash_prefix(path.name)):
                raise WeightsError(f"{url} arrived with another SHA-256 than {expected}: try again later")
            os.replace(part.name, path)
        except requests.RequestException as error:
            raise WeightsError(
                f"the official weights {path.name} are not here and cannot be fetched ({type(error).__name__}).\n"
                f"By hand: download {url} elsewhere and put it at {path}\n"
                'Meanwhile: load_model("shapes") works offline.'
            ) from None
        finally:
            Path(part.name).unlink(missing_ok=True)
