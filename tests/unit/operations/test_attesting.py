from base64 import b64encode

import pytest

from pith_builder.core.canonical import parse_json
from pith_builder.core.event_checks import event_findings
from pith_builder.core.statements import STATEMENTS
from pith_builder.errors import MalformedError, UsageError, VerificationError
from pith_builder.operations.attesting import Subject, attested
from tests.makers import KEYRING, NOW, SIGNER, mint
from tests.timestamps import stamped

BY_NAME = {statement.name: statement for statement in STATEMENTS}
IDENTITY = mint().identity
IN_A_LAKE = Subject(number=IDENTITY.number, digest=IDENTITY.digest)
BY_NUMBER = Subject(number=IDENTITY.number)
PROOF = stamped(IDENTITY.digest)
ID = "sha256:" + "0" * 64


def attest(name, subject=IN_A_LAKE, given=None, **changes):
    by = {"signer": SIGNER, "signer_id": "mirror.example", "now": NOW}
    return attested(BY_NAME[name], subject, given or {}, **{**by, **changes})


@pytest.mark.parametrize("subject", [IN_A_LAKE, BY_NUMBER])
def test_an_anchor_carries_a_proof_of_this_record(subject):
    event = attest("timestamp", subject, proof=PROOF)

    assert event.payload == {
        "anchor_type": "opentimestamps",
        "anchored_at": None,
        "anchored_sha256": IDENTITY.digest.hex(),
        "attestations": ["bitcoin block 358391", "pending at https://calendar.example"],
        "proof_b64": b64encode(PROOF).decode(),
        "url": None,
    }


@pytest.mark.parametrize("subject", [IN_A_LAKE, BY_NUMBER])
def test_a_proof_of_something_else_is_refused(subject):
    other = mint(title="Another").identity.digest
    with pytest.raises(VerificationError, match=f"commits to {other.hex()}, which is not"):
        attest("timestamp", subject, proof=stamped(other))


@pytest.mark.parametrize(
    ("subject", "given", "proof", "message"),
    [
        (BY_NUMBER, {"anchor_type": "rfc3161"}, None, "give --proof"),
        (IN_A_LAKE, {}, None, "give --proof"),
        (IN_A_LAKE, {"anchor_type": "rfc3161"}, PROOF, "leave --anchor-type out"),
    ],
)
def test_an_anchor_that_says_too_little_or_too_much_is_refused(subject, given, proof, message):
    with pytest.raises(UsageError, match=message):
        attest("timestamp", subject, given, proof=proof)


def test_a_proof_that_is_none_is_malformed():
    with pytest.raises(MalformedError, match="not a detached OpenTimestamps proof"):
        attest("timestamp", proof=b"no proof")


def test_an_event_follows_and_supersedes_others():
    given = {"relation": "cites", "cited": "arXiv:1412.6651"}
    event = attest("citation", given=given, supersedes=(ID,), prev_event=ID)
    assert (event.supersedes, event.prev_event) == ((ID,), ID)
    assert not list(event_findings(parse_json(event.document), str(IDENTITY.number), KEYRING))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prev_event": "nothing"}, "not the id of an event: found 'nothing'"),
        ({"supersedes": ("sha256:",)}, "not the id of an event"),
        ({"given": {"relation": "likes", "cited": "1412.6651"}}, "no citation_signature: relation"),
        ({"given": {"relation": "cites"}}, "no citation_signature: cited: is missing"),
    ],
)
def test_a_call_in_another_form_is_told(changes, message):
    given = {"relation": "cites", "cited": "1412.6651"}
    with pytest.raises(UsageError, match=message):
        attest("citation", **{"given": given, **changes})


def test_a_mirror_hint_names_where_the_mirror_serves_the_record():
    given = {"name": "M", "base_url": "https://m.example/"}
    suffix = IDENTITY.number.suffix
    assert attest("mirror", given=given).payload == {
        "base_url": "https://m.example",
        "bundle_url": f"https://m.example/pith/{suffix}/bundle.json",
        "mirror_type": "https",
        "name": "M",
        "state_url": f"https://m.example/pith/{suffix}/state.json",
        "status": "mirror",
        "well_known_bundle_url": f"https://m.example/.well-known/pith/{suffix}/bundle.json",
    }
