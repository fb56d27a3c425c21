"""Every message as JSON-able data and back, exactly: what is read equals what was written, to the last digit."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

TYPE = "type"
DECIMAL, FLOAT = "decimal", "float"
SHOWN = 60

Form = Any  # a class, or a union or a generic alias of classes: Python has no type for these


class CodecError(ValueError):
    """Data can't be a message; the sentence says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """How values of one type are written as JSON-able data and read back."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def to_plain(message: object) -> dict[str, Any]:
    """Give a message (any frozen dataclass) as JSON-able data that names its type.

    Raises CodecError where a field holds something else than it declares.
    """
    named: dict[str, Any] = _tagged((type(message),)).write(message)
    return named


def from_plain(form: Form, data: Any) -> Any:
    """Read what `to_plain` wrote; `form` is a message type or a union of them, such as Event.

    Fields that the data lack have their defaults, so that what was written before they existed can still be read.
    Raises CodecError for an unknown type, an unknown or missing field, and a value that doesn't fit.
    """
    return _tagged(get_args(form) or (form,)).read(data)


def canonical(data: Any) -> bytes:
    """Write JSON-able data as the only bytes that stand for them: sorted keys, no spaces, ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


# ── what each form is made of ──────────────────────────────────────────────────────────────────────────────────────


@cache
def _codec(form: Form) -> _Codec:
    """The codec of a declared type; raises TypeError for one that messages can't have."""
    origin: Any = get_origin(form)
    arguments = get_args(form)
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin in (Mapping, dict):
        return _mapping(*arguments)
    if form in _SCALARS:
        return _SCALARS[form]
    if isinstance(form, type) and issubclass(form, Enum):
        return _Codec(_only(form, lambda member: member.value), lambda data: _member(form, data))
    if isinstance(form, type) and is_dataclass(form):
        return _Codec(_only(form, lambda value: _write_fields(form, value)), lambda data: _read_fields(form, data))
    raise TypeError(f"A message can't hold {form}; use numbers, texts, enums, tuples, mappings and dataclasses.")


def _union(members: Sequence[Form]) -> _Codec:
    some = tuple(member for member in members if member is not NoneType)
    inner = _codec(some[0]) if len(some) == 1 else _tagged(some) if all(map(is_dataclass, some)) else _one_of(some)
    if len(some) == len(members):
        return inner
    return _Codec(
        lambda value: None if value is None else inner.write(value),
        lambda data: None if data is None else inner.read(data),
    )


def _tagged(members: Iterable[type]) -> _Codec:
    """One of several messages, each written with the name of its type."""
    by_name = {member.__name__: member for member in members}

    def write(value: Any) -> Any:
        if by_name.get(type(value).__name__) is not type(value):
            raise _unexpected(_or(by_name), value)
        return {TYPE: type(value).__name__, **_write_fields(type(value), value)}

    def read(data: Any) -> Any:
        name = data.get(TYPE) if isinstance(data, dict) else data
        if not isinstance(data, dict) or name not in by_name:
            raise CodecError(
                f"Expected {_or(by_name)}, found {_shown(name)}. It may come from a newer version of this program: use "
                "that one."
            )
        return _read_fields(by_name[name], {key: value for key, value in data.items() if key != TYPE})

    return _Codec(write, read)


def _one_of(members: Sequence[Form]) -> _Codec:
    """One of several kinds of scalar: decimals say that they are, the others speak for themselves."""
    kinds = {bool: bool, int: int, float: float, str: str, Decimal: Decimal}
    if not set(members) <= set(kinds):
        raise TypeError(f"A message can't hold one of {members}; use a union of messages or one of scalars.")

    def write(value: Any) -> Any:
        kind = type(value) if type(value) in members else str if isinstance(value, str) and str in members else None
        if kind is None:
            raise _unexpected(_or(member.__name__ for member in members), value)
        written = _SCALARS[kind].write(value)
        return {DECIMAL: written} if kind is Decimal else written

    def read(data: Any) -> Any:
        if isinstance(data, dict) and set(data) == {DECIMAL} and Decimal in members:
            return _decimal(data[DECIMAL])
        kind = float if isinstance(data, dict) else type(data)
        if kind not in members or kind is Decimal:
            raise _unexpected(_or(member.__name__ for member in members), data)
        return _SCALARS[kind].read(data)

    return _Codec(write, read)


