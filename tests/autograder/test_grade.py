"""Grading end to end on a small course, with jobs run in this process: marks, statuses, gradebook, resume."""

import json
import shutil
from string import Formatter

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.log import Log
from autograder.intake import collect
from coursework.marking.messages import MESSAGES
from tests.grade_course import HALF, LOOP, make_class, marks, run
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, hand_in


def test_a_class_is_graded(places):
    make_class(places)
    summary = run(places)
    assert summary.counts == {"graded": 4, "repaired": 2, "could not grade": 2}
    assert marks(places, "ada") == {
        "corners": (3, False),
        "why": (None, True),
        "sizes": (3, False),
        "how": (None, True),
    }
    assert marks(places, "bob")["corners"] == (0, False) and marks(places, "bob")["sizes"] == (3, False)
    assert marks(places, "carl") == dict.fromkeys(("corners", "why", "sizes", "how"), (0, False))
    assert marks(places, "dora")["sizes"] == (0, False)  # not handed in, as stock nbgrader does
    assert marks(places, "emil")["corners"] == (None, True)  # could not be graded: no 0, and a person is asked
    assert marks(places, "emil")["sizes"] == (3, False)
    assert marks(places, "fay")["corners"] == (3, False)  # the check is the release's own again
    assert marks(places, "gus") == dict.fromkeys(("corners", "why", "sizes", "how"), (None, True))
    assert marks(places, "hal")["corners"] == (0, False)
    assert set(summary.review) == {"dora", "emil", "gus", "hal"}
    latest = Log(places.log).latest(ASSIGNMENT)
    assert latest["bob"]["mistakes"]["small"] == {"corners": ["corners/half_width"]}
    assert "locked cell was changed" in latest["fay"]["notes"][0] and latest["fay"]["notes_ids"] == ["locked_changed"]
    assert latest["hal"]["ended_ids"] == {"small": "finished", "wide": "finished"}
    assert latest["hal"]["review_ids"] == latest["hal"]["ran_without_ids"] == ["ran_without"]
    assert latest["hal"]["ran_without"] == [
        "small: corners: a cell used more than 60 s of CPU time; the notebook was run again without this cell"
    ]


@pytest.mark.parametrize("where", ["corners_code", "added"])
def test_an_endless_cell_costs_its_own_exercise(places, where):
    """Beside the loop: a step of the same notebook that has nothing to do with it keeps its points."""
    answers = {**RIGHT["small"], "corners_code": RIGHT["small"]["corners_code"] + ("\n" + LOOP) * (where != "added")}
    path = hand_in(places, "hal", small=answers, wide=RIGHT["wide"]) / "small.ipynb"
    if where == "added":
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(1, nbformat.v4.new_code_cell(LOOP))
        nbformat.write(notebook, path)
    run(places)
    points = 0 if where == "corners_code" else 3
    assert marks(places, "hal")["corners"] == (points, False) and marks(places, "hal")["sizes"] == (3, False)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        flags = {found.name: found.flagged for found in gradebook.find_submission(ASSIGNMENT, "hal").notebooks}
    assert flags == {"small": True, "wide": False}
    kept = nbformat.read(places.autograded / "hal" / ASSIGNMENT / "small.ipynb", as_version=4)
    assert "had to be stopped" in kept.cells[0].source and "more than 60 s" in kept.cells[0].source
    text = next(cell for cell in kept.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "corners")
    assert ("did not run: a cell used more than 60 s" in text.outputs[0].data["text/html"]) == (points == 0)


def test_the_executed_notebook_shows_verdicts_and_no_hidden_value(places):
    hand_in(places, "bob", small={"corners_code": HALF + "\nprint('hello')"}, wide=RIGHT["wide"])
    run(places)
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    (output,) = cells["corners"].outputs
    assert output.data["text/plain"] == "0.0" and "The whole size was subtracted" in output.data["text/html"]
    assert cells["corners_code"].outputs[0].text == "hello\n"
    text = path.read_text()
    event = next(Log(places.log).events())
    assert not any(str(seed) in text for seed in event["seeds"]["small"]["corners"]) and "HIDDEN" not in text


