"""What 05's second notebook states: its worked examples, by its own answers, and what it says of its runs."""

import math
import re
from collections import Counter
from functools import cache
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.clip.data import captioned_scenes
from detrlab.clip.runs import BINDING, CLIP_VARIANTS, HELD_OUT, SCENES, SEEDS, clip_runs
from detrlab.scenes.captions import SWAPS, Caption, ShapeGroup, swapped
from detrlab.scenes.parts import CLASSES, COLOURS

NOTEBOOK = read_source(SOLUTIONS / "05_clip" / "q2_understand")


def text(step: str) -> str:
    return " ".join("\n".join(cell.source for cell in NOTEBOOK.cells if cell.step.startswith(step)).split())


@cache
def answers() -> SimpleNamespace:
    """The setup's names, and the functions and predictions of all model answers."""
    (setup,) = (cell for cell in NOTEBOOK.cells if cell.kind == "setup")
    space: dict = {}
    exec(setup.source, space)
    for cell in NOTEBOOK.named("exercise").values():
        exec(cell.source, space)
    return SimpleNamespace(**space)


def test_the_words_of_the_setup_are_the_librarys():
    assert tuple(COLOURS) == answers().COLOURS and answers().SHAPES == CLASSES


def test_the_two_images_of_step_1():
    similarity = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.3, 0.7]])
    right = torch.tensor([[False, True, False], [True, False, True]])
    assert answers().recall(similarity, right, 1) == pytest.approx((0.5, 1 / 3))
    assert answers().recall(similarity, right, 2) == pytest.approx((0.5, 1))


def test_the_class_of_step_2():
    prompts = torch.eye(2)
    made = answers().classifier([prompts, prompts[1:]])
    image = torch.tensor([0.6, 0.8])
    assert [round(each, 2) for each in (made @ image).tolist()] == [0.99, 0.8]
    assert made[0].tolist() == pytest.approx([0.5**0.5] * 2)
    assert (prompts.mean(0) @ image).item() == pytest.approx(0.7)


def test_the_pairs_of_step_3():
    assert answers().count_false_negatives([4, 4, 9], ["a", "b", "b"]).tolist() == [1, 2, 1]
    same = torch.eye(3, dtype=torch.bool)
    same[0, 1] = same[1, 0] = True
    loss = answers().masked_loss(torch.zeros(3, 3), same).item()
    assert loss == pytest.approx((2 * math.log(2) + math.log(3)) / 3) and round(loss, 2) == 0.83
    assert round(answers().in_a_row, 2) == 1.76 and len(COLOURS) * len(CLASSES) == 72


def test_the_floor_of_a_temperature_of_1():
    logits = 2 * torch.eye(128) - 1
    floor = F.cross_entropy(logits, torch.arange(128)).item()
    assert floor == pytest.approx(math.log(1 + 127 * math.exp(-2)), abs=1e-4)


def test_the_swaps_of_step_4():
    ring, stars, star = ShapeGroup(1, "red", "ring"), ShapeGroup(2, "blue", "star"), ShapeGroup(1, "blue", "star")
    rows = re.findall(r"\| (\w+) \| (a [\w ]+?) \| ([\w ]+?) \|", text("04"))
    assert [kind for kind, _, _ in rows] == list(SWAPS)
    for kind, true, false in rows:
        relation = "left of" if kind in ("places", "order") else None
        caption = Caption((ring, star if relation else stars), relation)
        assert (str(caption), str(swapped(caption, kind, 0))) == (true, false)
        assert answers().same_bag(true, false) == (kind in ("colours", "order"))
    assert answers().same_bag("a red ring", "red a ring") and not answers().same_bag("a ring", "a a ring")
    share = answers().preferred(torch.tensor([0.5, 0.2, 0.7]), torch.tensor([0.1, 0.2, 0.9]))
    assert share == 0.5


def test_a_bag_of_words_scores_what_was_worked_out():
    bag, tokens = answers().BagOfWords(40, 16), torch.tensor([[3, 7, 9, 0], [9, 3, 7, 0]])
    true, false = (bag(tokens) @ torch.randn(16, generator=torch.Generator().manual_seed(0))).split(1)
    assert answers().preferred(true, false) == answers().share_colours == answers().share_order == 0.5
    assert (true >= false).float().mean() == answers().share_ties_right == 1


def test_the_sixty_pairs_of_step_5():
    assert answers().verdict(0.6, math.sqrt(0.6 * 0.4 / 100)) == "above chance"
    assert answers().verdict(0.6, math.sqrt(0.6 * 0.4 / 25)) == "not told"
    assert [round(math.sqrt(0.24 / n), 3) for n in (100, 25)] == [0.049, 0.098]
    images = torch.ones(100, 1)
    true = torch.tensor([1.0] * 60 + [0.0] * 40)[:, None]
    share, error, pairs = answers().by_kind(images, true, 0.5 * images, ["colours"] * 100)["colours"]
    assert (share, pairs) == (pytest.approx(0.6), 100) and round(error, 3) == 0.049


def test_the_gaps_of_step_7():
    one, other = torch.eye(2)[:1], torch.eye(2)[1:]
    assert answers().gap(torch.tensor([[2.0, 0], [0, 1]]), one) == pytest.approx(0.5**0.5)
    assert answers().gap(one, other) == pytest.approx(answers().gap_of_two)
    for moved in answers().closer(one, other, 1.0):
        assert moved.tolist() == [pytest.approx([0.5**0.5] * 2)]


