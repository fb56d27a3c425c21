"""From the tree of a book of routes to channels and routes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rules.language.document import Fields, Scalar, shortened
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.proofs import warning
from rules.language.routes import HOUR_MS, SEVERITIES, VARIABLE, AtMost, Channel, Route, Routes
from rules.language.values import duration_in

_AT_MOST = re.compile(r"(?P<messages>[1-9][0-9]{0,3})\s+per\s+(?P<per>minute|hour|day)")
_PER_MS: Mapping[str, int] = MappingProxyType({"minute": 60_000, "hour": 3_600_000, "day": 86_400_000})
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+|\$\{[A-Za-z_][A-Za-z0-9_]*\}\S*")
_LOOPBACK = re.compile(r"[a-zA-Z]+://(127\.0\.0\.1|localhost)[:/]")
URGENT = "P0"


def read_routes(root: Fields, books: Sequence[str], findings: list[Finding]) -> Routes:
    """Read channels and routes; what can't be read, or leads nowhere, has been reported."""
    section = root.section("channels")
    channels = {key.value: _channel(key, url, findings) for key, url in section if isinstance(url, Scalar)}
    reading = _Reading(tuple(channels), tuple(books), findings)
    routes = tuple(reading.route(key, fields) for key, fields in root.section("routes") if isinstance(fields, Fields))
    key = root.key("routes")
    if key is not None:
        findings.extend(_lost(key, routes))
    findings.extend(_unreached(routes))
    findings.extend(_unused(section, routes))
    return Routes(MappingProxyType(channels), routes)


def _channel(key: Scalar, url: Scalar, findings: list[Finding]) -> Channel:
    if not _URL.fullmatch(url.value):
        sentence = f"`{shortened(url.value)}` is not the address of a channel."
        hint = "Write the name of a variable of the environment, `${MAIL_URL}`, or a URL such as `json://localhost/`."
        findings.append(error("R059", url.place, sentence, hint))
    elif not VARIABLE.search(url.value) and not _LOOPBACK.match(url.value):
        sentence = f"The address of `{key.value}` stands here in full; whoever reads this file can write to it."
        findings.append(warning("P031", url.place, sentence, "Write `${NAME}` and put the secret in the environment."))
    return Channel(key.value, url.value, key.place)


class _Reading:
    """Reads routes to channels and about books that are known."""

    def __init__(self, channels: Sequence[str], books: Sequence[str], findings: list[Finding]) -> None:
        self._channels = channels
        self._books = books
        self._findings = findings

    def route(self, key: Scalar, fields: Fields) -> Route:
        severities = self._severities(key, fields)
        self._known(fields.scalars("to"), self._channels, "channel")
        if self._books:
            self._known(fields.scalars("books"), self._books, "book")
        self._report_silence(key, fields, severities)
        again = self._duration(fields, "same_again_after")
        return Route(
            name=key.value,
            severities=severities,
            to=tuple(dict.fromkeys(scalar.value for scalar in fields.scalars("to"))),
            place=key.place,
            books=tuple(scalar.value for scalar in fields.scalars("books")),
            saying=tuple(scalar.value for scalar in fields.scalars("saying")),
            at_most=self._at_most(fields.scalar("at_most")),
            group_for_ms=self._duration(fields, "group_for") or 0,
            same_again_after_ms=HOUR_MS if again is None else again,
            repeat_every_ms=self._repeat(key, fields),
        )

    def _severities(self, key: Scalar, fields: Fields) -> tuple[str, ...]:
        """A route named after a severity is about it; another one is about all, or those that it names."""
        named = tuple(scalar.value for scalar in fields.scalars("severities"))
        if key.value in SEVERITIES:
            stray = fields.key("severities")
            if stray is not None:
                hint = "Give the route another name, or leave `severities` out."
                self._add("R060", stray, f"The route `{key.value}` is about {key.value} by its name.", hint)
            return (key.value,)
        return named or SEVERITIES

    def _known(self, scalars: Sequence[Scalar], known: Sequence[str], noun: str) -> None:
        for scalar in scalars:
            if scalar.value not in known:
                hint = did_you_mean(scalar.value, known) or f"There are {listed(known, 'and')}."
                self._add(
                    "R059" if noun == "channel" else "R022", scalar, f"There is no {noun} `{scalar.value}`.", hint
                )

    def _report_silence(self, key: Scalar, fields: Fields, severities: Sequence[str]) -> None:
        """What wakes somebody up neither waits nor leads nowhere."""
        if URGENT not in severities:
            return
        if not fields.scalars("to"):
            hint = "Name at least one channel under `to`."
            self._add("R060", fields.key("to") or key, f"`{key.value}` tells nobody, and P0 means wake up.", hint)
        for name in ("at_most", "group_for"):
            held = fields.key(name)
            if held is not None:
                hint = f"Leave `{name}` out, or keep P0 out of this route."
                self._add("R060", held, f"`{name}` would hold P0 back, which means wake up.", hint)

    def _repeat(self, key: Scalar, fields: Fields) -> int | None:
        every, until = fields.key("repeat_every"), fields.key("until")
        if (every is None) is not (until is None):
            sentence = "`repeat_every` and `until: acknowledged` need each other."
            self._add("R060", every or until or key, sentence, "Write `repeat_every: 10m, until: acknowledged`.")
        return self._duration(fields, "repeat_every")

    def _duration(self, fields: Fields, name: str) -> int | None:
        scalar = fields.scalar(name)
        value = duration_in(scalar, self._findings)
        if scalar is not None and value is not None and value <= 0:
            self._add("R053", scalar, f"`{scalar.value}` is out of range: more than zero is needed here.", "")
        return value

    def _at_most(self, scalar: Scalar | None) -> AtMost | None:
        if scalar is None:
            return None
        match = _AT_MOST.fullmatch(scalar.value)
        if match is None:
            self._add("R060", scalar, f"`{shortened(scalar.value)}` is not a rate.", "Write for example `6 per hour`.")
            return None
        return AtMost(int(match["messages"]), _PER_MS[match["per"]])

    def _add(self, code: str, scalar: Scalar, sentence: str, suggestion: str) -> None:
        self._findings.append(error(code, scalar.place, sentence, suggestion))


def _lost(key: Scalar, routes: Sequence[Route]) -> Iterator[Finding]:
    """Every alert goes some way, if only to the dashboard."""
    taken = {severity for route in routes if route.takes_all for severity in route.severities}
    missing = [severity for severity in SEVERITIES if severity not in taken]
    if missing:
        hint = f"Add `{missing[0]}: {{ to: [] }}`, which shows them on the dashboard only, or name channels."
        yield error("R060", key.place, f"Nothing says who is told of {listed(missing, 'and')}.", hint)


def _unreached(routes: Sequence[Route]) -> Iterator[Finding]:
    for place, route in enumerate(routes):
        above = [other for other in routes[:place] if other.takes_all]
        taken = {severity for other in above for severity in other.severities}
        if set(route.severities) <= taken:
            first = next(other for other in above if set(other.severities) & set(route.severities))
            sentence = f"`{route.name}` is never reached: `{first.name}` above it takes the same alerts."
            yield warning("P030", route.place, sentence, "Put the special route first.")


def _unused(channels: Fields, routes: Sequence[Route]) -> Iterator[Finding]:
    used = {name for route in routes for name in route.to}
    for key, _ in channels:
        if key.value not in used:
            yield warning(
                "P030", key.place, f"No route leads to `{key.value}`.", "Name it under `to`, or leave it out."
            )
