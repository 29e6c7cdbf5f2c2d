"""What can be attested of a record: the kinds of statement and the fields of each, defined once.

The command `pith attest`, the check of what it makes and `docs/statements.md` are made of these
lines. Ruling: FORMAT.md 7 names these types of event and their targets, and leaves their payloads
open. So the forms bind what is stated here; another's payload is any object, carried untouched.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pith_builder.core.arxiv_id import parse_arxiv_ref
from pith_builder.core.canonical import JsonValue
from pith_builder.core.form import Form, Integer, ListOf, Nullable, ObjectOf, Read, Text
from pith_builder.core.forms import (
    BASE64,
    EVENT_TARGETS,
    MIRROR_HINT,
    NAME,
    SECONDS,
    SHA256,
    TEXT,
    URL,
    WORD,
)
from pith_builder.core.keys import ADDRESS
from pith_builder.core.number import PithNumber
from pith_builder.errors import MalformedError

RELATIONS = (
    "supports",
    "refutes",
    "extends",
    "uses_method",
    "depends_on",
    "replaces",
    "compares",
    "cites",
)
"""How one work cites another (FORMAT.md 7)."""

OUTCOMES = ("replicated", "partly_replicated", "not_replicated")


def one_of(*words: str) -> Text:
    """Return the form of one word out of a closed list."""
    return Text(re.compile("|".join(words)), f"one of {', '.join(words)}")


_DOI = re.compile(r"(?:doi:|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S+", re.ASCII | re.IGNORECASE)


def _cited(text: str) -> None:
    """Refuse what names no work: the parsers tell better than a pattern what does."""
    if _DOI.fullmatch(text) or ADDRESS.fullmatch(text):
        return
    for parse in (PithNumber.parse, parse_arxiv_ref):
        with contextlib.suppress(MalformedError):
            parse(text)
            return
    raise MalformedError(
        f"found {text[:80]!r}, wanted a Pith Number, an arXiv identifier, a DOI or an address"
    )


ORCID = Text(re.compile(r"(\d{4}-){3}\d{3}[\dX]", re.ASCII), "an ORCID, 0000-0000-0000-000X")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a payload.

    Attributes:
        name: Its name.
        form: What it must look like.
        about: One sentence.
        is_optional: Whether it may be null.
        is_given: Whether whoever states gives it; otherwise it follows from the rest.
        otherwise: What it is where it is not given, or None.
    """

    name: str
    form: Form
    about: str
    is_optional: bool = False
    is_given: bool = True
    otherwise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One kind of statement.

    Attributes:
        name: Its name on the command line.
        event_type: The type of its event.
        about: One sentence, imperative.
        example: The options of a line to paste.
        fields: The fields of its payload.
    """

    name: str
    event_type: str
    about: str
    example: str
    fields: tuple[Field, ...]

    @property
    def target(self) -> str:
        """What its event speaks of (FORMAT.md 7)."""
        return EVENT_TARGETS[self.event_type]

    def form(self) -> ObjectOf:
        """Return the form of its payload."""
        return ObjectOf(
            {
                field.name: Nullable(field.form) if field.is_optional else field.form
                for field in self.fields
            }
        )

    def payload(self, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the payload that says these values; what is not given is null.

        Raises:
            MalformedError: A value is missing, unknown, or not in its form.
        """
        said = {
            **{field.name: None for field in self.fields if field.is_optional},
            **{name: value for name, value in values.items() if value is not None},
        }
        failure = next(self.form().failures(said, ""), None)
        if failure is not None:
            raise MalformedError(
                f"this is no {self.event_type}: {failure.path[1:]}: {failure.message}"
            )
        return said


