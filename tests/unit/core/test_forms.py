import json

import pytest

from pith_builder.core import forms
from pith_builder.core.canonical import canonical_json, dump_canonical
from pith_builder.core.record_document import record_document
from tests.makers import (
    BUNDLE,
    CREATED,
    GRAPH,
    RECORDS,
    REGISTRY,
    STATES,
    changed,
    document,
    leaves,
    mint,
)
from tests.unit.core import reference

MINTED = mint()
OURS = json.loads(MINTED.bundle.document)
PUBLISHED = {
    BUNDLE: forms.BUNDLE,
    **dict.fromkeys(STATES, forms.STATE),
    **dict.fromkeys(RECORDS, forms.RECORD_DOCUMENT),
}
DOCUMENTS = (
    *((document(name), form) for name, form in PUBLISHED.items()),
    (OURS, forms.BUNDLE),
    (OURS["state"], forms.STATE),
    (OURS["public_keys"][0], forms.PUBLIC_KEY),
    (CREATED, forms.event_form("record_created")),
    (GRAPH, forms.event_form("graph_snapshot")),
    (record_document(OURS, MINTED.receipt, REGISTRY.base_url), forms.RECORD_DOCUMENT),
)


def paths_of_objects(value, path=()):
    if isinstance(value, dict):
        yield path
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from paths_of_objects(member, (*path, key))


@pytest.mark.parametrize(("value", "form"), DOCUMENTS)
def test_a_document_has_its_form(value, form):
    assert list(form.failures(value, "")) == []
    assert form.quick()(value)


@pytest.mark.parametrize(("value", "form"), DOCUMENTS)
def test_no_change_of_a_leaf_is_quickly_told_that_is_not_of_the_form(value, form):
    is_quickly = form.quick()
    for path, leaf in leaves(value):
        for other in (None, True, 7, 0.5, "", [], {"x": leaf}, "other", f"{leaf}\n"):
            said = changed(value, path, other)
            if is_quickly(said):
                assert list(form.failures(said, "")) == [], (path, other)
                assert dump_canonical(said) == canonical_json(said)


FREE = ("events", "event_summary", "model_set", "payload")
"""Where what stands within is not of the form's business, or is any object."""

NULLABLE = ("url", "notes")
"""What may be null, but is not in these documents."""


@pytest.mark.parametrize(("value", "form"), DOCUMENTS)
def test_every_object_has_its_fields_and_no_other(value, form):
    for path in paths_of_objects(value):
        if any(key in FREE for key in path):
            continue
        here = "".join(f"/{key}" for key in path)
        parent = value
        for key in path:
            parent = parent[key]
        more = {**parent, "note": 1}
        found = [failure.path for failure in form.failures(changed(value, path, more), "")]
        assert found == [f"{here}/note"]
        for field in parent:
            less = changed(value, path, reference.without(parent, field))
            found = [failure.path for failure in form.failures(less, "")]
            assert found == [f"{here}/{field}"]


@pytest.mark.parametrize(("value", "form"), DOCUMENTS)
def test_no_leaf_may_be_of_another_type(value, form):
    for path, leaf in leaves(value):
        if any(key in FREE for key in path) or leaf in (None, [], {}):
            continue
        for other in (None, 1.5, "", [1], {"a": 1}):
            is_null_allowed = other is None and path[-1] in NULLABLE
            if type(other) is not type(leaf) and not is_null_allowed:
                assert list(form.failures(changed(value, path, other), "")), path


@pytest.mark.parametrize(
    ("form", "accepted", "refused"),
    [
        (forms.WORD, ["a", "cs.LG", "é"], ["", "a b", "a\n", "\u00a0"]),
        (forms.NAME, ["a", "a b"], ["", "a\nb", "a\n"]),
        (forms.TEXT, ["", "a\nb"], [None, 1]),
        (forms.SHA256, ["0" * 64, "abcdef" + "1" * 58], ["0" * 63, "0" * 65, "A" * 64, "g" * 64]),
        (
            forms.EVENT_ID,
            ["sha256:" + "0" * 64],
            ["0" * 64, "sha1:" + "0" * 64, "sha256:" + "0" * 63, "SHA256:" + "0" * 64],
        ),
        (forms.FINGERPRINT, ["0" * 32], ["0" * 31, "0" * 64, "A" * 32]),
        (
            forms.URL,
            ["http://a", "https://a.b:1/c?d#e"],
            ["", "https://", "ftp://a", "//a", "https://a b", "https://é", "https://a\n"],
        ),
        (
            forms.SHORT_NUMBER,
            ["pith:ABCDEF27"],
            ["ABCDEF27", "pith:ABCDEF2", "pith:ABCDEF278", "pith:abcdef27", "pith:ABCDEF01"],
        ),
        (
            forms.ANY_INSTANT,
            ["2026-05-18T00:01:09Z", "2026-05-18T00:01:09.5+02:00"],
            ["2026-05-18", "2026-05-18T00:01:09", "2026-05-18 00:01:09Z", ""],
        ),
        (forms.ANY_INSTANT, [], ["\u0662\u0660\u0662\u0666-05-18T00:01:09Z"]),  # Arabic digits
        (
            forms.SIGNATURE_VALUE,
            ["A" * 86 + "=="],
            ["", "A" * 84, "A" * 86 + "AA", "A" * 85 + "B=="],
        ),
        (forms.BASE64, ["", "AA=="], ["A", "AB==", "AA"]),
        (forms.NUMBER, ["pith:2018:REQM6TSZ2XBI5YFGVPNQEI7HST"], ["pith:REQM6TSZ"]),
    ],
)
def test_each_small_form_has_its_spellings(form, accepted, refused):
    assert [value for value in accepted if list(form.failures(value, ""))] == []
    assert [value for value in refused if not list(form.failures(value, ""))] == []


def test_an_event_of_unknown_type_is_of_any_payload_and_target():
    stranger = {**GRAPH, "event_type": "of_no_known_type", "target": "x", "payload": {"a": [1]}}
    for event_type in ("of_no_known_type", 7, None, ["record_created"]):
        assert list(forms.event_form(event_type).failures(stranger, "")) == []
    (failure,) = forms.event_form("graph_snapshot").failures({**GRAPH, "target": "record"}, "")
    assert failure.path == "/target"


def test_known_types_of_events():
    targets = {
        "record_created": "record",
        "graph_snapshot": "graph",
        "author_attestation": "author",
        "timestamp_anchor": "timestamp",
        "storage_attestation": "storage",
        "citation_signature": "citation",
        "replication_record": "replication",
        "correction": "correction",
        "mirror_hint": "mirror",
        "pith.integrity.v1": "integrity",
    }
    assert targets == forms.EVENT_TARGETS
    assert reference.SHOWN == forms.CURRENT_LISTS
    assert tuple(forms.CURRENT_LISTS) == reference.RANKS[1:]
