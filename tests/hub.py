"""A real JupyterHub on loopback with users of this machine, for a test: needs root, and leaves nothing behind.

The hub and all that it starts live in a process namespace of their own, which ends with its first process. The users
exist while the block runs; their homes lie in one folder in /tmp, where other users may go.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests

from autograder.sandbox import launch
from tests.needs import need, need_module, need_program

PATIENCE_S = 180  # for one server to start
WHOLE_S = 900  # for all that is done on one hub
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.db_url = "sqlite:///{private}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{private}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = "{private}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {users!r}
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [{server!r}]
c.Spawner.http_timeout = c.Spawner.start_timeout = {patience}
c.Spawner.environment = {environment!r}
"""


@dataclass
class Server:
    """A user's own server, reached through the hub's proxy and nothing else."""

    user: str
    address: str  # http://127.0.0.1:PORT/user/NAME
    token: str
    until: float  # time.monotonic(): what is not done by then fails

    def get(self, path: str) -> str:
        """A page."""
        return self._send("GET", path).text

    def ask(self, method: str, path: str, content: object = None) -> dict | list:
        """Jupyter's REST interface."""
        answer = self._send(method, f"api/{path}", content)
        return answer.json() if answer.content else {}

    def _send(self, method: str, path: str, content: object = None) -> requests.Response:
        head = {"Authorization": f"token {self.token}"}
        answer = requests.request(method, f"{self.address}/{path}", json=content, headers=head, timeout=60)
        answer.raise_for_status()
        return answer

    def read(self, path: str) -> str:
        return self.ask("GET", f"contents/{quote(path)}?type=file&format=text")["content"]

    def names(self, path: str) -> list[str]:
        return [entry["name"] for entry in self.ask("GET", f"contents/{quote(path)}")["content"]]

    def run(self, command: str) -> str:
        """Type a command into a terminal of the server; returns what it printed, and fails where it did."""
        import websocket

        name = self.ask("POST", "terminals")["name"]
        terminal = websocket.create_connection(
            f"{self.address}/terminals/websocket/{name}".replace("http", "ws", 1),
            header=[f"Authorization: token {self.token}"],
            timeout=max(1.0, self.until - time.monotonic()),
        )
        try:
            terminal.send(json.dumps(["set_size", 50, 1000, 500, 9000]))
            terminal.send(json.dumps(["stdin", f"{command}; echo end-of-$?-\n"]))
            printed = ""
            while not (end := re.search(r"end-of-(\d+)-", printed)):
                assert time.monotonic() < self.until, f"{command} does not end:\n{printed}"
                kind, *said = json.loads(terminal.recv())
                printed += said[0] if kind == "stdout" else ""
        finally:
            terminal.close()
            self.ask("DELETE", f"terminals/{name}")
        assert end[1] == "0", f"{self.user}: {command}\n{printed}"
        return printed


@contextmanager
def users(names: list[str]) -> Iterator[tuple[Path, dict[str, str]]]:
    """Users of this machine while the block runs: the folder of their homes, and what each is really called."""
    need(os.getuid() == 0, "only root can add users and start their servers")
    need_program("useradd", "passwd")
    folder = Path(tempfile.mkdtemp(prefix="detrlab-hub-", dir="/tmp"))
    folder.chmod(0o755)
    called = {name: f"detrlab-{name}-{os.getpid()}" for name in names}
    added = []
    try:
        for user in called.values():
            home = ["--home-dir", str(folder / user), "--create-home", "--shell", "/bin/bash"]
            subprocess.run(["useradd", *home, "--no-log-init", user], check=True)
            added.append(user)
        yield folder, called
    finally:
        for user in added:
            subprocess.run(["userdel", "--force", user], check=True, stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)


@contextmanager
def hub(folder: Path, called: dict[str, str], environment: dict[str, str]) -> Iterator[dict[str, Server]]:
    """A hub with a running server for each of these users, by their short names."""
    need_module("jupyterhub")
    proxy = shutil.which("configurable-http-proxy")
    need(proxy, "configurable-http-proxy is not on the PATH: npm install --global configurable-http-proxy@4.6.3")
    private, password = folder / "hub", secrets.token_hex(16)
    interpreter = launch.interpreter_folders()
    for number in range(len(interpreter)):
        (private / "stage" / str(number)).mkdir(parents=True)
    ports = _free_ports(3)
    programs = Path(sys.prefix) / "bin"
    config = private / "config.py"
    config.write_text(
        CONFIG.format(
            ports=ports,
            proxy=proxy,
            private=private,
            password=password,
            users=set(called.values()),
            server=str(programs / "jupyterhub-singleuser"),
            patience=PATIENCE_S,
            environment=environment,
        )
    )
    private.chmod(0o711)
    config.chmod(0o600)
    alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command = [*alone, *launch.opened(interpreter, private), str(programs / "jupyterhub"), "--config", str(config)]
    address, until = f"http://127.0.0.1:{ports[0]}", time.monotonic() + WHOLE_S
    with (private / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=private)
        try:
            yield {
                name: Server(
                    user, f"{address}/user/{user}", _token(address, user, password, process, private / "log"), until
                )
                for name, user in called.items()
            }
        finally:
            process.kill()  # and with it, all of its namespace
            process.wait()


def _free_ports(count: int) -> list[int]:
    with_port = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in with_port]
    for each in with_port:
        each.close()
    return ports


def _token(address: str, user: str, password: str, process: subprocess.Popen, log: Path) -> str:
    """Log in as a person does, make a token, start the server and wait for it; returns the token."""
    deadline = time.monotonic() + PATIENCE_S
    session = requests.Session()

    def wait(what: str) -> None:
        assert process.poll() is None and time.monotonic() < deadline, f"{what}:\n{log.read_text()[-4000:]}"
        time.sleep(0.3)

    while True:
        try:
            if session.get(f"{address}/hub/login", timeout=60).ok:
                break
        except requests.ConnectionError:
            pass
        wait("the hub does not start")
    form = {"username": user, "password": password, "_xsrf": session.cookies["_xsrf"]}
    login = session.post(f"{address}/hub/login", data=form, allow_redirects=False, timeout=60)
    assert login.status_code == 302, login.text
    session.get(f"{address}/hub/home", timeout=60).raise_for_status()
    me, head = f"{address}/hub/api/users/{user}", {"X-XSRFToken": session.cookies.get("_xsrf", path="/hub/")}
    made = session.post(f"{me}/tokens", headers=head, json={"note": "test"}, timeout=60)
    made.raise_for_status()
    token = made.json()["token"]
    head = {"Authorization": f"token {token}"}
    requests.post(f"{me}/server", headers=head, timeout=PATIENCE_S).raise_for_status()
    while not requests.get(me, headers=head, timeout=60).json().get("server"):
        wait(f"{user}'s server does not start")
    return token
