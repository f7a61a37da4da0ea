"""Maps of the class token against masks: mass and Jaccard by hand, and on which pictures a head is chosen."""

import pytest
import torch

from detrlab.dino.attention_maps import cls_attention, head_jaccard, jaccard, keep_mass, measure_jaccard, pca_rgb
from detrlab.dino.vision_transformer import VisionTransformer


def test_the_fewest_cells_with_60_percent():
    """.5 is too little, .5 + .2 is enough; as shares of what there is."""
    found = keep_mass(torch.tensor([[0.5, 0.2], [0.2, 0.1]]) / 3)
    assert found.sum() == 2 and found[0, 0] and not found[1, 1]
    assert keep_mass(torch.tensor([[0.5, 0.2], [0.2, 0.1]]), share=0.5).tolist() == [[True, False], [False, False]]
    assert keep_mass(torch.ones(2, 5)).sum() == 6  # of ten even ones


def test_jaccard_by_hand():
    """2 of 4 in common with 3 + 3 - 2; nothing in common; nothing at all."""
    a = torch.tensor([[[1, 1], [1, 0]], [[1, 0], [0, 0]], [[0, 0], [0, 0]]]).bool()
    b = torch.tensor([[[0, 1], [1, 1]], [[0, 1], [0, 0]], [[0, 0], [0, 0]]]).bool()
    assert jaccard(a, b).tolist() == [0.5, 0.0, 0.0]


def test_cells_are_enlarged_to_pixels():
    """One cell of 2 x 2, enlarged to 2 x 2 pixels of 4 x 4, on a mask of the upper half: 4 of 8."""
    maps = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    masks = torch.zeros(1, 4, 4, dtype=torch.bool)
    masks[:, :2] = True
    assert head_jaccard(maps, masks).tolist() == [[0.5]]


class Painted(torch.nn.Module):
    """A stand-in for a ViT whose head 0 marks bright cells and head 1 dark ones."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = torch.nn.Module()
        self.patch_embed.patch_size = 1

    def get_last_selfattention(self, pictures: torch.Tensor) -> torch.Tensor:
        bright = pictures[:, 0].flatten(1)  # (B, S)
        heads = torch.stack([bright, 1 - bright], dim=1)  # (B, M, S)
        attention = torch.zeros(*heads.shape[:2], 1 + heads.shape[2], 1 + heads.shape[2])
        attention[:, :, 0, 1:] = heads
        return attention


def squares(*corners: int) -> torch.Tensor:
    """Pictures (N, 3, 6, 6) with a bright square of 2 x 2 at (corner, corner)."""
    found = torch.zeros(len(corners), 3, 6, 6)
    for picture, corner in zip(found, corners, strict=True):
        picture[:, corner : corner + 2, corner : corner + 2] = 1
    return found


def test_the_head_is_chosen_on_other_pictures():
    """Head 0 finds 3 of 4 cells. Chosen where masks are the dark cells, head 1 is taken, though head 0 would be best
    here; the best head of each object is chosen here. The other picture's square lies elsewhere."""
    pictures = squares(0, 2, 4)
    masks = pictures[:, 0] > 0
    result = measure_jaccard(Painted(), pictures, masks, (pictures, masks))
    assert (result.head, result.fixed_head, result.best_head) == (0, 0.75, 0.75)
    assert result.other_picture == 0
    misled = measure_jaccard(Painted(), pictures, masks, (pictures, ~masks))
    assert misled.head == 1 and misled.fixed_head == 0 and misled.best_head == 0.75


def test_maps_are_the_class_tokens():
    torch.manual_seed(0)
    vit = VisionTransformer(8, 2, 6, depth=2, num_heads=3).eval()
    pictures = torch.randn(5, 3, 4, 6)
    found = cls_attention(vit, pictures, batch=2)
    assert found.shape == (5, 3, 2, 3)
    with torch.no_grad():
        whole = vit.get_last_selfattention(pictures)
    torch.testing.assert_close(found.flatten(2), whole[:, :, 0, 1:])
    torch.testing.assert_close(found.sum((2, 3)), 1 - whole[:, :, 0, 0])


def test_colours_are_equal_where_tokens_are():
    torch.manual_seed(0)
    kinds = torch.randn(3, 7)
    which = torch.randint(3, (2, 11))
    found = pca_rgb(kinds[which])
    assert found.shape == (2, 11, 3) and found.min() >= 0 and found.max() <= 1
    for kind in range(3):
        colours = found[which == kind]
        torch.testing.assert_close(colours, colours[:1].expand_as(colours), atol=1e-4, rtol=0)
    assert (found[which == 0][0] - found[which == 1][0]).abs().max() > 0.3


def test_pca_takes_the_widest_direction_first():
    x = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 1.0], [4.0, 1.0]])[None]
    found = pca_rgb(torch.cat([x, torch.zeros(1, 4, 1)], dim=-1))
    assert found[0, :, 0].tolist() == pytest.approx([0, 1, 0, 1])


def test_tokens_of_mean_0_have_colours():
    """As behind a layer norm that has not learned: every direction sums to 0, and so would a sign made of the sum."""
    x = torch.randn(1, 13, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    tokens = x - x.mean(-1, keepdim=True)
    colours = pca_rgb(tokens)
    assert torch.isfinite(colours).all()
    torch.testing.assert_close(pca_rgb(tokens.flip(1)).flip(1), colours)  # the order of tokens turns no direction
