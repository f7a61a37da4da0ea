"""Training data: what is varied keeps the truth true, and parts are drawn once."""

import numpy as np
import torch

from detrlab.training import data
from detrlab.training.data import TrainingScenes, draw_part


def _white_boxes(x):
    """(B, 4) cxcywh in 0..1 around the white pixels of pictures (B, 3, H, W)."""
    H, W = x.shape[-2:]
    boxes = []
    for picture in x[:, 0] > 0.5:
        rows, columns = torch.nonzero(picture.any(1))[:, 0], torch.nonzero(picture.any(0))[:, 0]
        y0, y1, x0, x1 = rows[0] / H, (rows[-1] + 1) / H, columns[0] / W, (columns[-1] + 1) / W
        boxes.append(torch.stack([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]))
    return torch.stack(boxes)


def test_boxes_follow_mirrors_and_transposes():
    x = torch.zeros(13, 3, 23, 37)
    for i in range(13):
        x[i, :, i : i + 5, 2 * i : 2 * i + 7] = 1
    boxes_cxcywh = _white_boxes(x)[:, None]
    seen = set()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        varied, moved = data._vary_geometry(x.clone(), boxes_cxcywh, rng)
        torch.testing.assert_close(moved[:, 0], _white_boxes(varied))
        seen.add(tuple(varied.shape[-2:]))
    assert seen == {(23, 37), (37, 23)}


def test_light_varies_within_the_range_of_pixels():
    x = torch.rand(7, 3, 11, 13)
    varied = data._vary_light(x.clone(), np.random.default_rng(0))
    assert varied.shape == x.shape
    assert varied.min() >= 0
    assert varied.max() <= 1
    assert not torch.equal(varied, x)


def test_a_batch_holds_the_scenes_that_were_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SIZES_WH", {(48, 32): 1.0})
    draw_part(tmp_path, (48, 32), first=5, count=3, part=0)
    before = (tmp_path / "48x32_0_pictures.npy").stat().st_mtime_ns
    draw_part(tmp_path, (48, 32), first=5, count=3, part=0)
    assert (tmp_path / "48x32_0_pictures.npy").stat().st_mtime_ns == before  # not drawn twice

    x, targets = TrainingScenes(tmp_path, 0).batch(3, (48, 32), data.SHORTER, np.random.default_rng(1))
    assert tuple(x.shape[1:]) in {(3, 32, 48), (3, 48, 32)}
    drawn_wh = (round(48 * data.DRAWN_SHORTER / 32), data.DRAWN_SHORTER)
    drawn = [data.scenes.draw_scene(data.stream("training", 5 + i), drawn_wh) for i in range(3)]
    for scene, target in zip(drawn, targets, strict=True):
        assert target["labels"].tolist() == scene.labels.tolist()
        width, height = target["boxes"][:, 2], target["boxes"][:, 3]
        area = torch.from_numpy(np.prod(scene.boxes_xyxy[:, 2:] - scene.boxes_xyxy[:, :2], axis=1))
        torch.testing.assert_close(width * height * drawn_wh[0] * drawn_wh[1], area.float(), rtol=1e-4, atol=0)

    x, _ = TrainingScenes(tmp_path, 0).batch(3, (48, 32), 64, np.random.default_rng(1))
    assert sorted(x.shape[-2:]) == [64, 128 * 48 // 64]
