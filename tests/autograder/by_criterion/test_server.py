"""The page's server over real HTTP: who is let in, what is refused, and that Ctrl-C ends it."""

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from autograder.by_criterion import server
from autograder.by_criterion.server import mark
from autograder.gradebook.log import Log
from bench.written_class import served
from tests.imports import ROOT
from tests.small_course import ASSIGNMENT, graded_course

WHY = "small/why"
PAGE = {"page": "the one that is open"}


class Client:
    """A browser's requests, each header of which a test may bend; None leaves one out."""

    def __init__(self, address):
        parts = urlsplit(address)
        self.host, self.token = parts.netloc, parts.query.removeprefix("token=")
        self.cookie = None

    def ask(self, method, path, body=None, **bent):
        headers = {"Host": self.host, "Cookie": self.cookie}
        if method == "POST":
            headers |= {"Origin": f"http://{self.host}", "Content-Type": "application/json"}
        headers |= {name.replace("_", "-"): value for name, value in bent.items()}
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        sent = b"" if body is None else json.dumps(body).encode()
        for name, value in {**headers, "Content-Length": str(len(sent))}.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(sent)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response, text

    def enter(self):
        response, _ = self.ask("GET", f"/?token={self.token}")
        self.cookie = response.headers["Set-Cookie"].split(";")[0]
        return response

    def get(self, path):
        return json.loads(self.ask("GET", path)[1])


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


@pytest.fixture
def client(places):
    with served(places, ASSIGNMENT) as address:
        yield Client(address)


@pytest.fixture
def inside(client):
    client.enter()
    return client


def status(client, *request, **bent):
    return client.ask(*request, **bent)[0].status


def a_mark(client, score=1.5):
    """What the page sends for the first written answer."""
    answers = client.get("/api/overview")["criteria"][0]["answers"]
    first = next(each for each in answers if each["kind"] == "written")
    sent = {name: first[name] for name in ("code", "version")}
    return {"criterion": WHY, **sent, "score": score, "comment": "Which?", "page": PAGE["page"]}


def test_it_listens_on_this_machine_alone(client):
    host, _, port = client.host.partition(":")
    assert host == "127.0.0.1"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        local = [line.split()[1] for line in lines if line.split()[3] == "0A"]  # listening
        assert {each.split(":")[0] for each in local if int(each.split(":")[1], 16) == int(port)} <= {"0100007F"}


def test_the_token_gives_a_cookie_that_scripts_and_other_sites_do_not_get(client):
    assert status(client, "GET", "/") == status(client, "GET", "/?token=wrong") == 403
    response = client.enter()
    assert response.status == 200
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and client.token not in cookie
    assert status(client, "GET", "/") == status(client, "GET", "/api/overview") == 200


def test_without_the_cookie_nothing_is_told(client):
    for path in ("/api/overview", f"/api/overview?token={client.token}", "/static/mark.js", "/nothing"):
        for cookie in (None, "autograder=1", f"{server.__name__}=ä".encode().decode("latin-1")):
            assert status(client, "GET", path, Cookie=cookie) == 403


def test_pages_run_nothing_but_our_script_and_load_nothing_from_elsewhere(inside):
    for path in ("/", "/static/mark.js", "/api/overview"):
        headers = inside.ask("GET", path)[0].headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert "http" not in policy and headers["X-Content-Type-Options"] == "nosniff"
        assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    page = inside.ask("GET", "/")[1]
    assert "http" not in page and "onclick" not in page and "<style" not in page


@pytest.mark.parametrize(
    "host", ["spy.example", "spy.example:{port}", "127.0.0.1", "127.0.0.1.spy.example:{port}", None]
)
def test_a_name_that_was_bent_to_this_machine_is_refused(inside, host):
    host = host and host.format(port=inside.host.partition(":")[2])
    assert status(inside, "GET", "/api/overview", Host=host) in (400, 403)
    assert status(inside, "GET", f"/?token={inside.token}", Host=host) in (400, 403)


@pytest.mark.parametrize("origin", ["http://spy.example", "null", "http://127.0.0.1:1", "https://{host}", "", None])
def test_another_pages_request_changes_nothing(inside, places, origin):
    origin = origin and origin.format(host=inside.host)
    assert status(inside, "POST", "/api/save", a_mark(inside), Origin=origin) == 403
    if origin is not None:
        assert status(inside, "GET", "/api/overview", Origin=origin) == 403
    assert [event for event in Log(places.log).events() if event["event"] == "manual"] == []


def test_what_a_form_could_send_is_no_request(inside):
    for kind in ("text/plain", "application/x-www-form-urlencoded", None):
        assert status(inside, "POST", "/api/save", a_mark(inside), Content_Type=kind) == 415
    for body in (None, [], {}, "x", {**a_mark(inside), "comment": ["x"]}):
        assert status(inside, "POST", "/api/save", body) == 400
    assert status(inside, "GET", "/api/save") == status(inside, "POST", "/api/overview", {}) == 404
    for path in ("/static/server.py", "/static/..%2Fserver.py", "/static/../server.py", "/nothing"):
        assert status(inside, "GET", path) in (404, 405)
    assert status(inside, "PUT", "/api/save", Origin=f"http://{inside.host}") == 405


def test_a_mark_a_stale_one_and_undo(inside, places):
    wanted = a_mark(inside)
    response, text = inside.ask("POST", "/api/save", wanted)
    assert response.status == 200 and json.loads(text)["answer"]["score"] == 1.5
    response, text = inside.ask("POST", "/api/save", {**wanted, "score": 0})
    told = json.loads(text)
    assert response.status == 409 and (told["now"]["score"], told["now"]["comment"]) == (1.5, "Which?")
    assert "Nothing was saved" in told["error"]
    assert status(inside, "POST", "/api/undo", {"page": "another"}) == 400
    assert [status(inside, "POST", "/api/undo", sent) for sent in (PAGE, PAGE, {})] == [200, 400, 400]
    kept = json.loads(inside.ask("POST", "/api/comment", {"criterion": WHY, "text": "Which?", "keep": True})[1])
    assert kept == ["Which?"]
    marks = [event["new"]["manual_score"] for event in Log(places.log).events() if event["event"] == "manual"]
    assert marks == [1.5, None]


def test_the_command_prints_the_address_and_ctrl_c_ends_it(places):
    code = f"""
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
from autograder.__main__ import main
from autograder.course import places
from tests.small_course import config
found = places.places_from(config(), Path({str(places.records.parent)!r}))
places.project_places = lambda: found
sys.exit(main(["mark", {ASSIGNMENT!r}]))
"""
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        said = run.stdout.readline()
        client = Client(said.split()[-1])
        assert client.enter().status == 200
        run.send_signal(signal.SIGINT)
        rest, _ = run.communicate(timeout=20)
    assert run.returncode == 0 and "Traceback" not in rest and rest.endswith("ended\n"), rest


def test_a_screen_gets_a_browser_and_the_token_is_on_no_command_line(places, monkeypatch, capsys):
    opened = []

    async def stop_at_once(_, started):
        started(server.Session(4711))
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", stop_at_once)
    monkeypatch.setattr(server.webbrowser, "open", lambda uri: opened.append((uri, Path(uri[7:]).read_text())))
    for screen in ("", ":0"):
        monkeypatch.setenv("DISPLAY", screen)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        mark(places, ASSIGNMENT)
    ((uri, text),) = opened
    token = capsys.readouterr().out.split("token=")[-1].split()[0]
    assert uri.startswith("file:///") and token not in uri and token in text
    assert not os.path.exists(uri[7:])
