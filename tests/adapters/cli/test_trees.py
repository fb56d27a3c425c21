from decimal import Decimal

import pytest
from rich.console import Console
from rich.tree import Tree

from adapters.cli.trees import add, mark_of
from rules.language.explain import Explained


def shown(trace: Explained) -> list[str]:
    console = Console(width=100, no_color=True)
    tree = Tree("")
    add(tree, trace)
    with console.capture() as capture:
        console.print(tree)
    return [
        line.replace("│", " ").replace("├──", "   ").replace("└──", "   ").strip()
        for line in capture.get().splitlines()[1:]
    ]


@pytest.mark.spec("RULE-10", "RULE-15")
@pytest.mark.parametrize(("value", "mark"), [(True, "✓"), (False, "✗"), (None, "?")])
def test_a_condition_holds_fails_or_is_unknown(value: bool | None, mark: str) -> None:
    assert mark_of(Explained("a > b", value, "bool")) == mark


@pytest.mark.spec("RULE-10")
def test_values_are_written_with_their_units() -> None:
    parts = (Explained("risk", Decimal("0.01"), "ratio"), Explained("age(state)", 86_400_000, "duration"))
    assert shown(Explained("a", None, "bool", parts, short_by="no value")) == [
        "? a  no value",
        "risk = 1 %",
        "age(state) = 1 d",
    ]


@pytest.mark.spec("RULE-10")
def test_what_a_part_misses_is_told_only_where_the_whole_misses_it() -> None:
    asleep = Explained("asleep", False, "bool", short_by="is false, needs true")
    holds = Explained("not asleep", True, "bool", (asleep,))
    fails = Explained("asleep or late", False, "bool", (asleep,))
    assert shown(holds) == ["✓ not asleep", "✗ asleep"]
    assert shown(fails) == ["✗ asleep or late", "✗ asleep  is false, needs true"]
