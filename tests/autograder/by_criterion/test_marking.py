"""What the page is told and what it does, without its server: versions, undo, kinds, comments, no names."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from autograder.by_criterion import kept_comments
from autograder.by_criterion.marking import BadRequest, Changed, Marking
from autograder.errors import GradeError
from autograder.grade import grade
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.pseudonyms import pseudonyms
from autograder.gradebook.written import distribution
from tests.change_release import change_points
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in, make_course

WHY = "small/why"
ONE, OTHER = "one opened page", "another opened page"


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


@pytest.fixture
def page(places):
    with Book(places) as book:
        yield Marking(places, ASSIGNMENT, book)


def code(places, student):
    return pseudonyms(places, ["ada", "bob", "carl", "emil"])[student]


def states(page, criterion=WHY):
    (found,) = [each for each in page.overview()["criteria"] if each["id"] == criterion]
    return {each["code"]: each for each in found["answers"]}


def save(page, places, student, score, comment="", criterion=WHY):
    mine = code(places, student)
    return page.save(criterion, mine, page.answer(criterion, mine)["version"], score, comment, ONE)


def manual(places):
    return [event for event in Log(places.log).events() if event["event"] == "manual"]


def test_what_needs_a_reader_and_what_does_not(places, page):
    found = {student: states(page)[code(places, student)] for student in ("ada", "bob", "carl", "emil")}
    assert {student: (each["kind"], each["unread"]) for student, each in found.items()} == {
        "ada": ("written", True),
        "bob": ("written", True),
        "carl": ("untouched", False),
        "emil": ("could not grade", False),
    }
    assert "Because." in page.answer(WHY, code(places, "ada"))["html"]
    assert all(page.answer(WHY, code(places, each))["html"] == "" for each in ("carl", "emil"))


def test_what_was_not_handed_in_says_so(places):
    hand_in(places, "dora", small=RIGHT["small"])
    grade(places, ASSIGNMENT, run_jobs, "none (tests)", seed=5, say=lambda _: None)
    with Book(places) as book:
        found = states(Marking(places, ASSIGNMENT, book), "wide/how")
    assert found[pseudonyms(places, ["dora"])["dora"]]["kind"] == "not handed in"


def test_no_name_is_told(places, page):
    told = json.dumps(
        [page.overview(), page.answer(WHY, code(places, "ada")), save(page, places, "bob", 1), page.undo(ONE)]
    )
    assert all(f'"{name}' not in told and name not in told.split() for name in ("ada", "bob", "carl", "emil"))


def test_a_mark_is_saved_counted_and_taken_back(places, page):
    told = save(page, places, "ada", 1.5, " Which picture? ")
    assert told["answer"]["score"] == 1.5 and told["answer"]["comment"] == "Which picture?"
    assert not told["answer"]["unread"] and len(told["answers"]) == 4
    save(page, places, "bob", 2)
    with Book(places) as book:
        assert distribution(book.open(), ASSIGNMENT) == {("small", "why"): {1.5: 1, 2.0: 1}}
    taken_back = [page.undo(ONE)["answer"] for _ in range(2)]
    assert [each["code"] for each in taken_back] == [code(places, "bob"), code(places, "ada")]
    assert all(each["score"] is None and each["unread"] and each["comment"] == "" for each in taken_back)
    assert [event["new"]["manual_score"] for event in manual(places)] == [1.5, 2.0, None, None]
    assert all("set_by" in event for event in manual(places))
    with pytest.raises(BadRequest, match="nothing to undo"):
        page.undo(ONE)


def test_of_two_pages_of_one_server_each_takes_back_its_own(places, page):
    save(page, places, "ada", 2)
    bobs = code(places, "bob")
    page.save(WHY, bobs, page.answer(WHY, bobs)["version"], 1, "", OTHER)
    assert page.undo(ONE)["answer"]["code"] == code(places, "ada")
    with pytest.raises(BadRequest, match="nothing to undo"):
        page.undo(ONE)
    assert states(page)[bobs]["score"] == 1.0 and page.undo(OTHER)["answer"]["code"] == bobs
    for nameless in (None, "", 7, "x" * 65):
        with pytest.raises(BadRequest, match="does not say which it is"):
            page.undo(nameless)


def test_a_page_that_stays_open_over_another_release_saves_nothing_until_it_is_loaded_again(places, page):
    change_points(places, 1, "why")
    save(page, places, "bob", 2)  # built, and nobody graded on it yet
    grade(places, ASSIGNMENT, run_jobs, "none (tests)", seed=5, regrade=True, say=lambda _: None)
    with pytest.raises(GradeError, match="graded anew: nothing was saved. Load the page again"):
        save(page, places, "ada", 2)
    (criterion,) = [each for each in page.overview()["criteria"] if each["id"] == WHY]
    assert criterion["points"] == 1.0 and [level["points"] for level in criterion["levels"]] == [1.0, 0.5, 0.0]
    with pytest.raises(BadRequest, match="points lie between 0 and 1"):
        save(page, places, "ada", 2)
    assert states(page)[code(places, "bob")]["unread"]  # 2 of 1 is no mark
    assert save(page, places, "bob", 1)["answer"]["score"] == 1.0


def test_a_page_that_is_loaded_in_the_middle_of_a_regrade_says_so(places, page):
    change_points(places, 1, "why")

    def stops_before_bob(jobs):
        for job, result in run_jobs(jobs):
            if job.student == "bob":
                raise KeyboardInterrupt
            yield job, result

    grade(places, ASSIGNMENT, stops_before_bob, "none (tests)", seed=5, regrade=True, say=lambda _: None)
    with pytest.raises(GradeError, match="Marks of two releases never mix"):
        page.overview()


def test_of_two_pages_the_second_is_told_what_the_first_gave(places, page):
    with Book(places) as book:
        other = Marking(places, ASSIGNMENT, book)
        mine = code(places, "ada")
        seen = other.answer(WHY, mine)["version"]
        save(page, places, "ada", 2, "Good.")
        with pytest.raises(Changed) as told:
            other.save(WHY, mine, seen, 0, "", OTHER)
        assert (told.value.now["score"], told.value.now["comment"]) == (2.0, "Good.")
        assert "Because." in told.value.now["html"]
        other.save(WHY, mine, told.value.now["version"], 1, "", OTHER)
        with pytest.raises(Changed) as told:
            page.undo(ONE)
        assert told.value.now["score"] == 1.0 and told.value.now["criterion"] == WHY
    assert [event["new"]["manual_score"] for event in manual(places)] == [2.0, 1.0]


def test_an_answer_that_was_graded_anew_meanwhile_takes_no_mark(places, page):
    seen = page.answer(WHY, code(places, "ada"))["version"]
    path = places.autograded / "ada" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.get("id") == "why").source = "Another answer, a longer one."
    nbformat.write(notebook, path)
    with pytest.raises(Changed) as told:
        page.save(WHY, code(places, "ada"), seen, 2, "", ONE)
    assert "Another answer" in told.value.now["html"] and manual(places) == []


@pytest.mark.parametrize("score", [None, "2", True, -0.5, 2.5, float("nan"), float("inf")])
def test_points_that_are_none_are_refused(places, page, score):
    with pytest.raises(BadRequest, match="points"):
        save(page, places, "ada", score)
    assert manual(places) == []


def test_unknown_criteria_answers_and_comments_are_refused(places, page):
    for criterion, mine in (("small/corners", code(places, "ada")), (WHY, "ada"), (WHY, "S-0"), ("", "")):
        with pytest.raises(BadRequest):
            page.answer(criterion, mine)
    for comment in (None, "x" * 20_001):
        with pytest.raises(BadRequest, match="comment"):
            save(page, places, "ada", 1, comment)


def test_comments_are_kept_per_criterion_and_dropped(places, page):
    assert page.keep_comment(WHY, " Which picture? ", True) == ["Which picture?"]
    with Book(places) as book:
        other = Marking(places, ASSIGNMENT, book)
        assert other.keep_comment(WHY, "Name a number.", True) == ["Which picture?", "Name a number."]
        other.keep_comment("wide/how", "Good.", True)
    assert page.keep_comment(WHY, "Which picture?", False) == ["Name a number."]
    comments = {each["id"]: each["comments"] for each in page.overview()["criteria"]}
    assert comments == {WHY: ["Name a number."], "wide/how": ["Good."]}
    with pytest.raises(BadRequest):
        page.keep_comment(WHY, " ", True)


def test_two_who_keep_a_comment_at_once_both_do(places, monkeypatch):
    read = kept_comments.kept

    def slowly(*where):
        found = read(*where)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(kept_comments, "kept", slowly)
    texts = ["Which picture?", "Name a number."]
    change = lambda text: kept_comments.change(places, ASSIGNMENT, ("small", "why"), text, True)  # noqa: E731
    with ThreadPoolExecutor(2) as both:
        list(both.map(change, texts))
    assert sorted(read(places, ASSIGNMENT)[WHY]) == sorted(texts)


def test_nothing_graded_is_one_sentence(tmp_path):
    places = make_course(tmp_path)
    with Book(places) as book, pytest.raises(GradeError, match="nothing of 00_small is graded yet"):
        Marking(places, ASSIGNMENT, book)
