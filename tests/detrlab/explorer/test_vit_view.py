"""The explorer of a vision transformer: what it is given, what is sent, what stands in an export."""

import numpy as np
import pytest
import torch
from PIL import Image

from detrlab.attention.capture import capture_attention
from detrlab.dino.vision_transformer import VisionTransformer
from detrlab.explorer.explore import explore, vit_input
from detrlab.images import normalise

P, D, M = 4, 12, 3


@pytest.fixture(scope="module")
def vit() -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(5 * P, P, D, depth=2, num_heads=M).train()


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("size_wh", "hw"), [((20, 20), (20, 20)), ((50, 50), (20, 20)), ((100, 71), (20, 28)), ((71, 100), (28, 20))]
)
def test_pictures_become_whole_patches(vit, size_wh, hw):
    """Of 71 x 100 pixels: 20 x 28.17, 5 x 7.04 patches, 5 x 7 whole ones."""
    assert vit_input(vit, picture(*size_wh)).shape == (3, *hw)
    same = picture(20, 20)
    pixels = torch.from_numpy(np.asarray(same) / 255).permute(2, 0, 1).float()
    torch.testing.assert_close(vit_input(vit, same), normalise(pixels))


def test_what_is_sent_rebuilds_the_maps_class_token_included(vit):
    shown = picture(100, 71)
    explorer = explore(vit, shown)
    assert vit.training  # as it was
    assert explorer.meta["lead"] == 1 and explorer.meta["detections"] == []
    assert explorer.meta["layers"] == {"encoder": 2} and explorer.meta["heads"] == {"encoder": M}
    assert (explorer.meta["grid"]["H"], explorer.meta["grid"]["W"]) == (5, 7)
    assert explorer.meta["grid"]["x_edges"] == pytest.approx([100 * i / 7 for i in range(8)])
    vit.eval()
    with torch.no_grad(), capture_attention(vit) as attention:
        vit(vit_input(vit, shown)[None])
    vit.train()
    for layer, name in enumerate(attention.names):
        rows = explorer._layers["encoder"][layer]
        expected = attention.weights(name, "all")  # (M, 36, 36)
        torch.testing.assert_close(rows.weights("row", 0, 1), expected[1, 0])
        torch.testing.assert_close(rows.weights("column", 12, "mean"), expected[:, :, 12].mean(0))
    data, _ = explorer._repr_mimebundle_()
    assert "class token" in data["text/plain"] and "text/html" in data