def test_stock_nbgrader_reads_the_same_marks_from_the_executed_notebook(places):
    """nbgrader's own determine_grade on what we wrote gives what we put into the gradebook."""
    from nbgrader.utils import determine_grade, is_grade

    make_class(places)
    run(places)
    for student in ("ada", "bob", "carl", "fay", "hal"):
        stored = marks(places, student)
        for name in RIGHT:
            notebook = nbformat.read(places.autograded / student / ASSIGNMENT / f"{name}.ipynb", as_version=4)
            for cell in filter(is_grade, notebook.cells):
                assert determine_grade(cell)[0] == stored[cell.metadata.nbgrader.grade_id][0]


def test_right_on_visible_seeds_only_earns_nothing_and_says_so(places):
    stored = json.loads((places.source / ASSIGNMENT / "small.json").read_text())
    cheat = (
        "def corner(b):\n"
        "    from coursework import Draw\n"
        "    for seed in (11, 12):\n"
        "        if torch.equal(b, Draw(seed, 'corners').boxes_cxcywh(5)):\n"
        "            return b[..., :2] - b[..., 2:] / 2\n"
        "    return b[..., :2]"
    )
    assert stored["checks"]["corners"]["seeds"] == [11, 12]
    hand_in(places, "eve", small={"corners_code": cheat}, wide={})
    run(places)
    assert marks(places, "eve")["corners"] == (0, False)
    text = (places.autograded / "eve" / ASSIGNMENT / "small.ipynb").read_text()
    assert "wrong on others" in text and "This is the centre" not in text  # a mistake shows on visible seeds, or never
    assert Log(places.log).latest(ASSIGNMENT)["eve"]["mistakes"]["small"] == {}


def test_only_new_and_changed_submissions_are_graded_again(places):
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", **RIGHT)
    assert run(places).counts.total() == 2
    assert run(places).counts.total() == 0
    hand_in(places, "bob", small={"corners_code": HALF}, wide={})
    assert run(places).counts.total() == 1 and marks(places, "bob")["corners"] == (0, False)
    assert run(places, regrade=True).counts.total() == 2
    assert run(places, only=["ada"]).counts.total() == 1


def test_archives_are_opened_once_and_not_to_see_that_nothing_has_changed(places, monkeypatch):
    for student in ("ada", "bob"):
        folder = hand_in(places, student, **RIGHT)
        shutil.make_archive(str(folder), "zip", folder)
        shutil.rmtree(folder)
    opened = []
    unpack = collect.unpack
    monkeypatch.setattr(collect, "unpack", lambda basket: (opened.append(basket), unpack(basket))[1])
    assert run(places).counts == {"graded": 2} and len(opened) == 2
    assert run(places).counts == {} and len(opened) == 2
    hand_in(places, "bob", **RIGHT)  # the folder goes before the archive: the same work, but other files
    assert run(places).counts == {"graded": 1} and len(opened) == 3


def test_a_persons_marks_survive_a_regrade(places):
    hand_in(places, "ada", **RIGHT)
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        for name, notebook in (("why", "small"), ("how", "wide"), ("corners", "small")):
            found = gradebook.find_grade(name, notebook, ASSIGNMENT, "ada")
            found.manual_score, found.needs_manual_grade, found.extra_credit = 1.5, False, 0.5
        gradebook.find_comment("why", "small", ASSIGNMENT, "ada").manual_comment = "Nicely put."
        gradebook.db.commit()
    hand_in(places, "ada", small={**RIGHT["small"], "why": "Something else."}, wide=RIGHT["wide"])
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grades = {g.name: g for n in gradebook.find_submission(ASSIGNMENT, "ada").notebooks for g in n.grades}
        assert all(grades[name].manual_score == 1.5 and grades[name].score == 2 for name in ("why", "how", "corners"))
        assert grades["why"].needs_manual_grade  # the answer is another one now
        assert not grades["how"].needs_manual_grade and not grades["corners"].needs_manual_grade
        assert gradebook.find_comment("why", "small", ASSIGNMENT, "ada").comment == "Nicely put."


def test_a_failed_regrade_leaves_no_stale_mark(places):
    folder = hand_in(places, "ada", **RIGHT)
    run(places)
    (folder / "small.ipynb").write_text("[]")
    assert run(places).counts == {"could not grade": 1}
    assert marks(places, "ada")["corners"] == (None, True) and marks(places, "ada")["why"] == (None, True)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        notebook = gradebook.find_submission_notebook("small", ASSIGNMENT, "ada")
        assert notebook.flagged and notebook.score == 0 and notebook.needs_manual_grade
        assert "holds a list" in gradebook.find_comment("why", "small", ASSIGNMENT, "ada").comment


