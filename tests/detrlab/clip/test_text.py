"""The text tower sees what comes before, and ends at the end token."""

import pytest
import torch

from detrlab.clip.text import BagOfWords, QuickGELU, TextTransformer, causal_mask

END = 12


def tower() -> TextTransformer:
    torch.manual_seed(0)
    return TextTransformer(vocab_size=END + 1, context_length=7, width=8, heads=2, layers=2).eval()


def test_no_token_sees_those_behind_it():
    assert causal_mask(3).tolist() == [[0, -torch.inf, -torch.inf], [0, 0, -torch.inf], [0, 0, 0]]


def test_what_lies_behind_the_end_token_does_not_count():
    first = torch.tensor([[3, 4, END, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, END]])
    other = first.clone()
    other[0, 3:] = torch.tensor([9, 8, 7, 6])
    text = tower()
    torch.testing.assert_close(text(first), text(other))
    torch.testing.assert_close(text(first[:1]), text(first)[:1])  # alone it is shortened to three tokens


def test_the_order_of_words_counts():
    text = tower()
    assert (text(torch.tensor([[3, 4, END]])) - text(torch.tensor([[4, 3, END]]))).abs().max() > 1e-3


def test_a_row_without_end_token_is_refused():
    with pytest.raises(ValueError, match="no end token"):
        tower()(torch.tensor([[3, 4, 5]]))


def test_quick_gelu():
    assert QuickGELU()(torch.tensor([0.0, 1.0])).tolist() == pytest.approx([0, 1 / (1 + 2.718281828**-1.702)])


def test_a_bag_of_words_adds_them_up_in_any_order():
    bag = BagOfWords(5, 3)
    found = bag(torch.tensor([[1, 2, 2, 4, 0], [2, 4, 1, 2, 0]]))
    assert torch.equal(found[0], found[1])
    weight = bag.token_embedding.weight
    torch.testing.assert_close(found[0], weight[1] + 2 * weight[2] + weight[4])
