"""One request over HTTP: retried where another try may help, refused where not."""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.sources import fetching, oai
from pith_builder.sources.fetching import Patience, Request
from pith_builder.sources.pacing import Clock
from pith_builder.sources.retry_after import retry_after_seconds
from tests.arxiv_server.clients import IMPATIENT, fetcher
from tests.arxiv_server.faults import Fault, Faults
from tests.arxiv_server.papers import papers
from tests.arxiv_server.server import LoopbackArxiv
from tests.arxiv_server.store import Store

IDENTIFY = Request((("verb", "Identify"),))


class FakeTime:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def clock(self):
        return Clock(monotonic=lambda: self.now, wall=lambda: self.now, sleep=self._sleep)

    def _sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def attempts(tmp_path, faults, patience=IMPATIENT):
    """The waits before an answer came, and the answer."""
    time = FakeTime()
    with (
        LoopbackArxiv(Store(papers(3)), faults=faults) as arxiv,
        fetcher(arxiv.oai_url, tmp_path, patience=patience, clock=time.clock()) as get,
    ):
        answer = get(IDENTIFY)
    assert oai.check_answer(IDENTIFY, answer)
    return time.slept


def test_waits_double_and_are_spread(tmp_path):
    faults = Faults(at=dict.fromkeys(range(1, 6), Fault.UNAVAILABLE))
    patience = Patience(first_wait_seconds=4, longest_wait_seconds=20)
    waits = attempts(tmp_path, faults, patience)

    assert len(waits) == 5
    for wait, longest in zip(waits, (4, 8, 16, 20, 20), strict=True):
        assert longest / 2 <= wait <= longest


def test_retry_after_in_seconds_is_honoured(tmp_path):
    faults = Faults(at={1: Fault.UNAVAILABLE_SECONDS}, retry_after_seconds=90)

    assert sum(attempts(tmp_path, faults, Patience(first_wait_seconds=0.1))) == 90


def test_retry_after_as_a_date_is_honoured(tmp_path):
    faults = Faults(at={1: Fault.UNAVAILABLE_DATE}, retry_after_seconds=90)

    assert 88 <= sum(attempts(tmp_path, faults, Patience(first_wait_seconds=0.1))) <= 91


def test_a_retry_after_beyond_patience_ends_at_once(tmp_path):
    faults = Faults(rate=1, kinds=(Fault.UNAVAILABLE_SECONDS,), retry_after_seconds=86_400)
    with LoopbackArxiv(Store(), faults=faults) as arxiv:
        with (
            fetcher(arxiv.oai_url, tmp_path) as get,
            pytest.raises(SourceUnavailableError, match="Retry-After 86400 s"),
        ):
            get(IDENTIFY)
        assert len(arxiv.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.TOO_MANY,
        Fault.RESET,
        Fault.RESET_WITHIN,
        Fault.CUT,
        Fault.TRUNCATED,
        Fault.HTML,
        Fault.BLANK,
    ],
)
def test_what_may_pass_is_tried_again(tmp_path, fault):
    assert len(attempts(tmp_path, Faults(at={1: fault, 2: fault}))) == 2


def test_a_silent_server_is_left_and_tried_again(tmp_path):
    faults = Faults(at={1: Fault.SLOW}, slow_seconds=1)
    patience = Patience(first_wait_seconds=0.01, silence_seconds=0.2)

    assert len(attempts(tmp_path, faults, patience)) == 1


def test_an_answer_that_drips_is_left(tmp_path):
    patience = Patience(attempts=2, first_wait_seconds=0.001, answer_seconds=-1)
    with (
        LoopbackArxiv(Store()) as arxiv,
        fetcher(arxiv.oai_url, tmp_path, patience=patience) as get,
        pytest.raises(SourceUnavailableError, match="took longer"),
    ):
        get(IDENTIFY)


def test_an_answer_without_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_ANSWER_BYTES", 100)
    with (
        LoopbackArxiv(Store()) as arxiv,
        fetcher(arxiv.oai_url, tmp_path) as get,
        pytest.raises(SourceError, match="256 MiB"),
    ):
        get(IDENTIFY)


def test_nobody_there(tmp_path):
    with LoopbackArxiv(Store()) as arxiv:
        url = arxiv.oai_url
    with fetcher(url, tmp_path) as get, pytest.raises(SourceUnavailableError, match="8 attempts"):
        get(IDENTIFY)


@pytest.mark.parametrize("address", ["", "arxiv.org/oai", "ftp://arxiv.org/oai"])
def test_what_is_no_address(tmp_path, address):
    with pytest.raises(UsageError):
        fetcher(address, tmp_path)


class Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.server.count += 1
        self.send_response(self.server.status)
        self.send_header("Location", "https://oaipmh.arxiv.org/oai")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("status", "said", "count"),
    [
        (301, "has moved .* to https://oaipmh.arxiv.org/oai", 1),
        (308, "has moved", 1),
        (400, "refuses the request", 1),
        (403, "refuses the request", 1),
        (404, "refuses the request", 1),
        (302, "HTTP 302", 3),
        (408, "HTTP 408", 3),
        (500, "HTTP 500", 3),
        (502, "HTTP 502", 3),
    ],
)
def test_what_a_status_means(tmp_path, status, said, count):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.status, server.count = status, 0
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    patience = Patience(attempts=3, first_wait_seconds=0.001)
    with (
        fetcher(f"http://127.0.0.1:{server.server_port}/", tmp_path, patience=patience) as get,
        pytest.raises(SourceError) as caught,
    ):
        get(IDENTIFY)
    server.shutdown()
    server.server_close()

    assert re.search(said, str(caught.value))
    assert server.count == count
    assert isinstance(caught.value, SourceUnavailableError) is (count > 1)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "soon",
        "-1",
        "1e9",
        "9" * 400,
        "Sun, 06 Nov 1994 08:49" + "9" * 99 + ":37 GMT",
        "\u0661\u0662",
    ],
)
def test_a_retry_after_that_says_nothing_clearly_is_none(said):
    assert retry_after_seconds({"Retry-After": said}, 0.0) is None
