"""Who is told what, and where: channels, and the routes that lead to them by severity, book and topic."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rules.language.source import Place

SEVERITIES = ("P0", "P1", "P2", "P3")
HOUR_MS = 3_600_000
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to a person: `url` is one of Apprise's, in which `${NAME}` stands for a value of the environment."""

    name: str
    url: str
    place: Place

    def missing(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Name the variables without which the channel isn't in use."""
        return tuple(name for name in VARIABLE.findall(self.url) if not environment.get(name))

    def filled(self, environment: Mapping[str, str]) -> str:
        """Give the URL with its secrets; what is missing is left empty."""
        return VARIABLE.sub(lambda found: environment.get(found[1], ""), self.url)


@dataclass(frozen=True, slots=True)
class AtMost:
    """So many messages in so long a time."""

    messages: int
    per_ms: int


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of the alerts that fit: empty `books` and `saying` fit all of them.

    Alerts wait up to `group_for_ms` for others, and the same sentence isn't repeated within `same_again_after_ms`.
    With `repeat_every_ms` a message comes again until somebody acknowledges it.
    """

    name: str
    severities: tuple[str, ...]
    to: tuple[str, ...]
    place: Place
    books: tuple[str, ...] = ()
    saying: tuple[str, ...] = ()
    at_most: AtMost | None = None
    group_for_ms: int = 0
    same_again_after_ms: int = HOUR_MS
    repeat_every_ms: int | None = None

    @property
    def takes_all(self) -> bool:
        """Whether every alert of its severities fits."""
        return not self.books and not self.saying

    def fits(self, severity: str, book: str, text: str) -> bool:
        """Say whether an alert goes this way."""
        if severity not in self.severities or (self.books and book not in self.books):
            return False
        return not self.saying or any(word.casefold() in text.casefold() for word in self.saying)


@dataclass(frozen=True, slots=True)
class Routes:
    """The channels by name, and the routes in the order in which they are tried."""

    channels: Mapping[str, Channel]
    routes: tuple[Route, ...]

    def route(self, severity: str, book: str, text: str) -> Route | None:
        """Give the first route that fits an alert."""
        return next((route for route in self.routes if route.fits(severity, book, text)), None)
