"""Every leaf of every published document, changed one at a time: refused, and in a right place."""

import json
import re
from datetime import timedelta

import pytest

from pith_builder.core.instants import format_microseconds, parse_microseconds
from pith_builder.core.verification import verify
from tests.makers import (
    BUNDLE,
    KEYRING,
    PUBLISHED_KEYRING,
    RECORDS,
    STATES,
    at,
    changed,
    document,
    leaves,
    mint,
    pointer_of,
)

DOCUMENTS = {
    **{name: (document(name), PUBLISHED_KEYRING) for name in (BUNDLE, *STATES, *RECORDS)},
    "minted.bundle.json": (json.loads(mint().bundle.document), KEYRING),
}

WITHIN_ORDER = "no digest covers it, but it must keep its place in the order of times"
UNBOUND = {
    "bundle": {
        "/bundle_signature/signed_at": (
            "a signature cannot cover its own time; it is within a minute of built_at"
        ),
    },
    "state": {},
    "record": {
        "/receipt/signed_at": WITHIN_ORDER,
        "/receipt/first_computed_at": WITHIN_ORDER,
        "/receipt/last_reissued_at": WITHIN_ORDER,
        "/created_at": WITHIN_ORDER,
        "/updated_at": WITHIN_ORDER,
        **{
            f"/aliases/{index}/created_at": "a view; the signed aliases are the bundle's"
            for index in range(6)
        },
    },
}
"""By kind of document, the leaves that may change unnoticed, each with the reason."""

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
HEXADECIMAL = re.compile(r"(sha256:)?[0-9a-f]{32,64}")


def other_times(written):
    """Return valid times before and after, near and far; each differs in one place."""
    yield f"{int(written[:4]) + 1}{written[4:]}"
    yield f"{int(written[:4]) - 1}{written[4:]}"
    yield f"{written[:18]}{(int(written[18]) + 1) % 10}{written[19:]}"
    if "." in written:
        yield f"{written[:25]}{(int(written[25]) + 1) % 10}{written[26:]}"
        yield f"{written[:25]}{(int(written[25]) - 1) % 10}{written[26:]}"


