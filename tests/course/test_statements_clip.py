"""What the first half of 05's first notebook states: worked examples, by its own answers, and what its figures show."""

import math
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab import CAPTION_WORDS, Tokenizer, captioned_scenes, causal_mask, encode_texts, load_clip

FOLDER = SOLUTIONS / "05_clip" / "q1_clip"
STEPS = ("tokenizer", "causal_mask", "text_tower", "projection")


@cache
def answers() -> SimpleNamespace:
    """The functions of the model answers."""
    space = {"math": math, "nn": nn, "F": F, "torch": torch, "np": np}
    cells = read_source(FOLDER).named("exercise")
    for name in STEPS:
        exec(cells[name].source, space)
    return SimpleNamespace(**space)


def test_the_sizes_of_the_opening():
    model, tokenizer = load_clip(), Tokenizer()
    assert len(CAPTION_WORDS) == 36 and tokenizer.vocab_size == 38 and tokenizer.context_length == 20
    assert model.text.token_embedding.weight.shape == (38, 128)
    assert len(model.text.transformer["resblocks"]) == 2 and model.text.transformer["resblocks"][0].attn.num_heads == 4
    assert model.visual.pool.queries.shape == (9, 128)
    pictures = captioned_scenes(1, "fresh").normalised()
    assert pictures.shape == (1, 3, 64, 64)
    assert model.visual.tokens(model.visual.stages(pictures), pictures).shape == (1, 64, 128)
    assert model.encode_image(pictures).shape == (1, 128)


def test_the_tokens_of_step_1():
    words = ("a", "red", "ring", "star")
    row = answers().encode("A red ring, a star.", words)
    assert row == [1, 2, 3, 1, 4, 5]
    assert answers().padded([row], 8).tolist() == [[1, 2, 3, 1, 4, 5, 0, 0]]
    assert answers().padded([row], 4).tolist() == [[1, 2, 3, 5]]


def test_the_tokens_of_step_1_are_the_librarys():
    captions = [str(caption) for caption in captioned_scenes(60, "fresh").captions()]
    rows = [answers().encode(caption, CAPTION_WORDS) for caption in captions]
    assert torch.equal(answers().padded(rows, 20), Tokenizer()(captions))
    assert torch.equal(answers().padded(rows, 6), Tokenizer(context_length=6)(captions))


def test_the_mask_of_step_2():
    hidden = -math.inf
    mask = answers().may_look(3)
    assert mask.tolist() == [[0, hidden, hidden], [0, 0, hidden], [0, 0, 0]]
    weights = answers().masked_weights(torch.full((1, 1, 3, 3), 0.7), mask)
    assert weights.flatten().tolist() == pytest.approx([1, 0, 0, 1 / 2, 1 / 2, 0, 1 / 3, 1 / 3, 1 / 3])
    assert torch.equal(answers().may_look(11), causal_mask(11))


def test_the_ends_of_step_3():
    x, tokens = torch.randn(2, 4, 3), torch.tensor([[1, 2, 5, 0], [3, 5, 0, 0]])
    assert torch.equal(answers().at_end(x, tokens, 5), torch.stack([x[0, 2], x[1, 1]]))


@torch.no_grad()
def test_the_tower_of_step_3_is_the_librarys():
    model, step = load_clip(), answers()
    blocks = [lambda x, mask, own=own: step.text_block(own, x, mask) for own in model.text.transformer["resblocks"]]
    text = model.text
    tower = SimpleNamespace(
        token_embedding=text.token_embedding,
        positional_embedding=text.positional_embedding,
        blocks=blocks,
        ln_final=text.ln_final,
    )
    tokens = model.tokenizer([str(caption) for caption in captioned_scenes(5, "fresh").captions()])
    features = step.at_end(step.read(tower, tokens, causal_mask(20)), tokens, model.tokenizer.end)
    assert torch.allclose(text.projection(features), text(tokens), atol=1e-5)


def test_the_query_of_step_4_that_looks_everywhere():
    attn = nn.MultiheadAttention(4, 2, batch_first=True)
    cells = torch.randn(1, 5, 4)
    pooled = answers().pool(torch.zeros(1, 4), attn, cells)  # its biases are 0
    values = cells @ attn.in_proj_weight[8:].T
    assert torch.allclose(pooled, attn.out_proj(values.mean(1)), atol=1e-6)


def test_the_projections_of_step_4():
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    first.weight.data, second.weight.data = torch.eye(2), torch.zeros(2, 2)
    layers = SimpleNamespace(linear1=first, linear2=second, layer_norm=nn.LayerNorm(2))
    assert answers().residual_projection(layers, torch.tensor([[3.0, 1.0]]))[0].tolist() == pytest.approx(
        [1, -1], abs=1e-4
    )
    features = answers().linear_features(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.5, 0.0], [0.0, 1.0]]))
    assert features[0].tolist() == pytest.approx([0.6, 0.8])


def test_captions_that_say_the_same_have_nearly_the_same_direction():
    """Of the shipped weights, as the figure of step 4 shows."""
    first, *others = encode_texts(
        load_clip(),
        [
            "a red ring left of a blue star",
            "a blue star right of a red ring",
            "a picture of a red ring left of a blue star",
            "a blue ring left of a red star",
        ],
    )
    same, opened, bound_otherwise = (float(first @ other) for other in others)
    assert min(same, opened) > 0.95
    assert bound_otherwise < 0.8
