"""Routes of alerts: how they are read, which one an alert takes, and what is refused."""

import pytest

from rules.language.routes import AtMost, Routes

ROUTES = """\
book: routes
channels:
  chat: ${CHAT_URL}
  mail: mailtos://me:${MAIL_PASSWORD}@example.com
  hook: json://127.0.0.1:9/
routes:
  trends: { severities: [P1, P2], books: [trend-1], saying: [stop, liquidated], to: [chat] }
  P0: { to: [chat, mail, hook], repeat_every: 10m, until: acknowledged }
  P1: { to: [chat, mail], at_most: 6 per hour, same_again_after: 2h }
  P2: { to: [mail], group_for: 1h }
  P3: { to: [] }
"""
pytestmark = pytest.mark.spec("ALERT-01")


def loaded(shelf, text: str = ROUTES) -> Routes:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("routes.yaml", text)
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    assert rulebook.routes is not None
    return rulebook.routes


def test_routes_are_read_with_their_units(shelf) -> None:
    routes = {route.name: route for route in loaded(shelf).routes}
    assert not shelf.said()
    assert (routes["P0"].to, routes["P0"].repeat_every_ms) == (("chat", "mail", "hook"), 600_000)
    assert (routes["P1"].at_most, routes["P1"].same_again_after_ms) == (AtMost(6, 3_600_000), 7_200_000)
    assert (routes["P2"].group_for_ms, routes["P2"].same_again_after_ms) == (3_600_000, 3_600_000)
    assert routes["trends"].severities == ("P1", "P2")


@pytest.mark.parametrize(
    ("alert", "route"),
    [
        (("P1", "trend-1", "The STOP of BTCUSDT is gone."), "trends"),
        (("P1", "trend-1", "Sizes are halved."), "P1"),
        (("P1", "core-hodl", "The stop of BTCUSDT is gone."), "P1"),
        (("P0", "trend-1", "The stop of BTCUSDT is gone."), "P0"),
        (("P3", "", "All is well."), "P3"),
    ],
)
def test_the_first_route_that_fits_counts(shelf, alert: tuple[str, str, str], route: str) -> None:
    found = loaded(shelf).route(*alert)
    assert found is not None
    assert found.name == route


def test_secrets_come_from_the_environment(shelf) -> None:
    mail = loaded(shelf).channels["mail"]
    assert mail.missing({}) == mail.missing({"MAIL_PASSWORD": ""}) == ("MAIL_PASSWORD",)
    assert not mail.missing({"MAIL_PASSWORD": "x"})
    assert mail.filled({"MAIL_PASSWORD": "x"}) == "mailtos://me:x@example.com"


def test_routes_are_no_part_of_the_version(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    alone = shelf.load()
    shelf.put("routes.yaml", ROUTES)
    together = shelf.load()
    assert together.version == alone.version


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("to: [mail], group", "to: [mial], group", "10:14: R059 There is no channel `mial`. Did you mean `mail`?"),
        ("books: [trend-1]", "books: [trend-9]", "7:43: R022 There is no book `trend-9`. Did you mean `trend-1`?"),
        (
            "chat: ${CHAT_URL}",
            "chat: CHAT_URL",
            "3:9: R059 `CHAT_URL` is not the address of a channel. Write the name of a variable of the environment, "
            "`${MAIL_URL}`, or a URL such as `json://localhost/`.",
        ),
        ("6 per hour", "six per hour", "9:36: R060 `six per hour` is not a rate. Write for example `6 per hour`."),
        (
            "  P3: { to: [] }\n",
            "",
            "6:1: R060 Nothing says who is told of `P3`. Add `P3: { to: [] }`, which shows them on the dashboard only, "
            "or name channels.",
        ),
        (
            "P0: { to: [chat, mail, hook], ",
            "P0: { to: [], ",
            "8:9: R060 `P0` tells nobody, and P0 means wake up. Name at least one channel under `to`.",
        ),
        (
            "repeat_every: 10m, until: acknowledged",
            "group_for: 1h",
            "8:33: R060 `group_for` would hold P0 back, which means wake up. Leave `group_for` out, or keep P0 out of "
            "this route.",
        ),
        (
            ", until: acknowledged",
            "",
            "8:33: R060 `repeat_every` and `until: acknowledged` need each other. Write "
            "`repeat_every: 10m, until: acknowledged`.",
        ),
        ("group_for: 1h", "group_for: 0s", "10:32: R053 `0s` is out of range: more than zero is needed here."),
        ("group_for: 1h", "group_fr: 1h", "10:21: R011 The key `group_fr` has no meaning in `P2`. Did you mean"),
        (
            "P1: { to: [chat, mail], at_most: 6 per hour,",
            "P1: { to: [chat, mail], severities: [P2],",
            "9:27: R060 The route `P1` is about P1 by its name.",
        ),
    ],
)
def test_what_would_lose_alerts_is_refused(shelf, old: str, new: str, expected: str) -> None:
    assert old in ROUTES
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("routes.yaml", ROUTES.replace(old, new, 1))
    assert shelf.load() is None
    assert any(line.startswith(f"routes.yaml:{expected}") for line in shelf.said()), shelf.said()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("to: [chat, mail, hook]", "to: [chat, mail]", "P030"),
        ("  P3: {", "  late: { severities: [P1], books: [trend-1], to: [chat] }\n  P3: {", "P030"),
        ("hook: json://127.0.0.1:9/", "hook: json://example.com/secret", "P031"),
    ],
)
def test_what_is_useless_or_careless_is_told(shelf, old: str, new: str, code: str) -> None:
    loaded(shelf, ROUTES.replace(old, new, 1))
    assert shelf.codes() == [code]


def test_there_is_one_book_of_routes(shelf) -> None:
    shelf.put("routes.yaml", ROUTES.replace("  trends", "  # trends"))
    shelf.put("routes-2.yaml", ROUTES.replace("  trends", "  # trends").replace("book: routes", "book: others"))
    assert shelf.load() is None
    assert shelf.codes() == ["R021"]
