"""A rule file as a tree of texts that know their place: nothing in it has been given a meaning yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rules.language.source import Place, Text


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    `value` is what YAML reads, for prose and words; `text` is the same as it stands in the file, for expressions, or
    None where `unfit` says why it can't be one.
    """

    value: str
    place: Place
    text: Text | None
    unfit: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Tree", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Fields:
    """A section: keys with what belongs to them; of a key that stands twice the first counts."""

    entries: tuple[tuple[Scalar, "Tree"], ...]
    place: Place
    _by_key: Mapping[str, tuple[Scalar, "Tree"]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = {key.value: (key, value) for key, value in reversed(self.entries)}
        ordered = {key.value: by_key[key.value] for key, _ in self.entries}
        object.__setattr__(self, "_by_key", MappingProxyType(ordered))

    def __iter__(self) -> Iterator[tuple[Scalar, "Tree"]]:
        return iter(self._by_key.values())

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str) -> "Tree | None":
        """Give what belongs to a key."""
        found = self._by_key.get(key)
        return None if found is None else found[1]

    def key(self, key: str) -> Scalar | None:
        """Give the key itself as it stands in the file."""
        found = self._by_key.get(key)
        return None if found is None else found[0]

    def section(self, key: str) -> "Fields":
        """Give the section under a key; empty when there is none, or when something else stands there."""
        value = self.get(key)
        return value if isinstance(value, Fields) else Fields((), self.place)

    def scalar(self, key: str) -> Scalar | None:
        """Give the single value under a key; None when there is none, or when something else stands there."""
        value = self.get(key)
        return value if isinstance(value, Scalar) else None

    def scalars(self, key: str) -> tuple[Scalar, ...]:
        """Give the values under a key that takes one or a list of them."""
        value = self.get(key)
        if isinstance(value, Items):
            return tuple(item for item in value.items if isinstance(item, Scalar))
        return (value,) if isinstance(value, Scalar) else ()

    def word(self, key: str) -> str:
        """Give the single value under a key as a word, empty when there is none."""
        scalar = self.scalar(key)
        return "" if scalar is None else scalar.value

    def with_entries(self, entries: Mapping[str, tuple[Scalar, "Tree"]]) -> "Fields":
        """Give the same section with some keys replaced or added."""
        kept = {key.value: (key, value) for key, value in self}
        return Fields(tuple({**kept, **entries}.values()), self.place)


Tree = Scalar | Items | Fields
Plain = str | list["Plain"] | dict[str, "Plain"]


def plain(tree: Tree) -> Plain:
    """Give the tree as dictionaries, lists and texts."""
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Items):
        return [plain(item) for item in tree.items]
    return {key.value: plain(value) for key, value in tree}


def shortened(word: str, most: int = 60) -> str:
    """Give a word as it can stand in a sentence: on one line and not too long."""
    line = " ".join(word.split())
    return line if len(line) <= most else line[:most] + "…"


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its tree and its lines."""

    file: str
    root: Fields
    lines: tuple[str, ...]
