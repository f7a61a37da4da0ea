"""HuggingFace's CLIPModel as oracle: features of texts, logits, loss and gradients on the same weights."""

import pytest
import torch
from torch import Tensor, nn

from detrlab.clip.loss import clip_loss
from detrlab.clip.model import CLIP
from detrlab.clip.text import TextTransformer

VOCABULARY, T, D, M, E = 23, 11, 12, 3, 7


class TheirImageTower(nn.Module):
    """Their vision transformer behind our interface: ours is another architecture."""

    def __init__(self, theirs: nn.Module) -> None:
        super().__init__()
        self.model, self.projection = theirs.vision_model, theirs.visual_projection

    def forward(self, pictures: Tensor) -> Tensor:
        return self.projection(self.model(pictures).pooler_output)


@pytest.fixture(scope="module")
def theirs():
    from transformers import CLIPConfig, CLIPModel

    common = {"hidden_size": D, "intermediate_size": 4 * D, "num_hidden_layers": 2, "num_attention_heads": M}
    text = common | {"vocab_size": VOCABULARY, "max_position_embeddings": T, "eos_token_id": VOCABULARY - 1}
    text |= {"bos_token_id": 1, "pad_token_id": 0}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=common | {"image_size": 10, "patch_size": 5}, projection_dim=E)
    model = CLIPModel(config).eval()
    for parameter in model.parameters():  # biases start as zeros there, which would hide a mistake
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return model


@pytest.fixture(scope="module")
def ours(theirs):
    text = TextTransformer(VOCABULARY, T, D, M, layers=2, projection=nn.Linear(D, E, bias=False))
    text.load_state_dict(converted(theirs.state_dict()))
    model = CLIP(TheirImageTower(theirs), text)
    model.logit_scale.data.copy_(theirs.logit_scale)
    return model.eval()


def converted(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Their text tower's state dict with the official names; q, k and v are one matrix there."""
    names = {
        "self_attn.out_proj": "attn.out_proj",
        "layer_norm1": "ln_1",
        "layer_norm2": "ln_2",
        "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
    }
    found = {
        "token_embedding.weight": state["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": state["text_model.embeddings.position_embedding.weight"],
        "projection.weight": state["text_projection.weight"],
    }
    for end in ("weight", "bias"):
        found[f"ln_final.{end}"] = state[f"text_model.final_layer_norm.{end}"]
        for layer in range(2):
            own, other = f"transformer.resblocks.{layer}", f"text_model.encoder.layers.{layer}"
            found |= {f"{own}.{ours}.{end}": state[f"{other}.{name}.{end}"] for name, ours in names.items()}
            parts = [state[f"{other}.self_attn.{each}_proj.{end}"] for each in "qkv"]
            found[f"{own}.attn.in_proj_{end}"] = torch.cat(parts)
    return found


def inputs() -> tuple[Tensor, Tensor]:
    """Five pictures, and texts that end at different places, with padding behind."""
    generator = torch.Generator().manual_seed(1)
    pictures = torch.randn(5, 3, 10, 10, generator=generator)
    tokens = torch.randint(2, VOCABULARY - 1, (5, T), generator=generator)
    for row, end in enumerate((2, 10, 4, 7, 1)):
        tokens[row, end] = VOCABULARY - 1
        tokens[row, end + 1 :] = 0
    return pictures, tokens


def test_features_logits_and_loss_equal_theirs(ours, theirs):
    pictures, tokens = inputs()
    with torch.no_grad():
        expected = theirs(input_ids=tokens, pixel_values=pictures, return_loss=True)
        per_image, per_text = ours(pictures, tokens)
        torch.testing.assert_close(ours.encode_text(tokens), expected.text_embeds)
        torch.testing.assert_close(ours.encode_image(pictures), expected.image_embeds)
    torch.testing.assert_close(per_image, expected.logits_per_image)
    torch.testing.assert_close(per_text, expected.logits_per_text)
    torch.testing.assert_close(clip_loss(per_image), expected.loss)
    assert (per_image - per_image.mean()).abs().max() > 0.5


def test_gradients_equal_theirs(ours, theirs):
    pictures, tokens = inputs()
    ours.zero_grad()
    theirs.zero_grad()
    clip_loss(ours(pictures, tokens)[0]).backward()
    found = {name: parameter.grad.clone() for name, parameter in ours.text.named_parameters()}
    scale = ours.logit_scale.grad.clone()
    theirs.zero_grad()
    theirs(input_ids=tokens, pixel_values=pictures, return_loss=True).loss.backward()
    grads = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    expected = converted(grads)
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(scale, grads["logit_scale"])
    assert scale != 0
