"""The probes' parts, without waiting for a training: what counts as found, and what each fault breaks."""

import numpy as np
import pytest
import torch

from detrlab.training import probes
from detrlab.training.probes import FAULTS, PROBES, Training, faulty, probe
from detrlab.training.tiny import SIDE


def test_found_and_false_are_counted():
    goals = [torch.tensor([[0.0, 0, 20, 20], [40, 40, 60, 60]]), torch.zeros(0, 4)]
    labels = [torch.tensor([0, 1]), torch.zeros(0, dtype=torch.long)]
    predicted = {
        # A hit, its repetition, a right box of the wrong class, and one that is not sure; in the empty scene one alarm.
        "scores": torch.tensor([[0.9, 0.8, 0.9, 0.4], [0.6, 0.1, 0.1, 0.1]]),
        "labels": torch.tensor([[0, 0, 0, 1], [2, 0, 0, 0]]),
        "boxes_xyxy": torch.tensor([[[0.0, 0, 20, 20], [0, 0, 20, 18], [40, 40, 60, 60], [40, 40, 60, 60]]] * 2),
    }
    assert probes._found(predicted, goals, labels) == (1, 3)


def test_boxes_are_mirrored_with_their_images():
    batch = (torch.arange(12.0).view(1, 3, 2, 2), [{"boxes": torch.tensor([[0.25, 0.5, 0.25, 0.5]])}])
    seeds = {bool(np.random.default_rng(i).uniform(size=1) < 0.5): i for i in range(9)}
    pictures, (target,) = Training().vary(batch, np.random.default_rng(seeds[True]))
    assert torch.equal(pictures, batch[0].flip(-1)) and target["boxes"].tolist() == [[0.75, 0.5, 0.25, 0.5]]
    pictures, (target,) = faulty("mirror").vary(batch, np.random.default_rng(seeds[True]))
    assert torch.equal(pictures, batch[0].flip(-1)) and target["boxes"].tolist() == [[0.25, 0.5, 0.25, 0.5]]
    pictures, (target,) = Training().vary(batch, np.random.default_rng(seeds[False]))
    assert torch.equal(pictures, batch[0]) and target is batch[1][0]


def test_faulty_models_are_constant_along_one_axis():
    x = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))

    def spread(fault: str) -> tuple[float, float]:
        torch.manual_seed(0)
        boxes = FAULTS[fault].model().eval()(x)["pred_boxes"]
        return (boxes[0] - boxes[1]).abs().max().item(), (boxes[:, 0] - boxes[:, 1]).abs().max().item()

    assert spread("image")[0] == 0 < spread("image")[1]
    assert spread("queries")[1] == 0 < spread("queries")[0]
    assert min(spread("no-object")) > 0


def test_a_probe_says_what_came_of_it(monkeypatch):
    monkeypatch.setattr(probes, "STEPS", dict.fromkeys(PROBES, 4))
    monkeypatch.setattr(probes, "REPORTS", 2)
    probed = probe(Training(), "an empty scene")
    assert probed.steps == [2, 4] and len(probed.losses) == 2 and probed.objects == 1
    assert probed.outputs["pred_logits"].shape == (2, 9, 4)
    assert probe(Training(), "data").objects == 4  # two scenes, and both mirrored


def test_unknown_names():
    with pytest.raises(ValueError, match="no probe 'three scenes'"):
        probe(Training(), "three scenes")
    with pytest.raises(ValueError, match="no fault 'matcher'"):
        faulty("matcher")