def test_all_texts_moved_alike_change_no_images_order():
    torch.manual_seed(0)
    images, texts, d = (torch.randn(n, 16, dtype=torch.float64) for n in (500, 500, 1))
    changed = (images @ texts.T).argmax(1) != (images @ (texts + d).T).argmax(1)
    assert changed.sum().item() == answers().choices_changed == 0


def test_the_runs_are_those_that_the_text_describes():
    plain = CLIP_VARIANTS["plain"]
    assert f"{SCENES:,} scenes, and measured on {HELD_OUT} held-out ones (swaps on {BINDING:,})" in text("03b")
    assert f"*plain* makes {plain.steps} steps of {plain.batch}" in text("03b") and SEEDS == (0, 1, 2)
    for_batches = [CLIP_VARIANTS[name].steps for name in ("batch 32", "batch 512")]
    assert "({:,} and {})".format(*for_batches) in text("03b")
    assert f"from {CLIP_VARIANTS['hard negatives'].plain:.0%}".replace("%", " %") in text("06")
    assert f"({CLIP_VARIANTS['from scratch'].steps} steps" in text("08")
    assert f"trained for {plain.steps} steps" in text("04")


def test_the_model_answer_on_hard_negatives_has_the_runs_numbers():
    runs = clip_runs()
    (answer,) = (cell.source for cell in NOTEBOOK.cells if cell.name == "hard_negatives" and cell.kind == "written")

    def three(recipe: str, kind: str) -> list[float]:
        return [run[kind if kind.startswith("image") else f"binding_{kind}"] for run in runs[recipe]]

    def short(value: float) -> str:
        return f"{value:.2f}".lstrip("0")

    def span(*recipes: str, kind: str) -> list[str]:
        values = [value for recipe in recipes for value in three(recipe, kind)]
        return [short(min(values)), short(max(values))]

    hard, plain, bags = "hard negatives", "plain", "bag of words"
    colours, before = three(hard, "colours"), three(plain, "colours")
    spread = max(max(each) - min(each) for each in (colours, before))
    error = math.sqrt(0.5 * 0.5 / len(answers().swaps_of(held_out_captions(), "colours")[0]))
    expected = [*map(short, colours), *map(short, before), short(spread), short(error), ".50"]
    expected += [short(sum(colours) / 3 - sum(before) / 3), *map(short, three(hard, "places"))]
    expected += [*map(short, three(plain, "places")), ".03", ".50", *span(hard, plain, kind="order")]
    expected += [*span(hard, kind="counts"), *span(plain, kind="counts"), *span(bags, kind="counts")]
    for recipe in (hard, plain, bags):
        expected += span(recipe, kind="image_to_text_1")
    assert re.findall(r"(?<![\d])\.\d\d\b", answer) == expected
    pairs = len(answers().swaps_of(held_out_captions(), "places")[0])
    assert short(0.5 / math.sqrt(pairs)) == ".03"
    for value in three(hard, "places") + three(plain, "places"):
        assert answers().verdict(value, math.sqrt(value * (1 - value) / pairs)) == "not told"


@cache
def held_out_captions() -> list[Caption]:
    return captioned_scenes(BINDING, "held_out").captions()


def bag_of(caption: str) -> Counter:
    return Counter("a" if word == "an" else word for word in caption.split())


def pairs_of_the_same_words(captions: list[str]) -> int:
    """How many pairs of captions that differ have the same words, each as often."""
    different = Counter(frozenset(bag_of(caption).items()) for caption in set(captions))
    return sum(math.comb(count, 2) for count in different.values())


def test_hardly_two_captions_that_differ_have_the_same_words():
    """Of the 500 that retrieval is measured on, and of batches of 128."""
    assert pairs_of_the_same_words([str(each) for each in captioned_scenes(500, "held_out").captions()]) <= 1
    captions = [str(each) for each in captioned_scenes(1280, "training").captions()]
    batches = [captions[start : start + 128] for start in range(0, 1280, 128)]
    assert sum(map(pairs_of_the_same_words, batches)) <= len(batches) / 2


def test_a_fifth_of_the_captions_begin_with_a_picture_of():
    captions = [str(each) for each in captioned_scenes(1000, "fresh", first=100_000, shapes=1).captions()]
    assert sum(each.startswith("a picture of") for each in captions) == pytest.approx(200, abs=40)


def test_the_sentence_that_step_1_searches_by_is_a_caption_of_one_of_its_scenes():
    sentence = re.search(r'SENTENCE = "([^"]+)"', text("01_recall")).group(1)
    assert sentence in [str(each) for each in captioned_scenes(300, "fresh").captions()]


def test_the_shares_of_other_seeds_are_those_of_the_model_card():
    card = (SOLUTIONS.parent / "data" / "README.md").read_text(encoding="utf-8")
    colours, places = (
        [f"{float(number.strip('* ')):.2f}"[1:] for number in row.split("|")[3:5]]
        for row in card.splitlines()
        if row.startswith(("| true caption before the same with colours", "| with places swapped"))
    )
    said = f"shares of {' and '.join(colours)} for colours, but {' and '.join(places)} for places"
    assert said in text("05_binding")
