"""Figures of what is no DETR: where a class token looks, and which words an end token looks at."""

import numpy as np
import pytest
import torch
from PIL import Image

from detrlab.attention.capture import capture_attention
from detrlab.dino.vision_transformer import VisionTransformer
from detrlab.figures.attention import plot_attention_heads, plot_attention_layers
from detrlab.figures.words import plot_word_attention
from tests.detrlab.figures.test_plots import STRIDE, H, L, M, W, assert_nothing_cut_off, boxes, extents


def test_the_class_token_looks_in_every_head_and_layer():
    """5 x 7 patches of 8 pixels under a picture 3 times as large; the matrix has a row for the class token."""
    torch.manual_seed(0)
    vit = VisionTransformer(H * STRIDE, STRIDE, 12, depth=L, num_heads=M).eval()
    picture = Image.fromarray(np.zeros((3 * H * STRIDE, 3 * W * STRIDE, 3), dtype=np.uint8))
    with torch.no_grad(), capture_attention(vit) as attention:
        vit(torch.randn(1, 3, H * STRIDE, W * STRIDE))
    figure = plot_attention_heads(picture, attention, "class token", layer=0)
    drawn = [ax for ax in figure.axes if len(ax.images) == 2]
    expected = attention.weights("blocks.0.attn", "all")[:, 0, 1:].view(M, H, W)
    for ax, map_hw in zip(drawn, [expected.mean(0), *expected], strict=True):
        np.testing.assert_allclose(ax.images[1].get_array(), map_hw, rtol=1e-6)
        assert extents(ax)[1] == (0, 3 * W * STRIDE, 3 * H * STRIDE, 0)
    assert "where the class token looks" in figure.get_suptitle() and not any(boxes(ax) for ax in figure.axes)
    assert_nothing_cut_off(figure)
    layers = plot_attention_layers(picture, attention, "class token", head=1)
    assert len([ax for ax in layers.axes if len(ax.images) == 2]) == L
    with pytest.raises(ValueError, match="'middle'; expected one of the detections, a point"):
        plot_attention_heads(picture, attention, "middle")


def test_words_and_how_much_is_given_to_them():
    weights = torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]]])  # one layer, two heads
    figure = plot_word_attention(["red", "ring"], weights)
    (ax,) = figure.axes
    assert [each.get_text() for each in ax.get_xticklabels()] == ["red", "ring", "end"]
    assert [each.get_text() for each in ax.get_yticklabels()] == ["head 0", "head 1", "mean"]
    written = {each.get_position(): each.get_text() for each in ax.texts}
    assert written[(0, 0)] == "50" and written[(1, 1)] == "60" and written[(1, 2)] == "42"  # .425, to even
    np.testing.assert_allclose(ax.images[0].get_array()[2], [0.3, 0.425, 0.275])
    assert_nothing_cut_off(figure)
    with pytest.raises(ValueError, match="3 words came with weights for 2"):
        plot_word_attention(["a", "red", "ring"], weights)
