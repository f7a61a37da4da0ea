"""A term as the manual tells it: each of its commands runs, in its order, and the troubles stay where they belong."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter

import pytest

from tests.grader_pool import needs_sandbox
from tests.needs import need_program
from tools.term import ALIKE, ASSIGNMENT, EXITS, ROOT, UNUSABLE, blocks

STUDENTS = ["s01", "s03", "s07", *ALIKE[:2], EXITS, UNUSABLE, "s40"]


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    project = tmp_path_factory.mktemp("term") / "project"
    # In a process of its own: Chromium's driver holds a thread's event loop, which other tests need.
    code = f"from pathlib import Path; from tools.term import run_term; run_term(Path({str(project)!r}), {STUDENTS})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "grading"


def events(term) -> list[dict]:
    return [json.loads(line) for line in (term / "log.jsonl").read_text().splitlines()]


def exported(term, name: str) -> list[dict[str, str]]:
    with open(term / name, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_manual_holds_the_whole_way():
    verbs = Counter(" ".join(command.split()[:2]) for commands in blocks() for command in commands)
    assert verbs["autograder grade"] == 4 and verbs["autograder export"] == 4
    for verb in ("release", "extend", "report", "feedback", "forget"):
        assert verbs[f"autograder {verb}"] >= 1


@needs_sandbox
def test_one_students_trouble_stays_that_students(term):
    marks = [event for event in events(term) if event["event"] == "mark"]
    latest = {event["student"]: event for event in marks}
    assert set(latest) == set(STUDENTS) - {"s40"}  # who is forgotten at the end
    assert latest[UNUSABLE]["status"] == "could not grade"
    (stopped,) = latest[EXITS]["ran_without_ids"]
    assert stopped == "ran_without" and "ended its own process" in latest[EXITS]["ran_without"][0]
    # The rest of the notebook is as that of who handed in the same without the line.
    mine, theirs = latest[EXITS]["scores"], latest[ALIKE[0]]["scores"]
    lost = [check for nb, found in theirs.items() for check, score in found.items() if mine[nb][check] != score]
    assert latest[EXITS]["ran_without"][0].split(": ")[1] in lost and len(lost) == 1
    kept = [event for event in latest.values() if event["student"] != UNUSABLE]  # whose marks rest on no release
    assert len({json.dumps(event["fingerprints"], sort_keys=True) for event in kept}) == 1


@needs_sandbox
def test_what_is_given_back_is_there(term):
    rows = {row["student_id"]: row for row in exported(term, f"marks-{ASSIGNMENT}-nbgrader.csv")}
    assert rows[UNUSABLE]["status"] == "could not grade" and rows[UNUSABLE]["score"] == ""
    assert rows["s07"]["extension"] != "" and rows["s07"]["late_submission_penalty"] == "0"
    report = (term / f"report-{ASSIGNMENT}.html").read_text()
    assert "the same word by word" in report and "s31" not in report
    for student in ("s01", "s03", EXITS):
        assert "</html>" in (term / "feedback" / student / ASSIGNMENT / "index.html").read_text()
    assert (term / f"feedback-{ASSIGNMENT}" / "s01.zip").is_file()


@needs_sandbox
def test_what_a_person_marked_in_the_browser_stands_after_the_regrade(term):
    need_program("chromium", "chromium")
    by_hand = [event for event in events(term) if event["event"] == "manual"]
    assert len(by_hand) in (2, 3) and all(event["set_by"] for event in by_hand)  # s40 may have been one of the three
