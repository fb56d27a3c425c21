"""One table of a report, in words, for whatever shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """One table: the first `text` columns hold words, the others numbers; `signed` ones are good above zero, bad below.

    `empty` is what to say where there are no rows.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: int = 1
    signed: frozenset[int] = frozenset()
    empty: str = "None."
    about: str = ""
