"""Where a similarity comes from: rows of attention, and a map over the cells."""

import pytest
import torch

from detrlab.clip.attention import similarity_map, word_attention
from detrlab.clip.data import captioned_scenes
from detrlab.clip.measures import encode_texts
from detrlab.clip.model import clip_model


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return clip_model().eval()


def test_the_end_token_divides_its_look_among_the_words_before_it(model):
    tokens = model.tokenizer("a red ring left of a blue star")
    found = word_attention(model.text, tokens[0])
    assert found.shape == (2, 4, 9)  # layers, heads, eight words and the end
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 4))


def test_the_last_layers_row_is_what_the_tower_computes_with(model):
    """The last block's attention output at the end token, from these weights and the values."""
    tokens = model.tokenizer("a red ring left of a blue star")
    block = model.text.transformer["resblocks"][-1]
    seen = {}
    hook = block.attn.register_forward_hook(lambda module, given, out: seen.update(y=given[0], out=out[0]))
    model.text(tokens)
    hook.remove()
    D = seen["y"].shape[-1]
    values = seen["y"][0] @ block.attn.in_proj_weight[2 * D :].T + block.attn.in_proj_bias[2 * D :]  # (n, D)
    weights = word_attention(model.text, tokens[0])[-1]  # (M, n)
    mixed = torch.einsum("mn,nmd->md", weights, values.unflatten(-1, (4, -1))).flatten()
    torch.testing.assert_close(block.attn.out_proj(mixed), seen["out"][0, -1], rtol=1e-4, atol=1e-5)


def test_a_map_has_a_number_for_each_cell_and_no_gradient_stays(model):
    pictures = captioned_scenes(3).normalised()
    found = similarity_map(model, pictures, encode_texts(model, ["a red ring"])[0])
    assert found.shape == (3, 8, 8)
    assert (found >= 0).all() and found.sum() > 0
    assert not found.requires_grad
    assert all(parameter.grad is None for parameter in model.visual.parameters())
