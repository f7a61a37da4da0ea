"""Multi-crop: parts of pictures that can be counted, PIL and torchvision as oracles, and what is drawn."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as oracle

from detrlab.dino.multi_crop import View, blur, crop, jitter, multi_crop, random_boxes, resized_crop, solarise
from detrlab.training.data import MEAN, STD


def pictures(B: int = 3, H: int = 13, W: int = 17) -> torch.Tensor:
    return torch.rand(B, 3, H, W, generator=torch.Generator().manual_seed(0))


def test_the_whole_picture_at_its_own_size_is_the_picture():
    x = pictures(2, 11, 11)
    box = torch.tensor([[0.0, 0.0, 11.0, 11.0], [11.0, 0.0, 0.0, 11.0]])
    found = resized_crop(x, box, 11)
    torch.testing.assert_close(found[0], x[0])
    torch.testing.assert_close(found[1], x[1].flip(-1))  # x0 > x1 mirrors


def test_half_a_picture_at_half_its_size():
    """Columns 2..6 of 0..7 shrink to two: each is a weighted mean of its two columns and half as much of their
    neighbours. A ramp stays a ramp: means 3 - .5 and 5 - .5."""
    ramp = torch.arange(8.0).expand(1, 3, 8, 8)
    found = resized_crop(ramp, torch.tensor([[2.0, 0.0, 6.0, 8.0]]), 2)
    torch.testing.assert_close(found, torch.tensor([2.5, 4.5]).expand(1, 3, 2, 2))


@pytest.mark.parametrize("size", [5, 29])
def test_resizes_as_pil_does(size):
    x = (255 * pictures(1)).round()
    image = Image.fromarray(x[0].permute(1, 2, 0).numpy().astype(np.uint8))
    expected = torch.from_numpy(np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)).copy())
    found = resized_crop(x, torch.tensor([[0.0, 0.0, 17.0, 13.0]]), size)[0].permute(1, 2, 0)
    assert (found - expected).abs().max() <= 1  # PIL rounds after each direction


def test_boxes_keep_their_promises():
    rng = np.random.default_rng(0)
    x0, y0, x1, y1 = random_boxes(2000, (40, 60), (0.2, 0.5), rng).unbind(-1)
    left, right = torch.minimum(x0, x1), torch.maximum(x0, x1)
    assert left.min() >= 0 and y0.min() >= 0 and right.max() <= 60 + 1e-4 and y1.max() <= 40 + 1e-4
    share, aspect = (right - left) * (y1 - y0) / 2400, (right - left) / (y1 - y0)
    assert 0.2 - 1e-4 <= share.min() < 0.22 and 0.48 < share.max() <= 0.5 + 1e-4
    assert 0.75 - 1e-4 <= aspect.min() < 0.8 and 1.25 < aspect.max() <= 4 / 3 + 1e-4
    assert 0.45 < (x0 > x1).float().mean() < 0.55


def test_a_crop_of_everything_is_not_larger_than_the_picture():
    boxes = random_boxes(200, (20, 20), (1.0, 1.0), np.random.default_rng(0))
    assert boxes.min() >= 0 and boxes.max() <= 20


def test_blur_keeps_what_is_even_and_spreads_a_point():
    even = torch.full((1, 3, 9, 9), 0.7)
    sigma = torch.full((1, 1, 1, 1), 0.8)
    torch.testing.assert_close(blur(even, sigma), even)
    point = torch.zeros(1, 3, 31, 31)
    point[..., 15, 15] = 1
    expected = oracle.gaussian_blur(point, [15, 15], [0.8, 0.8])
    torch.testing.assert_close(blur(point, sigma), expected, atol=1e-6, rtol=0)


def test_solarise_inverts_what_is_bright():
    torch.testing.assert_close(solarise(torch.tensor([0.0, 0.4, 0.5, 0.9])), torch.tensor([0.0, 0.4, 0.5, 0.1]))


def test_jitter_changes_each_picture_by_its_own_factors():
    x = torch.full((50, 3, 2, 2), 0.5)
    found = jitter(x, 0.4, np.random.default_rng(0))  # grey and even: brightness alone is seen
    assert 0.3 - 1e-6 <= found.min() < 0.33 and 0.67 < found.max() <= 0.7 + 1e-6
    assert found[:, 0, 0, 0].unique().numel() == 50
    torch.testing.assert_close(jitter(pictures(), 0.0, np.random.default_rng(0)), pictures())
    coloured = jitter(pictures(), 0.9, np.random.default_rng(0))
    assert coloured.min() >= 0 and coloured.max() <= 1


def test_solarised_with_its_probability_and_in_view_two_alone():
    bright = torch.full((1000, 3, 4, 4), 0.9)
    plain, second = (View(size=4, area=(1.0, 1.0), solarise=share) for share in (0.0, 0.2))
    one, two = multi_crop(bright, (plain, second), np.random.default_rng(0))
    dark = (0.1 - MEAN) / STD
    assert not torch.isclose(one, dark, atol=1e-5).any()
    share = torch.isclose(two, dark, atol=1e-5).all((1, 2, 3)).float().mean()
    assert 0.16 < share < 0.24


def test_grey_pictures_have_no_colour():
    x = crop(pictures(), View(size=8, area=(0.5, 1.0), grey=1.0), np.random.default_rng(0))
    torch.testing.assert_close(x[:, 0], x[:, 1])


def test_seeded():
    views = (View(size=8, area=(0.6, 1.0), jitter=0.4, grey=0.2, blur=0.5, solarise=0.2), View(size=4, area=(0.2, 0.5)))
    first, again, other = (multi_crop(pictures(), views, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert [x.shape for x in first] == [(3, 3, 8, 8), (3, 3, 4, 4)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