def _tuple(arguments: Sequence[Form]) -> _Codec:
    if len(arguments) == 2 and arguments[1] is ...:
        item = _codec_later(arguments[0])
        return _Codec(
            _only(tuple, lambda value: [item().write(one) for one in value]),
            _only(list, lambda data: tuple(item().read(one) for one in data)),
        )
    items = [_codec(argument) for argument in arguments]

    def each(values: Sequence[Any], name: str) -> list[Any]:
        if len(values) != len(items):
            raise CodecError(f"Expected {len(items)} values, found {len(values)}: {_shown(values)}.")
        return [getattr(codec, name)(one) for codec, one in zip(items, values, strict=True)]

    return _Codec(_only(tuple, lambda value: each(value, "write")), _only(list, lambda data: tuple(each(data, "read"))))


def _mapping(key: Form, value: Form) -> _Codec:
    if key is not str:
        raise TypeError(f"A message can't hold a mapping by {key}; its keys are texts.")
    inner = _codec(value)
    return _Codec(
        lambda held: {name: inner.write(one) for name, one in held.items()},
        _only(dict, lambda data: {name: inner.read(one) for name, one in data.items()}),
    )


def _codec_later(form: Form) -> Callable[[], _Codec]:
    """A codec that is looked up when it is used, because a message may hold others of its own type."""
    return lambda: _codec(form)


# ── fields ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _fields(message: type) -> Mapping[str, tuple[_Codec, Field[Any]]]:
    hints = get_type_hints(message)
    if TYPE in hints:
        raise TypeError(f"{message.__name__} has a field `{TYPE}`, which is what names it; call the field otherwise.")
    return {field.name: (_codec(hints[field.name]), field) for field in fields(message)}


def _write_fields(message: type, value: Any) -> dict[str, Any]:
    written = {}
    for name, (codec, _) in _fields(message).items():
        try:
            written[name] = codec.write(getattr(value, name))
        except CodecError as error:
            raise _inside(message, name, error) from None
    return written


def _read_fields(message: type, data: Any) -> Any:
    if not isinstance(data, dict):
        raise _unexpected(f"the fields of {message.__name__}", data)
    known = _fields(message)
    surplus = sorted(set(data) - set(known))
    if surplus:
        raise CodecError(f"{message.__name__} has no field {surplus[0]}. Use the version of the program that wrote it.")
    values = {}
    for name, (codec, field) in known.items():
        if name in data:
            try:
                values[name] = codec.read(data[name])
            except CodecError as error:
                raise _inside(message, name, error) from None
        elif field.default is MISSING and field.default_factory is MISSING:
            raise CodecError(f"{message.__name__} lacks its field {name}.")
    return message(**values)


def _inside(message: type, name: str, error: CodecError) -> CodecError:
    return CodecError(f"{message.__name__}.{name}: {error}")


# ── scalars ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _only(kind: type, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A conversion that refuses values of any other type."""

    def checked(value: Any) -> Any:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise _unexpected(kind.__name__, value)
        return convert(value)

    return checked


def _same(value: Any) -> Any:
    return value


def _written(value: Decimal) -> str:
    """All digits, and an exponent only where the digits alone would not bring the same decimal back."""
    exponent = value.as_tuple().exponent
    return str(value) if isinstance(exponent, int) and exponent > 0 else format(value, "f")


def _decimal(data: Any) -> Decimal:
    try:
        if isinstance(data, str):
            return Decimal(data)
    except InvalidOperation:
        pass
    raise _unexpected("a decimal as text", data)


def _write_float(value: float) -> Any:
    return float(value) if isfinite(value) else {FLOAT: str(float(value))}


def _read_float(data: Any) -> float:
    if isinstance(data, dict) and set(data) == {FLOAT} and data[FLOAT] in ("nan", "inf", "-inf"):
        return float(data[FLOAT])
    if isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    raise _unexpected("a number", data)


def _member(enum: type[Enum], data: Any) -> Enum:
    try:
        return enum(data)
    except ValueError:
        raise _unexpected(_or(str(member.value) for member in enum), data) from None


_SCALARS: Mapping[type, _Codec] = {
    str: _Codec(_only(str, str), _only(str, _same)),
    bool: _Codec(_only(bool, _same), _only(bool, _same)),
    int: _Codec(_only(int, int), _only(int, _same)),
    float: _Codec(lambda value: _write_float(_number(value)), _read_float),
    Decimal: _Codec(_only(Decimal, _written), _decimal),
}


def _number(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _unexpected("a number", value)


def _unexpected(wanted: str, found: object) -> CodecError:
    return CodecError(f"Expected {wanted}, found {_shown(found)}.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _or(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))
