"""Weights files: the cache, the verified download and what may be in a file."""

import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file

from detrlab import weights
from detrlab.weights import WeightsError, data_path, is_cached, official_file, read_weights
from tests.loopback import serving

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3)}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DETRLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def checkpoint(tmp_path, monkeypatch) -> tuple[str, bytes]:
    """A checkpoint file of the official form that stands in for that of detr_resnet50."""
    path = tmp_path / "made.pth"
    torch.save({"model": STATE}, path)
    data = path.read_bytes()
    name = f"detr-r50-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    monkeypatch.setitem(weights.OFFICIAL_FILES, "detr_resnet50", name)
    return name, data


def test_fetched_once_then_from_the_cache(cache, checkpoint, monkeypatch):
    name, data = checkpoint
    assert not is_cached("detr_resnet50")
    with serving({name: data}) as address:
        monkeypatch.setattr(weights, "OFFICIAL_URL", address)
        path = official_file("detr_resnet50")
    assert path == cache / name
    assert is_cached("detr_resnet50")
    # The server is gone: the second time must do without it.
    assert official_file("detr_resnet50") == path
    assert read_weights(path)["a.weight"].equal(STATE["a.weight"])
    assert [file.name for file in cache.iterdir()] == [name]


def test_an_altered_download_is_refused(cache, checkpoint, monkeypatch):
    name, data = checkpoint
    with serving({name: data + b"!"}) as address:
        monkeypatch.setattr(weights, "OFFICIAL_URL", address)
        with pytest.raises(WeightsError, match="another SHA-256"):
            official_file("detr_resnet50")
    assert list(cache.iterdir()) == []


def test_an_altered_file_in_the_cache_is_refused(cache, checkpoint):
    name, data = checkpoint
    cache.mkdir()
    (cache / name).write_bytes(data[:-1])
    with pytest.raises(WeightsError, match="incomplete or altered, delete it"):
        official_file("detr_resnet50")


@pytest.mark.parametrize("status", [404, 503])
def test_a_server_that_refuses(cache, checkpoint, monkeypatch, status):
    with serving({checkpoint[0]: status}) as address:
        monkeypatch.setattr(weights, "OFFICIAL_URL", address)
        with pytest.raises(WeightsError, match="HTTPError"):
            official_file("detr_resnet50")
    assert list(cache.iterdir()) == []


def test_offline_says_what_to_do(cache, monkeypatch):
    with serving({}) as address:
        monkeypatch.setattr(weights, "OFFICIAL_URL", address)
    with pytest.raises(WeightsError) as caught:
        official_file("detr_demo")
    message = str(caught.value)
    assert f"download {address}detr_demo-da2a99e9.pth" in message
    assert str(cache / "detr_demo-da2a99e9.pth") in message
    assert 'load_model("shapes")' in message


def test_a_name_without_official_weights(cache):
    with pytest.raises(ValueError, match=r"no official weights 'detr_resnet18', only detr_resnet50, "):
        official_file("detr_resnet18")


def test_the_cache_is_in_the_home_folder_unless_told(monkeypatch, tmp_path):
    monkeypatch.delenv("DETRLAB_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert weights.cache_folder() == tmp_path / ".cache" / "detrlab"


def test_a_missing_shipped_file():
    with pytest.raises(WeightsError, match=r"data/no_such_file is not there"):
        data_path("no_such_file")


def test_safetensors_and_plain_state_dicts(tmp_path):
    save_file(STATE, tmp_path / "a.safetensors")
    torch.save(STATE, tmp_path / "a.pth")
    for name in ("a.safetensors", "a.pth"):
        assert read_weights(tmp_path / name)["a.weight"].equal(STATE["a.weight"])


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


def test_files_that_hold_no_weights(tmp_path):
    (tmp_path / "bomb.pth").write_bytes(pickle.dumps({"a": Bomb()}, protocol=2))
    (tmp_path / "words.pth").write_bytes(b"just words")
    (tmp_path / "empty.pth").write_bytes(b"")
    (tmp_path / "words.safetensors").write_bytes(b"just words")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"model": {"epoch": 3}}, tmp_path / "numbers.pth")
    expected = {
        "bomb.pth": "not a file of tensors",
        "words.pth": "not a file of tensors",
        "empty.pth": "not a file of tensors",
        "words.safetensors": "not a file of tensors",
        "list.pth": "holds no state dict",
        "numbers.pth": "holds no state dict",
        "missing.pth": "there is no weights file",
    }
    for name, message in expected.items():
        with pytest.raises(WeightsError, match=message) as caught:
            read_weights(tmp_path / name)
        assert "weights_only" not in str(caught.value)
