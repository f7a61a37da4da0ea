"""The page's server: on this machine alone, for whoever has its address with the token in it.

Another page in the same browser must not reach it: requests need the session's cookie, which the address gives, a Host
header of ours (a name that was bent to this machine has another one) and, where there is an Origin, ours.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
import sys
import tempfile
import webbrowser
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook.opened import Book
from autograder.terminal import tell

from .marking import BadRequest, Changed, Marking

_STATIC = files("autograder.by_criterion") / "static"
_KINDS = {"mark.js": "text/javascript", "answer.js": "text/javascript", "mark.css": "text/css", "side.css": "text/css"}
_MOST_BYTES = 200_000  # of a request
# A style attribute is what safe HTML keeps of a student's looks; pictures are part of what is sent.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Session:
    """A server's secrets, and the addresses it answers to."""

    def __init__(self, port: int):
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.token, self.cookie = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.cookie_name = f"autograder-{port}"  # a browser gives one machine's cookies to all its ports
        self.address = f"http://127.0.0.1:{port}/?token={self.token}"


class _Handler(RequestHandler):
    """Refuses strangers before anything is looked at."""

    def initialize(self, session: Session, marking: Marking) -> None:
        self.session, self.marking = session, marking

    def set_default_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.set_header(name, value)
        self.clear_header("Server")

    def prepare(self) -> None:
        host, origin = self.request.headers.get("Host", ""), self.request.headers.get("Origin")
        if host not in self.session.hosts:
            raise HTTPError(403)
        if origin != f"http://{host}" and (origin is not None or self.request.method != "GET"):
            raise HTTPError(403)
        if not self.is_known():
            raise HTTPError(403)

    def is_known(self) -> bool:
        return hmac.compare_digest(self.get_cookie(self.session.cookie_name, "").encode(), self.session.cookie.encode())

    def write_error(self, status_code: int, **_: Any) -> None:
        says = {403: "Open the address that `autograder mark` printed."}.get(status_code, self._reason)
        self.finish({"error": says})


class _Page(_Handler):
    def is_known(self) -> bool:
        token = self.get_query_argument("token", "")
        return super().is_known() or hmac.compare_digest(token.encode(), self.session.token.encode())

    def get(self) -> None:
        """The page. Whoever came with the token gets the cookie; the page takes the token out of the address.

        No redirect does that: a browser would not send a strict cookie along where another page's link led here.
        """
        self.set_cookie(self.session.cookie_name, self.session.cookie, httponly=True, samesite="Strict", path="/")
        self.finish((_STATIC / "mark.html").read_bytes())


class _Static(_Handler):
    def get(self, name: str) -> None:
        if name not in _KINDS:
            raise HTTPError(404)
        self.set_header("Content-Type", f"{_KINDS[name]}; charset=utf-8")
        self.finish((_STATIC / name).read_bytes())


class _Api(_Handler):
    """JSON in, JSON out; a sentence where it does not work out."""

    def get(self, what: str) -> None:
        query = {name: self.get_query_argument(name, "") for name in ("criterion", "code")}
        if what == "overview":
            self.answer(self.marking.overview)
        elif what == "answer":
            self.answer(self.marking.answer, **query)
        else:
            raise HTTPError(404)

    def post(self, what: str) -> None:
        taken = {
            "save": (self.marking.save, ("criterion", "code", "version", "score", "comment", "page")),
            "undo": (self.marking.undo, ("page",)),
            "comment": (self.marking.keep_comment, ("criterion", "text", "keep")),
        }
        if what not in taken:
            raise HTTPError(404)
        work, names = taken[what]
        if self.request.headers.get("Content-Type") != "application/json":
            raise HTTPError(415)
        try:
            given = json.loads(self.request.body)
            values = {name: given[name] for name in names}
            hash(tuple(values.values()))  # texts and numbers only
        except (ValueError, KeyError, TypeError):
            raise HTTPError(400) from None
        self.answer(work, **values)

    def answer(self, work: Any, **values: Any) -> None:
        try:
            found = work(**values)
        except Changed as changed:
            self.set_status(409)
            found = {"error": str(changed), "now": changed.now}
        except BadRequest as error:
            self.set_status(400)
            found = {"error": str(error)}
        except GradeError as error:
            self.set_status(503)
            found = {"error": str(error)}
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(found))


def application(session: Session, marking: Marking) -> Application:
    """The tornado application of a session."""
    shared = {"session": session, "marking": marking}
    return Application(
        [
            (r"/", _Page, shared),
            (r"/static/([\w.]+)", _Static, shared),
            (r"/api/(\w+)", _Api, shared),
        ],
        default_handler_class=_Handler,
        default_handler_args=shared,
        log_function=lambda handler: None,  # addresses with the token in them belong in no terminal
    )


async def serve(marking: Marking, started) -> None:
    """Answer on a free port of this machine until cancelled; `started` is called with the Session."""
    sockets = bind_sockets(0, "127.0.0.1")
    session = Session(sockets[0].getsockname()[1])
    server = HTTPServer(application(session, marking), max_body_size=_MOST_BYTES, max_header_size=16_384)
    server.add_sockets(sockets)
    started(session)
    try:
        await asyncio.Event().wait()
    finally:
        server.stop()
        await server.close_all_connections()


def mark(places: Places, assignment: str) -> None:
    """Serve the page of an assignment until Ctrl-C; opens a browser where there is a screen."""
    with Book(places) as book, tempfile.TemporaryDirectory() as folder:
        marking = Marking(places, assignment, book)

        def started(session: Session) -> None:
            tell(f"marking {assignment}: {session.address}", "Ctrl-C ends it; every mark is saved at once")
            if _has_screen():
                webbrowser.open(_opener(Path(folder), session.address).as_uri())

        try:
            asyncio.run(serve(marking, started))
        except KeyboardInterrupt:
            tell("ended")


def _opener(folder: Path, address: str) -> Path:
    """A file that leads to the page: on a browser's command line other users would read the token."""
    path = folder / "open.html"  # in a folder that nobody else may enter
    path.write_text(f'<meta http-equiv="refresh" content="0; url={escape(address)}">', encoding="utf-8")
    return path


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
