"""Canonical JSON, canonical text, and the digests made of them (FORMAT.md 1 and 2)."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NoReturn, TypeAlias

import orjson

from pith_builder.errors import MalformedError

JsonValue: TypeAlias = Any
"""None, bool, int, float, str, or a list or str-keyed dict of them."""

MAX_DEPTH = 64
"""Levels of nesting that a document may have (FORMAT.md 1)."""

_INT64_MIN = -(2**63)
_UINT64_MAX = 2**64 - 1
_MAX_INTEGER_CHARACTERS = 20  # the length of -9223372036854775808 and of 18446744073709551615


class SignableDigest(bytes):
    """The 32 raw bytes of a SHA-256 that Ed25519 signs, typed by the kind of its document."""

    __slots__ = ()
    signed_message: ClassVar[str]


class RecordDigest(SignableDigest):
    """The digest of a canonical record (FORMAT.md 3)."""

    __slots__ = ()
    signed_message = "canonical_sha256_bytes"


class EventDigest(SignableDigest):
    """The digest of an event's content (FORMAT.md 7)."""

    __slots__ = ()
    signed_message = "open_graph_event_sha256_bytes"


class BundleDigest(SignableDigest):
    """The digest of a bundle without its signature (FORMAT.md 10)."""

    __slots__ = ()
    signed_message = "bundle_sha256_bytes"


class ManifestDigest(SignableDigest):
    """The digest of a lake's manifest without its signature (DESIGN.md 4)."""

    __slots__ = ()
    signed_message = "manifest_sha256_bytes"


Sha256 = hashlib.sha256
"""A SHA-256 that is fed piece by piece."""


def sha256(data: bytes) -> bytes:
    """Return the 32 bytes of the SHA-256 of `data`."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_joined(head: bytes, tail: bytes) -> bytes:
    """Return the SHA-256 of two parts laid end to end."""
    hasher = hashlib.sha256(head)
    hasher.update(tail)
    return hasher.digest()


def canonical_text(text: str) -> str:
    r"""Return `text` with its white space collapsed and its letters lower-cased (FORMAT.md 2).

    Ruling: no Unicode normalisation is applied; TeX stays TeX.

    >>> canonical_text('  The  Schr\\"odinger\n  Equation ')
    'the schr\\"odinger equation'
    """
    return " ".join(text.split()).lower()


_LOWER_AND_SPACED = bytes(
    ord(" " if chr(code).isspace() else chr(code).lower()) for code in range(128)
) + bytes(range(128, 256))


def canonical_bytes(text: str) -> bytes:
    """Return `canonical_text` in UTF-8, the bytes that are hashed; quicker where it is ASCII.

    Raises:
        MalformedError: The text cannot be written as UTF-8.
    """
    if not text.isascii():
        try:
            return canonical_text(text).encode()
        except UnicodeEncodeError as error:
            raise MalformedError(f"a lone surrogate stands in a text: {error}") from error
    spaced = text.encode().translate(_LOWER_AND_SPACED).strip(b" ")
    while b"  " in spaced:
        spaced = spaced.replace(b"  ", b" ")
    return spaced


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a title or an abstract in canonical form, in hexadecimal (FORMAT.md 2).

    Raises:
        MalformedError: The text cannot be written as UTF-8.
    """
    return sha256_hex(canonical_bytes(text))


