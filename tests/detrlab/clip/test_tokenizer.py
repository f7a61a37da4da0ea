"""Captions as whole numbers."""

import pytest
import torch

from detrlab.clip.tokenizer import Tokenizer
from detrlab.scenes.captions import draw_caption, draw_captioned_scene

TINY = Tokenizer(("a", "red", "blue", "ring"), context_length=5)


def test_words_are_numbered_from_1_and_the_end_has_the_largest_number():
    assert (TINY.end, TINY.vocab_size) == (5, 6)
    tokens = TINY(["a red ring", "a ring"])
    assert tokens.tolist() == [[1, 2, 4, 5, 0], [1, 4, 5, 0, 0]]
    assert tokens.dtype == torch.int64
    assert tokens.argmax(1).tolist() == [3, 2]


def test_one_text_is_a_batch_of_one_and_capitals_and_commas_do_not_count():
    assert TINY("A red, blue ring.").tolist() == [[1, 2, 3, 4, 5]]


def test_a_text_that_is_too_long_keeps_its_end_token():
    assert TINY("a red a blue a ring").tolist() == [[1, 2, 1, 3, 5]]


def test_a_word_that_is_not_known_is_named():
    with pytest.raises(ValueError, match="the word 'dog' of 'a red dog' is not in the vocabulary: a, red, blue, ring"):
        TINY("a red dog")


def test_tokens_become_words_again():
    assert TINY.decode(TINY("a blue ring")[0]) == ["a", "blue", "ring"]


def test_no_caption_of_the_grammar_is_cut():
    tokenizer = Tokenizer()
    for seed in range(200):
        text = str(draw_caption(draw_captioned_scene(seed, (64, 64)), seed))
        assert tokenizer.decode(tokenizer(text)[0]) == text.replace(",", "").replace("an ", "a ").split()


def test_an_is_a():
    assert TINY("an ring").tolist() == TINY("a ring").tolist()
