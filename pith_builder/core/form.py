"""Forms: what a document of a kind must look like, said once and used for checking.

A form is checked in two ways. `quick` makes a function that tells of most sound values that they
are sound, and plain (so that they may be written without another check); it says no more than that.
`failures` says of any value what is wrong with it, if anything is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Protocol

from pith_builder.core.canonical import JsonValue, is_plain
from pith_builder.core.report import Code, Failure, pointer, shown
from pith_builder.errors import MalformedError

Quick = Callable[[JsonValue], bool]
"""Tells that a value is of a form and plain; where it does not, `failures` must tell."""

_LEVELS_FREE = 32
"""Levels that what a form leaves free may have to be quickly told: no form has as many above."""

_REMEMBERED = 1_024
_REMEMBERED_CHARACTERS = 64
"""Of texts so short a parser's answers are remembered: one instant or number stands in many
places."""


@cache
def _remembering(parse: Callable[[str], object]) -> Callable[[str], object]:
    """Return a parser that remembers its last answers, one for all forms that read with it."""
    return lru_cache(_REMEMBERED)(parse)


class Form(Protocol):
    """What a value must look like."""

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        ...

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield every failure of `value`, which stands at `path`."""
        ...


_step = lru_cache(maxsize=1_024)(pointer)
"""The pointer of one field: of the fields of all forms there are a few hundred."""


@dataclass(frozen=True, slots=True)
class Const:
    """Exactly one value."""

    wanted: JsonValue

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        wanted, kind = self.wanted, type(self.wanted)
        if kind in (float, list, dict):
            return lambda _: False
        return lambda value: type(value) is kind and value == wanted

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield a failure unless `value` is the wanted one, of the wanted type."""
        if type(value) is not type(self.wanted) or value != self.wanted:
            yield Failure(
                path, Code.WRONG_VALUE, f"found {shown(value)}, wanted {shown(self.wanted)}"
            )


@dataclass(frozen=True, slots=True)
class Text:
    """A string that matches a pattern as a whole."""

    pattern: re.Pattern[str] | None = None
    wanted: str = "a string"

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        if self.pattern is None:
            return lambda value: type(value) is str
        matches = self.pattern.fullmatch
        return lambda value: type(value) is str and matches(value) is not None

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield a failure unless `value` is such a string."""
        if not isinstance(value, str):
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted a string")
        elif self.pattern is not None and not self.pattern.fullmatch(value):
            yield Failure(path, Code.WRONG_VALUE, f"found {shown(value)}, wanted {self.wanted}")


@dataclass(frozen=True, slots=True)
class Read:
    """A string that a parser of ours accepts.

    Attributes:
        parse: The parser.
        pattern: What all that it accepts looks like, for schemas; it may accept less. None is
            any string.
        is_exact: Whether it accepts all that looks so.
    """

    parse: Callable[[str], object]
    pattern: re.Pattern[str] | None = None
    is_exact: bool = False

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        parse = self.parse
        if self.is_exact:
            return Text(self.pattern).quick()
        remembered = _remembering(parse)

        def is_read(value: JsonValue) -> bool:
            if type(value) is not str:
                return False
            try:
                (remembered if len(value) <= _REMEMBERED_CHARACTERS else parse)(value)
            except MalformedError:
                return False
            return True

        return is_read

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield a failure with the parser's own words, where it refuses `value`."""
        if not isinstance(value, str):
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted a string")
            return
        try:
            self.parse(value)
        except MalformedError as error:
            yield Failure(path, Code.WRONG_VALUE, str(error))


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number of at least `minimum`."""

    minimum: int = 0

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        minimum = self.minimum
        return lambda value: type(value) is int and value >= minimum

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield a failure unless `value` is such a number."""
        if type(value) is not int:
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted an integer")
        elif value < self.minimum:
            yield Failure(path, Code.WRONG_VALUE, f"found {value}, wanted at least {self.minimum}")


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        return lambda value: type(value) is bool

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield a failure unless `value` is true or false."""
        if type(value) is not bool:
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted true or false")


@dataclass(frozen=True, slots=True)
class Nullable:
    """Null, or a value of another form."""

    form: Form

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        is_other = self.form.quick()
        return lambda value: value is None or is_other(value)

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield the other form's failures unless `value` is null."""
        if value is not None:
            yield from self.form.failures(value, path)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, each item of one form."""

    form: Form

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        is_item = self.form.quick()
        return lambda value: type(value) is list and all(map(is_item, value))

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield the failures of every item."""
        if not isinstance(value, list):
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted a list")
            return
        for index, item in enumerate(value):
            yield from self.form.failures(item, path + pointer(index))


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object with exactly these fields; `optional` ones may be missing."""

    fields: Mapping[str, Form]
    optional: frozenset[str] = field(default_factory=frozenset)

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form, without what may be missing."""
        members = [
            (key, form.quick()) for key, form in self.fields.items() if key not in self.optional
        ]

        def is_object(value: JsonValue) -> bool:
            if type(value) is not dict or len(value) != len(members):
                return False
            try:
                for key, is_member in members:
                    if not is_member(value[key]):
                        return False
            except KeyError:
                return False
            return True

        return is_object

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield the failures of every field, those missing and those unknown."""
        if not isinstance(value, dict):
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted an object")
            return
        for key, form in self.fields.items():
            if key in value:
                yield from form.failures(value[key], path + _step(key))
            elif key not in self.optional:
                yield Failure(path + pointer(key), Code.MISSING_FIELD, "is missing")
        for key in sorted(value.keys() - self.fields.keys()):
            yield Failure(path + pointer(key), Code.UNKNOWN_FIELD, "is no field of this object")


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object of any keys, each value of one form."""

    form: Form

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        is_member = self.form.quick()
        return lambda value: (
            type(value) is dict
            and all(type(key) is str for key in value)
            and all(map(is_member, value.values()))
        )

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield the failures of every value."""
        if not isinstance(value, dict):
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted an object")
            return
        for key, member in value.items():
            yield from self.form.failures(member, path + pointer(key))


@dataclass(frozen=True, slots=True)
class AnyObject:
    """Any object, carried untouched."""

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        return lambda value: type(value) is dict and is_plain(value, _LEVELS_FREE)

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield a failure unless `value` is an object."""
        if not isinstance(value, dict):
            yield Failure(path, Code.WRONG_TYPE, f"found {shown(value)}, wanted an object")


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Anything at all."""

    def quick(self) -> Quick:
        """Return what tells quickly that a value is of this form and plain."""
        return lambda value: is_plain(value, _LEVELS_FREE)

    def failures(self, value: JsonValue, path: str) -> Iterator[Failure]:
        """Yield nothing."""
        del value, path
        yield from ()
