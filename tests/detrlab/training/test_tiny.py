"""The tiny DETR and its scenes: what a person can work out of a scene that is described, and that streams differ."""

import numpy as np
import pytest
import torch

from detrlab.training.tiny import CLASSES, GRID, SIDE, STREAMS, drawn_scenes, seen, tiny_curves, tiny_detr, tiny_scenes


def plan(label: str, centre: tuple[float, float], radius: float, angle: float = 0.0) -> dict[str, np.ndarray]:
    return {
        "background": np.ones(3),
        "colours": np.array([[1.0, 0, 0]]),
        "labels": np.array([CLASSES.index(label)]),
        "centres": np.array([centre]),
        "radii": np.array([radius]),
        "angles": np.array([angle]),
    }


def test_described_scenes_have_the_pixels_and_boxes_of_their_shapes():
    scenes = drawn_scenes([plan("circle", (16, 32), 8), plan("square", (32, 16), 8), plan("triangle", (32, 32), 16)])
    boxes = (SIDE * scenes.boxes_cxcywh[:, 0]).numpy()
    # A square of radius 8 stands on a corner; a triangle of radius 16 points right: x from 32 - 8 to 32 + 16.
    half = 16 * np.sin(2 * np.pi / 3)
    np.testing.assert_allclose(boxes, [[16, 32, 16, 16], [32, 16, 16, 16], [36, 32, 24, 2 * half]], atol=1e-5)
    red = (scenes.pictures == [255, 0, 0]).all(-1)
    assert red[0, 32, 16] and not red[0, 32, 26]  # y, x: inside, and 10 pixels to the right of the centre
    assert not red[1, 10, 26] and red[1, 16, 26]  # the corner of the square's box is empty, its side's corner not
    assert red[2, 32, 44] and not red[2, 32, 22] and not red[2, 22, 44]
    areas = red.sum((1, 2))
    assert abs(areas - [np.pi * 64, 128, 0.75 * 3**0.5 * 256]).max() < 0.2 * areas.max()


def test_an_empty_scene_has_no_target():
    empty = {name: value[:0] for name, value in plan("circle", (16, 32), 8).items()} | {"background": np.ones(3)}
    held = seen(drawn_scenes([empty, plan("circle", (16, 32), 8)]))
    assert [len(labels) for labels in held.labels] == [0, 1]
    assert held.boxes_xyxy[1].tolist() == [[8, 24, 24, 40]]


def test_scenes_are_the_same_each_time_and_no_use_shares_them():
    first = tiny_scenes(3)
    assert np.array_equal(first.pictures, tiny_scenes(3).pictures)
    assert np.array_equal(first.pictures[2], tiny_scenes(1, first=2).pictures[0])
    firsts = [tiny_scenes(1, use).pictures for use in STREAMS]
    assert all(not np.array_equal(a, b) for i, a in enumerate(firsts) for b in firsts[:i])
    with pytest.raises(ValueError, match="unknown use 'test'"):
        tiny_scenes(1, "test")


def test_the_model_starts_from_a_grid_and_a_frozen_backbone():
    torch.manual_seed(0)
    model = tiny_detr()
    outputs = model(torch.zeros(2, 3, SIDE, SIDE))
    assert outputs["pred_boxes"].shape == (2, GRID**2, 4) and len(outputs["aux_outputs"]) == 1
    assert not any(p.requires_grad for p in model.backbone.parameters())
    codes = model.query_embed.weight
    assert len(codes.unique(dim=0)) == GRID**2
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    model.train()(torch.randn(2, 3, SIDE, SIDE))
    assert all(torch.equal(value, before[name]) for name, value in model.backbone.state_dict().items())


def test_the_kept_curves_are_of_finished_runs():
    curves = tiny_curves()
    assert set(curves["runs"]) == {"plain", "auxiliary"}
    for run in (run for runs in curves["runs"].values() for run in runs):
        assert run["history"][-1].progress == 1 and len(run["moments"]) == len(run["history"])
        assert run["moments"][0]["pred_boxes"].shape == (1, GRID**2, 4)
    failed = {name: [p for p, row in probes.items() if not row["passed"]] for name, probes in curves["probes"].items()}
    assert failed == {
        "sound": [],
        "learning rate": ["one scene"],
        "image": ["two scenes"],
        "queries": ["two objects"],
        "no-object": ["an empty scene"],
        "mirror": ["data"],
    }
