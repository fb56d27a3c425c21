from decimal import Decimal

import pytest

from features.steps.course import shorthand, zigzag
from features.steps.sentence import Sentence
from features.steps.words import DAY_MS, HOUR_MS, KINDS, Bound


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("Number", "60,000.5", Decimal("60000.5")),
        ("Percent", "-0.12%", Decimal("-0.0012")),
        ("Span", "3 weeks", 21 * DAY_MS),
        ("Span", "a day", DAY_MS),
        ("Span", "1 d 4 h", 28 * HOUR_MS),
        ("Times", "twice", 2),
        ("Times", "11 times", 11),
        ("Whole", "no", 0),
        ("Date", "1970-01-02 03:00", 27 * HOUR_MS),
    ],
)
def test_words_have_values(kind: str, text: str, value: object) -> None:
    parsed = Sentence(f"it is {{seen:{kind}}} now").parse_arguments(f"it is {text} now")
    assert parsed == {"seen": value}
    assert KINDS[kind].read(text) == value


def test_what_is_left_out_of_a_sentence_is_none() -> None:
    sentence = Sentence("the (cat|dog)[ of {symbol:Symbol}] sleeps")
    assert sentence.parse_arguments("the dog of BTCUSDT sleeps") == {"symbol": "BTCUSDT"}
    assert sentence.parse_arguments("the cat sleeps") == {"symbol": None}
    assert not sentence.is_matching("the cow sleeps")
    assert not sentence.is_matching("the cat sleeps well")


@pytest.mark.parametrize(
    ("words", "seen", "holds"),
    [
        ("", "100", True),
        ("", "100.0001", False),
        ("about", "101", True),
        ("about", "101.1", False),
        ("at least", "100", True),
        ("more than", "100", False),
        ("less than", "99.9", True),
        ("at most", "100.1", False),
    ],
)
def test_bounds_hold_or_not(words: str, seen: str, holds: bool) -> None:
    assert Bound(words).holds(Decimal(seen), Decimal(100)) is holds


def test_a_series_is_told_in_shorthand() -> None:
    courses = shorthand("100 +10% -5x2 0x2 _ 90", None)
    assert [course.close for course in courses] == pytest.approx([100, 110, 105, 100, 100, 100, 100, 90])
    assert [course.open for course in courses] == pytest.approx([100, 100, 110, 105, 100, 100, 100, 100])
    assert [course.seen for course in courses] == [True] * 6 + [False, True]


@pytest.mark.parametrize("words", ["+1%", "100 x", "100 +1%x", "_"])
def test_a_series_that_makes_no_sense_is_refused(words: str) -> None:
    with pytest.raises(AssertionError):
        shorthand(words, None)


def test_a_zigzag_ends_where_it_began() -> None:
    assert [course.close for course in zigzag(100, 0.1, 5)] == pytest.approx([100, 110, 100, 90, 100])
