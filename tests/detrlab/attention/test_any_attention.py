"""Attention of models that are no DETR: by the layers' names, against the modules' own weights and HuggingFace's."""

import pytest
import torch
from torch import Tensor, nn

from detrlab.attention.capture import capture_attention
from detrlab.attention.grid import cells_of_tokens
from detrlab.clip.model import clip_model
from detrlab.dino.huggingface import vit_from_huggingface
from detrlab.dino.vision_transformer import VisionTransformer
from tests.needs import need_module

P, D, M, L = 4, 15, 3, 2
H, W = 3, 7  # patches
S = H * W


@pytest.fixture
def vit() -> VisionTransformer:
    torch.manual_seed(1)
    return VisionTransformer(5 * P, P, D, depth=L, num_heads=M).eval()


@pytest.fixture
def pictures() -> Tensor:
    return torch.randn(2, 3, H * P, W * P, generator=torch.Generator().manual_seed(3))


def own_weights(model: nn.Module, *given: Tensor) -> dict[str, Tensor]:
    """(B, M, N, S) by name, from each module itself: the oracle. It is given what it was given in a plain run."""
    calls, handles = {}, []
    for name, module in model.named_modules():
        if isinstance(module, nn.MultiheadAttention):

            def keep(module, args, kwargs, name=name):
                calls[name] = (module, args, kwargs)

            handles.append(module.register_forward_pre_hook(keep, with_kwargs=True))
    model(*given)
    for handle in handles:
        handle.remove()
    asked = {"need_weights": True, "average_attn_weights": False}
    return {name: module(*args, **{**kwargs, **asked})[1] for name, (module, args, kwargs) in calls.items()}


@pytest.mark.parametrize("mode", ["no_grad", "grad"])
def test_maps_are_the_modules_own_to_the_last_bit(vit, pictures, mode):
    model = clip_model().eval()
    tokens = model.tokenizer(["a red ring left of a blue star", "a cross"])
    squares = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    for one, given in ((vit, (pictures,)), (model, (squares, tokens))):
        with torch.set_grad_enabled(mode == "grad"):
            expected, before = own_weights(one, *given), one(*given)
            with capture_attention(one) as attention:
                during = one(*given)
            with capture_attention(one, lazy=True) as lazy:
                one(*given)
        before, during = (each if isinstance(each, Tensor) else each[0] for each in (before, during))
        assert torch.equal(before, during)
        assert set(attention.names) == set(expected) and not any(m._forward_pre_hooks for m in one.modules())
        for name, weights in expected.items():
            for sample in range(2):
                assert torch.equal(attention.weights(name, "all", sample=sample), weights[sample])
                torch.testing.assert_close(lazy.weights(name, "all", sample=sample), weights[sample])


def test_maps_are_those_before_dropout_in_training_too():
    attn = nn.MultiheadAttention(D, M, dropout=0.5, batch_first=True)
    x = torch.randn(1, 5, D, generator=torch.Generator().manual_seed(3))
    expected = attn.eval()(x, x, x)[1][0]
    torch.manual_seed(7)
    attn.train()(x, x, x)
    after_one = torch.rand(())
    torch.manual_seed(7)
    with capture_attention(attn) as attention:
        attn(x, x, x)
    assert torch.equal(torch.rand(()), after_one)  # the capture draws no number
    assert attention.names == ("",)  # the model is the layer
    assert torch.equal(attention.weights(""), expected) and attn.training


