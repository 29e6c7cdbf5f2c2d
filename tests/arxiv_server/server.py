"""The loopback arXiv as an HTTP server on 127.0.0.1: `/oai` and `/api/query`."""

import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.arxiv_server.atom import QueryApi
from tests.arxiv_server.faults import HTML_PAGE, Fault, Faults, without_items
from tests.arxiv_server.oai import OaiRepository, Refusal


class LoopbackArxiv:
    """A running arXiv: use it in a `with` block; it serves what `store` holds at that moment.

    `requests` lists what was asked, as (path, arguments, seconds). `at_request(n, action)` calls
    `action(store)` before the answer to the n-th request, from 1.
    """

    def __init__(self, store, *, faults=None, page_size=100, identifiers_size=1000, port=0):
        self.store = store
        self.faults = faults or Faults()
        self.requests = []
        self.user_agents = set()
        self.connections = 0
        self._lock = threading.Lock()
        self._actions = {}
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.arxiv = self
        base = f"http://127.0.0.1:{self._server.server_port}"
        self.oai_url, self.api_url = f"{base}/oai", f"{base}/api/query"
        self.oai = OaiRepository(store, page_size, identifiers_size, self.oai_url)
        self.api = QueryApi(store)

    def __enter__(self):
        serve = {"poll_interval": 0.01}
        threading.Thread(target=self._server.serve_forever, kwargs=serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self):
        self._server.serve_forever()

    def at_request(self, number, action):
        self._actions.setdefault(number, []).append(action)

    def answer(self, path, arguments):
        """Answer one request: its bytes, media type, number and fault."""
        with self._lock:
            self.requests.append((path, dict(arguments), time.monotonic()))
            number = len(self.requests)
        for action in self._actions.get(number, ()):
            action(self.store)
        fault = self.faults.drawn(number)
        if path.startswith("/api"):
            return self.api.answer(arguments), "application/atom+xml", number, fault
        given = dict(arguments)
        if fault is Fault.EXPIRED_TOKEN and "resumptionToken" in given:
            body, query = _expired(given)
            return self.oai.page(body, query, "'"), "application/xml", number, None
        answer = self.oai.answer(arguments)
        if fault is Fault.REPEATED_TOKEN and "resumptionToken" in given:
            start, end = answer.find(b"<resumptionToken"), answer.find(b"</resumptionToken>")
            if end > 0:
                head, tail = answer[:start].rstrip(b" "), answer[end:].partition(b"\n\n")[2]
                answer = head + self.oai.token_xml(given["resumptionToken"]).encode() + tail
        return answer, "application/xml", number, fault


def _expired(given):
    refusal = Refusal("badResumptionToken")
    body = (
        f"    <error code='{refusal.code}'>The value of the resumptionToken argument is invalid or "
        "expired.</error>\n"
    )
    return body, given


_INSTEAD = {
    Fault.UNAVAILABLE: (503, b"busy\n", "text/plain"),
    Fault.UNAVAILABLE_SECONDS: (503, b"busy\n", "text/plain"),
    Fault.UNAVAILABLE_DATE: (503, b"busy\n", "text/plain"),
    Fault.TOO_MANY: (429, b"Rate exceeded.", "text/plain"),
    Fault.HTML: (200, HTML_PAGE, "text/html"),
    Fault.BLANK: (200, b"", "application/xml"),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of connections that broke: breaking them is what faults are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.arxiv.connections += 1

    def do_GET(self):
        arxiv = self.server.arxiv
        address = urlsplit(self.path)
        arxiv.user_agents.add(self.headers["User-Agent"])
        arguments = parse_qsl(address.query, keep_blank_values=True)
        if address.path not in ("/oai", "/api/query"):
            self._send(404, b"not here\n", "text/plain")
            return
        answer, media_type, number, fault = arxiv.answer(address.path, arguments)
        if fault is Fault.SLOW:
            time.sleep(arxiv.faults.slow_seconds)
        if fault is Fault.RESET:
            self._reset()
        elif fault in (Fault.RESET_WITHIN, Fault.CUT):
            cut = arxiv.faults.random(-number).randrange(1, len(answer))
            self._send(200, answer[:cut], media_type, length=len(answer))
            if fault is Fault.RESET_WITHIN:
                self._reset()
            self.close_connection = True
        elif fault in _INSTEAD:
            self._send(*_INSTEAD[fault], self._retry_after(fault))
        else:
            self._send(200, self._spoilt(fault, number, answer), media_type)

    def _spoilt(self, fault, number, answer):
        if fault is Fault.TRUNCATED:
            return answer[: self.server.arxiv.faults.random(-number).randrange(1, len(answer) - 1)]
        return without_items(answer) if fault is Fault.NO_ITEMS else answer

    def _retry_after(self, fault):
        wait = self.server.arxiv.faults.retry_after_seconds
        if fault is Fault.UNAVAILABLE_SECONDS:
            return {"Retry-After": str(wait)}
        if fault is Fault.UNAVAILABLE_DATE:
            until = datetime.now(UTC) + timedelta(seconds=wait)
            return {"Retry-After": format_datetime(until, usegmt=True)}
        return {}

    def _send(self, status, body, media_type, headers=None, length=None):
        self.send_response(status)
        self.send_header("Content-Type", media_type)  # no charset, as arXiv
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self):
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_):
        """Say nothing: tests read `requests`."""
