"""CLIP: two towers into one space, and the temperature that their agreement is measured with.

CLIP (arXiv:2103.00020), section 2.3 and figure 3; `clip/model.py` of the official code.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.clip.image import GRID, ImageTower
from detrlab.clip.text import TextTransformer
from detrlab.clip.tokenizer import Tokenizer
from detrlab.detr.models import load_small

WIDTH, HEADS, EMBEDDING = 128, 4, 128  # of the small model: D, M and E
SIDE = 64  # pixels of the pictures that it sees
TEMPERATURE = 0.07  # at the start
MOST_SCALE = 100.0  # what 1 / temperature may become


class Projection(nn.Module):
    """A linear map, a residual of two layers on it, and layer norm: (B, d_in) -> (B, d_out).

    Not the paper's, which is one linear map without bias; many small CLIPs use it.
    """

    def __init__(self, d_in: int, d_out: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_in, d_out, bias=False)
        self.linear2 = nn.Linear(d_out, d_out, bias=False)
        self.layer_norm = nn.LayerNorm(d_out)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        projected = self.linear1(x)
        return self.layer_norm(projected + self.drop(self.linear2(F.gelu(projected))))


class CLIP(nn.Module):
    """Pictures and texts in one space.

    visual: pictures -> (B, E). text: tokens (B, T) -> (B, E). `logit_scale` is the logarithm of 1 / temperature. It is
    learned from ln(1 / 0.07) on; the training loop keeps it from 0 to ln 100 (`clamp_logit_scale`), since in here the
    clamp would stop its gradient.
    """

    tokenizer: Tokenizer

    def __init__(self, visual: nn.Module, text: nn.Module) -> None:
        super().__init__()
        self.visual = visual
        self.text = text
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / TEMPERATURE)))

    def encode_image(self, pictures: Tensor) -> Tensor:
        """Pictures -> features of length 1, (B, E)."""
        return F.normalize(self.visual(pictures), dim=-1)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Tokens (B, T) -> features of length 1, (B, E)."""
        return F.normalize(self.text(tokens), dim=-1)

    def forward(self, pictures: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits per picture (B, N) and per text (N, B), of B pictures and N texts."""
        return clip_logits(self.encode_image(pictures), self.encode_text(tokens), self.logit_scale)


def clip_logits(image_features: Tensor, text_features: Tensor, logit_scale: Tensor) -> tuple[Tensor, Tensor]:
    """exp(logit_scale) times the cosine of every picture (B, E) with every text (N, E), all of length 1: (B, N), and
    the same transposed."""
    per_image = logit_scale.exp() * image_features @ text_features.T
    return per_image, per_image.T


@torch.no_grad()
def clamp_logit_scale(model: CLIP) -> None:
    """Keeps the scale from 1 to 100, as the training loop does after every step (section 2.5 of the paper)."""
    model.logit_scale.clamp_(0, math.log(MOST_SCALE))


def clip_model(linear: bool = False) -> CLIP:
    """The architecture of the small CLIP, with random weights; `linear`: the paper's projections, plain linear maps."""
    tokenizer = Tokenizer()

    def projection(d_in: int) -> nn.Module:
        return nn.Linear(d_in, EMBEDDING, bias=False) if linear else Projection(d_in, EMBEDDING)

    visual = ImageTower(WIDTH, HEADS, projection(GRID**2 * WIDTH))
    text = TextTransformer(
        tokenizer.vocab_size, tokenizer.context_length, WIDTH, HEADS, layers=2, projection=projection(WIDTH)
    )
    model = CLIP(visual, text)
    model.tokenizer = tokenizer
    return model


def load_clip(weights: str | Path | None = None) -> CLIP:
    """The small CLIP in eval mode, with `model.tokenizer`; its pictures have 64 x 64 pixels.

    weights: a .safetensors file of it; None: the shipped ones.

    Raises:
        ValueError: weights of another model.
        WeightsError: weights that are not there or cannot be read.
    """
    model = clip_model()
    load_small(model, "clip", weights)
    return model
