"""The wall itself: its self-test, what a notebook sees from inside, and that the tests would notice if it were gone."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.sandbox import launch, levels, self_test
from autograder.sandbox.inside import probe
from autograder.sandbox.inside.wire import encode, read_frame
from autograder.sandbox.levels import UNSAFE, Level, SandboxUnavailable
from tests.grader_pool import LEVEL, needs_sandbox, run, text

LANDLOCK = Level("landlock", "landlock and seccomp only")


@needs_sandbox
def test_the_self_test_finds_no_hole_in_the_best_level():
    assert self_test.broken_walls(LEVEL) == []


@pytest.mark.usefixtures("landlock_6")
def test_the_self_test_finds_no_hole_without_namespaces():
    assert self_test.broken_walls(LANDLOCK) == []


@needs_sandbox
def test_the_self_test_would_notice_a_missing_wall():
    broken = {line.split(":")[0] for line in self_test.broken_walls(UNSAFE)}
    # As an ordinary user some of these fail by themselves.
    expected = set(probe.ATTACKS) - {"use its own folder", "trace its parent", "open its parent's memory"}
    assert broken >= expected


@needs_sandbox
@pytest.mark.parametrize(
    ("wall", "attack"),
    [
        ("lockdown.drop_capabilities()", "keep rights"),
        ('lockdown.seccomp.install(unix_sockets=level == "namespaces")', "make namespaces"),
    ],
)
def test_each_wall_is_seen_to_be_missing(wall: str, attack: str, tmp_path, monkeypatch):
    """The installed copy is bent, one wall at a time; the self-test names what then succeeds."""
    install = self_test.launch.packages.install

    def bent(folder, data):
        install(folder, data)
        path = folder / "autograder" / "sandbox" / "inside" / "lockdown.py"
        call = wall.removeprefix("lockdown.")
        source = path.read_text()
        assert f"    {call}\n" in source
        path.write_text(source.replace(f"    {call}\n", "    pass\n"))

    monkeypatch.setattr(self_test.launch.packages, "install", bent)
    assert any(line.startswith(attack) for line in self_test.broken_walls(LEVEL))


def test_a_machine_without_a_sandbox_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(levels.shutil, "which", lambda name: None)
    monkeypatch.setattr(levels.landlock, "abi", lambda: 0)
    with pytest.raises(SandboxUnavailable, match="No sandbox on this machine: install bubblewrap"):
        levels.found_level()
    monkeypatch.setattr(levels.sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match="Linux"):
        levels.found_level()


def test_without_namespaces_landlock_is_the_level(monkeypatch):
    monkeypatch.setattr(levels, "_user_namespaces", lambda: False)
    monkeypatch.setattr(levels.landlock, "abi", lambda: 6)
    assert levels.found_level().name == "landlock"


def test_a_sandbox_with_a_hole_is_not_used(monkeypatch):
    monkeypatch.setattr(self_test, "broken_walls", lambda level: ["read a file of the machine: it could"])
    self_test.prove.cache_clear()
    with pytest.raises(SandboxUnavailable, match="does not hold"):
        self_test.level()
    self_test.prove.cache_clear()


def test_a_probe_that_ends_by_itself_still_gives_its_answers(tmp_path, monkeypatch):
    ended = subprocess.Popen(["true"])
    pidfd = os.pidfd_open(ended.pid)
    ended.wait()  # gone and reaped: a signal to it raises ProcessLookupError
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def probe_side():
        theirs.send(b"warm")
        _, descriptors, _, _ = socket.recv_fds(theirs, 16, 2)
        connection, status = (socket.socket(fileno=number) for number in descriptors)
        with connection, status:
            socket.send_fds(status, [b"init"], [pidfd])
            connection.sendall(encode({"keep rights": ""}))
            read_frame(connection)

    monkeypatch.setattr(self_test.launch, "start", lambda *_, **__: SimpleNamespace(control=ours, stop=ours.close))
    other = threading.Thread(target=probe_side)
    other.start()
    assert self_test._ask(UNSAFE, tmp_path, {"port": 1}) == {"keep rights": ""}
    other.join()
    theirs.close()
    os.close(pidfd)


@needs_sandbox
def test_what_a_notebook_sees_from_inside():
    result = run(
        "import os; print(sorted(os.listdir('/')), os.listdir('/home'), os.listdir('/tmp'), os.getcwd())",
        "print(sorted(name for name in os.listdir('/proc') if name.isdigit()), open('/proc/1/environ').read())",
        "print(open('/etc/passwd').read(), [name for name in os.environ if 'TOKEN' in name or 'SECRET' in name])",
        f"print(os.path.exists({os.path.abspath('solutions')!r}), os.path.exists({os.path.abspath('build')!r}))",
        "import autograder; print(sorted(os.listdir(autograder.__path__[0])))",
        "import socket; socket.socket()",
        "!echo from a terminal",
    )
    # A checkout below /tmp is the one thing that stays there: the interpreter lies in it.
    in_tmp = sorted({Path(folder).parts[2] for folder in launch.interpreter_folders() if folder.startswith("/tmp/")})
    assert text(result, 0).strip().endswith(f"['student'] {in_tmp} /home/student")
    assert "PermissionError" in text(result, 1)  # the init of the job cannot be looked into
    assert text(result, 2).strip() == "student:x:65000:65000::/home/student:/bin/sh\n []".strip()
    assert text(result, 3).strip() == "False False"
    assert "'judge.py'" not in text(result, 4)
    assert "OSError" in text(result, 5)
    assert "from a terminal" in text(result, 6)
    assert result.finished and result.level == str(LEVEL)


@needs_sandbox
def test_notebooks_share_nothing_that_can_be_written():
    """Descriptors and shared mappings that come from the warm process would be a way to help the next student."""
    look = """
import os
for number in sorted(map(int, os.listdir('/proc/self/fd'))):
    try:
        print(number, os.readlink(f'/proc/self/fd/{number}').partition('[')[0])
    except OSError:
        pass
for line in open('/proc/self/maps'):
    if line.split()[1].endswith('s') and 'w' in line.split()[1]:
        print('shared', line)
"""
    found = text(run(look)).strip().splitlines()
    # 0-2; /dev/null once more; the frames; the event loop's own three; the two ends of stdout and stderr.
    kinds = sorted(line.split()[1] for line in found)
    assert kinds == sorted(["/dev/null"] * 2 + ["pipe:"] * 4 + ["socket:"] * 3 + ["anon_inode:"]), found
