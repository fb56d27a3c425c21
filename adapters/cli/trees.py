"""Conditions as trees in the terminal: what each part saw, and which of them decided."""

from rich.text import Text
from rich.tree import Tree

from rules.language.explain import Explained, prose
from rules.language.units import Unit

HOLDS, FAILS, UNKNOWN = "✓", "✗", "?"
_STYLES = {HOLDS: "green", FAILS: "red", UNKNOWN: "yellow"}


def add(parent: Tree, trace: Explained) -> None:
    """Hang a condition and its parts under a branch; several that had to hold together stand beside each other."""
    branch = parent.add(line(trace))
    for child in trace.children:
        add(branch, child)


def line(trace: Explained) -> Text:
    """Write one part: a mark for a condition, its text, the value it saw, and what it is short of."""
    text = Text()
    mark = mark_of(trace)
    if mark:
        text.append(f"{mark} ", style=_STYLES[mark])
    text.append(trace.text, style="bold" if trace.decided else "dim")
    if mark == "":
        text.append(f" = {prose(trace.value, Unit(trace.unit))}", style="" if trace.decided else "dim")
    if trace.short_by:
        text.append(f"  {trace.short_by}", style=_STYLES.get(mark, ""))
    return text


def mark_of(trace: Explained) -> str:
    """Say whether a condition holds; nothing for what is not a condition."""
    if trace.unit != Unit.BOOL:
        return ""
    return UNKNOWN if trace.value is None else HOLDS if trace.value is True else FAILS
