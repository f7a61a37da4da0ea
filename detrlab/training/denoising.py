"""Denoising queries beside the object queries while a DETR learns; what is measured and ships is the DETR alone.

Li et al. 2022, "DN-DETR: Accelerate DETR Training by Introducing Query DeNoising", arXiv:2203.01305. Each group of
denoising queries holds every true object of a picture once, its box moved and its label now and then exchanged. Such a
query knows which object it is to find, so it needs no matching: it learns to give back the true box and class. The
decoder's self-attention hides what they know of the truth from the object queries, and groups from each other.

The paper adds them to a DETR with queries that are boxes (DAB-DETR). Here the queries are DETR's: a denoising query has
the encoding of its box's centre as its position, as the tiny DETR's object queries have at the start, and learned
vectors of its box and label.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from detrlab.detr.criterion import WEIGHTS, box_losses, set_losses
from detrlab.detr.detr import DETR
from detrlab.detr.matcher import Targets
from detrlab.training.ablations import BATCH, SCENES, STEPS, ablation_recipe
from detrlab.training.data import Batch
from detrlab.training.loop import Trainer
from detrlab.training.tiny import CLASSES, tiny_detr, tiny_scenes

GROUPS = 3
MOVED = 0.4  # a centre moves by up to this share of half the box's width and height, so that it stays inside the box
RESIZED = 0.4  # width and height grow or shrink by up to this share
EXCHANGED = 0.2  # share of the labels for which one is drawn by chance
CODED = 64  # places along each side whose encodings are kept
LOSS_WEIGHTS = WEIGHTS | {name.replace("loss_", "loss_dn_"): weight for name, weight in WEIGHTS.items()}

Batches = Callable[[int], Iterator[Batch]]


def with_noised_truth(batches: Batches, classes: int, groups: int = GROUPS, seed: int = 0) -> Batches:
    """The same batches with noised truth beside their "pictures": "noised_boxes" (B, G, T, 4) cxcywh in 0..1 and
    "noised_labels" (B, G, T), T the most objects of a picture, -1 behind the last one of a picture that has fewer.
    Batch number n is always the same."""

    def from_number(start: int) -> Iterator[Batch]:
        for number, (pictures, targets) in enumerate(batches(start), start):
            assert isinstance(pictures, Tensor)
            rng = np.random.default_rng((seed, number, 30))
            yield {"pictures": pictures, **noised_truth(targets, classes, groups, rng)}, targets

    return from_number


def noised_truth(targets: Targets, classes: int, groups: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """What `with_noised_truth` adds to a batch with these targets."""
    boxes_cxcywh = pad_sequence([target["boxes"] for target in targets], batch_first=True)  # (B, T, 4)
    labels = pad_sequence([target["labels"] for target in targets], batch_first=True, padding_value=-1)  # (B, T)
    B, T = labels.shape
    shape = (B, groups, T)
    centre, size = boxes_cxcywh[:, None].expand(*shape, 4).split(2, dim=-1)  # (B, G, T, 2) each
    move, resize = torch.from_numpy(rng.uniform(-1, 1, (2, *shape, 2))).float()
    centre, size = centre + MOVED * move * size / 2, size * (1 + RESIZED * resize)
    chance = torch.from_numpy(rng.integers(classes, size=shape))
    exchanged = torch.from_numpy(rng.uniform(size=shape) < EXCHANGED) & (labels[:, None] >= 0)
    return {
        "noised_boxes": torch.cat([centre, size], dim=-1),
        "noised_labels": torch.where(exchanged, chance, labels[:, None]),
    }


def denoising_mask(present: Tensor, Q: int) -> Tensor:
    """What is hidden in the decoder's self-attention: (B, Q + G*T, Q + G*T), [query, key], True where a query (row) may
    not look. First come the Q object queries, then the groups one after the other.

    present: (B, G, T), whether there is an object for the denoising query. Object queries are seen by all, denoising
    queries by those of their own group only.
    """
    B, G, T = present.shape
    group = torch.arange(1, G + 1).repeat_interleave(T)
    group = torch.cat([torch.zeros(Q, dtype=torch.int64), group]).to(present.device)  # 0: an object query
    hidden = (group[:, None] != group) & (group > 0)  # (Q + G*T, Q + G*T)
    there = torch.cat([present.new_ones(B, Q), present.flatten(1)], dim=1)  # (B, Q + G*T)
    return hidden | ~there[:, None]


class DenoisingLearner(nn.Module):
    """A DETR whose decoder gets denoising queries as well; its pictures come from `with_noised_truth`."""

    def __init__(self, model: DETR) -> None:
        super().__init__()
        self.model = model
        D, K = model.transformer.d_model, model.class_embed.out_features - 1
        self.label_embed, self.box_embed = nn.Embedding(K, D), nn.Linear(4, D)
        position = model.backbone[1]
        code = position(torch.zeros(1, CODED, CODED, dtype=torch.bool))[0]  # (D, CODED, CODED)
        self.register_buffer("code", code.permute(1, 2, 0).detach().clone(), persistent=False)  # [y, x]

    def forward(self, pictures: dict[str, Tensor]) -> dict:
        """The DETR's predictions of its own queries, and under "denoised" those of the denoising queries: of every
        decoder layer, the last one first, a dict of "pred_logits" (B, G, T, K + 1) and "pred_boxes" (B, G, T, 4)."""
        boxes_cxcywh, labels = pictures["noised_boxes"], pictures["noised_labels"]
        (B, G, T), Q = labels.shape, self.model.query_embed.num_embeddings
        position = self._place(boxes_cxcywh) + self.box_embed(boxes_cxcywh)  # (B, G, T, D)
        content = self.label_embed(labels.clamp(min=0))  # (B, G, T, D)
        M = self.model.transformer.decoder.layers[0].self_attn.num_heads
        hidden = denoising_mask(labels >= 0, Q).repeat_interleave(M, dim=0)  # (B*M, Q + G*T, Q + G*T)

        def add(_: nn.Module, inputs: tuple, keywords: dict) -> tuple[tuple, dict]:
            src, mask, query_embed, pos = inputs
            queries = torch.cat([query_embed.expand(B, -1, -1), position.flatten(1, 2)], dim=1)  # (B, Q + G*T, D)
            # Object queries start from zeros, as always.
            start = torch.cat([torch.zeros_like(queries[:, :Q]), content.flatten(1, 2)], dim=1)
            return (src, mask, queries, pos), {**keywords, "tgt": start, "attn_mask": hidden}

        with self.model.transformer.register_forward_pre_hook(add, with_kwargs=True):
            outputs = self.model(pictures["pictures"])
        layers = [outputs, *outputs.get("aux_outputs", [])]
        names = ("pred_logits", "pred_boxes")
        own = [{name: layer[name][:, :Q] for name in names} for layer in layers]
        denoised = [{name: layer[name][:, Q:].unflatten(1, (G, T)) for name in names} for layer in layers]
        return own[0] | ({"aux_outputs": own[1:]} if own[1:] else {}) | {"denoised": denoised}

    def _place(self, boxes_cxcywh: Tensor) -> Tensor:
        """The encoding of the place at which a box has its centre."""
        x, y = (CODED * boxes_cxcywh[..., :2]).long().clamp(0, CODED - 1).unbind(-1)
        return self.code[y, x]


def denoising_losses(outputs: dict, targets: Targets, no_object: float = 0.1) -> dict[str, Tensor]:
    """`set_losses` of the object queries, and the same three of the denoising queries, each against its own object:
    "loss_dn_ce", "loss_dn_bbox" and "loss_dn_giou", with the same suffixes of earlier layers.

    outputs: of `DenoisingLearner`. They are means over all denoising queries that have an object; their cross-entropy
    is not weighted, for no-object is never right.
    """
    losses = set_losses(outputs, targets, no_object)
    picture = torch.cat([torch.full_like(target["labels"], i) for i, target in enumerate(targets)])  # (N,)
    place = torch.cat([torch.arange(len(target["labels"])) for target in targets]).to(picture.device)  # (N,)
    labels, goal_cxcywh = (torch.cat([target[name] for target in targets]) for name in ("labels", "boxes"))
    for layer, suffix in zip(
        outputs["denoised"], ["", *(f"_{i}" for i in range(len(outputs["denoised"])))], strict=False
    ):
        logits, boxes_cxcywh = (layer[name].float()[picture, :, place] for name in ("pred_logits", "pred_boxes"))
        N, G = logits.shape[:2]  # N objects in the batch; logits are (N, G, K + 1)
        count = max(N * G, 1)
        surprise = F.cross_entropy(logits.flatten(0, 1), labels.repeat_interleave(G), reduction="sum")
        bbox, giou = box_losses(boxes_cxcywh.flatten(0, 1), goal_cxcywh.repeat_interleave(G, dim=0))
        losses |= {
            f"loss_dn_{name}{suffix}": loss / count
            for name, loss in zip(("ce", "bbox", "giou"), (surprise, bbox, giou), strict=True)
        }
    return losses


def denoising_trainer(seed: int = 0, groups: int = GROUPS, steps: int = STEPS, **more: Any) -> Trainer:
    """The training of the tiny DETR with denoising queries. All else is that of `ablation_trainer("nothing", seed)`:
    the model's weights at the start, the scenes, their order, the rates. `more` goes to `Trainer`, such as checkpoint
    or report_every."""
    torch.manual_seed(seed)
    model = tiny_detr()
    noised = with_noised_truth(tiny_scenes(SCENES).batches(BATCH, seed), len(CLASSES), groups, seed)
    recipe = replace(ablation_recipe("nothing", seed, steps), name="denoising", loss_weights=LOSS_WEIGHTS)
    return Trainer(model, denoising_losses, noised, recipe, learner=DenoisingLearner(model), device="cpu", **more)