def test_a_class_token_is_no_cell(vit, pictures):
    """Rows and columns of the whole matrix, of which the first token is the class token."""
    with torch.no_grad():
        with capture_attention(vit) as attention:
            vit(pictures)
        last = vit.get_last_selfattention(pictures)  # (B, M, 1 + S, 1 + S)
    assert attention.names == ("blocks.0.attn", "blocks.1.attn")
    assert (attention.layers("encoder"), attention.heads("encoder"), attention.layers("cross")) == (L, M, 0)
    assert torch.equal(attention.cls_looks_at(head="all", sample=1), last[1, :, 0, 1:].view(M, H, W))
    assert torch.equal(attention.cls_looks_at(head=2), last[0, 2, 0, 1:].view(H, W))
    encoder = attention.encoder(-1, 1, picture=torch.zeros(10 * H, 10 * W, 3))  # a patch is 10 pixels of this picture
    token = 1 + 1 * W + 4
    assert torch.equal(encoder.looks_at((45, 12)), last[0, 1, token, 1:].view(H, W))  # row 1, column 4
    assert torch.equal(encoder.is_looked_at_from((45, 12)), last[0, 1, 1:, token].view(H, W))
    assert torch.equal(attention.over_cells("blocks.1.attn", "all")[:, 0], attention.cls_looks_at(head="all"))
    grid = attention.grid()
    assert (grid.cells_hw, grid.stride, grid.input_hw) == ((H, W), P, (H * P, W * P))


def test_queries_and_keys_of_a_vit_hold_the_class_token(vit, pictures):
    with torch.no_grad():
        with capture_attention(vit, lazy=True) as attention:
            vit(pictures)
        expected = vit.get_last_selfattention(pictures)[1]
    q, k = attention.projected("encoder", -1, sample=1)
    torch.testing.assert_close((q @ k.transpose(1, 2)).softmax(-1), expected)


