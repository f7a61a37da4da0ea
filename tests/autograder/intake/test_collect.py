"""Intake: whatever a student hands in, only plain files within limits come through, and nothing is fatal."""

import io
import os
import shutil
import socket
import stat
import tarfile
import zipfile

import pytest

from autograder.intake import basket
from autograder.intake import collect as collecting
from autograder.intake.collect import collect, fingerprint, misplaced, students, unfit, unreadable
from tests.archives import A, folder, tarred, zipped


def test_a_folder_gives_its_files_and_its_date(tmp_path):
    path = folder(tmp_path)
    (path / "q.ipynb").write_bytes(b"{}")
    (path / "pictures").mkdir()
    (path / "pictures" / "me.png").write_bytes(b"png")
    (path / "timestamp.txt").write_text("2026-11-20 09:00:00 UTC")
    (path / ".ipynb_checkpoints").mkdir()
    (path / ".ipynb_checkpoints" / "q-checkpoint.ipynb").write_bytes(b"old")
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"{}", "pictures/me.png": b"png"}
    assert got.timestamp.isoformat() == "2026-11-20T09:00:00" and got.notes == []


def test_everyone_who_handed_in_something_is_found(tmp_path):
    folder(tmp_path, "ada")
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / f"{A}.zip").write_bytes(b"")
    (tmp_path / "carl" / "02_b").mkdir(parents=True)
    (tmp_path / ".hidden" / A).mkdir(parents=True)
    assert students(tmp_path, A) == ["ada", "bob"]
    assert students(tmp_path / "nowhere", A) == []


def test_a_folder_whose_name_can_be_nobodys_is_said(tmp_path):
    folder(tmp_path, "ada")
    folder(tmp_path, "ev\x1bil")
    folder(tmp_path, "김\u202e민수")
    folder(tmp_path, "c:drive")
    assert students(tmp_path, A) == ["ada"]
    assert unfit(tmp_path) == ["'c:drive'", "'ev\\x1bil'", "'김\\u202e민수'"]
    assert unfit(tmp_path / "nowhere") == []