STATEMENTS = (
    Statement(
        name="author",
        event_type="author_attestation",
        about="Attest as its author that a record is of one's own paper.",
        example="--author-name 'M. Blot' --orcid 0000-0001-2345-6789",
        fields=(
            Field(name="author_name", form=NAME, about="The author's name, as in the paper."),
            Field(name="orcid", form=ORCID, about="The author's ORCID.", is_optional=True),
            Field(
                name="statement", form=TEXT, about="What the author says to it.", is_optional=True
            ),
        ),
    ),
    Statement(
        name="timestamp",
        event_type="timestamp_anchor",
        about="Anchor a record's canonical digest in time.",
        example="--proof canonical.json.ots",
        fields=(
            Field(
                name="anchor_type",
                form=WORD,
                about="What it is anchored in, such as opentimestamps or rfc3161.",
                otherwise="opentimestamps",
            ),
            Field(
                name="anchored_sha256",
                form=SHA256,
                about="The record's canonical digest, which is what is anchored.",
                is_given=False,
            ),
            Field(name="anchored_at", form=SECONDS, about="The time it shows.", is_optional=True),
            Field(name="url", form=URL, about="Where the anchor can be seen.", is_optional=True),
            Field(
                name="proof_b64",
                form=BASE64,
                about="The proof itself; of opentimestamps a detached .ots file.",
                is_optional=True,
                is_given=False,
            ),
            Field(
                name="attestations",
                form=ListOf(NAME),
                about="What the proof ends in: blocks, or calendars that still owe one.",
                is_given=False,
            ),
        ),
    ),
    Statement(
        name="storage",
        event_type="storage_attestation",
        about="Attest that a paper's files are kept at a place.",
        example="--storage-type ipfs --location ipfs://bafy --content-sha256 $SHA256",
        fields=(
            Field(name="storage_type", form=WORD, about="How: https, ipfs, or another word."),
            Field(name="location", form=WORD, about="Where: an address of that kind."),
            Field(name="content_sha256", form=SHA256, about="The digest of what is kept there."),
            Field(name="size_bytes", form=Integer(), about="Its size.", is_optional=True),
            Field(name="media_type", form=WORD, about="Its media type.", is_optional=True),
        ),
    ),
    Statement(
        name="citation",
        event_type="citation_signature",
        about="State how the paper of a record cites another work.",
        example="--relation supports --cited arXiv:1412.6651",
        fields=(
            Field(name="relation", form=one_of(*RELATIONS), about="How the paper cites it."),
            Field(
                name="cited",
                form=Read(_cited),
                about="The work cited: a Pith Number, an arXiv identifier, a DOI or an address.",
            ),
            Field(name="context", form=TEXT, about="The passage that cites.", is_optional=True),
        ),
    ),
    Statement(
        name="replication",
        event_type="replication_record",
        about="Record an attempt to replicate a paper's findings.",
        example="--outcome replicated --report-url https://lab.example/report",
        fields=(
            Field(name="outcome", form=one_of(*OUTCOMES), about="What came of it."),
            Field(name="report_url", form=URL, about="Where it is reported."),
            Field(name="code_url", form=URL, about="Where its code is.", is_optional=True),
            Field(name="summary", form=TEXT, about="What was found.", is_optional=True),
        ),
    ),
    Statement(
        name="correction",
        event_type="correction",
        about="Correct what a record, a paper or an earlier statement says.",
        example="--corrects abstract --text 'The bound is 3, not 2.'",
        fields=(
            Field(name="corrects", form=NAME, about="What is corrected: a part, or an event id."),
            Field(name="text", form=TEXT, about="What is right."),
            Field(name="url", form=URL, about="Where more is said.", is_optional=True),
        ),
    ),
    Statement(
        name="mirror",
        event_type="mirror_hint",
        about="Point to a mirror that serves a record.",
        example="--name 'Our mirror' --base-url https://mirror.example",
        fields=(
            Field(name="name", form=TEXT, about="The mirror's name for people."),
            Field(
                name="base_url", form=URL, about="Where it is served, without a slash at the end."
            ),
            Field(name="mirror_type", form=WORD, about="How it is served.", otherwise="https"),
            Field(name="status", form=WORD, about="What it is.", otherwise="mirror"),
            *(
                Field(name=name, form=MIRROR_HINT.fields[name], about=about, is_given=False)
                for name, about in (
                    ("bundle_url", "Where it serves the bundle (FORMAT.md 12)."),
                    ("state_url", "Where it serves the state."),
                    ("well_known_bundle_url", "Where it serves the bundle by the well-known path."),
                )
            ),
        ),
    ),
)
"""Every kind of statement that `pith attest` makes."""
