"""What 06's first notebook states of its ViT and its views, steps 1 to 4: worked examples, by its own answers."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab import View, dino_vit, load_dino, one_shape_scenes
from detrlab.dino.training import VIEWS

FOLDER = SOLUTIONS / "06_dino" / "q1_dino"
STEPS = ("patches", "interpolate", "vit_block", "multi_crop")


@cache
def answers() -> SimpleNamespace:
    """The functions of the first four model answers, in the names of the opening."""
    source = read_source(FOLDER)
    setup = next(cell.source for cell in source.cells if cell.kind == "setup")
    space = {"open_notebook": lambda name: (None, None, None)}
    exec(setup.replace("import attempt, attempted, kept, open_notebook, solution", "import attempt, attempted"), space)
    for name in STEPS:
        exec(source.named("exercise")[name].source, space)
    return SimpleNamespace(**space)


@pytest.fixture(scope="module")
def step_prose() -> dict[str, str]:
    """The prose of each step, by the number in its heading."""
    found = {}
    for cell in read_source(FOLDER).cells:
        if cell.kind == "prose" and cell.source.startswith("### Step"):
            found[cell.source.split()[2]] = cell.source
    return found


def test_the_network_is_the_one_the_opening_names():
    a, vit = answers(), dino_vit()
    assert (vit.patch_embed.patch_size, len(vit.blocks)) == (a.P, a.L)
    assert vit.pos_embed.shape == (1, 1 + (a.SIDE // a.P) ** 2, a.D)
    assert {block.attn.num_heads for block in vit.blocks} == {a.M}
    assert one_shape_scenes(1).pictures.shape == (1, a.SIDE, a.SIDE, 3)


def test_the_patches_of_step_1():
    image = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]]).view(1, 1, 2, 4)
    cut = answers().cut(image, 2)
    assert cut.tolist() == [[[1, 2, 5, 6], [3, 4, 7, 8]]]
    assert image.reshape(1, 2, 4).tolist() == [[[1, 2, 3, 4], [5, 6, 7, 8]]]
    tokens = answers().embed(cut, torch.eye(2).view(1, 1, 2, 2), torch.tensor([10.0]))
    assert tokens.flatten().tolist() == [17, 21]


def test_one_convolution_does_both_parts_of_step_1():
    torch.manual_seed(0)
    layer, images = nn.Conv2d(3, 7, kernel_size=4, stride=4), torch.randn(2, 3, 12, 20)
    tokens = answers().embed(answers().cut(images, 4), layer.weight, layer.bias)
    torch.testing.assert_close(tokens, layer(images).flatten(2).transpose(1, 2))
    assert torch.equal(answers().cut(images, 4), nn.functional.unfold(images, 4, stride=4).transpose(1, 2))
    assert torch.equal(answers().cut(images, 4), nn.functional.pixel_unshuffle(images, 4).flatten(2).transpose(1, 2))


def test_the_positions_of_step_2():
    table = torch.tensor([9.0, 0, 1, 2, 3]).view(1, 5, 1)
    of_class, grid = answers().taken_apart(table)
    assert of_class.item() == 9 and grid.tolist() == [[[[0, 1], [2, 3]]]]
    assert torch.equal(answers().positions_for(of_class, grid, 2, 2), table)
    assert answers().positions_for(of_class, grid, 1, 1).flatten().tolist() == pytest.approx([9, 1.5])


def test_the_tokens_and_the_block_of_step_3():
    patches, first, positions = (torch.tensor(row).view(1, -1, 1) for row in ([1.0, 2], [5.0], [10.0, 20, 30]))
    assert answers().tokens_of(patches, first, positions).flatten().tolist() == [15, 21, 32]
    attn, mlp = nn.MultiheadAttention(2, 1, batch_first=True), nn.Linear(2, 2)
    for parameter in (*attn.out_proj.parameters(), *mlp.parameters()):
        nn.init.zeros_(parameter)
    x, norms = torch.tensor([[[1.0, 3.0]]]), [nn.LayerNorm(2), nn.LayerNorm(2)]
    assert answers().block(x, norms[0], attn, norms[1], mlp).tolist() == [[[1, 3]]]
    post_norm = norms[1](norms[0](x + attn(x, x, x)[0]))
    assert post_norm.flatten().tolist() == pytest.approx([-1, 1], abs=1e-3)


@torch.no_grad()
def test_the_first_three_steps_are_a_whole_vit():
    """On images of three sizes, as large as learned for, smaller and oblong."""
    a, vit = answers(), load_dino()
    torch.manual_seed(0)
    for height, width in ((64, 64), (32, 32), (96, 160)):
        images, proj = torch.randn(2, 3, height, width), vit.patch_embed.proj
        positions = a.positions_for(*a.taken_apart(vit.pos_embed), height // a.P, width // a.P)
        x = a.tokens_of(a.embed(a.cut(images, a.P), proj.weight, proj.bias), vit.cls_token, positions)
        for each in vit.blocks:
            x = a.block(x, each.norm1, each.attn, each.norm2, each.mlp)
        torch.testing.assert_close(vit.norm(x), vit.forward_features(images), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_random_weights_tell_the_shape_from_the_ground_as_well():
    """The cosines of step 3's figure, after the last block: here random weights do even more so."""
    scenes = one_shape_scenes(8, "held_out")
    share = torch.from_numpy(scenes.masks[4]).view(8, 8, 8, 8).float().mean((1, 3)).flatten()
    gaps = {}
    torch.manual_seed(0)
    for name, vit in (("trained", load_dino()), ("random", dino_vit().eval())):
        x = vit.prepare_tokens(scenes.inputs())
        for block in vit.blocks:
            x = block(x)
        unit = nn.functional.normalize(x[4, 1:], dim=-1)
        cosines = unit @ unit[share.argmax()]
        gaps[name] = (cosines[share == 1].mean() - cosines[share == 0].mean()).item()
    assert 0.02 < gaps["trained"] < gaps["random"] - 0.1


def test_the_views_of_step_4(step_prose):
    images = torch.tensor([0.9, 0.5, 0.4]).view(1, 3, 1, 1)
    changed = answers().solarised(images, torch.tensor([True]))
    assert changed.flatten().tolist() == pytest.approx([0.1, 0.5, 0.4])
    assert torch.equal(answers().solarised(images, torch.tensor([False])), images)
    views = answers().views_of(64, 4, 0.4)
    student, teacher = answers().both_say(views, lambda view: torch.ones(1), lambda view: torch.ones(1))
    assert (len(student), len(teacher)) == (6, 2)
    assert [view.solarise for view in views] == [0, 0.2, 0, 0, 0, 0]
    assert views[0] == View(size=64, area=(0.4, 1.0), jitter=0.4, grey=0.2, blur=1.0)
    assert {view.size for view in views[2:]} == {32} and {view.area for view in views[2:]} == {(0.05, 0.4)}
    assert np.prod([32, 32]) * 4 == 64 * 64  # a local view costs a quarter
    assert "the second view is solarised" in step_prose["4"]


def test_the_training_of_this_notebook_leaves_colours_as_they_are():
    assert all(view.jitter == view.grey == view.solarise == 0 for view in VIEWS)
