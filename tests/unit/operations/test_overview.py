import pytest

from pith_builder.errors import UsageError
from pith_builder.operations.overview import overview
from pith_builder.signing.ed25519 import TrustedKeys
from tests.lakes import LATER, flip, part_of
from tests.makers import KEYRING, SIGNER


def test_an_overview_counts_what_the_lake_holds(lake_of_two):
    seen = overview(lake_of_two, KEYRING, LATER)

    assert (seen.papers, seen.withdrawn, seen.sequence) == (4, 1, 2)
    assert seen.rows["records"] == 5
    assert [(build.minted, build.unchanged, build.rejected) for build in seen.builds] == [
        (4, 0, 2),
        (1, 0, 0),
    ]
    assert sum(papers for _, papers, _ in seen.categories) == 4
    assert sum(papers for _, papers in seen.versions) == 4
    assert sum(papers for _, papers in seen.licenses) == 4
    assert sum(count for _, count in seen.rejects) == 2
    assert seen.stretches == ()
    assert seen.gap_days == 0
    assert {(line.key_id, line.signatures, line.is_trusted) for line in seen.signed} == {
        (SIGNER.public_key.key_id, 5, True)
    }
    assert seen.size_bytes > 10_000
    assert seen.made_at == LATER


@pytest.mark.parametrize("depth", ["roots", "full"])
def test_an_overview_says_how_deep_it_audited(lake_of_two, depth):
    audited = overview(lake_of_two, KEYRING, LATER, audit_depth=depth).audited

    assert (audited.depth, audited.files, audited.finding_count) == (depth, 14, 0)


def test_an_overview_says_that_it_did_not_audit(lake_of_two):
    assert overview(lake_of_two, KEYRING, LATER, audit_depth="none").audited is None


def test_what_an_audit_finds_is_told(harmed):
    flip(part_of(harmed, "bundles"))
    audited = overview(harmed, KEYRING, LATER).audited

    assert audited.finding_count >= 1
    assert audited.findings[0][0] == "file_digest"


def test_a_key_that_is_not_trusted_is_told(lake_of_two):
    seen = overview(lake_of_two, TrustedKeys([]), LATER)

    assert not any(line.is_trusted for line in seen.signed)
    assert seen.audited.finding_count >= 1


def test_without_a_lake_there_is_nothing_to_see(tmp_path):
    with pytest.raises(UsageError, match="there is no lake"):
        overview(tmp_path, KEYRING, LATER)
