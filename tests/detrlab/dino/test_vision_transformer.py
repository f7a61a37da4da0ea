"""The ViT: HuggingFace's numbers on the same weights, and what can be derived by hand."""

import pytest
import torch

from detrlab.dino.huggingface import vit_from_huggingface
from detrlab.dino.vision_transformer import PatchEmbed, VisionTransformer, interpolate_pos_encoding, untrained_dino
from tests.needs import need_module

P, D, M = 4, 15, 3
SIZES = [(20, 20), (12, 28)]  # learned for 5 x 5 patches; 3 x 7 get interpolated positions


@pytest.fixture(scope="module")
def both() -> tuple[torch.nn.Module, VisionTransformer]:
    """HuggingFace's ViT and ours with its weights; no vector is constant."""
    transformers = need_module("transformers")
    config = transformers.ViTConfig(
        hidden_size=D,
        num_hidden_layers=2,
        num_attention_heads=M,
        intermediate_size=2 * D,
        image_size=20,
        patch_size=P,
        layer_norm_eps=1e-6,
        attn_implementation="eager",
    )
    torch.manual_seed(0)
    theirs = transformers.ViTModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for tensor in theirs.state_dict().values():
            tensor += torch.empty_like(tensor).uniform_(-0.3, 0.3)
    ours = VisionTransformer(20, P, D, depth=2, num_heads=M, mlp_ratio=2).eval()
    ours.load_state_dict(vit_from_huggingface(theirs.state_dict()))
    return theirs, ours


@pytest.mark.parametrize("size_hw", SIZES)
def test_equals_huggingface(both, size_hw):
    theirs, ours = both
    pictures = torch.randn(2, 3, *size_hw, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(pictures, output_attentions=True, interpolate_pos_encoding=True)
        torch.testing.assert_close(ours.forward_features(pictures), expected.last_hidden_state, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(ours(pictures), expected.last_hidden_state[:, 0], atol=1e-5, rtol=1e-4)
        found = ours.get_last_selfattention(pictures)
    torch.testing.assert_close(found, expected.attentions[-1], atol=1e-6, rtol=1e-4)


def test_names_of_files_are_understood(both):
    """As `facebook/dino-vits16` has them, in a classifier and with a pooler."""
    theirs, ours = both
    older = {}
    for name, tensor in theirs.state_dict().items():
        name = name.replace("layers.", "encoder.layer.").replace("mlp.fc1", "intermediate.dense")
        name = name.replace("mlp.fc2", "output.dense").replace("attention.o_proj", "attention.output.dense")
        for letter, word in (("q", "query"), ("k", "key"), ("v", "value")):
            name = name.replace(f"attention.{letter}_proj", f"attention.attention.{word}")
        older[f"vit.{name}"] = tensor
    found = vit_from_huggingface(older | {"pooler.dense.weight": torch.zeros(D, D)})
    assert found.keys() == ours.state_dict().keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in ours.state_dict().items())


def test_training_begins_with_attention_as_wide_as_other_layers():
    torch.manual_seed(0)
    for block in untrained_dino().blocks:
        for weight in (block.attn.in_proj_weight, block.attn.out_proj.weight, block.mlp[0].weight):
            assert weight.std().item() == pytest.approx(96**-0.5, rel=0.15)  # truncated at two deviations


def test_a_patch_is_the_tokens_own():
    """A pixel of patch (row 1, column 2) of 2 x 3 changes token 5 and no other, by its weight."""
    embed = PatchEmbed(2, D=5)
    pictures = torch.zeros(1, 3, 4, 6)
    before = embed(pictures)
    pictures[0, 1, 2, 5] = 1  # channel 1, y 2, x 5: the patch's row 0, column 1
    difference = embed(pictures) - before
    assert difference.shape == (1, 6, 5)
    torch.testing.assert_close(difference[0, 5], embed.proj.weight[:, 1, 0, 1])
    assert not difference[0, :5].any()


def test_a_picture_that_cannot_be_cut():
    with pytest.raises(ValueError, match="10 x 8 pixels cannot be cut into patches of 4 pixels"):
        VisionTransformer(8, 4, 6, 1, 2)(torch.zeros(1, 3, 10, 8))


def test_positions_are_interpolated_and_the_class_tokens_is_not():
    """A ramp along x stays a ramp along x; along y nothing changes; the class token's position stays."""
    side, D = 4, 2
    ramp = torch.arange(side, dtype=torch.float32).expand(side, side)  # value = column
    grid = torch.stack([ramp, torch.ones(side, side)], dim=-1)  # (side, side, D)
    pos_embed = torch.cat([torch.full((1, 1, D), 7.0), grid.reshape(1, -1, D)], dim=1)
    found = interpolate_pos_encoding(pos_embed, 3, 8)
    assert found.shape == (1, 1 + 24, D)
    assert (found[0, 0] == 7).all()
    wider = found[0, 1:].view(3, 8, D)
    torch.testing.assert_close(wider[..., 1], torch.ones(3, 8))
    torch.testing.assert_close(wider[0, :, 0], wider[2, :, 0])
    # In the middle, columns lie half as far apart, about 1.25 and 1.75 (cubic, not linear: no ramp stays exactly one).
    torch.testing.assert_close(wider[0, 3:5, 0], torch.tensor([1.25, 1.75]), atol=0.05, rtol=0)
    assert interpolate_pos_encoding(pos_embed, side, side) is pos_embed


def test_rows_of_attention_sum_to_one():
    torch.manual_seed(0)
    vit = VisionTransformer(8, 2, 6, depth=2, num_heads=3).eval()
    found = vit.get_last_selfattention(torch.randn(2, 3, 8, 4))
    assert found.shape == (2, 3, 9, 9)
    torch.testing.assert_close(found.sum(-1), torch.ones(2, 3, 9))


def test_a_block_adds_to_what_comes_in():
    """Pre-norm: with silent branches a block is the identity, whatever its norms are."""
    torch.manual_seed(0)
    block = VisionTransformer(8, 2, 6, depth=1, num_heads=3).blocks[0]
    with torch.no_grad():
        for layer in (block.attn.out_proj, block.mlp[2]):
            layer.weight.zero_()
            layer.bias.zero_()
        block.norm1.weight.fill_(3)
    x = torch.randn(1, 5, 6)
    assert torch.equal(block(x), x)
