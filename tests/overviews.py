"""A maker of overviews of lakes that would take long to build."""

from datetime import UTC, date, datetime, timedelta

from pith_builder.core.overview import (
    Audited,
    BuildCounts,
    Overview,
    Signed,
    Stretch,
    YearOfPapers,
)
from tests.makers import NOW, SIGNER

ARCHIVES = ("cs", "math", "hep-ph", "astro-ph", "cond-mat", "physics", "quant-ph", "stat", "q-bio")
SOURCE = "https://oai.example/oai"
LONG = "cond-mat.dis-nn"


def build_counts(number):
    return BuildCounts(
        build_id=f"{number:08d}-20260101T000000Z",
        operation="nightly",
        started_at=datetime(2026, 8, 1, tzinfo=UTC) + timedelta(number),
        seen=200_000 if number == 1 else 900,
        minted=200_000 if number == 1 else 800 - number % 7,
        unchanged=0 if number == 1 else 100,
        rejected=number % 3,
    )


def stretch(from_on, until_on, status="read", set_spec=""):
    days = (until_on - from_on).days + 1
    return Stretch(
        source=SOURCE,
        set_spec=set_spec,
        status=status,
        from_on=from_on,
        until_on=until_on,
        days=days,
    )


def overview(**changes):
    """Return the overview of a lake of many years, changed as asked."""
    years = tuple(
        YearOfPapers(
            year=year,
            archive=archive,
            papers=(year - 1985) * (20 - 2 * index) * 10,
            withdrawn=(year - 1990) // 4,
        )
        for year in range(1991, 2027)
        for index, archive in enumerate(ARCHIVES)
    )
    fields = {
        "name": "lake <of> many & all",
        "made_at": NOW,
        "sequence": 101,
        "manifest_sha256": "0f" * 32,
        "manifest_at": NOW,
        "rows": {"records": 1_234_567, "rejects": 99, "events": 2_469_134},
        "size_bytes": 5_000_000_000,
        "years": years,
        "categories": tuple((f"{LONG}{number:02d}", 9000 - 99 * number, 3) for number in range(60)),
        "versions": tuple((number, 90_000 // number**2) for number in range(1, 15)),
        "licenses": (
            ("", 5000),
            ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", 4000),
            ("http://creativecommons.org/licenses/by/4.0/", 300),
            ("http://licence.example/$x$/<b>", 1),
        ),
        "builds": tuple(build_counts(number) for number in range(1, 102)),
        "rejects": (("missing_field", 60), ("not_json", 39)),
        "stretches": (
            stretch(date(2007, 5, 23), date(2014, 2, 9)),
            stretch(date(2014, 2, 10), date(2014, 4, 1), "unread"),
            stretch(date(2014, 4, 2), date(2021, 12, 20)),
            stretch(date(2021, 12, 21), date(2022, 1, 15), "wanting"),
            stretch(date(2022, 1, 16), date(2026, 11, 19)),
            stretch(date(2019, 1, 1), date(2019, 12, 31), set_spec="cs:cs:LG"),
        ),
        "signed": (
            Signed(
                key_id=SIGNER.public_key.key_id,
                fingerprint=SIGNER.public_key.fingerprint,
                signed_what="receipt",
                signatures=1_234_567,
                first_signed_at=NOW,
                last_signed_at=NOW,
                is_trusted=True,
            ),
        ),
        "audited": Audited(depth="roots", files=2_000, findings=(), finding_count=0),
    }
    return Overview(**{**fields, **changes})
