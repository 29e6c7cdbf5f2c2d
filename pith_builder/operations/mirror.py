"""What a mirror serves: every document of a record, and those of the mirror as a whole.

The static tree and the server both take their bytes from here (FORMAT.md 12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from pith_builder.core.canonical import (
    JsonValue,
    canonical_json,
    dump_canonical,
    load_canonical,
    parse_json,
)
from pith_builder.core.instants import format_seconds, parse_microseconds
from pith_builder.core.keys import PublicKey
from pith_builder.core.mirror import KEY_PATH, MIRRORS_PATH, MirrorFile, mirrors_document
from pith_builder.core.number import PithNumber
from pith_builder.core.registry import Registry
from pith_builder.core.schemas import schema_documents
from pith_builder.errors import VerificationError
from pith_builder.lake.holdings import Holding
from pith_builder.lake.query import Connection, fetch
from pith_builder.lake.store import Lake
from pith_builder.operations.show import View, is_shown, part_of, shown_record
from pith_builder.pages.record_page import record_page
from pith_builder.pages.render import ASSETS, asset

_VIEWS = {
    MirrorFile.STATE: View.STATE,
    MirrorFile.GRAPH: View.GRAPH,
    MirrorFile.EVENTS: View.EVENTS,
}
_OF_SHOWN_RECORDS = frozenset({MirrorFile.RECORD, MirrorFile.GRAPH})


class MirrorRecord:
    """The documents of one record, each made when it is asked for.

    Nothing is verified again: a lake holds what was verified before it was stored.
    """

    def __init__(self, holding: Holding, registry: Registry) -> None:
        """Take what the lake holds of the record, and who serves it."""
        self._holding = holding
        self._registry = registry

    @property
    def suffix(self) -> str:
        """The suffix of the record's number: its name in paths, of base32 alone."""
        return PithNumber.parse(self._holding.pith_number).suffix

    @cached_property
    def _bundle(self) -> dict[str, JsonValue]:
        bundle: dict[str, JsonValue] = load_canonical(self._holding.bundle)
        return bundle

    @cached_property
    def _dump(self) -> Callable[[JsonValue], bytes]:
        # A stranger's event may hold a float, which orjson writes in a form of its own. Where it
        # gives back the bundle's very bytes, it gives every part right, in a tenth of the time.
        is_faithful = dump_canonical(self._bundle) == self._holding.bundle
        return dump_canonical if is_faithful else canonical_json

    def files(self) -> Iterator[MirrorFile]:
        """Yield which files there are of this record.

        Ruling: a record whose creation or graph snapshot is superseded has neither a record
        document nor a graph, and is served without them.
        """
        for file in MirrorFile:
            if file not in _OF_SHOWN_RECORDS or is_shown(self._bundle):
                yield file

    def document(self, file: MirrorFile) -> bytes:
        """Return one file; all but the page are canonical JSON.

        Raises:
            VerificationError: There is no such file of this record.
        """
        if file in {MirrorFile.BUNDLE, MirrorFile.WELL_KNOWN_BUNDLE}:
            return self._holding.bundle
        if file is MirrorFile.METADATA:
            return dump_canonical(self._holding.metadata)
        base_url = self._registry.base_url
        if file is MirrorFile.PAGE:
            return record_page(
                self._bundle,
                self._holding.metadata,
                self._holding.receipt,
                base_url,
                self._registry.name,
            )
        if file is MirrorFile.RECORD:
            return self._dump(shown_record(self._bundle, self._holding.receipt, base_url))
        return self._dump(part_of(self._bundle, _VIEWS[file]))


def site_documents(lake: Lake, connection: Connection, registry: Registry) -> dict[str, bytes]:
    """Return the documents of a mirror as a whole by path: key, mirrors, schemas, and assets.

    Raises:
        VerificationError: The lake does not hold the key that signed its manifest.
    """
    key = registry_key(lake, connection)
    mirrors = mirrors_document(registry, key, format_seconds(committed_at(lake)))
    return {
        KEY_PATH: canonical_json(key.to_json_object()),
        MIRRORS_PATH: canonical_json(mirrors),
        **{
            path: canonical_json(schema)
            for path, schema in schema_documents(registry.base_url).items()
        },
        **{f"assets/{name}": asset(name) for name in ASSETS},
    }


def committed_at(lake: Lake) -> datetime:
    """Return when the lake was last committed to."""
    return parse_microseconds(parse_json(lake.manifest.document)["created_at"])


def registry_key(lake: Lake, connection: Connection) -> PublicKey:
    """Return the public key that signed the lake's manifest: its registry's.

    Raises:
        VerificationError: The lake does not hold it.
    """
    signature = parse_json(lake.manifest.document)["manifest_signature"]
    query = """
        select document
        from keys
        where key_id = $key_id and public_key_fingerprint = $fingerprint
    """
    named = {
        "key_id": signature["key_id"],
        "fingerprint": signature["public_key_fingerprint"],
    }
    rows = fetch(connection, query, named)
    if not rows:
        raise VerificationError(f"keys has no row for {named['key_id']}; run `pith audit`")
    return PublicKey.from_json_object(parse_json(rows[0][0].encode()))
