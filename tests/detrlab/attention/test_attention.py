"""Captured attention against torch's own weights and the official code's; directions, padding, errors."""

from contextlib import nullcontext

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from detrlab.attention.capture import capture_attention
from detrlab.detr.fast import fast
from detrlab.detr.models import shapes_model
from detrlab.detr.transformer import Transformer
from tests.golden_data import golden_file

H, W, Q, D, M, B = 3, 7, 5, 12, 2, 2  # S = 21 tokens
STRIDE = 4


class ShortDetr(nn.Module):
    """Pictures -> conv -> nn.Transformer, named as in the short DETR; two encoder and three decoder
    layers."""

    def __init__(self, batch_first: bool, dropout: float = 0.0, padding: Tensor | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, D, 1, stride=STRIDE)
        self.transformer = nn.Transformer(D, M, 2, 3, 17, dropout, batch_first=batch_first)
        self.query_pos = nn.Parameter(torch.randn(Q, D))
        self.padding = padding  # (B, S)

    def forward(self, pictures: Tensor) -> Tensor:
        src = self.conv(pictures).flatten(2).transpose(1, 2)  # (B, S, D)
        tgt = self.query_pos.expand(len(pictures), -1, -1)  # (B, Q, D)
        if not self.transformer.batch_first:
            src, tgt = src.transpose(0, 1), tgt.transpose(0, 1)
        return self.transformer(src, tgt, src_key_padding_mask=self.padding, memory_key_padding_mask=self.padding)


@pytest.fixture
def pictures() -> Tensor:
    return torch.randn(B, 3, H * STRIDE, W * STRIDE, generator=torch.Generator().manual_seed(3))


def short_detr(**kwargs: object) -> ShortDetr:
    torch.manual_seed(11)
    # Correct nn.Transformer construction warns about nested tensors when batch_first is False.
    with pytest.warns(UserWarning, match="enable_nested_tensor") if not kwargs["batch_first"] else nullcontext():
        return ShortDetr(**kwargs).eval()


def torchs_own_weights(model: nn.Module, pictures: Tensor) -> dict[str, Tensor]:
    """(B, M, Q, S) per module name, by asking every attention for its weights: the oracle."""
    seen, handles = {}, []
    for name, module in model.named_modules():
        if isinstance(module, nn.MultiheadAttention):

            def ask(module, args, kwargs):
                return args, kwargs | {"need_weights": True, "average_attn_weights": False}

            def keep(module, args, output, name=name):
                seen[name] = output[1].detach()

            handles += [
                module.register_forward_pre_hook(ask, with_kwargs=True),
                module.register_forward_hook(keep),
            ]
    model(pictures)
    for handle in handles:
        handle.remove()
    return seen


