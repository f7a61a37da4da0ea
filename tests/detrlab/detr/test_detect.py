"""From outputs to detections in pixels, with a model whose answers are known."""

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from detrlab.detr.detect import detect
from tests.golden_data import golden_file


class Oracle(nn.Module):
    """Answers every picture with the same logits and boxes, and keeps what it was shown."""

    classes = ("circle", "square")
    input_size = (64, 107)

    def __init__(self, logits: torch.Tensor, boxes_cxcywh: torch.Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits, requires_grad=False)
        self.boxes_cxcywh = boxes_cxcywh
        self.inner = nn.Dropout()

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        self.seen = pictures
        self.modes = (self.training, self.inner.training, torch.is_grad_enabled())
        return {"pred_logits": self.logits[None], "pred_boxes": self.boxes_cxcywh[None]}


def oracle() -> Oracle:
    probabilities = torch.tensor([[0.1, 0.75, 0.15], [0.1, 0.1, 0.8], [0.9, 0.05, 0.05], [0.6, 0.3, 0.1]])
    boxes_cxcywh = torch.tensor([[0.5, 0.5, 1, 1], [0.1, 0.1, 0.1, 0.1], [0.5, 0.25, 0.2, 0.1], [0.9, 0.9, 0.1, 0.1]])
    return Oracle(probabilities.log(), boxes_cxcywh)


PICTURE = Image.new("RGB", (200, 100), "white")


def test_by_hand():
    found = detect(oracle(), PICTURE)
    assert len(found) == 2
    assert found.queries.tolist() == [2, 0]
    assert found.labels.tolist() == [0, 1]
    assert found.names == ("circle", "square")
    torch.testing.assert_close(found.scores, torch.tensor([0.9, 0.75]))
    torch.testing.assert_close(found.boxes_xyxy, torch.tensor([[80.0, 20.0, 120.0, 30.0], [0.0, 0.0, 200.0, 100.0]]))
    first, second = found
    assert (first.name, first.query, second.label) == ("circle", 2, 1)
    assert first.box_xyxy == pytest.approx((80, 20, 120, 30))


def test_the_threshold():
    assert detect(oracle(), PICTURE, threshold=0.5).queries.tolist() == [2, 0, 3]
    none = detect(oracle(), PICTURE, threshold=0.95)
    assert len(none) == 0
    assert none.boxes_xyxy.shape == (0, 4)
    assert list(none) == []


def test_the_models_own_size_and_the_original_frame():
    model = oracle()
    detect(model, PICTURE)
    # 64 would make the longer side 128: 107 wide, 53.5 rounds to 54 high, and 54 * 2 = 108.
    assert model.seen.shape == (1, 3, 54, 108)


def test_modes_are_left_as_they_were():
    model = oracle()
    model.inner.eval()
    detect(model, PICTURE)
    assert model.modes == (False, False, False)
    assert model.training
    assert not model.inner.training
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("threshold", [-0.1, 70, float("nan")])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(ValueError, match=r"a probability 0\.\.1 is expected"):
        detect(oracle(), PICTURE, threshold)


def test_a_model_without_classes():
    with pytest.raises(ValueError, match="Linear has no classes and input_size"):
        detect(nn.Linear(2, 2), PICTURE)


def test_equals_the_official_postprocessing():
    golden = load_file(golden_file("postprocess.safetensors"))
    for i in range(2):
        height, width = golden["target_sizes"][i].tolist()
        model = Oracle(golden["pred_logits"][i], golden["pred_boxes"][i])
        model.classes = tuple(map(str, range(91)))
        found = detect(model, Image.new("RGB", (width, height)), threshold=0)
        assert sorted(found.queries.tolist()) == list(range(100))
        assert found.labels.equal(golden[f"labels.{i}"][found.queries])
        torch.testing.assert_close(found.scores, golden[f"scores.{i}"][found.queries])
        torch.testing.assert_close(found.boxes_xyxy, golden[f"boxes.{i}"][found.queries])