def dump_canonical(value: JsonValue) -> bytes:
    """Serialise a document of our own making: `canonical_json` without its checks.

    The value holds no float and no integer beyond 64 bits, because this package writes none;
    `orjson.Fragment` stands for a part that is canonical already.

    Raises:
        MalformedError: A text cannot be written as UTF-8.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise MalformedError(f"not to be written as canonical JSON: {error}") from error


def digests_of_lists(prefix: bytes, lists: Iterable[Sequence[JsonValue]]) -> list[bytes]:
    """Return the SHA-256 of `prefix` and the canonical JSON of each list of plain values.

    Raises:
        MalformedError: A text cannot be written as UTF-8.
    """
    hasher, dumps = hashlib.sha256, orjson.dumps
    try:
        return [hasher(prefix + dumps(values)).digest() for values in lists]
    except orjson.JSONEncodeError as error:
        raise MalformedError(f"not to be written as canonical JSON: {error}") from error


def canonical_json(value: JsonValue) -> bytes:
    """Return the canonical JSON of any JSON value (FORMAT.md 1).

    Equal to `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` in
    UTF-8, and for values without floats and with ASCII keys to RFC 8785.

    Raises:
        MalformedError: The value holds what canonical JSON refuses: NaN, an infinity, an integer
            beyond 64 bits, a lone surrogate, a key that is no string, or more than 64 levels.

    >>> canonical_json({"b": [1, None], "a": "é/"}).decode()
    '{"a":"é/","b":[1,null]}'
    """
    quick = _quickly_written(value)
    return _written(value, has_float=_checked(value, 1)) if quick is None else quick


def _quickly_written(value: JsonValue) -> bytes | None:
    """Return the canonical JSON of what is plain, or None where the careful way must tell."""
    if not is_plain(value):
        return None
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None


Writer: TypeAlias = Callable[[JsonValue], bytes]
"""Writes canonical JSON: `canonical_json`, or `dump_canonical` for what is known to be plain."""


def _written(value: JsonValue, *, has_float: bool) -> bytes:
    try:
        if not has_float:
            return dump_canonical(value)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError(f"not to be written as canonical JSON: {error}") from error


def load_canonical(document: bytes) -> JsonValue:
    """Undo `dump_canonical` and `canonical_json`: `parse_json` without its checks.

    Only for a document that a lake holds, which was checked before it was stored.

    Raises:
        MalformedError: It is no JSON: the lake is damaged.
    """
    try:
        return orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"not JSON, where canonical JSON was stored: {error}") from error


def digest(value: JsonValue) -> bytes:
    """Return the SHA-256 of the canonical JSON of `value` (FORMAT.md 1), as 32 bytes.

    Raises:
        MalformedError: As `canonical_json`.
    """
    return sha256(canonical_json(value))


def parse_json(data: bytes) -> JsonValue:
    """Parse one JSON text (RFC 8259), refusing whatever has no canonical form (FORMAT.md 1).

    Raises:
        MalformedError: The bytes are not UTF-8 or not JSON, or hold a duplicate key, NaN, an
            infinity, an integer beyond 64 bits, a lone surrogate or more than 64 levels.
    """
    quick = _quickly_read(data)
    return _carefully_read(data) if quick is None else quick


def _carefully_read(data: bytes) -> JsonValue:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_parse_integer,
            parse_float=_parse_float,
        )
    except json.JSONDecodeError as error:
        raise MalformedError(
            f"not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from error
    except RecursionError as error:
        raise MalformedError(f"nested deeper than {MAX_DEPTH} levels") from error
    _checked(value, 1)
    return value


def parse_canonical(data: bytes) -> JsonValue:
    """Parse a JSON text that must be its own canonical JSON.

    Raises:
        MalformedError: As `parse_json`, or it is written otherwise.
    """
    quick = _quickly_read(data)
    if quick is not None:
        return quick
    value = _carefully_read(data)
    if canonical_json(value) != data:
        raise MalformedError("the document is not in canonical JSON")
    return value


def _quickly_read(data: bytes) -> JsonValue:
    """Return what a text says that is plain and canonical, or None where the careful way must tell.

    It has no key twice, which orjson would not tell.
    """
    try:
        value = orjson.loads(data)
        is_canonical = orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return value if is_canonical and is_plain(value) else None


def _object_without_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise MalformedError(f"the key {twice!r} stands twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is not JSON")


def _parse_integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_CHARACTERS:
        raise MalformedError(f"an integer of {len(digits)} characters is beyond 64 bits")
    return int(digits)


def _parse_float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise MalformedError(f"the number {digits[:40]} is too large for a float")
    return value


_CONTAINERS = frozenset((dict, list))
_PLAIN = frozenset((*_CONTAINERS, str, int, bool, type(None)))


def is_plain(value: JsonValue, levels: int = MAX_DEPTH) -> bool:
    """Tell, quickly, whether a value holds no float and no odd type, and has no more levels.

    Whether its numbers and texts can be written, orjson says when it writes them.
    """
    level = [value]
    if type(value) not in _CONTAINERS:
        return type(value) in _PLAIN
    while level:
        levels -= 1
        if levels < 0:
            return False
        below: list[JsonValue] = []
        for container in level:
            members = container.values() if type(container) is dict else container
            kinds = set(map(type, members))
            if not kinds <= _PLAIN:
                return False
            if not kinds.isdisjoint(_CONTAINERS):
                below += [member for member in members if type(member) in _CONTAINERS]
        level = below
    return True


def _checked(value: JsonValue, level: int) -> bool:
    """Return whether `value` holds a float, once it is shown to have a canonical form."""
    kind = type(value)
    if kind is dict or kind is list:
        return _checked_container(value, level)
    return _checked_leaf(value)


def _checked_container(value: JsonValue, level: int) -> bool:
    if level > MAX_DEPTH:
        raise MalformedError(f"nested deeper than {MAX_DEPTH} levels")
    members = value
    if type(value) is dict:
        for key in value:
            if type(key) is not str:
                raise MalformedError(f"the key {key!r} of an object is no string")
            if not key.isascii():
                _refuse_surrogates(key)
        members = value.values()
    has_float = False
    for member in members:
        # Most members are plain text: told here, where a call for each would take most of the time.
        kind = type(member)
        if kind is str:
            if not member.isascii():
                _refuse_surrogates(member)
        elif kind is dict or kind is list:
            has_float = _checked_container(member, level + 1) or has_float
        else:
            has_float = _checked_leaf(member) or has_float
    return has_float


def _checked_leaf(value: JsonValue) -> bool:
    kind = type(value)
    if kind is str:
        if not value.isascii():
            _refuse_surrogates(value)
        return False
    if value is None or kind is bool:
        return False
    if kind is int:
        if not _INT64_MIN <= value <= _UINT64_MAX:
            raise MalformedError(f"an integer of {value.bit_length()} bits is beyond 64 bits")
        return False
    if kind is float:
        if not math.isfinite(value):
            raise MalformedError(f"{value} has no form in JSON")
        return True
    raise MalformedError(f"a {kind.__name__} has no form in JSON")


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError(f"a lone surrogate stands at character {error.start}") from error
