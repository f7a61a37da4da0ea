"""Training data: what is varied keeps the truth true, and parts are drawn once."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from detrlab.training import data
from detrlab.training.data import RenderedScenes, draw_part


def _white_boxes(x):
    """(B, 4) cxcywh in 0..1 around the white pixels of pictures (B, 3, H, W)."""
    H, W = x.shape[-2:]
    boxes = []
    for picture in x[:, 0] > 0.5:
        rows, columns = torch.nonzero(picture.any(1))[:, 0], torch.nonzero(picture.any(0))[:, 0]
        y0, y1, x0, x1 = rows[0] / H, (rows[-1] + 1) / H, columns[0] / W, (columns[-1] + 1) / W
        boxes.append(torch.stack([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]))
    return torch.stack(boxes)


def white_scenes() -> RenderedScenes:
    """Thirteen scenes 23 high and 37 wide, each black with one white box of its own."""
    pictures = np.zeros((13, 23, 37, 3), dtype=np.uint8)
    for i in range(13):
        pictures[i, i : i + 5, 2 * i : 2 * i + 7] = 255
    boxes = _white_boxes(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255)[:, None]
    return RenderedScenes(pictures, boxes.numpy(), np.arange(13)[:, None] % 6, first=100)


def test_boxes_and_names_follow_what_is_varied(monkeypatch):
    monkeypatch.setattr(data, "_blur", lambda x: x)
    scenes = white_scenes()
    seen = set()
    for seed in range(4):
        x, targets = scenes.batch(13, 23, np.random.default_rng(seed))
        # Whatever was done to the light: black and white lie on two sides of the middle.
        low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
        boxes = torch.cat([target["boxes"] for target in targets])
        torch.testing.assert_close(boxes, _white_boxes((x - low) / (high - low)))
        assert [target["image_id"].item() for target in targets] == list(range(100, 113))
        assert [target["labels"].item() for target in targets] == [i % 6 for i in range(13)]
        seen.add(tuple(x.shape[-2:]))
    assert seen == {(23, 37), (37, 23)}


def test_light_varies_within_the_range_of_pixels():
    x = 255 * torch.rand(7, 3, 11, 13)
    varied = data.vary_light(x.clone(), np.random.default_rng(0)) * data.STD + data.MEAN
    assert varied.shape == x.shape
    assert varied.min() >= -1e-5
    assert varied.max() <= 1 + 1e-5
    assert not torch.allclose(varied, x / 255, atol=0.01)


def test_blur_is_the_mean_of_what_is_around():
    x = torch.rand(2, 3, 5, 7)
    torch.testing.assert_close(data._blur(x), F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False))


def test_a_batch_is_the_same_whenever_it_is_drawn():
    batches = white_scenes().batches(5, seed=3)
    forward, again = batches(0), batches(2)
    for _ in range(2):
        next(forward)
    for _ in range(2):
        (x, targets), (y, others) = next(forward), next(again)
        assert torch.equal(x, y)
        assert all(torch.equal(a["boxes"], b["boxes"]) for a, b in zip(targets, others, strict=True))


def test_scenes_that_are_drawn_become_arrays():
    drawn = [data.scenes.draw_scene(seed, (64, 48)) for seed in (3, 5)]
    scenes = RenderedScenes.of(drawn, (32, 24))
    assert scenes.pictures.shape == (2, 24, 32, 3)
    for i, scene in enumerate(drawn):
        here = scenes.labels[i] >= 0
        assert scenes.labels[i][here].tolist() == scene.labels.tolist()
        expected = torch.from_numpy(data.relative_cxcywh(scene.boxes_xyxy, (64, 48))).float()
        torch.testing.assert_close(scenes.boxes_cxcywh[i][here], expected)


def test_no_scene_is_said():
    with pytest.raises(ValueError, match="the data set is empty"):
        RenderedScenes.of([], (32, 24))


def test_a_batch_holds_the_scenes_that_were_drawn(tmp_path):
    draw_part(tmp_path, (48, 32), first=5, count=3, part=0)
    before = (tmp_path / "48x32_0_pictures.npy").stat().st_mtime_ns
    draw_part(tmp_path, (48, 32), first=5, count=3, part=0)
    assert (tmp_path / "48x32_0_pictures.npy").stat().st_mtime_ns == before  # not drawn twice

    scenes = RenderedScenes.load(tmp_path, (48, 32), first=5, part=0)
    x, targets = scenes.batch(3, 32, np.random.default_rng(1))
    assert tuple(x.shape[1:]) in {(3, 32, 48), (3, 48, 32)}
    drawn_wh = (round(48 * data.DRAWN_SHORTER / 32), data.DRAWN_SHORTER)
    drawn = [data.scenes.draw_scene(data.stream("training", 5 + i), drawn_wh) for i in range(3)]
    for scene, target in zip(drawn, targets, strict=True):
        assert target["labels"].tolist() == scene.labels.tolist()
        width, height = target["boxes"][:, 2], target["boxes"][:, 3]
        area = torch.from_numpy(np.prod(scene.boxes_xyxy[:, 2:] - scene.boxes_xyxy[:, :2], axis=1))
        torch.testing.assert_close(width * height * drawn_wh[0] * drawn_wh[1], area.float(), rtol=1e-4, atol=0)

    x, _ = scenes.batch(3, 64, np.random.default_rng(1))
    assert sorted(x.shape[-2:]) == [64, 96]
