"""What notebook 1 states in numbers and no cell prints: its worked examples, and what its tutor says of equal rows."""

import pytest
import torch
from torch import nn

from detrlab.detr.criterion import set_losses, total_loss
from tools.train_short.short_detr import ShortDETR


def halved(n: int, times: int) -> list[int]:
    return [n := (n - 1) // 2 + 1 for _ in range(times)]


def test_the_example_of_step_1_and_the_table_of_letters():
    assert (halved(52, 3), halved(75, 3)) == ([26, 13, 7], [38, 19, 10])
    assert (halved(800, 5)[-1], halved(1066, 5)[-1]) == (25, 34)
    assert (7 * 10, 25 * 34) == (70, 850)


def test_the_examples_of_steps_3_to_6():
    conv = nn.Conv2d(2, 1, 1)
    conv.weight.data, conv.bias.data = torch.tensor([3.0, -1.0]).view(1, 2, 1, 1), torch.tensor([10.0])
    assert conv(torch.tensor([4.0, 5.0]).view(1, 2, 1, 1)).item() == 17
    assert 256 // 8 == 32
    assert [round(p, 3) for p in torch.tensor([0.0, 0.0, 3.0]).softmax(-1).tolist()] == [0.045, 0.045, 0.909]
    assert [round(z, 2) for z in torch.tensor([0.0, -1.1]).sigmoid().tolist()] == [0.5, 0.25]


def test_the_example_of_step_9():
    flattened = [["a1", "a2", "a3"], ["b1", "b2", "b3"]]
    numbers = torch.arange(6).view(2, 3)
    names = {number: flattened[number // 3][number % 3] for number in range(6)}
    moved, reshaped = numbers.T.tolist(), numbers.reshape(3, 2).tolist()
    assert [[names[n] for n in token] for token in moved] == [["a1", "b1"], ["a2", "b2"], ["a3", "b3"]]
    assert [[names[n] for n in token] for token in reshaped] == [["a1", "a2"], ["a3", "b1"], ["b2", "b3"]]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("table", ["query_pos", "row_embed", "col_embed"])
def test_training_parts_rows_that_start_equal(table: str):
    """All three tables at zero: one step back through the matching loss already gives different gradients."""
    torch.manual_seed(0)
    model = ShortDETR(6, 32, 4, 1, 1, 6).eval()
    for name in ("query_pos", "row_embed", "col_embed"):
        nn.init.zeros_(getattr(model, name))
    outputs = model(torch.randn(1, 3, 128, 128))
    assert len(outputs["pred_boxes"][0].detach().unique(dim=0)) == 1  # at first all queries give the same
    boxes = torch.tensor([[0.2, 0.3, 0.2, 0.2], [0.7, 0.4, 0.3, 0.2], [0.5, 0.8, 0.2, 0.1]])
    total_loss(set_losses(outputs, [{"labels": torch.tensor([0, 2, 4]), "boxes": boxes}])).backward()
    queries = table == "query_pos"
    gradient = getattr(model, table).grad[: 6 if queries else 16]
    # Three queries are matched to three boxes; all that are left over are told "no object" alike.
    parted = [i for i, row in enumerate(gradient) if not any(row.allclose(other) for other in [*gradient[:i]])]
    assert len(parted) == (3 + 1 if queries else 16)
