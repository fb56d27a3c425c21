"""What a search may try: ranges and lists, checked against the params of the book."""

import pytest

from rules.language.rulebook import Rulebook

pytestmark = pytest.mark.spec("BT-06")
HEIR = "book: quicker\nextends: trend-1\naccount: QUICKER\n"


def book(shelf, *lines: str) -> str:
    """The small trend book with a section of what may be searched."""
    return shelf.trend.replace("params:", "search:\n  " + "\n  ".join(lines) + "\nparams:", 1)


def in_force(shelf, *lines: str) -> Rulebook:
    shelf.put("trend.yaml", book(shelf, *lines))
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    return rulebook


def searched(rulebook: Rulebook, name: str) -> dict[str, tuple[str, ...]]:
    return {key: each.values for key, each in rulebook.books[name].search.items()}


def test_a_range_is_every_step_with_both_ends_in_the_unit_it_is_written_in(shelf) -> None:
    rulebook = in_force(shelf, "risk: 0.5%..1.5% step 0.5%")
    assert searched(rulebook, "trend-1") == {"risk": ("0.5%", "1%", "1.5%")}


def test_a_list_is_what_stands_in_it(shelf) -> None:
    rulebook = in_force(shelf, "slow: [50, 100, 250]")
    assert searched(rulebook, "trend-1") == {"slow": ("50", "100", "250")}


def test_a_cluster_of_coins_can_have_values_of_its_own(shelf) -> None:
    rulebook = in_force(shelf, "slow: {any: 100..200 step 50, wild: [20, 40]}")
    slow = rulebook.books["trend-1"].search["slow"]
    assert [slow.within(name) for name in ("", "calm", "wild")] == [
        ("100", "150", "200"),
        ("100", "150", "200"),
        ("20", "40"),
    ]


def test_what_may_be_searched_is_no_part_of_the_version(shelf) -> None:
    with_search = in_force(shelf, "slow: 100..200 step 50")
    shelf.put("trend.yaml", shelf.trend)
    assert shelf.load().version == with_search.version


def test_an_overlay_takes_the_ranges_of_its_parent_except_for_its_own(shelf) -> None:
    shelf.put("heir.yaml", HEIR + "search:\n  slow: 10..20 step 5\n")
    rulebook = in_force(shelf, "slow: 100..200 step 50", "risk: [1%, 2%]")
    assert searched(rulebook, "quicker") == {"slow": ("10", "15", "20"), "risk": ("1%", "2%")}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("slow: 100..200", "needs a step. Write for example `100..200 step 10`"),
        ("slow: 200..100 step 10", "rises from its first value to its last"),
        ("slow: 100..200 step 0", "rises from its first value to its last"),
        ("slow: 100..200 step 30", "Steps of `30` from `100` don't end at `200`"),
        ("slow: 1..9000 step 1", "at most 1,000 values"),
        ("slow: 100", "leaves nothing to search"),
        ("slow: 1%..2% step 0.5%", "the param `slow` is"),
        ("risk: 1..2 step 0.5", "the param `risk` is a ratio"),
        ("risk: 1%..2% step 50bps", "numbers of one unit"),
        ("slow: yes..no step 1", "numbers of one unit"),
        ("slou: 100..200 step 10", "Did you mean `slow`"),
        ("slow: 100..2oo step 10", "can't be read"),
        ("slow: {any: 100..200 step 50, mad: [20]}", "The key `mad` has no meaning"),
    ],
)
def test_what_can_not_be_meant_is_told_with_its_place(shelf, line: str, sentence: str) -> None:
    shelf.put("trend.yaml", book(shelf, line))
    assert shelf.load() is None
    lines = book(shelf, line).splitlines()
    assert [finding.place.line for finding in shelf.findings] == [lines.index("  " + line) + 1]
    assert any(sentence in said for said in shelf.said()), shelf.said()


def test_a_value_outside_of_what_the_param_may_be_is_refused(shelf) -> None:
    text = book(shelf, "slow: 100..200 step 50").replace("  slow: 200", "  slow: {value: 150, from: 10, to: 180}")
    shelf.put("trend.yaml", text)
    assert shelf.load() is None
    assert any("`200` lies outside of what the param `slow` may be" in said for said in shelf.said()), shelf.said()
