"""The shop's own web server on loopback: each address answers the page that a test put there."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

HEAD = '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Noord</title>{head}</head><body>'
# One drop of colour, so that pictures look right.
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#f0b400"/></svg>'


class PageServer:
    """Serves on a free port until the block ends."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self.asked: list[str] = []
        pages, asked = self.pages, self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                if self.path.endswith((".svg", "favicon.ico")):
                    self._send(200, PICTURE, {"content-type": "image/svg+xml"})
                    return
                body, headers = pages.get(self.path.partition("?")[0], ("", {}))
                self._send(
                    200 if body else 404,
                    body.encode(),
                    {"content-type": "text/html; charset=utf-8"} | headers,
                )

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"cache-control": "no-cache", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    def put(
        self,
        path: str,
        body: str,
        *,
        head: str = "",
        lang: str = "nl",
        headers: dict[str, str] | None = None,
    ) -> str:
        """Put a page at a path; give its address."""
        self.pages[path] = (
            HEAD.format(lang=lang, head=head) + body + "</body></html>",
            headers or {},
        )
        return self.origin + path

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
