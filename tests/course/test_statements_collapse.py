"""What 06's second notebook states: its worked examples, by its own answers; and what its curves and figures show."""

import math
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.dino.attention_maps import head_jaccard, keep_mass, measure_jaccard
from detrlab.dino.collapse import CURVES, PLANTED, SEEDS, collapse_trainer, dino_curves
from detrlab.dino.features import extract_features, knn_leave_one_out, linear_probe, pixel_features
from detrlab.dino.loss import output_entropies
from detrlab.dino.scenes import one_shape_scenes
from detrlab.dino.training import K
from detrlab.dino.vision_transformer import load_dino

FOLDER = SOLUTIONS / "06_dino" / "q2_collapse"
RNG = np.random.default_rng(7)


@cache
def answers() -> SimpleNamespace:
    """The setup's names and the functions and predictions of all model answers; and step 2's `watch`."""
    notebook = read_source(FOLDER)
    (setup,) = (cell for cell in notebook.cells if cell.kind == "setup")
    (watching,) = (cell for cell in notebook.code() if "def watch(" in cell.source)
    space: dict = {"open_notebook": lambda name: (None, None, None)}
    exec(setup.source.replace("import attempt, attempted, open_notebook, solution", "import attempt, attempted"), space)
    for cell in notebook.named("exercise").values():
        exec(cell.source, space)
    exec(watching.source.split("\n\n\ndef show")[0], space)
    return SimpleNamespace(**space)


def probabilities(*shape: int) -> torch.Tensor:
    return torch.from_numpy(RNG.normal(size=shape) * 2).float().softmax(-1)


def test_the_rows_of_step_1():
    a, rows = answers(), torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    assert [round(value, 3) for value in a.entropy(rows).tolist()] == [0, 0.693]
    assert [round(float(value), 3) for value in a.two_entropies(rows)] == [0.347, 0.562]
    assert round(float(a.kl(torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]]))), 3) == 0.144
    assert 0.5 * math.log(2) + 0.5 * math.log(2 / 3) == pytest.approx(0.144, abs=5e-4)


def test_the_entropies_are_the_librarys():
    p, q = probabilities(11, 17), probabilities(11, 17)
    for own, theirs in zip(answers().two_entropies(p), output_entropies(p), strict=True):
        torch.testing.assert_close(own, theirs)
    cross = -(p * q.log()).sum(-1).mean()
    torch.testing.assert_close(answers().kl(p, q) + answers().entropy(p).mean(), cross)


def test_the_numbers_of_step_2():
    """By the entropies of outputs that are made as the step says."""
    a = answers()
    one, even = torch.zeros(32, K), torch.full((32, K), 1 / K)
    one[:, 5] = 1
    sixteen = torch.nn.functional.one_hot(torch.arange(32) % 16, K).float()
    tiny = 1e-30  # a student's outputs have no zeros
    for p, q, said in (
        (one, one + tiny, (a.one_entropy, a.one_of_mean, a.one_kl)),
        (even, even, (a.even_entropy, a.even_of_mean, a.even_kl)),
        (sixteen, even, (a.healthy_entropy, a.healthy_of_mean, a.healthy_kl)),
    ):
        found = [*map(float, a.two_entropies(p)), float(a.kl(p, q))]
        assert found == pytest.approx(said, abs=1e-5)
    four = torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]])
    assert [float(value) for value in a.two_entropies(four)] == pytest.approx([0, math.log(2)])
    assert K == a.K == 64 and f"{math.log(K):.2f}" == "4.16"


def ends(curves: list[SimpleNamespace], last: int = 10) -> dict[str, float]:
    return {name: sum(each.losses[name] for each in curves[-last:]) / last for name in CURVES}


