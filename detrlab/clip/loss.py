"""The loss of CLIP: which text of the batch belongs to a picture, and which picture to a text.

CLIP (arXiv:2103.00020), section 2.3 and figure 3. Texts made false by a swap as further wrong answers: Yuksekgonul et
al. 2023, "When and why vision-language models behave like bags-of-words" (arXiv:2210.01936), section 4.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def clip_loss(logits_per_image: Tensor) -> Tensor:
    """The mean of two cross-entropies of logits (N, N), of which the diagonal is right.

    Along rows every picture chooses among N texts, along columns every text among N pictures. Knowing nothing gives
    ln N; a batch of one gives 0.
    """
    right = torch.arange(len(logits_per_image), device=logits_per_image.device)
    per_image = F.cross_entropy(logits_per_image, right)
    per_text = F.cross_entropy(logits_per_image.T, right)
    return (per_image + per_text) / 2


def hard_negative_loss(logits_per_image: Tensor, negative_logits: Tensor) -> Tensor:
    """The same with further texts (N, K) that are right for no picture: pictures choose among N + K texts; texts, which
    are made of words, gain no new pictures to choose from."""
    right = torch.arange(len(logits_per_image), device=logits_per_image.device)
    per_image = F.cross_entropy(torch.cat([logits_per_image, negative_logits], dim=1), right)
    per_text = F.cross_entropy(logits_per_image.T, right)
    return (per_image + per_text) / 2
