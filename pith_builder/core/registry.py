"""Who a registry is, and the addresses under which it serves (FORMAT.md 10 to 12)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pith_builder.core.canonical import JsonValue
from pith_builder.core.keys import ONE_LINE
from pith_builder.core.number import PithNumber
from pith_builder.errors import MalformedError

SIGNER_TYPE = "pith_registry"
_BASE_URL = re.compile(r"https?://(?:(?![/?#])[!-~])+(?:/(?:(?![?#])[!-~])*(?:(?![/?#])[!-~]))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The identity that a builder signs as.

    Attributes:
        signer_id: The name under which events are signed, such as `pith.science`.
        name: The registry's name for people.
        base_url: Where its mirror is served, without a slash at the end.
        builder_version: The builder's name and version, as receipts carry it.
    """

    signer_id: str
    name: str
    base_url: str
    builder_version: str

    def __post_init__(self) -> None:
        if not _BASE_URL.fullmatch(self.base_url):
            raise MalformedError(
                f"not a base URL: {self.base_url!r} (wanted: http(s)://host, no slash at the end)"
            )
        for name in ("signer_id", "name", "builder_version"):
            if not getattr(self, name):
                raise MalformedError(f"the registry's {name} is empty")
        for name in ("signer_id", "builder_version"):
            if not ONE_LINE.fullmatch(getattr(self, name)):
                raise MalformedError(f"the registry's {name} is more than one line")

    @classmethod
    def of_bundle(cls, bundle: JsonValue) -> Registry:
        """Return who minted a bundle, as it says itself; nothing of it is checked.

        Raises:
            LookupError: It does not say so.
            TypeError: It is no bundle.
            MalformedError: What it says names no registry.
        """
        created, hint = bundle["events"][0], bundle["mirror_hints"][0]
        return cls(
            signer_id=created["signer"]["signer_id"],
            name=hint["name"],
            base_url=hint["base_url"],
            builder_version=created["payload"]["receipt"]["builder_version"],
        )

    def key_url(self) -> str:
        """Return where the registry's public key is served."""
        return f"{self.base_url}/pith-signing-key.json"


def bundle_links(base_url: str, number: PithNumber) -> dict[str, str]:
    """Return the `links` of a bundle."""
    page = f"{base_url}/pith/{number.suffix}"
    return {
        "bundle": f"{page}/bundle.json",
        "resolver": page,
        "state": f"{page}/state.json",
        "well_known_bundle": f"{base_url}/.well-known/pith/{number.suffix}/bundle.json",
    }


def primary_mirror_hint(base_url: str, name: str, number: PithNumber) -> dict[str, JsonValue]:
    """Return the mirror hint that names the registry itself."""
    links = bundle_links(base_url, number)
    return {
        "base_url": base_url,
        "bundle_url": links["bundle"],
        "mirror_type": "https",
        "name": name,
        "state_url": links["state"],
        "status": "primary",
        "well_known_bundle_url": links["well_known_bundle"],
    }


def record_links(base_url: str, number: PithNumber) -> dict[str, str]:
    """Return the `links` of a record document."""
    page = f"{base_url}/pith/{number.suffix}"
    graph = f"{base_url}/api/pith-number/{number.suffix}"
    return {
        "events_json": f"{graph}/events.json",
        "graph_json": f"{graph}/graph.json",
        "html": page,
        "json": f"{page}.json",
        "paper": f"{base_url}/paper/{number.suffix[:8]}",
    }


def agent_actions(base_url: str, number: PithNumber, arxiv_id: str) -> dict[str, JsonValue]:
    """Return the `agent_actions` of a record document."""
    links = record_links(base_url, number)
    action = f"{links['html']}/action"
    return {
        "actions": {
            "anchor_timestamp": f"{action}/timestamp_anchor",
            "attest_author": f"{action}/author_attestation",
            "attest_storage": f"{action}/storage_attestation",
            "sign_citation": f"{action}/citation_signature",
            "submit_replication": f"{action}/replication_record",
        },
        "download_json": links["json"],
        "fetch_events": links["events_json"],
        "fetch_graph": links["graph_json"],
        "resolve_alias": f"{base_url}/api/pith-number/resolve?arxiv={arxiv_id}&json=true",
        "view_html": links["html"],
        "view_paper": links["paper"],
    }


def schema_url(base_url: str) -> str:
    """Return where the JSON Schema of record documents is served."""
    return f"{base_url}/schemas/pith-number/v1.json"