def other_values(leaf):
    """Return what may stand in the place of a leaf: other types, other values, near ones."""
    yield from (None, True, 7, "", [], {"x": leaf}, "other")
    if isinstance(leaf, str):
        yield from (leaf + "x", leaf + "\n", leaf[:-1], leaf.swapcase())
    if isinstance(leaf, str) and INSTANT.fullmatch(leaf):
        yield from other_times(leaf)
    if isinstance(leaf, str) and HEXADECIMAL.fullmatch(leaf):
        for index in (-1, len(leaf) // 2):
            digit = "0" if leaf[index] != "0" else "f"
            characters = list(leaf)
            characters[index] = digit
            yield "".join(characters)
    if isinstance(leaf, bool):
        yield not leaf
    elif isinstance(leaf, int):
        yield from (leaf + 1, leaf - 1, str(leaf), float(leaf))


def is_same(one, other):
    return type(one) is type(other) and one == other


def changes(name):
    """Yield (path, changed document's report) for every change of every leaf."""
    published, keyring = DOCUMENTS[name]
    for path, leaf in leaves(published):
        for other in other_values(leaf):
            if not is_same(leaf, other):
                yield path, other, verify(changed(published, path, other), keyring)


CHANGED = dict.fromkeys(DOCUMENTS)


def reports(name):
    """Return the changes of a document, made once for all tests."""
    if CHANGED[name] is None:
        CHANGED[name] = list(changes(name))
    return CHANGED[name]


def kind_of(name):
    return name.split(".")[1]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_holds_as_it_is(name):
    published, keyring = DOCUMENTS[name]
    report = verify(published, keyring)
    assert (report.kind, report.failures) == (kind_of(name), ())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_change_of_a_leaf_is_refused_but_of_those_listed(name):
    accepted = {pointer_of(path) for path, _, report in reports(name) if not report.failures}
    assert accepted == set(UNBOUND[kind_of(name)])  # each listed one is really accepted


def is_time(value):
    return isinstance(value, str) and INSTANT.fullmatch(value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_of_those_listed_only_another_time_is_accepted(name):
    accepted = [other for _, other, report in reports(name) if not report.failures]
    assert all(map(is_time, accepted))


COVERED = (
    (r"/events/\d+/signature/signed_at", "/bundle_signature/bundle_sha256"),
    (r"/events/\d+/(signature/.*|content_sha256|event_id)", r"/events/\d+/.*"),
    (r"/events/\d+/.*", r"/events/\d+/(content_sha256|event_id)"),
    (r"/state/.*", "/state/state_sha256"),
    (r"/current/(graph_snapshots/0|record_created)/.*", r"/current/\1/event_id|/state_sha256"),
    (r"/(canonical_record|source)/.*", "/canonical_sha256|/canonical_record"),
    (r"/receipt/builder_version", "/graph_snapshot/builder_version"),
    (r"/receipt/.*", "/receipt/(signature_b64|key_id|last_reissued_at|signed_at)"),
    (r"/graph_snapshot/paper/(\w+)(/.*)?", r"/paper/\1"),
    (r"/created_at", "/updated_at"),
    (r".*", "/bundle_signature/bundle_sha256|/state_sha256"),
)
"""Of the first pattern that a leaf matches, the places that cover it or must agree with it: a
refusal may point there as well as to the leaf and to what is around or within it."""


def right_places(leaf):
    """Return a pattern of the places that a refusal of a change at `leaf` may point to."""
    match, places = next(
        (match, places)
        for covered, places in COVERED
        if (match := re.fullmatch(covered, leaf)) is not None
    )
    if r"\1" in places:
        places = match.expand(places)
    around = [re.escape(leaf[: slash.start() + 1]) for slash in re.finditer("/", leaf[1:])]
    return re.compile("|".join([f"{re.escape(leaf)}(/.*)?", places, *around]))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_refusal_points_to_a_right_place(name):
    astray = [
        (pointer_of(path), other, [failure.path for failure in report.failures])
        for path, other, report in reports(name)
        if report.failures
        and not any(
            right_places(pointer_of(path)).fullmatch(failure.path) for failure in report.failures
        )
    ]
    assert astray == []


@pytest.mark.parametrize("name", [BUNDLE, "minted.bundle.json"])
def test_the_time_of_a_bundles_signature_is_bounded_by_the_time_it_was_built(name):
    published, keyring = DOCUMENTS[name]
    path = ("bundle_signature", "signed_at")
    built_at = parse_microseconds(published["built_at"].replace("Z", ".000000Z"))
    for seconds, holds in ((-0.000001, False), (0, True), (59.999999, True), (60, False)):
        moved = format_microseconds(built_at + timedelta(seconds=seconds))
        report = verify(changed(published, path, moved), keyring)
        assert [failure.path for failure in report.failures] == (
            [] if holds else ["/bundle_signature/signed_at"]
        )


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("receipt", "first_computed_at"), True, False),
        (("receipt", "last_reissued_at"), False, False),
        (("receipt", "signed_at"), False, True),
        (("created_at",), True, False),
        (("updated_at",), False, True),
    ],
)
def test_the_times_of_a_record_keep_their_order(name, path, before, after):
    published, keyring = DOCUMENTS[name]
    year = int(at(published, path)[:4])
    for other, holds in ((year - 1, before), (year + 1, after)):
        moved = changed(published, path, f"{other}{at(published, path)[4:]}")
        assert (not verify(moved, keyring).failures) == holds


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_field_more_or_less_is_refused(name):
    published, keyring = DOCUMENTS[name]
    paths = {path[:length] for path, _ in leaves(published) for length in range(len(path))}
    for path in sorted(paths, key=pointer_of):
        parent = at(published, path)
        if isinstance(parent, list):
            others = [parent[1:], [*parent, parent[0]], parent[::-1]]
        else:
            others = [{**parent, "note": 1}]
            others += ({key: parent[key] for key in parent if key != less} for less in parent)
        for other in others:
            if other != parent:
                assert verify(changed(published, path, other), keyring).failures, path
