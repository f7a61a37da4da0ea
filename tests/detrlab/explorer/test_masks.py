"""The mask explorer's Python part: what is sent is what `segment` and the mask head came to."""

import numpy as np
import pytest
import torch
from PIL import Image

from detrlab.detr.models import load_model
from detrlab.evaluation.evaluate_panoptic import panoptic_scenes
from detrlab.explorer.explore import explore
from detrlab.explorer.masks import MaskExplorer, _reduced, eight_bits
from detrlab.images import to_input
from detrlab.panoptic.mask_path import mask_path
from detrlab.panoptic.postprocess import segment


@pytest.fixture(scope="module")
def model():
    return load_model("shapes_panoptic")


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    (scene,) = panoptic_scenes(1, first=51, size_wh=(500, 325))
    return scene.picture


def sent(explorer: MaskExplorer, name: str) -> np.ndarray:
    place = explorer.meta["arrays"][name]
    kind = np.dtype(place["type"]).newbyteorder("<")
    return np.frombuffer(explorer.data, kind, int(np.prod(place["shape"])), place["start"]).reshape(place["shape"])


def test_segments_and_maps_are_the_models(model, picture):
    explorer = explore(model, picture)
    found = segment(model, picture)
    assert np.array_equal(explorer.found.ids, found.ids)
    told = [(each["id"], each["queries"]) for each in explorer.meta["segments"]]
    assert told == [(each.id, list(each.queries)) for each in found.segments] and len(told) >= 3
    assert [each["thing"] for each in explorer.meta["segments"]][-2:] == [False, False]  # sky and land come last
    for each, segment_ in zip(explorer.meta["segments"], found.segments, strict=True):
        assert each["name"] == model.classes[segment_.label]
        assert each["share"] == pytest.approx(found.mask(segment_).mean())
    path = mask_path(model, to_input(picture, *model.input_size), [each.queries[0] for each in found.segments])
    np.testing.assert_array_equal(sent(explorer, "attention"), path.attention.numpy())
    for number, expected in enumerate([*path.features, path.logits.sigmoid()]):
        peaks = np.array(explorer.meta["steps"][number]["peaks"])[:, None, None]
        back = sent(explorer, f"step.{number}") / 255 * peaks
        np.testing.assert_allclose(back, expected, rtol=0, atol=peaks.max() / 500)
    assert sent(explorer, "ids").shape == (260, 400)  # of 325 x 500, at most 400 a side
    assert len(explorer.data) < 300_000


def test_a_picture_without_segments_opens(model):
    explorer = explore(model, Image.new("RGB", (128, 128), "white"), threshold=1.0)
    assert explorer.meta["segments"] == [] and explorer.meta["steps"] == []
    data, _ = explorer._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "image/png", "text/plain"} == set(data)
    with pytest.raises(ValueError, match="threshold is 85"):
        explore(model, Image.new("RGB", (128, 128)), threshold=85)


def test_eight_bits_by_hand():
    values, peaks = eight_bits(torch.tensor([[[0.0, 0.5], [2.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    assert values[0].tolist() == [[0, 64], [255, 128]] and peaks[0] == 2
    assert not values[1].any()


def test_ids_are_reduced_to_what_lies_at_each_pixels_centre():
    ids = np.repeat(np.arange(4), 250)[None].repeat(500, 0)  # four stripes of 250 pixels
    small = _reduced(ids)
    assert small.shape == (200, 400) and small.dtype == np.uint8
    assert np.array_equal(small[0], np.repeat(np.arange(4), 100))
    assert np.array_equal(_reduced(ids[:3, :7]), ids[:3, :7])
