import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_builder.errors import MalformedError, UsageError
from pith_builder.signing.timestamp_proofs import read_timestamp_proof
from tests.makers import law, mint
from tests.timestamps import stamped

DIGEST = mint().identity.digest
PROOF = stamped(DIGEST)


def test_a_proof_says_what_it_commits_to_and_what_it_ends_in():
    found = read_timestamp_proof(PROOF)
    assert found.digest == DIGEST
    assert found.attestations == ("bitcoin block 358391", "pending at https://calendar.example")


@given(st.data())
@law
def test_a_proof_with_any_byte_changed_is_read_or_refused_and_no_more(data):
    broken = bytearray(PROOF)
    broken[data.draw(st.integers(0, len(PROOF) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = read_timestamp_proof(bytes(broken))
    except MalformedError:
        return
    assert len(found.digest) == 32


def test_a_changed_digest_is_another_digest():
    place = PROOF.index(DIGEST)
    broken = PROOF[:place] + bytes(32) + PROOF[place + 32 :]
    assert read_timestamp_proof(broken).digest == bytes(32)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "it is empty; give the .ots file that `ots stamp` wrote"),
        (b"no proof", "it begins b'no proof'; give the .ots file that `ots stamp` wrote"),
        (PROOF[:-1], "(Tried to read 25 bytes but got only 24 bytes); fetch it again"),
        (PROOF + b"x", "(Trailing garbage found after end of deserialized data); fetch it again"),
        (PROOF[:40], "(Tried to read 32 bytes but got only 7 bytes); fetch it again"),
    ],
)
def test_what_is_no_proof_is_refused_with_what_was_found_and_what_to_do(data, told):
    with pytest.raises(MalformedError, match="not a detached OpenTimestamps proof") as refused:
        read_timestamp_proof(data)
    assert told in str(refused.value)
    assert "Error" not in str(refused.value)


def test_a_proof_of_another_digest_than_sha256_is_refused():
    with pytest.raises(MalformedError, match="commits to a sha1, wanted a sha256"):
        read_timestamp_proof(stamped(bytes(20), "OpSHA1"))


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentimestamps.core.op", None)
    with pytest.raises(UsageError, match=r"pip install 'pith-builder\[timestamps\]'"):
        read_timestamp_proof(PROOF)
