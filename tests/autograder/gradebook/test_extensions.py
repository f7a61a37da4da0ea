"""Extensions: a file that a person edits, followed by the gradebook, by penalties and by the export."""

import csv
from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.errors import GradeError
from autograder.forget import forget
from autograder.grade import grade
from autograder.gradebook import by_hand, extensions
from autograder.lms.export import export
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in

HEAD = "student,assignment,until\n"
DUE = datetime(2026, 11, 20, 11)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """All handed in a day late, and who is late gets nothing."""
    places = graded_course(tmp_path)
    places.config.LateSubmissionPlugin.penalty_method = "zero"
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            submission.timestamp = datetime(2026, 11, 21, 11)
        gradebook.db.commit()
    monkeypatch.setattr("autograder.course.places.project_places", lambda *_: places)
    return places


def write(places, text):
    extensions.extensions_file(places).write_text(text, encoding="utf-8")


def penalty(places, student="ada"):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        return gradebook.find_submission(ASSIGNMENT, student).late_submission_penalty


def test_an_extension_is_granted_moved_and_taken_back(places):
    for line, lost in (
        ("", 6),
        (f"ada,{ASSIGNMENT},2026-11-21 11:00\n", 0),
        (f"ada,{ASSIGNMENT},2026-11-21 10:59\n", 6),
        (f"ada,{ASSIGNMENT},2026-11-21\n", 0),  # to the end of that day
        (f"ada,{ASSIGNMENT},2026-11-21 20:00+09:00\n", 0),  # 11:00 UTC
        (f"ada,{ASSIGNMENT},2026-11-21 19:59+09:00\n", 6),
        ("", 6),
    ):
        write(places, HEAD + line)
        by_hand.notice(places, ASSIGNMENT)
        assert penalty(places) == lost, line


def test_it_follows_the_due_date_and_waits_for_one(places):
    write(places, HEAD + f"ada,{ASSIGNMENT},2026-11-21 11:00\n")
    for due, lost in ((None, 0), (datetime(2026, 11, 19), 0), (datetime(2026, 11, 20), 0), (None, 0)):
        with Gradebook(places.db_url, places.course_id) as gradebook:
            gradebook.find_assignment(ASSIGNMENT).duedate = due
            gradebook.db.commit()
        by_hand.notice(places, ASSIGNMENT)
        assert penalty(places) == lost


