"""Conditions as trees in the terminal: what each part saw, and which of them decided."""

from rich.text import Text
from rich.tree import Tree

from rules.language.explain import Explained, prose
from rules.language.units import Unit

HOLDS, FAILS, UNKNOWN = "✓", "✗", "?"
STYLES = {HOLDS: "green", FAILS: "red", UNKNOWN: "yellow"}


def add(parent: Tree, trace: Explained, *, misses: bool = True) -> None:
    """Hang a condition and its parts under a branch; what a part misses is told unless the whole holds without it."""
    branch = parent.add(line(trace, misses=misses))
    for child in trace.children:
        add(branch, child, misses=misses and mark_of(trace) != HOLDS)


def line(trace: Explained, *, misses: bool = True) -> Text:
    """Write one part: a mark for a condition, its text, the value it saw, and what it misses."""
    text = Text()
    mark = mark_of(trace)
    if mark:
        text.append(f"{mark} ", style=STYLES[mark])
    text.append(trace.text, style="bold" if trace.decided else "dim")
    if mark == "":
        text.append(f" = {prose(trace.value, Unit(trace.unit))}", style="" if trace.decided else "dim")
    if trace.short_by and misses:
        text.append(f"  {trace.short_by}", style=STYLES.get(mark, ""))
    return text


def mark_of(trace: Explained) -> str:
    """Say whether a condition holds; nothing for what is not a condition."""
    if trace.unit != Unit.BOOL:
        return ""
    return UNKNOWN if trace.value is None else HOLDS if trace.value is True else FAILS