def hooks_left(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_nn_transformer_gives_torchs_own_weights(pictures, batch_first, lazy):
    model = short_detr(batch_first=batch_first)
    expected = torchs_own_weights(model, pictures)
    with capture_attention(model, lazy=lazy) as attention:
        model(pictures)
    for sample in range(B):
        for layer in range(2):
            want = expected[f"transformer.encoder.layers.{layer}.self_attn"][sample]
            got = attention.encoder(layer, "all", sample=sample)
            torch.testing.assert_close(got.weights, want.reshape(M, H, W, H, W), rtol=0, atol=1e-6)
        for layer in range(3):
            want = expected[f"transformer.decoder.layers.{layer}.multihead_attn"][sample].reshape(M, Q, H, W)
            cross = attention.decoder_cross(layer, "all", sample=sample)
            torch.testing.assert_close(cross, want, rtol=0, atol=1e-6)
            one_query = attention.decoder_cross(layer, 1, sample=sample, query=torch.tensor(3))
            torch.testing.assert_close(one_query, want[1, 3], rtol=0, atol=1e-6)
            want = expected[f"transformer.decoder.layers.{layer}.self_attn"][sample]
            got = attention.decoder_self(layer, sample=sample)
            torch.testing.assert_close(got, want.mean(0), rtol=0, atol=1e-6)
    assert hooks_left(model) == 0
    assert (attention.layers("encoder"), attention.layers("cross"), attention.heads("self")) == (2, 3, M)


@pytest.mark.parametrize("mode", ["eval", "train", "no_grad"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_outputs_stay_the_same_to_the_last_bit(pictures, batch_first, mode):
    model = short_detr(batch_first=batch_first, dropout=0.3).train(mode == "train")

    def outputs() -> Tensor:
        torch.manual_seed(5)
        return model(pictures)

    with torch.set_grad_enabled(mode != "no_grad"):
        before = outputs()
        with capture_attention(model) as attention:
            during = outputs()
    assert torch.equal(before, during)
    # Before dropout: rows sum to 1 in training mode, too.
    rows = attention.encoder(0).weights.sum((-2, -1))
    torch.testing.assert_close(rows, torch.ones(H, W))


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
def test_padding_of_nn_transformer_as_torch_packs_it(pictures):
    """In eval without gradients the batch_first encoder packs padded tokens away and hands on nested
    tensors."""
    padding = torch.zeros(B, H, W, dtype=torch.bool)
    padding[1, 2:] = True  # the second picture fills two of three rows
    model = short_detr(batch_first=True, padding=padding.flatten(1))
    maps = {}
    for packed in (True, False):
        with torch.set_grad_enabled(not packed), capture_attention(model, lazy=packed) as attention:
            model(pictures)
        maps[packed] = attention.encoder(sample=1).weights
        assert attention.grid(1).cells_hw == (2, 7) and attention.grid(0).cells_hw == (H, W)
    assert maps[True].shape == (2, 7, 2, 7)
    torch.testing.assert_close(maps[True], maps[False], rtol=0, atol=1e-6)
    torch.testing.assert_close(maps[True].sum((-2, -1)), torch.ones(2, 7))


def test_looks_at_is_the_row_and_is_looked_at_from_the_column(pictures):
    model = short_detr(batch_first=False)
    with capture_attention(model, lazy=True) as attention:
        model(pictures)
    encoder = attention.encoder(picture=torch.zeros(10 * H, 10 * W, 3))  # a cell is 10 pixels of this picture
    point = (45, 12)  # x 45 -> column 4, y 12 -> row 1
    torch.testing.assert_close(encoder.looks_at(point), encoder.weights[1, 4])
    torch.testing.assert_close(encoder.is_looked_at_from(point), encoder.weights[:, :, 1, 4])
    assert not torch.allclose(encoder.looks_at(point), encoder.is_looked_at_from(point))
    with pytest.raises(ValueError, match=r"x=45, y=31.*70 x 30"):
        encoder.looks_at((45, 31))


@pytest.mark.parametrize("lazy", [False, True])
def test_masks_of_every_kind(lazy):
    """attn_mask per head, float padding and arguments by position, against torch's own weights."""
    torch.manual_seed(2)
    layer = nn.TransformerEncoderLayer(D, M, 17, dropout=0.0)
    S = H * W
    mask = torch.randn(B * M, S, S)
    padding = torch.zeros(B, S)
    padding[0, -3:] = -torch.inf
    x = torch.randn(S, B, D)
    _, want = layer.self_attn(x, x, x, padding, True, mask, average_attn_weights=False)
    with capture_attention(layer, lazy=lazy, grid=(H, W)) as attention:
        layer.self_attn(x, x, x, padding, False, mask)  # by position; the one that counts
    for sample in range(B):
        call = attention._recording.calls["self_attn"]
        torch.testing.assert_close(call.maps("all", sample), want[sample], rtol=0, atol=1e-6)
        torch.testing.assert_close(call.maps(1, sample, [4, 2]), want[sample, 1, [4, 2]], rtol=0, atol=1e-6)


def test_separate_widths_of_keys_and_no_bias():
    torch.manual_seed(2)
    attn = nn.MultiheadAttention(D, M, kdim=7, vdim=7, bias=False)
    layer = nn.Module()
    layer.self_attn = attn
    query, memory = torch.randn(Q, D), torch.randn(H * W, 7)  # without a batch axis
    _, want = attn(query, memory, memory, average_attn_weights=False)
    with capture_attention(layer, lazy=True) as attention:
        attn(query, memory, memory)
    torch.testing.assert_close(attention._recording.calls["self_attn"].maps("all", 0), want, rtol=0, atol=1e-6)


def test_detr_of_pictures_of_different_size():
    """Stride 8: pictures of 41 x 50 and 27 x 66 pixels, padded to 41 x 66, are 6 x 9 cells, of which 6 x 7
    and 4 x 9 hold picture."""
    torch.manual_seed(0)
    model = shapes_model().eval()
    pictures = [torch.randn(3, 41, 50), torch.randn(3, 27, 66)]
    with torch.no_grad(), capture_attention(model) as attention:
        before = model(pictures)["pred_logits"]
    with torch.no_grad():
        assert torch.equal(before, model(pictures)["pred_logits"])
    first, second = attention.grid(0), attention.grid(1)
    assert (first.stride, first.cells_hw, first.input_hw) == (8, (6, 7), (41, 50))
    assert (second.stride, second.cells_hw, second.input_hw) == (8, (4, 9), (27, 66))
    cross = attention.decoder_cross(sample=1)
    assert cross.shape == (20, 4, 9)
    torch.testing.assert_close(cross.sum((-2, -1)), torch.ones(20))  # nothing is lost with the padding
    assert attention.encoder(head="all", sample=0).weights.shape == (4, 6, 7, 6, 7)
    assert attention.decoder_self(head="all").shape == (4, 20, 20)


@pytest.mark.parametrize("lazy", [False, True])
def test_fast_form_stays_fused_and_can_be_captured(lazy):
    torch.manual_seed(0)
    plain = shapes_model().eval()
    quick = fast(plain)
    picture = torch.randn(1, 3, 41, 50)
    with torch.no_grad():
        before = quick(picture)["pred_boxes"]
        with capture_attention(plain) as expected:
            plain(picture)
        with capture_attention(quick, lazy=lazy) as attention:
            assert torch.equal(before, quick(picture)["pred_boxes"])
    for layer in range(3):
        want, got = expected.decoder_cross(layer, "all"), attention.decoder_cross(layer, "all")
        torch.testing.assert_close(got, want, rtol=0, atol=1e-5)
        want, got = expected.encoder(layer, "all"), attention.encoder(layer, "all")
        torch.testing.assert_close(got.weights, want.weights, rtol=0, atol=1e-5)


def test_handles_go_when_the_block_raises(pictures):
    model = short_detr(batch_first=False)
    with pytest.raises(RuntimeError, match="stop"), capture_attention(model):
        raise RuntimeError("stop")
    assert hooks_left(model) == 0
    with (
        pytest.raises(ValueError, match="Sequential has no nn.MultiheadAttention, nor"),
        capture_attention(nn.Sequential(nn.Linear(2, 3))),
    ):
        pass


def test_the_last_of_several_calls_counts(pictures):
    model = short_detr(batch_first=False)
    with capture_attention(model) as attention:
        model(pictures)
        model(pictures[:1, :, :, : 5 * STRIDE])
    assert attention.grid().cells_hw == (H, 5)
    assert attention.decoder_cross().shape == (Q, H, 5)
    with pytest.raises(ValueError, match="sample=1, but there are 1 pictures in the batch"):
        attention.decoder_self(sample=1)
    with capture_attention(model) as attention:
        model(pictures)
        with pytest.raises(RuntimeError):
            model(pictures[:, :2])  # two colours: fails in the first convolution
    with pytest.raises(ValueError, match="No encoder self-attention was captured"):
        attention.encoder()  # not that of the call before


def test_errors_say_what_is_there(pictures):
    model = short_detr(batch_first=False)
    with capture_attention(model) as attention:
        with pytest.raises(ValueError, match="No encoder self-attention was captured.*2 such layers.*Call model"):
            attention.encoder()
        model(pictures)
    with pytest.raises(ValueError, match="layer=2, but there are 2 layers of encoder self-attention"):
        attention.encoder(layer=2)
    with pytest.raises(ValueError, match='head=2, but there are 2 heads, "mean" and "all": 0 to 1'):
        attention.decoder_cross(head=2)
    with pytest.raises(ValueError, match="head='max'"):
        attention.encoder(head="max")
    with pytest.raises(ValueError, match="query=5, but there are 5 object queries"):
        attention.decoder_cross(query=5)
    encoder = model.transformer.encoder
    tokens = torch.randn(H * W, B, D)
    with capture_attention(encoder) as attention:
        encoder(tokens)
    with pytest.raises(ValueError, match=r"over 21 tokens.*grid=\(H, W\)"):
        attention.encoder()
    with capture_attention(encoder, grid=(W, H)) as attention:
        encoder(tokens)
    assert attention.encoder().looks_at((2.5, 6.5)).shape == (W, H)  # one cell counts as one pixel
    with pytest.raises(ValueError, match="No decoder cross-attention.*0 such layers"):
        attention.decoder_cross()


def test_equal_to_the_official_code():
    golden = load_file(golden_file("transformer_postnorm.safetensors"))
    model = Transformer(64, 4, 2, 2, 128).eval()
    model.load_state_dict({key[2:]: value for key, value in golden.items() if key.startswith("w.")})
    mask = golden["mask"].bool()  # (2, 7, 9), one sample padded
    for lazy in (False, True):
        with torch.no_grad(), capture_attention(model, grid=(7, 9), lazy=lazy) as attention:
            model(golden["src"], mask, golden["query_embed"], golden["pos"])
        for sample in range(2):
            h, w = attention.grid(sample).cells_hw
            assert (h, w) == (int((~mask[sample]).any(1).sum()), int((~mask[sample]).any(0).sum()))
            for layer in range(2):
                want = golden[f"attn.decoder.layers.{layer}.multihead_attn"][sample].reshape(4, 10, 7, 9)[..., :h, :w]
                got = attention.decoder_cross(layer, "all", sample=sample)
                torch.testing.assert_close(got, want, rtol=0, atol=1e-5)
                want = golden[f"attn.decoder.layers.{layer}.self_attn"][sample]
                got = attention.decoder_self(layer, "all", sample=sample)
                torch.testing.assert_close(got, want, rtol=0, atol=1e-5)
                want = golden[f"attn.encoder.layers.{layer}.self_attn"][sample].reshape(4, 7, 9, 7, 9)
                got = attention.encoder(layer, "all", sample=sample).weights
                torch.testing.assert_close(got, want[:, :h, :w, :h, :w], rtol=0, atol=1e-5)
