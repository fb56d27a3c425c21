"""Memory as plain data and back: what JSON can hold, decimals with their exponent, mappings in order of their keys."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Plain = dict[str, Any] | list[Any] | str | int | bool | None


def to_plain(value: Any) -> Plain:
    """Turn memory into what JSON can hold; raises TypeError for what would not come back equal, such as a float."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, Decimal | str):
        return str(value)
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"expected memory of decimals, whole numbers, texts, tuples and mappings, found {value!r}")


def from_plain(plain: Any, hint: Any) -> Any:
    """Make a value of the type `hint` from what `to_plain` gave; raises TypeError for a type that memory can't have."""
    if is_dataclass(hint) and isinstance(hint, type):
        return hint(**{name: from_plain(plain[name], of) for name, of in hints(hint).items()})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if plain is None else from_plain(plain, optional_of(hint))
    if origin is tuple:
        return tuple(from_plain(item, arguments[0]) for item in plain)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: from_plain(item, arguments[1]) for key, item in plain.items()}
    if hint in (str, int, bool):
        return plain
    if isinstance(hint, type) and issubclass(hint, Decimal | StrEnum):
        return hint(plain)
    raise TypeError(f"expected a type that memory can have, found {hint!r}")


def can_be_plain(hint: Any) -> bool:
    """Whether values of this type survive the way to plain data and back."""
    if is_dataclass(hint) and isinstance(hint, type):
        return all(can_be_plain(of) for of in hints(hint).values())
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return len(arguments) == 2 and NoneType in arguments and can_be_plain(optional_of(hint))
    if origin is tuple:
        return len(arguments) == 2 and arguments[1] is Ellipsis and can_be_plain(arguments[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[0] is str and can_be_plain(arguments[1])
    return hint in (str, int, bool) or (isinstance(hint, type) and issubclass(hint, Decimal | StrEnum))


def optional_of(hint: Any) -> Any:
    """The type that is not None in an optional one."""
    return next(argument for argument in get_args(hint) if argument is not NoneType)


@cache
def hints(of: type) -> dict[str, Any]:
    """The types of a dataclass's fields by name."""
    return get_type_hints(of)