def test_what_the_trainings_of_step_2_show():
    """As the step says of each; and its curves, by the answers, are those of the library."""
    a = answers()
    for wrong in ("nothing", "no centring", "no sharpening", "aliased teacher"):
        a.watch(wrong)
    found = {wrong: ends(curves) for wrong, curves in a.WATCHED.items()}
    print(found)
    one, even, sound = found["no centring"], found["no sharpening"], found["nothing"]
    assert one["entropy"] < 0.5 and one["entropy of the mean"] < 0.9 and one["kl"] < 0.5 * sound["kl"]
    assert even["entropy"] > 0.95 * math.log(K) and even["kl"] < 0.1
    assert sound["entropy of the mean"] - sound["entropy"] > 0.7
    alias = a.WATCHED["aliased teacher"]
    between = {
        wrong: [each.losses["entropy of the mean"] - each.losses["entropy"] for each in a.WATCHED[wrong][10:]]
        for wrong in ("nothing", "aliased teacher")
    }
    assert sum(between["aliased teacher"]) < 0.6 * sum(between["nothing"])
    of_each = [each.losses["entropy"] for each in alias]
    assert min(of_each[10:]) < 0.5 and max(of_each[10:]) > 2.0
    trainer = collapse_trainer("no sharpening", one_shape_scenes(600), 0, 50)
    trainer.run(until=3 / 50, report=lambda report: None)
    for own, report in zip(a.WATCHED["no sharpening"], trainer.history, strict=False):
        assert own.losses == pytest.approx({name: report.losses[name] for name in CURVES}, abs=2e-3)


def test_the_curves_of_step_3_by_hand():
    a = answers()
    entropy, of_mean = torch.tensor([2.0, 1, 1]), torch.tensor([2.0, 2, 4])
    assert float(a.told(entropy, of_mean, 2)) == 2
    assert round(float(a.in_use(of_mean, 2)), 1) == 20.1
    assert float(a.swing(torch.tensor([9.0, 1, 4, 2]), 3)) == 3


def test_the_faults_of_step_3_show_in_every_seed():
    """The letters are right, and by each number all three seeds of a training say the same."""
    a, runs = answers(), dino_curves()
    wrong = {a.LETTERS[letter]: letter for letter in "ABCDE"}
    assert (wrong["centre added"], wrong["temperatures exchanged"]) == (a.centre_added, a.temperatures_exchanged)
    assert wrong["hasty teacher"] == a.hasty_teacher and set(a.LETTERS.values()) == set(PLANTED)
    told, used, moved, entropy = {}, {}, {}, {}
    for name, letter in wrong.items():
        own = a.curves_of(letter)
        assert len(own) == len(runs[name]) == len(SEEDS)
        told[name] = [float(a.told(run["entropy"], run["entropy of the mean"])) for run in own]
        used[name] = [float(a.in_use(run["entropy of the mean"])) for run in own]
        moved[name] = [float(a.swing(run["entropy"])) for run in own]
        entropy[name] = [float(run["entropy"][-20:].mean()) for run in own]
    print(told, used, moved, entropy, sep="\n")
    sound, collapsed = ("nothing", "sharper teacher"), ("centre added", "temperatures exchanged", "hasty teacher")
    assert min(min(told[name]) for name in sound) > 2 * max(max(told[name]) for name in collapsed)
    assert max(used["centre added"]) < 1.1 and min(used["temperatures exchanged"]) > 60
    others = max(max(moved[name]) for name in moved if name != "hasty teacher")
    assert min(moved["hasty teacher"]) > 2 * others
    assert max(entropy["sharper teacher"]) < 0.3 * min(entropy["nothing"])  # the sure one that looks like a collapse
    for run in runs["centre added"]:  # "there is no way back"
        assert max(run["entropy of the mean"][25:]) < 0.3
    assert all(run["entropy"][-1] > 0.9 * math.log(K) for run in runs["hasty teacher"])  # "at its end B looks like D"
    for run in runs["hasty teacher"]:
        assert min(run["entropy"][20:]) < 0.3 and max(run["entropy"][20:]) > 1.5


def test_the_neighbours_of_step_4():
    a = answers()
    cosines = a.similarities(torch.tensor([[3.0, 0], [1, 1], [0, 2]]))
    assert [round(cosines[i, j].item(), 2) for i, j in ((0, 1), (1, 2), (0, 2))] == [0.71, 0.71, 0]
    assert cosines.diagonal().tolist() == [-math.inf] * 3
    similarity = torch.tensor([[-math.inf, 0.9, 0.8, 0.8]])
    (votes,) = a.votes(similarity, torch.tensor([0, 0, 1, 1]), 3).tolist()
    assert [round(vote, -3) for vote in votes] == [384_000, 184_000]


