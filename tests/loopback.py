"""A small HTTP server on this machine, for tests of downloads: the routes are what a test says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Route = bytes | int | Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(routes: dict[str, Route]) -> Iterator[str]:
    """Serve each path: bytes as the answer, an int as an error status, a function to answer by itself.

    Gives the address, which ends in "/".
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            route = routes.get(self.path.lstrip("/"), 404)
            if callable(route):
                route(self)
            elif isinstance(route, int):
                self.send_error(route)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(route)))
                self.end_headers()
                self.wfile.write(route)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
