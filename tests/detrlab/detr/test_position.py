"""Positional encodings: sines by hand, and the official numbers."""

import math

import pytest
import torch
from safetensors.torch import load_file

from detrlab.detr.position import PositionEmbeddingLearned, PositionEmbeddingSine
from tests.golden_data import golden_file


def test_sines_by_hand():
    H, W = 2, 3
    encoding = PositionEmbeddingSine(4, temperature=100.0)(torch.zeros(1, H, W, dtype=torch.bool))
    assert encoding.shape == (1, 8, H, W)
    # Row 1 of 2 is half the height: pi at the fast pair, pi / 100 ** (2 / 4) at the slow one; column 1 of 3.
    half, third = math.pi, 2 * math.pi / 3
    waves = [f(angle) for a in (half, third) for angle in (a, a / 10) for f in (math.sin, math.cos)]
    torch.testing.assert_close(encoding[0, :, 0, 0], torch.tensor(waves), atol=1e-5, rtol=0)


def test_without_normalize_cells_are_counted():
    encoding = PositionEmbeddingSine(2, normalize=False)(torch.zeros(1, 5, 7, dtype=torch.bool))
    expected = [math.sin(3), math.cos(3), math.sin(6), math.cos(6)]  # row 2 is the 3rd, column 5 the 6th
    torch.testing.assert_close(encoding[0, :, 2, 5], torch.tensor(expected))


def test_scale_sets_the_fastest_wave():
    paper = PositionEmbeddingSine(2)(torch.zeros(1, 1, 12, dtype=torch.bool))
    thrice = PositionEmbeddingSine(2, scale=6 * math.pi)(torch.zeros(1, 1, 12, dtype=torch.bool))
    # Three periods across: column 3 of 12 stands where column 9 of 12 stands with one.
    torch.testing.assert_close(thrice[0, 2:, 0, 2], paper[0, 2:, 0, 8], atol=1e-5, rtol=0)


def test_padding_does_not_count():
    mask = torch.ones(1, 7, 11, dtype=torch.bool)
    mask[:, :3, :5] = False
    position = PositionEmbeddingSine(6)
    padded, alone = position(mask), position(torch.zeros(1, 3, 5, dtype=torch.bool))
    torch.testing.assert_close(padded[:, :, :3, :5], alone)
    assert padded.isfinite().all()


def test_learned_is_columns_then_rows():
    position = PositionEmbeddingLearned(3)
    encoding = position(torch.zeros(2, 5, 7, dtype=torch.bool))
    assert encoding.shape == (2, 6, 5, 7)
    assert encoding[1, :3, 4, 6].equal(position.col_embed.weight[6])
    assert encoding[1, 3:, 4, 6].equal(position.row_embed.weight[4])


def test_learned_ends_at_fifty():
    with pytest.raises(ValueError, match=r"5 x 51 cells.*end at 50"):
        PositionEmbeddingLearned(3)(torch.zeros(1, 5, 51, dtype=torch.bool))


def test_equals_the_official_code():
    golden = load_file(golden_file("position.safetensors"))
    mask = golden["mask"].bool()
    for features in (32, 128):
        for normalize in (False, True):
            ours = PositionEmbeddingSine(features, normalize=normalize)(mask)
            torch.testing.assert_close(ours, golden[f"sine.nf{features}.norm{int(normalize)}"], atol=2e-6, rtol=0)
    map_of_850 = PositionEmbeddingSine(128)(torch.zeros(1, 25, 34, dtype=torch.bool))
    torch.testing.assert_close(map_of_850, golden["sine.25x34.nf128"], atol=2e-6, rtol=0)
    learned = PositionEmbeddingLearned(32)
    learned.load_state_dict({"row_embed.weight": golden["learned.row"], "col_embed.weight": golden["learned.col"]})
    assert learned(mask).equal(golden["learned.out"])