def test_a_folder_that_cannot_be_looked_into_is_said_and_stops_nothing(tmp_path, monkeypatch):
    for student in ("ada", "bob", "cleo"):
        folder(tmp_path, student)
    (tmp_path / "dora").mkdir()
    (tmp_path / "dora" / "q.ipynb").write_bytes(b"{}")
    (tmp_path / "a file").write_bytes(b"")

    def refuses(call, name):  # for whoever runs the tests as root, from whom nothing is closed
        def called(path, **options):
            if f"{os.fspath(path)}/".startswith(f"{tmp_path}/{name}"):
                raise PermissionError(13, "Permission denied")
            return call(path, **options)

        return called

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuses(os.listdir, "bob"))
        patch.setattr(os, "stat", refuses(os.stat, "cleo"))
        patch.setattr(collecting, "find", lambda *_: None)  # nothing is seen in such a folder
        found, wrong = unreadable(tmp_path), misplaced(tmp_path, [A])
    assert (found, wrong) == ({"bob": "Permission denied", "cleo": "Permission denied"}, ["dora"])
    assert unreadable(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("inside", [True, False], ids=["in_the_folder", "in_its_place"])
@pytest.mark.parametrize("ending", [".zip", ".tar.gz"])
def test_archives_are_opened(tmp_path, inside, ending):
    if ending == ".zip":
        data = zipped({"hand in/q.ipynb": b"{}", "hand in/__MACOSX/._q.ipynb": b"junk", "hand in/me.png": b"png"})
    else:
        data = tarred([tarfile.TarInfo("./hand in/q.ipynb")], b"{}")
    path = folder(tmp_path) / f"mine{ending}" if inside else tmp_path / "ada" / f"{A}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    got = collect(tmp_path, "ada", A)
    assert got.files["q.ipynb"] == b"{}" and not any("MACOSX" in name for name in got.files)


def test_an_archive_in_an_archive_is_opened_once_more(tmp_path):
    (folder(tmp_path) / "a.zip").write_bytes(zipped({"b.zip": zipped({"q.ipynb": b"{}"})}))
    assert collect(tmp_path, "ada", A).files == {"q.ipynb": b"{}"}


HOSTILE = {
    "climbs_out": "../../evil.ipynb",
    "absolute": "/etc/evil",
    "backslash": "..\\evil",
    "drive": "C:evil",
    "control_character": "ev\x1bil",
    "too_deep": "a/" * 9 + "q",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_play_tricks_are_left_out(tmp_path, name, kind):
    data = zipped({name: b"evil", "q.ipynb": b"{}"})
    if kind == "tar":
        data = tarred([tarfile.TarInfo(name), tarfile.TarInfo("q.ipynb")], b"{}")
    (folder(tmp_path) / ("a.zip" if kind == "zip" else "a.tar.gz")).write_bytes(data)
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"{}"} and len(got.notes) == 1 and str(got.notes[0]).isprintable()


def test_links_pipes_sockets_and_devices_are_left_out(tmp_path):
    path = folder(tmp_path)
    os.symlink("/etc/passwd", path / "link.ipynb")
    os.symlink("/etc", path / "linked_folder")
    os.mkfifo(path / "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path / "s"))
    if os.geteuid() == 0:
        os.mknod(path / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and len(got.notes) == len(os.listdir(path))
    assert all("regular file" in str(note) for note in got.notes)


def test_links_inside_archives_are_left_out(tmp_path):
    link = tarfile.TarInfo("l.ipynb")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    (folder(tmp_path) / "a.tar.gz").write_bytes(tarred([link]))
    (tmp_path / "ada" / A / "b.zip").write_bytes(zipped({"l.ipynb": (b"/etc/passwd", stat.S_IFLNK | 0o777)}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {} and len(got.notes) == 2


def test_a_submission_that_is_itself_a_link_or_a_pipe_is_reported(tmp_path):
    for student, make in (("ada", lambda path: os.symlink("/etc", path)), ("bob", os.mkfifo)):
        (tmp_path / student).mkdir()
        make(tmp_path / student / A)
        got = collect(tmp_path, student, A)
        assert got.files == {} and "only regular files are read" in str(got.notes[0])
    assert students(tmp_path, A) == ["ada", "bob"]


def test_names_that_differ_in_case_only_do_not_overwrite_each_other(tmp_path):
    (folder(tmp_path) / "a.zip").write_bytes(zipped({"q.ipynb": b"1", "Q.IPYNB": b"2"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {"q.ipynb": b"1"} and "another file has this name" in str(got.notes[0])


def test_the_same_name_twice_in_an_archive_is_reported(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("q.ipynb", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("q.ipynb", b"2")
    (folder(tmp_path) / "a.zip").write_bytes(buffer.getvalue())
    got = collect(tmp_path, "ada", A)
    assert list(got.files) == ["q.ipynb"] and "another file has this name" in str(got.notes[0])


@pytest.mark.parametrize("names", [("a", "a/b"), ("A/b", "a"), ("x/a", "./x//A/b/c")])
def test_a_file_and_a_folder_of_one_name_cannot_both_be_kept(tmp_path, names):
    (folder(tmp_path) / "z.zip").write_bytes(zipped({**dict.fromkeys(names, b"1"), "q.ipynb": b"{}"}))
    got = collect(tmp_path, "ada", A)
    assert got.files == {names[0]: b"1", "q.ipynb": b"{}"}
    assert len(got.notes) == 1 and "a file cannot have the name of a folder" in str(got.notes[0])


def test_very_many_files_end_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(basket, "MAX_FILES", 7)
    path = folder(tmp_path)
    for i in range(30):
        (path / f"{i:02}.txt").write_bytes(b"")
    (path / "z.ipynb").write_bytes(b"{}")
    got = collect(tmp_path, "ada", A)
    assert len(got.files) == 7 and "z.ipynb" in got.files and "not everything was read" in str(got.notes[0])
    monkeypatch.setattr(basket, "MAX_ENTRIES", 5)
    assert "more than 5 names" in str(collect(tmp_path, "ada", A).notes[0])


@pytest.mark.parametrize("name", ["[a]", "  x", "x ", "a]b"])
def test_a_student_whom_nbgrader_would_not_find_again_is_said(tmp_path, name):
    folder(tmp_path, name)
    (folder(tmp_path, "ada") / "q[1] .ipynb").write_bytes(b"{}")  # a file may be called so
    assert students(tmp_path, A) == ["ada"] and unfit(tmp_path) == [repr(name)]
    assert list(collect(tmp_path, "ada", A).files) == ["q[1] .ipynb"]


@pytest.mark.parametrize(
    "text",
    [
        "yesterday-ish",
        "\x00",
        "9" * 5000,
        "2026 01 ../../etc/passwd",
        "2026-11-20 09:00:00 ../../etc/passwd",
        "2026-11-20 09:00:00 ABCDE",
        "2026-02-30 09:00:00",
        "0001-01-01 00:00:00+01:00",
        "12",
        "2026-11-20 09:00:00 UTC" + " " * 100,
    ],
)
def test_a_date_that_is_none_is_reported(tmp_path, text):
    (folder(tmp_path) / "timestamp.txt").write_text(text)
    got = collect(tmp_path, "ada", A)
    assert got.timestamp is None and "not a date" in str(got.notes[0])


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20 09:00:00 UTC",
        "2026-11-20 09:00:00.000000 UTC\n",
        "2026-11-20 10:00:00.000000 CET",
        "2026-11-20T09:00Z",
        "2026-11-20 07:30:00 -0130",
        "2026-11-20T11:00:00+02:00",
        "2026-11-20 09:00:00",
    ],
)
def test_nine_o_clock_in_utc_may_be_written_so(tmp_path, text):
    (folder(tmp_path) / "timestamp.txt").write_text(text)
    got = collect(tmp_path, "ada", A)
    assert got.timestamp.isoformat() == "2026-11-20T09:00:00" and got.notes == []


def test_an_empty_folder_and_no_folder_are_not_fatal(tmp_path):
    folder(tmp_path)
    assert collect(tmp_path, "ada", A).files == {}
    assert list(map(str, collect(tmp_path, "nobody", A).notes)) == ["nothing was handed in"]


def prints(tmp_path, files: dict[str, bytes]) -> str:
    """The fingerprint of a submission of these files."""
    shutil.rmtree(tmp_path / "ada", ignore_errors=True)
    path = folder(tmp_path)
    for name, data in files.items():
        (path / name).write_bytes(data)
    return fingerprint(tmp_path, "ada", A)


def test_a_fingerprint_is_that_of_names_and_contents(tmp_path):
    one = prints(tmp_path, {"a": b"bc", "d": b""})
    assert prints(tmp_path, {"d": b"", "a": b"bc"}) == one
    others = ({"a": b"b", "cd": b""}, {"a": b"bc"}, {"a": b"bc", "d": b"x"}, {"b": b"bc", "d": b""})
    assert len({one, *(prints(tmp_path, files) for files in others)}) == 5
    assert prints(tmp_path, {"a": b"bc", "d": b"", "timestamp.txt": b"2026-11-20", ".DS_Store": b"x"}) == one


def test_a_fingerprint_is_taken_without_opening_archives(tmp_path, monkeypatch):
    monkeypatch.delattr(collecting, "unpack")
    packed = zipped({"q.ipynb": b"{}"})
    assert prints(tmp_path, {"a.zip": packed}) != prints(tmp_path, {"a.zip": packed + b" "})
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / f"{A}.zip").write_bytes(packed)
    assert len({fingerprint(tmp_path, student, A) for student in ("ada", "bob", "nobody")}) == 3


def test_what_is_not_read_of_a_submission_stops_no_fingerprint(tmp_path):
    path = folder(tmp_path)
    nothing = fingerprint(tmp_path, "ada", A)
    os.symlink("/etc", path / "linked")
    os.mkfifo(path / "pipe.ipynb")
    assert fingerprint(tmp_path, "ada", A) == nothing
    path.rename(path.with_name("away"))
    os.symlink("/etc", path)
    assert fingerprint(tmp_path, "ada", A) == nothing
