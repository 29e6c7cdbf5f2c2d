"""JSON Schemas (2020-12) of forms: the same definitions that the code checks with, for others.

A schema accepts whatever its form accepts. The form may refuse more, because a schema knows no
calendar and no digest: `pith verify` has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import singledispatch

from pith_builder.core.canonical import JsonValue
from pith_builder.core.form import (
    AnyObject,
    AnyValue,
    Boolean,
    Const,
    Form,
    Integer,
    ListOf,
    MapOf,
    Nullable,
    ObjectOf,
    Read,
    Text,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Inner = Callable[[Form], JsonValue]
"""Gives the schema of a form that stands inside another."""


def json_schema(form: Form, shared: Mapping[str, Form]) -> dict[str, JsonValue]:
    """Return the schema of a form.

    Args:
        form: The form.
        shared: Forms that stand in it, perhaps often, by the name that `$defs` gives them.
    """
    names = {id(member): name for name, member in shared.items()}
    used: dict[str, JsonValue] = {}

    def inner(member: Form) -> JsonValue:
        name = names.get(id(member))
        if name is None:
            return _schema(member, inner)
        if name not in used:
            used[name] = {}  # before its own parts are written
            used[name] = _schema(member, inner)
        return {"$ref": f"#/$defs/{name}"}

    schema = _schema(form, inner)
    return {**schema, "$defs": dict(sorted(used.items()))} if used else schema


@singledispatch
def _schema(form: Form, inner: Inner) -> dict[str, JsonValue]:
    del inner
    raise TypeError(f"no schema is defined of {type(form).__name__}")


@_schema.register
def _(form: Const, _inner: Inner) -> dict[str, JsonValue]:
    return {"const": form.wanted}


@_schema.register
def _(form: Text, _inner: Inner) -> dict[str, JsonValue]:
    return _text(form.pattern)


@_schema.register
def _(form: Read, _inner: Inner) -> dict[str, JsonValue]:
    return _text(form.pattern)


def _text(pattern: re.Pattern[str] | None) -> dict[str, JsonValue]:
    # ECMA-262's \d is ASCII's, and its $ stands at the end alone: what these patterns mean.
    return {"type": "string"} | ({"pattern": f"^(?:{pattern.pattern})$"} if pattern else {})


@_schema.register
def _(form: Integer, _inner: Inner) -> dict[str, JsonValue]:
    return {"type": "integer", "minimum": form.minimum}


@_schema.register
def _(_form: Boolean, _inner: Inner) -> dict[str, JsonValue]:
    return {"type": "boolean"}


@_schema.register
def _(form: Nullable, inner: Inner) -> dict[str, JsonValue]:
    return {"anyOf": [{"type": "null"}, inner(form.form)]}


@_schema.register
def _(form: ListOf, inner: Inner) -> dict[str, JsonValue]:
    return {"type": "array", "items": inner(form.form)}


@_schema.register
def _(form: ObjectOf, inner: Inner) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": {key: inner(member) for key, member in form.fields.items()},
        "required": [key for key in form.fields if key not in form.optional],
        "additionalProperties": False,
    }


@_schema.register
def _(form: MapOf, inner: Inner) -> dict[str, JsonValue]:
    return {"type": "object", "additionalProperties": inner(form.form)}


@_schema.register
def _(_form: AnyObject, _inner: Inner) -> dict[str, JsonValue]:
    return {"type": "object"}


@_schema.register
def _(_form: AnyValue, _inner: Inner) -> dict[str, JsonValue]:
    return {}
