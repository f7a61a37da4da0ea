"""What measures count, by similarities written down."""

import pytest
import torch

from detrlab.clip import measures
from detrlab.clip.data import captioned_scenes
from detrlab.clip.measures import (
    Binding,
    binding,
    modality_gap,
    recall_at_k,
    zero_shot,
    zero_shot_classifier,
)
from detrlab.clip.model import CLIP, Projection, clip_model
from detrlab.clip.text import BagOfWords
from detrlab.clip.tokenizer import Tokenizer

# Pictures by captions; the second and the third picture were told alike.
SIMILARITY = torch.tensor([[0.9, 0.5, 0.1], [0.2, 0.3, 0.8], [0.7, 0.6, 0.4]])
CAPTIONS = ["a red ring", "a blue star", "a blue star"]


def test_an_equal_caption_is_right():
    """Picture 1 takes caption 2, which equals its own; picture 2 takes caption 0. Of the captions 0 takes picture 0,
    1 takes picture 2 (told alike), 2 takes picture 1 (told alike)."""
    assert recall_at_k(SIMILARITY, CAPTIONS, 1) == pytest.approx((2 / 3, 1.0))
    assert recall_at_k(SIMILARITY, CAPTIONS, 2) == pytest.approx((1.0, 1.0))


def test_without_equal_captions_the_diagonal_is_right():
    assert recall_at_k(SIMILARITY, ["a", "b", "c"], 1) == pytest.approx((1 / 3, 1 / 3))


def test_recall_equals_the_naive_form():
    generator = torch.Generator().manual_seed(0)
    similarity = torch.randn(29, 29, generator=generator)
    captions = [str(number) for number in torch.randint(11, (29,), generator=generator).tolist()]
    for k in (1, 3):
        naive = []
        for table in (similarity, similarity.T):
            hits = 0
            for i, row in enumerate(table.tolist()):
                best = sorted(range(29), key=row.__getitem__, reverse=True)[:k]
                hits += any(captions[j] == captions[i] for j in best)
            naive.append(hits / 29)
        assert recall_at_k(similarity, captions, k) == pytest.approx(tuple(naive))


class WordPlaces(torch.nn.Module):
    """A text tower whose feature is a table's row of the first word."""

    def __init__(self, table):
        super().__init__()
        self.table = table

    def forward(self, tokens):
        return self.table[tokens[:, 0]]


def test_prompts_of_a_class_are_averaged_and_normalised_again():
    """(1, 0) and (0, 1) give (1, 1) / sqrt 2; both are of length 1 before, however long the tower makes them."""
    model = CLIP(torch.nn.Identity(), WordPlaces(torch.tensor([[0.0, 0], [7, 0], [0, 2], [-1, 0]])))
    model.tokenizer = Tokenizer(("red", "blue", "green"), 4)
    classifier = zero_shot_classifier(model, [["red", "blue"], ["green"]])
    torch.testing.assert_close(classifier, torch.tensor([[0.5**0.5, 0.5**0.5], [-1.0, 0.0]]))
    assert zero_shot(torch.tensor([[0.0, 1.0], [-0.8, 0.6]]), classifier).tolist() == [0, 1]


@pytest.mark.parametrize("kind", ["colours", "order"])
def test_a_bag_of_words_ties_where_the_same_words_are_bound_otherwise(kind):
    torch.manual_seed(0)
    model = clip_model().eval()
    model.text = BagOfWords(model.tokenizer.vocab_size, 32, Projection(32, 128)).eval()
    found = binding(model, captioned_scenes(60), kind)
    assert found.share == 0.5
    assert found.pairs > 10


def test_binding_of_nothing_is_refused_and_its_error_follows_from_the_pairs():
    with pytest.raises(ValueError, match="no caption of these scenes has places to exchange"):
        binding(clip_model(), captioned_scenes(3, shapes=1), "places")
    assert Binding(0.8, 400).error == pytest.approx(0.02)


def test_the_gap_is_between_means():
    """Means (1, 0) and (0, 0): the mean distance of pairs would be 2 ** .5."""
    pictures, texts = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.0, 1.0], [0.0, -1.0]])
    assert modality_gap(pictures, texts) == pytest.approx(1.0)


def test_all_figures_of_a_model_are_shares():
    torch.manual_seed(0)
    scenes, single = captioned_scenes(40, "fresh"), captioned_scenes(24, "fresh", first=1000, shapes=1)
    found = measures.measure_clip(clip_model().eval(), scenes, single)
    assert set(found) >= {"image_to_text_1", "text_to_image_5", "zero_shot_72", "binding_colours", "binding_counts"}
    assert all(0 <= value <= 1 for name, value in found.items() if name != "modality_gap")
    assert found["zero_shot_72"] < 0.3
