"""A machine as a Mermaid state diagram, with the rules that move it on its arrows."""

from collections.abc import Iterator, Sequence

from machines.table import EMERGENCY, By, Table

RuleMove = tuple[str, Sequence[str], str]


def mermaid(table: Table, rules: Sequence[RuleMove] = ()) -> str:
    """Draw a machine as `stateDiagram-v2`; `rules` are (id, states, trigger), named on the arrows in this order.

    One arrow leads from a state to another, with a line for each trigger: a rule trigger with the rules that fire it,
    what the runtime reports in round brackets, an operator's trigger behind a star.
    """
    arrows: dict[tuple[str, str], dict[str, None]] = {}
    for source, trigger, destination in table.moves:
        arrows.setdefault((source, destination), {})[line(table, source, trigger, rules)] = None
    drawn = [f"    {source} --> {to}: {'<br/>'.join(lines)}" for (source, to), lines in arrows.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {table.initial}", *drawn, *styles(table)]) + "\n"


def line(table: Table, source: str, trigger: str, rules: Sequence[RuleMove]) -> str:
    """One line on an arrow; it has no colon and no semicolon, which would end it."""
    by = table.triggers[trigger].by
    if by is By.RUNTIME:
        return f"({trigger})"
    if by is By.OPERATOR:
        return f"★ {trigger}"
    ids = dict.fromkeys(rule for rule, sources, fires in rules if fires == trigger and source in sources)
    return f"{trigger} by {', '.join(ids) or 'no rule'}"


def styles(table: Table) -> Iterator[str]:
    """Colours for the states in which something is held, and for EMERGENCY."""
    held = [str(state) for state in table.states if state in table.holding]
    if held:
        yield "    classDef held fill:#e0f2e9,stroke:#2e7d5b"
        yield f"    class {', '.join(held)} held"
    if EMERGENCY in table.states:
        yield "    classDef emergency fill:#fde0e0,stroke:#b3261e"
        yield f"    class {EMERGENCY} emergency"
