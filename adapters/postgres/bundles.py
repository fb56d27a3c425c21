"""Rows of many entries, brought to the database together: one statement with many values instead of many statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.postgres.rows import DAY, FLAT, HELD, SUMS, Row, Value

Name = tuple[Value, ...]


@dataclass(slots=True)
class Bundle:
    """Values for one statement, by what they are about; values that go to the same place once may be one."""

    statement: str
    values: list[dict[str, Value]] = field(default_factory=list)
    places: dict[Name, int] = field(default_factory=dict)

    def add(self, name: Name, values: Mapping[str, Value]) -> None:
        """Take in values: a position's newest count alone, those of a day are added up."""
        place = self.places.get(name)
        if place is None or self.statement not in (DAY, HELD):
            self.places[name] = len(self.values)
            self.values.append(dict(values))
        elif self.statement == HELD:
            self.values[place] = dict(values)
        else:
            _add_up(self.values[place], values)


def bundles(rows: Iterable[Row]) -> Sequence[Bundle]:
    """Bundle rows by their statements; whatever is about the same thing stays in its order."""
    made: list[Bundle] = []
    for statement, values in rows:
        name = _name(statement, values)
        bundle = _fitting(made, statement, name)
        if bundle is None:
            bundle = Bundle(statement)
            made.append(bundle)
        bundle.add(name, values)
    return made


def _fitting(made: Sequence[Bundle], statement: str, name: Name) -> Bundle | None:
    """Give the first bundle of a statement behind which there is nothing about the same thing."""
    found = None
    for bundle in reversed(made):
        if bundle.statement == statement:
            found = bundle
        if name in bundle.places:
            return found
    return found


def _name(statement: str, values: Mapping[str, Value]) -> Name:
    """Name what a row is about: an order or transfer, a position, an account's day; the rest keeps its own order."""
    if statement in (HELD, FLAT):
        return (values["account"], values["market"], values["symbol"])
    if "day" in values:
        return (values["day"], values["account"])
    return (values.get("transfer_id") or values.get("order_id") or statement,)


def _add_up(held: dict[str, Value], more: Mapping[str, Value]) -> None:
    for name in SUMS:
        held[name] += more[name]  # type: ignore[operator]
