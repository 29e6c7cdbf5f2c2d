"""The ASGI application: requests to answers, with tags, negotiation and problems (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pith_builder.core.arxiv_id import parse_arxiv_ref
from pith_builder.core.canonical import JsonValue, canonical_json, sha256_hex
from pith_builder.core.mirror import INDEX_PATH, MIRRORS_PATH, MirrorFile
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import record_links
from pith_builder.errors import MalformedError, PithError, SweptError, UsageError
from pith_builder.operations.resolve import AmbiguousError, Found, NotFoundError
from pith_builder.pages.render import CONTENT_SECURITY_POLICY, Page, problem_page
from pith_builder.serving.negotiation import HTML, JSON, JSON_LD, is_held, preferred
from pith_builder.serving.site import Site, suffix_of

PROBLEM = "application/problem+json"

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": JSON,
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Cache-Control": "no-cache",  # keep it, and ask each time whether it still holds
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PITH_NAME = re.compile(r"(?:pith:(?:\d{4}:)?)?[A-Z2-7]{8,26}", re.ASCII | re.IGNORECASE)


def application(site: Site) -> Starlette:
    """Return the application that serves a site."""
    handlers: Mapping[Any, Any] = {
        HTTPException: _problem_answer(site),
        PithError: _problem_answer(site),
    }
    routes = [
        Route("/api/pith-number/resolve", _resolver(site)),
        Route("/pith/{ref}", _record(site)),
        Route("/pith/{ref}/", _record(site)),
        Route("/paper/{ref}", _paper(site)),
        Route("/{path:path}", _document(site)),
    ]
    return Starlette(routes=routes, exception_handlers=handlers)


# Starlette runs endpoints that are no coroutines in threads: DuckDB holds no event loop up.
Endpoint = Callable[[Request], Response]


def _document(site: Site) -> Endpoint:
    """Return the endpoint of whatever has a file in the static tree."""

    def endpoint(request: Request) -> Response:
        path = request.path_params["path"] or _front(request)
        data = site.commit().document(path)
        media_type = _MEDIA_TYPES["." + path.rpartition(".")[2]]
        return _answer(request, data, media_type, vary=not request.path_params["path"])

    return endpoint


def _front(request: Request) -> str:
    """Return what stands for the mirror as a whole: its index, or for machines its manifest."""
    wanted = preferred(request.headers.get("accept", ""), (HTML, JSON))
    return INDEX_PATH if wanted == HTML else MIRRORS_PATH


def _record(site: Site) -> Endpoint:
    """Return the endpoint of a record: its page for people, its document for machines."""
    of_path = _document(site)

    def endpoint(request: Request) -> Response:
        ref = request.path_params["ref"]
        if ref.endswith(".json"):
            request.path_params["path"] = f"pith/{ref}"
            return of_path(request)
        commit = site.commit()
        suffix = suffix_of(commit.resolve(_pith_name(ref, NotFoundError)))
        if ref != suffix:
            return _redirect(f"/pith/{suffix}")
        wanted = preferred(request.headers.get("accept", ""), (HTML, JSON, JSON_LD))
        if wanted != HTML:
            data = commit.document(MirrorFile.RECORD.path(suffix))
            return _answer(request, data, wanted, vary=True)
        if not request.url.path.endswith("/"):
            return _redirect(f"/pith/{suffix}/")  # the page's links are relative to it
        data = commit.document(MirrorFile.PAGE.path(suffix))
        return _answer(request, data, _MEDIA_TYPES[".html"], vary=True)

    return endpoint


def _paper(site: Site) -> Endpoint:
    """Return the endpoint of a paper by its short number, which record documents link to."""

    def endpoint(request: Request) -> Response:
        ref = _pith_name(request.path_params["ref"], NotFoundError)
        return _redirect(f"/pith/{suffix_of(site.commit().resolve(ref))}")

    return endpoint


def _resolver(site: Site) -> Endpoint:
    """Return the endpoint that finds the record a name stands for.

    Ruling: the name comes as `arxiv`, `doi`, `short`, `pith` or, of any kind, `ref`; `json=true`
    asks for JSON as an `Accept` header does. The answer is that of `pith resolve --json`, each
    record with its links.
    """

    def endpoint(request: Request) -> Response:
        resolved = site.commit().resolve(_asked(request.query_params.multi_items()))
        wanted = preferred(request.headers.get("accept", ""), (JSON, HTML))
        if wanted == HTML and request.query_params.get("json") != "true":
            return _redirect(f"/pith/{suffix_of(resolved)}/")
        base_url = site.registry.base_url
        found = {
            "record": _linked(resolved.record, base_url),
            "others": [_linked(other, base_url) for other in resolved.others],
        }
        return _answer(request, canonical_json(found), JSON, vary=True)

    return endpoint


def _asked(parameters: list[tuple[str, str]]) -> str:
    """Return the one name that a query asks for.

    Raises:
        UsageError: It asks for none or several, or for one that is not of its kind.
    """
    named = [(kind, value) for kind, value in parameters if kind in _KINDS]
    if len(named) != 1:
        raise UsageError(f"wanted one of the parameters {', '.join(_KINDS)}, found {len(named)}")
    kind, value = named[0]
    _KINDS[kind](value)
    return value


def _arxiv_name(value: str) -> None:
    try:
        parse_arxiv_ref(value)
    except MalformedError as error:
        raise UsageError(str(error)) from error


def _pith_name(value: str, refusal: type[UsageError] = UsageError) -> str:
    if not _PITH_NAME.fullmatch(value):
        raise refusal(
            f"not a Pith Number, a suffix or a short form of 8 characters or more: {value[:80]!r}"
        )
    return value


_KINDS: Mapping[str, Callable[[str], object]] = {
    "arxiv": _arxiv_name,
    "doi": _arxiv_name,
    "short": _pith_name,
    "pith": _pith_name,
    "ref": str,
}


def _linked(found: Found, base_url: str) -> dict[str, JsonValue]:
    links = record_links(base_url, PithNumber.parse(found.pith_number))
    return {**found.to_json_object(), "links": links}


def _answer(request: Request, data: bytes, media_type: str, *, vary: bool = False) -> Response:
    """Return a document under the tag of its digest, or that the client has it already."""
    tag = sha256_hex(data)
    headers = {**_HEADERS, "ETag": f'"{tag}"'} | ({"Vary": "Accept"} if vary else {})
    if is_held(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def _redirect(place: str) -> Response:
    # Not for ever: a short form may come to stand for several records.
    return RedirectResponse(place, HTTPStatus.SEE_OTHER, {**_HEADERS, "Vary": "Accept"})


def _problem_answer(site: Site) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, error: Exception) -> Response:
        problem = _problem(request, error)
        status = problem["status"]
        headers = {**_HEADERS, **(getattr(error, "headers", None) or {}), "Vary": "Accept"}
        if preferred(request.headers.get("accept", ""), (JSON, HTML)) == HTML:
            page = problem_page(Page(site.registry.name, "/"), problem)
            return Response(page, status, headers, _MEDIA_TYPES[".html"])
        return Response(canonical_json(problem), status, headers, PROBLEM)

    return handler


def _problem(request: Request, error: Exception) -> dict[str, JsonValue]:
    """Return what went wrong, by RFC 9457; an ambiguous name comes with its candidates."""
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        detail = f"{request.method} {request.url.path}: {status.description or status.phrase}"
    else:
        status = next(status for kind, status in _STATUSES if isinstance(error, kind))
        detail = str(error)
    problem: dict[str, JsonValue] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    if isinstance(error, AmbiguousError):
        problem["candidates"] = [found.to_json_object() for found in error.candidates]
    return problem


_STATUSES = (
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (AmbiguousError, HTTPStatus.CONFLICT),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (SweptError, HTTPStatus.SERVICE_UNAVAILABLE),
    (PithError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
