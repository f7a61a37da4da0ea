"""A caption's words over a picture: which words the end token looks at, and where the similarity to a word comes from.

A word stands for itself in all its company: "ring" is the mean of "a red ring", "a blue ring" and so on, a colour the
mean over all shapes. Words that name neither have no map.
"""

from __future__ import annotations

from functools import cached_property

import torch
import torch.nn.functional as F
from PIL import Image

from detrlab.attention.grid import FeatureGrid
from detrlab.clip.attention import similarity_map, word_attention
from detrlab.clip.measures import colour_prompts, encode_texts, shape_prompts, zero_shot_classifier
from detrlab.clip.model import CLIP, SIDE
from detrlab.detr.detect import evaluating
from detrlab.explorer.front_end import joined, style
from detrlab.explorer.page import STYLES
from detrlab.explorer.page_widget import PageWidget
from detrlab.explorer.payload import Payload, grid_tree, map_colours, pack, shown_picture
from detrlab.explorer.static_figure import png_file
from detrlab.figures.words import plot_word_attention
from detrlab.images import Source, open_picture, to_input
from detrlab.scenes.captions import PLURALS
from detrlab.scenes.parts import CLASSES, COLOURS

LONGEST = 8 * SIDE  # pixels of the longer side as the model gets it
SINGULARS = {plural: name for name, plural in PLURALS.items()} | {name: name for name in CLASSES}


class CaptionExplorer(PageWidget):
    """Made by `explore_caption`."""

    _esm = joined("caption_widget.js")
    _css = style(*STYLES)
    title = "Caption explorer"
    entry = "caption_page.js"

    def __init__(self, model: CLIP, picture: Image.Image, caption: str) -> None:
        tokens = model.tokenizer(caption)[0]
        self.words = model.tokenizer.decode(tokens)
        pixels = to_input(picture, SIDE, LONGEST)
        named = [word for word in dict.fromkeys(self.words) if prompts_with(word)]
        with evaluating(model):
            self._attention = word_attention(model.text, tokens)  # (L, M, n)
            features = torch.cat(
                [encode_texts(model, [caption]), *(zero_shot_classifier(model, [prompts_with(word)]) for word in named)]
            )  # (1 + words, E), the caption first
            cosines = features @ F.normalize(model.visual(pixels[None]), dim=-1)[0]
        maps = torch.cat([similarity_map(model, pixels[None], each) for each in features])  # (1 + words, H, W)
        hw = pixels.shape[1], pixels.shape[2]
        grid = FeatureGrid((maps.shape[1], maps.shape[2]), hw, (picture.height, picture.width), stride=8)
        places, data = pack(
            {"colours": map_colours(), "maps": maps.float().numpy(), "attention": self._attention.numpy()}
        )
        L, M, _ = self._attention.shape
        meta = {
            "picture": {"width": picture.width, "height": picture.height},
            "grid": grid_tree(grid),
            "words": [*self.words, "end"],
            "map_of": {word: number for number, word in enumerate(named, start=1)},
            "cosines": cosines.tolist(),
            "layers": L,
            "heads": M,
            "arrays": places,
            "whole": True,
        }
        opening = Payload(meta, data, shown_picture(picture))
        super().__init__(meta=opening.meta, data=opening.data, picture=opening.picture)
        self.whole = opening

    @cached_property
    def figure(self) -> bytes:
        return png_file(plot_word_attention(self.words, self._attention))

    def _summary(self) -> str:
        return " ".join(self.words)


def explore_caption(model: CLIP, picture: Source, caption: str) -> CaptionExplorer:
    """Words of a caption to move over: what the end token looks at, and which part of the picture is like a word.

    Args:
        model: from `load_clip`.
        picture: anything `open_picture` takes.
        caption: of words that the model's tokenizer knows.

    Raises:
        ValueError: a word that it does not know.
        PictureError: the picture cannot be opened.
    """
    return CaptionExplorer(model, open_picture(picture), caption)


def prompts_with(word: str) -> list[str]:
    """Prompts whose mean stands for a word: of a colour, a shape or its plural; none of other words."""
    if word in COLOURS:
        return colour_prompts(word)
    return shape_prompts(SINGULARS[word]) if word in SINGULARS else []
