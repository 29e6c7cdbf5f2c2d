"""Asking a server over HTTP: paced, retried with patience, and honest about what came back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from pith_builder.errors import SourceError, SourceUnavailableError, UsageError
from pith_builder.sources.pacing import Pace, Turn
from pith_builder.sources.retry_after import retry_after_seconds

_log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 1 << 28
"""256 MiB, unpacked: the longest real answer, 20,000 identifiers, has some 8 MB."""

_PASSING = frozenset((408, 425, 429)) | frozenset(range(500, 600)) - {501, 505}
_TEMPORARY_REDIRECTS = frozenset((302, 303, 307))


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: arguments in their order."""

    arguments: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return urlencode(self.arguments)

    def get(self, name: str) -> str | None:
        """Return the argument of that name, if there is one."""
        return dict(self.arguments).get(name)


Get = Callable[[Request], bytes]
"""Whatever can answer a request: a server, kept pages, a test's dictionary."""

Check = Callable[[Request, bytes], object]
"""Raises SourceUnavailableError for an answer worth asking for again, SourceError for one not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to bear with a server; by default about a quarter of an hour for one request.

    Attributes:
        attempts: How often one request is made at most.
        first_wait_seconds: The wait after the first failure, doubled after each other one.
        longest_wait_seconds: No wait is longer; a Retry-After beyond it ends the attempts.
        silence_seconds: How long a server may send nothing (arXiv's answers take 29 to 90 s).
        answer_seconds: How long one answer may take from start to end.
    """

    attempts: int = 8
    first_wait_seconds: float = 5.0
    longest_wait_seconds: float = 600.0
    silence_seconds: float = 180.0
    answer_seconds: float = 900.0


class _PassingError(SourceUnavailableError):
    """A failure that another attempt may mend, perhaps after a stated time."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Fetcher:
    """A `Get` over HTTP with one connection; close it, or use it in a `with` block."""

    def __init__(
        self,
        base_url: str,
        *,
        check: Check,
        pace: Pace,
        user_agent: str,
        patience: Patience | None = None,
        random: Random | None = None,
    ) -> None:
        """Get ready to ask `base_url`; nothing is sent yet.

        Args:
            base_url: The address that arguments are added to.
            check: Tells a whole answer from a broken one, which is asked for again.
            pace: The turns, shared with others.
            user_agent: Names the builder to the server.
            patience: How long to bear with the server.
            random: Spreads the waits of many clients.

        Raises:
            UsageError: The address is none.
        """
        if not base_url.startswith(("http://", "https://")):
            raise UsageError(f"not an address: {base_url!r} (wanted: https://…)")
        self.base_url = base_url
        self._check = check
        self._pace = pace
        self._patience = patience or Patience()
        self._random = random or Random()  # noqa: S311 - spreads waits, guards nothing
        self._client = httpx.Client(
            headers={"User-Agent": user_agent},
            timeout=httpx.Timeout(self._patience.silence_seconds, connect=30),
            limits=httpx.Limits(max_connections=1),
        )

    def __call__(self, request: Request) -> bytes:
        """Return a whole answer to `request`.

        Raises:
            SourceUnavailableError: There was none, after all attempts.
            SourceError: The server refuses this request for good.
        """
        started = self._pace.clock.monotonic()
        retrying = Retrying(
            retry=retry_if_exception_type(SourceUnavailableError),
            wait=self._wait_seconds,
            stop=self._is_enough,
            sleep=self._pace.clock.sleep,
            before_sleep=_log_failure,
            reraise=True,
        )
        try:
            return retrying(self._attempt, request)
        except SourceUnavailableError as error:
            seconds = self._pace.clock.monotonic() - started
            raise SourceUnavailableError(
                f"{self.base_url} gave no whole answer to {request} in "
                f"{retrying.statistics['attempt_number']} attempts over {seconds:.0f} s "
                f"({error}); try again later"
            ) from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _attempt(self, request: Request) -> bytes:
        with self._pace.turn() as turn:
            _log.debug("asking %s for %s", self.base_url, request)
            try:
                answer = self._answer(request, turn)
            except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
                raise SourceError(
                    f"{self.base_url} cannot be asked for {request}: {error}"
                ) from error
            except httpx.HTTPError as error:
                raise _PassingError(f"{type(error).__name__}: {error}") from error
        self._check(request, answer)
        return answer

    def _answer(self, request: Request, turn: Turn) -> bytes:
        deadline = self._pace.clock.monotonic() + self._patience.answer_seconds
        with self._client.stream("GET", self.base_url, params=request.arguments) as response:
            self._refuse_status(response, turn)
            pieces = bytearray()
            for piece in response.iter_bytes():
                pieces += piece
                if len(pieces) > MAX_ANSWER_BYTES:
                    raise SourceError(f"{request} was answered with more than 256 MiB")
                if self._pace.clock.monotonic() > deadline:
                    limit = self._patience.answer_seconds
                    raise _PassingError(f"the answer took longer than {limit:.0f} s")
            return bytes(pieces)

    def _refuse_status(self, response: httpx.Response, turn: Turn) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        said = f"HTTP {status} {response.reason_phrase}".strip()
        if status in _PASSING:
            wait = retry_after_seconds(response.headers, self._pace.clock.wall())
            if wait is not None:
                turn.hold(max(self._pace.interval_seconds, min(wait, self._longest())))
                said = f"{said}, Retry-After {wait:.0f} s"
            raise _PassingError(said, wait)
        if status in _TEMPORARY_REDIRECTS:
            raise _PassingError(said)
        if response.is_redirect:
            place = response.headers.get("Location", "")
            raise SourceError(f"{self.base_url} has moved ({said}) to {place}; name that address")
        raise SourceError(f"{self.base_url} refuses the request ({said}): {response.request.url}")

    def _longest(self) -> float:
        return self._patience.longest_wait_seconds

    def _wait_seconds(self, state: RetryCallState) -> float:
        """Return the wait: half of it fixed, half drawn, never less than the server asked for."""
        doubled = self._patience.first_wait_seconds * 2.0 ** (state.attempt_number - 1)
        backoff = min(doubled, self._longest()) * (0.5 + self._random.random() / 2)
        return max(backoff, _asked_for(state) or 0.0)

    def _is_enough(self, state: RetryCallState) -> bool:
        is_too_long = (_asked_for(state) or 0.0) > self._longest()
        return is_too_long or state.attempt_number >= self._patience.attempts


def _asked_for(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.retry_after if isinstance(error, _PassingError) else None


def _log_failure(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    wait = state.next_action.sleep if state.next_action is not None else 0.0
    _log.info("attempt %d failed (%s); again in %.1f s", state.attempt_number, error, wait)
