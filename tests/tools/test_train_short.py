"""Starting the short DETR: each copied layer computes what the layer it came from does, with its channels
moved."""

import pytest
import torch

from detrlab.detr.models import shapes_model
from tools.train_short.short_detr import ShortDETR
from tools.train_short.warm_start import start_from_shapes

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")

D = 128
ORDER = torch.arange(D).roll(D // 2)


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    shapes = shapes_model().eval()
    for parameter in shapes.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    short = ShortDETR().eval()
    start_from_shapes(short, shapes)
    return short, shapes


@torch.no_grad()
def test_the_encoder_is_fed_the_same_numbers(pair):
    short, shapes = pair
    x = torch.randn(1, 3, 128, 128)
    fed = []
    short.transformer.register_forward_pre_hook(lambda module, inputs: fed.append(inputs))
    short(x)
    src, queries = fed[0]  # (S, B, D), (Q, B, D)
    position = shapes.backbone[1](torch.zeros(1, 16, 16, dtype=torch.bool))
    expected = shapes.input_proj(shapes.backbone[0](x)) + position  # (B, D, H, W)
    torch.testing.assert_close(src[:, 0], expected[0].flatten(1).T[:, ORDER], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(queries[:, 0], shapes.query_embed.weight[:, ORDER])


@torch.no_grad()
@pytest.mark.parametrize("i", range(3))
def test_layers_without_positions_agree(pair, i):
    short, shapes = pair
    src, tgt = torch.randn(1, 35, D), torch.randn(1, 7, D)
    nowhere, no_padding = torch.zeros(1, 1, D), torch.zeros(1, 35, dtype=torch.bool)
    ours, theirs = short.transformer.encoder.layers[i], shapes.transformer.encoder.layers[i]
    moved = ours(src[..., ORDER].transpose(0, 1)).transpose(0, 1)
    torch.testing.assert_close(moved, theirs(src, no_padding, nowhere)[..., ORDER], rtol=1e-4, atol=1e-4)
    ours, theirs = short.transformer.decoder.layers[i], shapes.transformer.decoder.layers[i]
    moved = ours(tgt[..., ORDER].transpose(0, 1), src[..., ORDER].transpose(0, 1)).transpose(0, 1)
    expected = theirs(tgt, src, no_padding, nowhere, nowhere)[..., ORDER]
    torch.testing.assert_close(moved, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_the_class_head_reads_the_same_channels(pair):
    short, shapes = pair
    h = torch.randn(7, D)
    moved = short.linear_class(short.transformer.decoder.norm(h[:, ORDER]))
    torch.testing.assert_close(moved, shapes.class_embed(shapes.transformer.decoder.norm(h)), rtol=1e-4, atol=1e-4)
