"""Servers on this machine that give files, and fail as servers do."""

import contextlib
import http.server
import itertools
import threading


class FileServer:
    """What a server gives, by path, and what it was asked for.

    Attributes:
      files: content by path, such as "/a.h5".
      redirects: where a path leads to.
      cut: paths whose content ends in the middle.
      silent: paths that are never answered.
      unending: paths whose content comes without its size, and does not end.
      raw: what is sent, status and headers too, as a function that yields it.
      asked: paths, in the order in which they were asked for.
    """

    def __init__(self, scheme):
        self.files, self.redirects = {}, {}
        self.cut, self.silent, self.unending = set(), set(), set()
        self.raw = {}
        self.asked = []
        self.closed = threading.Event()
        self._scheme = scheme

    def url(self, path):
        return f"{self._scheme}://localhost:{self.port}{path}"


@contextlib.contextmanager
def file_server(context=None):
    """A `FileServer`; over TLS, if there is a context of `ssl`."""
    found = FileServer("https" if context else "http")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            _answer(found, self)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        server.handle_error = lambda *args: None
        found.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield found
        finally:
            found.closed.set()
            server.shutdown()
            thread.join()


def _answer(server, handler):
    path = handler.path
    server.asked.append(path)
    if path in server.silent:
        server.closed.wait(60)
        return
    if path in server.raw:
        _send(server, handler, server.raw[path]())
        return
    if path in server.redirects:
        handler.send_response(302)
        handler.send_header("Location", server.redirects[path])
        handler.end_headers()
    elif path in server.unending:
        handler.send_response(200)
        handler.end_headers()
    if path in server.unending:
        _send(server, handler, itertools.repeat(b"0" * 2**16))
    if path in server.redirects or path in server.unending:
        return
    if path not in server.files:
        handler.send_error(404)
        return
    content = server.files[path]
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(
        content[: len(content) // 2 if path in server.cut else None]
    )


def _send(server, handler, pieces):
    """Sends pieces until they end, or nobody wants them."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            if server.closed.is_set():
                return
            handler.wfile.write(piece)