def test_late_work_is_penalised_by_nbgraders_plugin_and_extensions_count(places):
    from datetime import datetime

    for student in ("ada", "bob", "carl"):
        (hand_in(places, student, **RIGHT) / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC")
    (places.submitted / "carl" / ASSIGNMENT / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=datetime(2026, 11, 20, 11))
        gradebook.grant_extension(ASSIGNMENT, "bob", hours=2)
    places.config.LateSubmissionPlugin.penalty_method = "zero"
    run(places, regrade=True)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        found = {s: gradebook.find_submission(ASSIGNMENT, s).late_submission_penalty for s in ("ada", "bob", "carl")}
    assert found == {"ada": 6, "bob": 0, "carl": 0}
    with Gradebook(places.db_url, places.course_id) as gradebook:  # a person reads the text, and the policy is "zero"
        gradebook.find_grade("why", "small", ASSIGNMENT, "ada").manual_score = 2
        gradebook.db.commit()
    by_hand.notice(places, ASSIGNMENT)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "ada").late_submission_penalty == 8


def test_an_interrupted_run_goes_on_with_the_same_seeds(places):
    def stops_after_three(jobs):
        for count, pair in enumerate(run_jobs(jobs)):
            if count == 7 and pair[0].student != "(reference)":
                raise KeyboardInterrupt
            yield pair

    make_class(places)
    summary = run(places, seed=None, run_jobs=stops_after_three)
    assert summary.interrupted and summary.left > 0
    with pytest.raises(GradeError, match="--resume goes on with it, --regrade grades everybody anew"):
        run(places)
    rest = run(places, resume=True, seed=None)
    assert not rest.interrupted and rest.counts.total() == summary.left and rest.run == summary.run
    (whole,) = Log(places.log).runs(ASSIGNMENT)
    assert whole.ended and len(whole.marks) == 8
    lines = [event["student"] for event in Log(places.log).events() if event["event"] == "mark"]
    assert len(lines) == len(set(lines)) == 8
    resumed = {student: marks(places, student) for student in lines}
    run(places, regrade=True, seed=whole.start["seed"])
    assert {student: marks(places, student) for student in lines} == resumed
    with pytest.raises(GradeError, match="nothing to resume"):
        run(places, resume=True)


def test_a_line_that_a_crash_cut_short_is_passed_over(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    log.append("run", run="a", assignment="x", students=["s"])
    with open(log.path, "a") as file:
        file.write('{"event": "mark", "stu')
    log.append("mark", run="a", assignment="x", student="s")
    assert [event["event"] for event in log.events()] == ["run", "mark"]


def test_the_same_seed_gives_the_same_marks_and_pages(places):
    make_class(places)
    run(places, seed=3)
    first = {path: path.read_bytes() for path in places.autograded.rglob("*.ipynb")}
    run(places, seed=3, regrade=True)
    assert {path: path.read_bytes() for path in places.autograded.rglob("*.ipynb")} == first


def test_what_is_decided_hangs_on_no_sentence(places, monkeypatch):
    """In another language (here: ids in capitals, and the values) marks, statuses and who needs a person are equal."""
    make_class(places)
    copy = places.submitted / "ada" / ASSIGNMENT / "small-Copy1.ipynb"
    copy.write_bytes((places.submitted / "ada" / ASSIGNMENT / "small.ipynb").read_bytes())
    run(places)
    first = Log(places.log).latest(ASSIGNMENT)
    assert any("was graded, not" in why for why in first["ada"]["review"])
    for message, sentence in MESSAGES.items():
        values = " ".join(f"{{{name}}}" for _, name, _, _ in Formatter().parse(sentence) if name)
        monkeypatch.setitem(MESSAGES, message, f"{message.upper()} {values}")
    run(places, regrade=True)
    second = Log(places.log).latest(ASSIGNMENT)
    for key in ("status", "scores", "mistakes", "absent", "ended_ids", "notes_ids", "review_ids", "unreadable_ids"):
        assert {s: event[key] for s, event in second.items()} == {s: event[key] for s, event in first.items()}
    assert second["ada"]["review"][0].startswith("small: ONE_OF_SEVERAL ")
    assert second["hal"]["review"] == ["small: RAN_WITHOUT corners CELL_CPU 60"]
    page = (places.autograded / "fay" / ASSIGNMENT / "small.ipynb").read_text()
    assert "REPAIRED" in page and "- LOCKED_CHANGED corners" in page
