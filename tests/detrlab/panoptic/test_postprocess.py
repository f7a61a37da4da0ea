"""Instance masks against the official numbers; panoptic maps by counting pixels, slips and all."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from detrlab.detr.models import shapes_model
from detrlab.images import to_input
from detrlab.panoptic.postprocess import _nearest, instance_masks, panoptic_maps, segment
from detrlab.panoptic.segmentation import DETRsegm
from detrlab.scenes.compose import draw_scene
from tests.golden_data import golden_file

THINGS = range(2)  # of classes 0 to 3; 2 and 3 are stuff, 4 is no-object


def test_instance_masks_equal_the_official_code():
    golden = load_file(golden_file("postprocess.safetensors"))
    inputs, originals = (golden[f"segm_{which}_sizes"].tolist() for which in ("max", "orig"))
    masks = instance_masks(golden["segm_pred_masks"], inputs, [tuple(size) for size in originals])
    for i, mask in enumerate(masks):
        assert mask.dtype == torch.bool
        assert mask.equal(golden[f"segm_masks.{i}"][:, 0].bool())


def test_an_instance_mask_is_cut_where_its_padding_begins():
    """A batch padded to 8 x 8: the mask's lower half lies on the padding of the first picture, 4 x 8."""
    logits = torch.cat([torch.full((4, 8), -5.0), torch.full((4, 8), 5.0)])[None]
    upper, whole = instance_masks(torch.stack([logits, logits]), [(4, 8), (8, 8)], [(2, 4), (8, 8)])
    assert upper.shape == (1, 2, 4) and not upper.any()
    assert whole.sum() == 4 * 8


def outputs(masks: list[torch.Tensor], labels: list[int], confidence: float = 0.99) -> dict[str, torch.Tensor]:
    """What a model says of one picture: Q masks of logits (h, w), Q labels with a probability."""
    probabilities = torch.full((len(labels), 5), (1 - confidence) / 4)
    for query, label in enumerate(labels):
        probabilities[query, label] = confidence
    return {"pred_logits": probabilities.log()[None], "pred_masks": torch.stack(masks)[None]}


def one(out: dict[str, torch.Tensor], size: tuple[int, int], **options):
    return panoptic_maps(out, [size], [size], THINGS, **options)[0]


def rectangle(rows: slice, columns: slice, size: tuple[int, int], high: float, low: float = -9.0) -> torch.Tensor:
    mask = torch.full(size, low)
    mask[rows, columns] = high
    return mask


def counted(found) -> list[tuple[int, int, tuple[int, ...]]]:
    """(label, area, queries) of each segment."""
    return [(segment.label, found.areas[segment.id], segment.queries) for segment in found.segments]


ALL = slice(None)


@pytest.mark.parametrize("official", [False, True])
def test_every_pixel_goes_to_the_largest_logit(official):
    """6 x 7 pixels: the thing in front has 12 of them, the stuff 30; void is left nowhere."""
    masks = [rectangle(ALL, ALL, (6, 7), 1.0), rectangle(slice(1, 4), slice(2, 6), (6, 7), 3.0)]
    found = one(outputs(masks, [2, 0]), (6, 7), official=official)
    assert counted(found) == [(2, 30, (0,)), (0, 12, (1,))]
    assert found.ids[2, 3] == 2 and found.ids[0, 0] == 1


def test_what_does_not_count():
    """No-object, however sure; a class at the threshold or below; and nothing at all is all void."""
    masks = [rectangle(ALL, ALL, (6, 7), 5.0), rectangle(ALL, ALL, (6, 7), 1.0)]
    assert counted(one(outputs(masks, [4, 1]), (6, 7))) == [(1, 42, (1,))]
    assert counted(one(outputs(masks, [0, 1], 0.8), (6, 7), threshold=0.75)) == [(0, 42, (0,))]
    for official in (False, True):
        nothing = one(outputs(masks, [0, 1], 0.8), (6, 7), official=official)
        assert nothing.segments == () and nothing.areas == {0: 42}


@pytest.mark.parametrize("official", [False, True])
def test_small_segments_go_to_what_lies_behind(official):
    """4 pixels are too few, 5 are enough; the 4 go to the stuff behind them."""
    masks = [
        rectangle(ALL, ALL, (6, 7), 1.0),
        rectangle(slice(0, 2), slice(0, 2), (6, 7), 3.0),
        rectangle(slice(5, 6), slice(0, 5), (6, 7), 3.0),
    ]
    found = one(outputs(masks, [3, 0, 1]), (6, 7), official=official)
    assert counted(found) == [(3, 37, (0,)), (1, 5, (2,))]


@pytest.mark.parametrize("official", [False, True])
def test_too_small_alone_leaves_void(official):
    found = one(outputs([rectangle(ALL, ALL, (2, 2), 1.0)], [0]), (2, 2), official=official)
    assert found.segments == () and found.areas == {0: 4}