def test_without_the_file_what_nbgrader_granted_stays(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.grant_extension(ASSIGNMENT, "ada", days=2)
    by_hand.notice(places, ASSIGNMENT)
    assert penalty(places) == 0
    write(places, HEAD)
    by_hand.notice(places, ASSIGNMENT)
    assert penalty(places) == 6


def test_who_is_graded_later_has_it_from_the_first_mark_on(places):
    write(places, HEAD + f"dora,{ASSIGNMENT},2026-11-25\n")
    for student in ("dora", "fay"):
        (hand_in(places, student, **RIGHT) / "timestamp.txt").write_text("2026-11-21 11:00:00 UTC")
    grade(places, ASSIGNMENT, run_jobs, "none", seed=5, say=lambda _: None)
    assert (penalty(places, "dora"), penalty(places, "fay")) == (0, 6)


def test_the_export_says_until_when(places):
    write(places, HEAD + f"ada,{ASSIGNMENT},2026-11-21 10:00\n")
    export(places, ASSIGNMENT, "nbgrader", places.records / "x.csv")
    with open(places.records / "x.csv", encoding="utf-8-sig", newline="") as file:
        found = {row["student_id"]: (row["extension"], row["late_submission_penalty"]) for row in csv.DictReader(file)}
    assert found["ada"] == ("2026-11-21 10:00:00", "6") and found["carl"] == ("", "0") and found["bob"][0] == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("student,assignment\n", "line 1: there is no column 'until'; the first line is student,assignment,until"),
        (HEAD + "ada,00_smal,2026-11-22\n", "line 2: there is no assignment '00_smal'; there are: 00_small"),
        (HEAD + "\nada,00_small,22.11.2026\n", "line 3: '22.11.2026' is no date; 2026-11-22 is, or"),
        (HEAD + "ada,00_small,2026-11-31\n", "line 2: '2026-11-31' is no date"),
        (HEAD + ",00_small,2026-11-22\n", "line 2: there is no student"),
        (HEAD + "ada,00_small,2026-11-22,ill\n", "line 2: there are more cells than the 3 of the first line"),
        (HEAD + 2 * "ada,00_small,2026-11-22\n", "line 3: ada has an extension for 00_small already, in line 2"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(places, text, why, capsys):
    write(places, text)
    assert main(["export", ASSIGNMENT]) == 1
    assert why in capsys.readouterr().err


def test_one_that_ends_before_the_due_date_counts_for_nothing_and_is_said(places, capsys):
    write(places, HEAD + f"bob,{ASSIGNMENT},2026-11-22\nada,{ASSIGNMENT},2026-11-20 10:59\n")
    says = "line 3: 2026-11-20 10:59:00 UTC is before 00_small is due for all, 2026-11-20 11:00:00 UTC: it counts"
    for command in (["export", ASSIGNMENT], ["report", ASSIGNMENT]):
        assert main(command) == 0
        assert says in capsys.readouterr().err
    assert main(["grade", ASSIGNMENT, "--dry-run"]) == 0
    assert says in capsys.readouterr().out
    assert (penalty(places), penalty(places, "bob")) == (6, 0)


def test_the_command_writes_no_line_that_would_count_for_nothing(places, capsys):
    assert main(["extend", ASSIGNMENT, "ada", "2026-11-19"]) == 1
    assert "2026-11-19 23:59:59 UTC is before 00_small is due for all" in capsys.readouterr().err
    assert not extensions.extensions_file(places).exists()


def test_without_a_due_date_there_is_no_penalty_any_more(places):
    by_hand.notice(places, ASSIGNMENT)
    assert penalty(places) == 6
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.find_assignment(ASSIGNMENT).duedate = None
        gradebook.db.commit()
    by_hand.notice(places, ASSIGNMENT)
    assert penalty(places) == 0


def test_a_spreadsheets_own_ways_and_columns_are_kept(places):
    path = extensions.extensions_file(places)
    path.write_text(
        f"assignment;student;reason;until\r\n{ASSIGNMENT};Bo Ek;ill, twice;2026-11-22\r\n;;;\r\n", "utf-8-sig"
    )
    (extension,) = extensions.read(places)
    assert (extension.student, extension.until) == ("Bo Ek", datetime(2026, 11, 22, 23, 59, 59))
    extensions.extend(places, ASSIGNMENT, "이하늘", "2026-11-23")
    assert path.read_text("utf-8-sig").splitlines() == [
        "assignment,student,reason,until",
        f'{ASSIGNMENT},Bo Ek,"ill, twice",2026-11-22',
        f"{ASSIGNMENT},이하늘,,2026-11-23",
    ]


def test_the_command_grants_lists_and_takes_back(places, capsys):
    assert main(["extend", ASSIGNMENT, "ada", "2026-11-21", "11:00"]) == 0
    assert penalty(places) == 0
    assert main(["extend", ASSIGNMENT, "zoe", "2026-11-24"]) == 0
    assert "zoe has handed in nothing for 00_small yet" in capsys.readouterr().out
    assert main(["extend", ASSIGNMENT, "ada", "2026-11-22"]) == 0
    capsys.readouterr()
    assert main(["extend", "--list"]) == 0
    lines = ["ada  until 2026-11-22 23:59:59 UTC", "zoe  until 2026-11-24 23:59:59 UTC"]
    assert capsys.readouterr().out == "".join(f"{ASSIGNMENT}  {line}\n" for line in lines)
    assert main(["extend", ASSIGNMENT, "ada", "none"]) == 0
    assert penalty(places) == 6
    before = extensions.extensions_file(places).read_bytes()
    for arguments in (["99_none", "ada", "2026-11-22"], [ASSIGNMENT, "ada", "soon"]):
        assert main(["extend", *arguments]) == 1
    assert extensions.extensions_file(places).read_bytes() == before
    with pytest.raises(SystemExit):
        main(["extend", ASSIGNMENT, "ada"])


def test_a_forgotten_student_has_none(places):
    write(places, HEAD + f"ada,{ASSIGNMENT},2026-11-22\nbob,{ASSIGNMENT},2026-11-22\n")
    assert "1 lines of the extensions" in forget(places, "ada", lambda _: True)
    assert [extension.student for extension in extensions.read(places)] == ["bob"]
    with pytest.raises(GradeError, match="nothing is kept of"):
        forget(places, "ada", lambda _: True)