def test_step_4_guesses_as_the_library_does():
    a, scenes = answers(), one_shape_scenes(200, "held_out")
    features, labels = pixel_features(scenes.inputs()), torch.from_numpy(scenes.colours)
    guesses = a.votes(a.similarities(features), labels, 20).argmax(1)
    assert guesses.equal(knn_leave_one_out(features, labels, 20))


def test_the_gain_of_step_5():
    ours, control = torch.tensor([1, 1, 0, 1]).bool(), torch.tensor([1, 0, 0, 0]).bool()
    difference, error = answers().gain(ours, control)
    assert difference == 0.5 and round(float(error), 3) == 0.289 and round(2 * float(error), 3) == 0.577


def test_the_maps_of_step_6():
    a = answers()
    assert a.keep_most(torch.tensor([[0.5, 0.3], [0.15, 0.05]])).tolist() == [[True, True], [False, False]]
    mask = torch.zeros(1, 4, 4, dtype=torch.bool)
    mask[0, :2, :2] = True
    assert a.ious(torch.tensor([[[[True, True], [False, False]]]]), mask).item() == 0.5
    two = a.fixed_and_best(torch.tensor([[0.1, 0.2]]), torch.tensor([[0.6, 0.4], [0.3, 0.5]]))
    assert [float(value) for value in two] == pytest.approx([0.45, 0.55])


def test_step_6_measures_as_the_library_does():
    a = answers()
    maps, masks = probabilities(5, 3, 64).view(5, 3, 8, 8), torch.from_numpy(RNG.uniform(size=(5, 64, 64)) < 0.2)
    assert a.keep_most(maps).equal(keep_mass(maps))
    torch.testing.assert_close(a.ious(a.keep_most(maps), masks), head_jaccard(maps, masks))


def test_what_the_model_answer_of_step_7_takes_for_granted():
    """On the notebook's scenes: shapes are no better than in the best control within two standard errors, colours are
    many above it, and by a linear layer above the controls; random networks' best heads reach most of the trained
    one's."""
    a, scenes = answers(), one_shape_scenes(1000, "held_out")
    images, labels = scenes.inputs(), a.labels_of(scenes)
    networks = {"DINO": load_dino(), **{f"random {seed}": a.random_vit(seed) for seed in range(3)}}
    features = {"pixels": pixel_features(images)}
    features |= {name: extract_features(vit, images) for name, vit in networks.items()}
    right = {
        name: {network: knn_leave_one_out(each, labels[name]) == labels[name] for network, each in features.items()}
        for name in ("shape", "colour")
    }
    difference, error = a.gain(right["shape"]["DINO"], right["shape"][a.best_control(right["shape"])])
    print("shape", float(difference), float(error))
    assert float(difference) < 2 * float(error)
    difference, error = a.gain(right["colour"]["DINO"], right["colour"][a.best_control(right["colour"])])
    assert float(difference) > 5 * float(error)
    known = a.scenes_of("reference", 2000)
    probed = {
        network: linear_probe(
            features_of(known.inputs()), a.labels_of(known)["colour"], features[network], labels["colour"]
        )
        for network, features_of in {
            "pixels": pixel_features,
            **{name: partial(extract_features, networks[name]) for name in ("random 0", "DINO")},
        }.items()
    }
    print("colour by a linear layer", probed)
    assert probed["DINO"] > max(probed["pixels"], probed["random 0"]) + 0.03
    masks, others = torch.from_numpy(scenes.masks), one_shape_scenes(300, "choosing")
    to_choose = others.inputs(), torch.from_numpy(others.masks)
    found = {name: measure_jaccard(vit, images, masks, to_choose) for name, vit in networks.items()}
    print(found)
    random = [found[f"random {seed}"].best_head for seed in range(3)]
    assert max(random) > 0.6 * found["DINO"].best_head