def test_every_layer_equals_huggingfaces():
    transformers = need_module("transformers")
    config = transformers.ViTConfig(
        hidden_size=D,
        num_hidden_layers=L,
        num_attention_heads=M,
        intermediate_size=2 * D,
        image_size=5 * P,
        patch_size=P,
        layer_norm_eps=1e-6,
        attn_implementation="eager",
    )
    torch.manual_seed(0)
    theirs = transformers.ViTModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for tensor in theirs.state_dict().values():
            tensor += torch.empty_like(tensor).uniform_(-0.3, 0.3)
    ours = VisionTransformer(5 * P, P, D, depth=L, num_heads=M, mlp_ratio=2).eval()
    ours.load_state_dict(vit_from_huggingface(theirs.state_dict()))
    pictures = torch.randn(2, 3, 5 * P, 5 * P, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(pictures, output_attentions=True).attentions
        with capture_attention(ours) as attention:
            ours(pictures)
    for name, weights in zip(attention.names, expected, strict=True):
        torch.testing.assert_close(attention.weights(name, "all"), weights[0], atol=1e-6, rtol=1e-4)
    with pytest.raises(ValueError, match=r"ViTModel has no nn.MultiheadAttention.*\(2 ViT\w*Attention.*output_attent"):
        capture_attention(theirs).__enter__()


def test_pooling_looks_at_cells_and_words_at_words_before_them():
    torch.manual_seed(0)
    model = clip_model().eval()
    tokens = model.tokenizer("a red ring left of a blue star")
    pictures = torch.randn(2, 3, 64, 80, generator=torch.Generator().manual_seed(5))
    with torch.no_grad(), capture_attention(model) as attention:
        model(pictures, tokens)
    assert attention.names == (
        "visual.pool.attn",
        "text.transformer.resblocks.0.attn",
        "text.transformer.resblocks.1.attn",
    )
    pooled = attention.over_cells("visual.pool.attn", "all", sample=1)
    assert pooled.shape == (4, 9, 8, 10)  # heads, queries, cells of 8 x 8 pixels
    assert torch.equal(pooled.flatten(2), attention.weights("visual.pool.attn", "all", sample=1))
    words = attention.weights("text.transformer.resblocks.1.attn", 2)
    assert words.shape == (9, 9) and torch.equal(words, words.tril())
    torch.testing.assert_close(words.sum(-1), torch.ones(9))
    assert attention.layers("encoder") == 0  # words are no cells
    with torch.no_grad(), capture_attention(model) as attention:
        model.encode_image(pictures[..., :64])  # a tower alone gets the pictures
    assert attention.over_cells("visual.pool.attn").shape == (9, 8, 8)
    with pytest.raises(ValueError, match=r"'text.transformer.resblocks.0.attn' was not called"):
        attention.weights("text.transformer.resblocks.0.attn")


class ByHand(nn.Module):
    """A vision transformer around torch's own encoder, as one writes it in a notebook."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, D, P, P)
        self.cls = nn.Parameter(torch.randn(1, 1, D))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(D, M, 17, batch_first=True), L)

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.patches(pictures).flatten(2).transpose(1, 2)
        return self.encoder(torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1))


def test_a_vit_around_torchs_encoder(pictures):
    torch.manual_seed(2)
    with pytest.warns(UserWarning, match="enable_nested_tensor"):
        model = ByHand().eval()
    expected = own_weights(model, pictures)
    with capture_attention(model) as attention:
        model(pictures)
    assert attention.names == ("encoder.layers.0.self_attn", "encoder.layers.1.self_attn")
    for layer, name in enumerate(attention.names):
        assert torch.equal(attention.cls_looks_at(layer, "all"), expected[name][0, :, 0, 1:].view(M, H, W))


@pytest.mark.parametrize(
    ("input_hw", "tokens", "found"),
    [
        ((64, 64), 65, (1, (8, 8))),
        ((64, 64), 64, (0, (8, 8))),
        ((224, 224), 197, (1, (14, 14))),
        ((48, 64), 12, (0, (3, 4))),
        ((48, 64), 13, (1, (3, 4))),
        ((64, 64), 2, (1, (1, 1))),
        ((64, 64), 66, None),
        ((48, 64), 1, None),  # one patch of 48 x 64 pixels is no square
        ((50, 64), 50, None),  # 8 x 8 pixels do not fill it
    ],
)
def test_cells_follow_from_the_number_of_tokens(input_hw, tokens, found):
    assert cells_of_tokens(input_hw, tokens) == found


class PackedAttention(nn.Module):
    """Attention as many libraries write it: one matrix for all, and no nn.MultiheadAttention."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(D, 3 * D)


def test_errors_say_what_is_there(vit, pictures):
    with pytest.raises(
        ValueError, match=r"Sequential has no nn.MultiheadAttention, but attention of its own \(2 Packed"
    ):
        capture_attention(nn.Sequential(PackedAttention(), PackedAttention())).__enter__()
    with capture_attention(vit) as attention:
        with pytest.raises(ValueError, match=r"No encoder self-attention.*one of 'blocks.0.attn', 'blocks.1.attn'"):
            attention.cls_looks_at()
        with pytest.raises(ValueError, match="'blocks.0.attn' was not called"):
            attention.weights("blocks.0.attn")
        vit(pictures)
        with pytest.raises(
            ValueError, match=r"no attention layer 'blocks.2.attn', only 'blocks.0.attn', 'blocks.1.att"
        ):
            attention.weights("blocks.2.attn")
        with pytest.raises(ValueError, match="head=3, but there are 3 heads"):
            attention.cls_looks_at(head=3)
        with pytest.raises(ValueError, match="No decoder cross-attention"):
            attention.decoder_cross()
    with capture_attention(vit, grid=(5, 5)) as attention:
        vit(pictures)
    with pytest.raises(ValueError, match=r"over 22 tokens.*5 x 5 = 25.*H \* W = 22, or 21 with a class token"):
        attention.over_cells("blocks.0.attn")
    encoder = nn.TransformerEncoderLayer(D, M, 17, batch_first=True).eval()
    with capture_attention(encoder, grid=(H, W)) as attention:
        encoder(torch.randn(1, S, D))
    with pytest.raises(ValueError, match="no class token"):
        attention.cls_looks_at()