def merged_stuff() -> dict[str, torch.Tensor]:
    """6 x 6 pixels: stuff in two masks, 9 + 18 of the pixels, and a thing with the last 9, second best everywhere."""
    left, right = slice(0, 3), slice(3, 6)
    masks = [
        rectangle(left, left, (6, 6), 5.0),
        rectangle(right, ALL, (6, 6), 5.0),
        rectangle(left, right, (6, 6), 5.0, low=1.0),
    ]
    return outputs(masks, [2, 2, 0])


def test_merged_stuff_stays_whole():
    assert counted(one(merged_stuff(), (6, 6))) == [(2, 27, (0, 1)), (0, 9, (2,))]


def test_officially_merged_stuff_falls_apart():
    """The second mask has no pixel of its own after merging, is deleted as too small, and the thing takes its 18."""
    assert counted(one(merged_stuff(), (6, 6), official=True)) == [(2, 9, (0,)), (0, 27, (2,))]


def test_things_of_one_class_are_not_merged():
    out = merged_stuff()
    as_things = outputs(list(out["pred_masks"][0]), [1, 1, 0])
    assert [area for _, area, _ in counted(one(as_things, (6, 6)))] == [9, 18, 9]


def padded_batch() -> tuple[dict[str, torch.Tensor], list[tuple[int, int]]]:
    """Two pictures, 6 x 8 and 12 x 8: of the first one the upper half is stuff and the lower half a thing."""
    masks = [rectangle(slice(0, 3), ALL, (12, 8), 5.0), rectangle(slice(3, 12), ALL, (12, 8), 5.0)]
    one_picture = outputs(masks, [2, 0])
    return {key: value.repeat(2, *[1] * (value.dim() - 1)) for key, value in one_picture.items()}, [(6, 8), (12, 8)]


def test_padding_is_cropped():
    out, sizes = padded_batch()
    first, second = panoptic_maps(out, sizes, sizes, THINGS)
    assert counted(first) == [(2, 24, (0,)), (0, 24, (1,))]
    assert counted(second) == [(2, 24, (0,)), (0, 72, (1,))]


def test_officially_the_padded_mask_is_squeezed_into_the_picture():
    """Of 12 rows of logits, 3 are stuff: squeezed into 6 rows that is 1.5. Row 1 lies between: half of each, a tie."""
    out, sizes = padded_batch()
    first, second = panoptic_maps(out, sizes, sizes, THINGS, official=True)
    assert (first.ids[0] == 1).all() and (first.ids[2:] == 2).all()
    assert counted(second) == [(2, 24, (0,)), (0, 72, (1,))]


def test_a_map_has_the_size_of_the_original():
    """Logits of 3 x 4 cells, an input of 12 x 16 pixels, an original of 30 x 40: the right half is the thing's."""
    masks = [rectangle(ALL, slice(0, 2), (3, 4), 5.0), rectangle(ALL, slice(2, 4), (3, 4), 5.0)]
    found = panoptic_maps(outputs(masks, [2, 1]), [(12, 16)], [(30, 40)], THINGS)[0]
    assert found.ids.shape == (30, 40)
    assert (found.ids[:, :20] == 1).all() and (found.ids[:, 20:] == 2).all()


@pytest.mark.parametrize("size_hw", [(7, 11), (23, 5), (40, 33), (13, 17)])
def test_nearest_is_that_of_pillow(size_hw):
    ids = torch.arange(13 * 17).view(13, 17)
    theirs = Image.fromarray(ids.numpy().astype(np.int32)).resize(size_hw[::-1], Image.Resampling.NEAREST)
    assert np.array_equal(_nearest(ids, size_hw).numpy(), np.asarray(theirs))


def test_segmenting_a_picture():
    torch.manual_seed(0)
    model = DETRsegm(shapes_model(), {"layer1": 64, "relu": 32}, groups=4)
    model.things, model.detr.input_size = range(6), (64, 107)
    scene = draw_scene(3, (96, 72))
    found = segment(model, scene.picture, threshold=0.0)
    assert model.training  # as it was
    pixels = to_input(scene.picture, *model.input_size)
    with torch.no_grad():
        out = model.eval()(pixels[None])
    expected = panoptic_maps(out, [pixels.shape[1:]], [(72, 96)], model.things, threshold=0.0)[0]
    assert np.array_equal(found.ids, expected.ids) and found.segments == expected.segments
    assert len(found.segments) > 1
    assert segment(model, scene.picture, threshold=1.0).segments == ()


def test_segmenting_says_what_it_needs():
    picture = draw_scene(3, (96, 72)).picture
    with pytest.raises(ValueError, match=r"threshold is 85, a probability 0\.\.1 is expected"):
        segment(shapes_model(), picture, threshold=85)
    with pytest.raises(ValueError, match=r'DETR makes no masks: load_model\("shapes_panoptic"\) does'):
        segment(shapes_model(), picture)
