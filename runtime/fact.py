"""One fact: how rule files see it and where its value comes from."""

from collections.abc import Callable
from dataclasses import dataclass

from rules.language.units import Kind
from rules.language.vocabulary import FactDeclaration
from runtime.board import Value
from runtime.view import View

WEIGHED = frozenset({"weight", "drift"})
Read = Callable[[View, str], Value]
Moment = Callable[[View, str], int | None]


@dataclass(frozen=True, slots=True)
class Fact:
    """How rule files see it, how its value is read, and the moment it speaks of where it has an age."""

    declaration: FactDeclaration
    read: Read
    moment: Moment | None = None


def fact(name: str, kind: Kind, scope: str, about: str, read: Read, moment: Moment | None = None) -> Fact:
    """Declare a fact; one with a moment has an age."""
    declaration = FactDeclaration(name, kind, about, scope, moment is not None, name in WEIGHED)
    return Fact(declaration, read, moment)
