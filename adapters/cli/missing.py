"""What an entry misses, as a tree in the terminal or as data."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text
from rich.tree import Tree

from adapters.cli.saved import trace_to_plain
from adapters.cli.trees import FAILS, HOLDS, STYLES, UNKNOWN, add, mark_of
from adapters.report.words import minute
from rules.language.explain import prose
from rules.language.units import Unit
from runtime.why_not import Answer, Entry, WhyNot


def tree_of(answer: WhyNot) -> Tree:
    """Write a book's answer as a tree."""
    since = prose(answer.at_ms - answer.since_ms, Unit.DURATION) if answer.since_ms else "the start"
    waiting = f"for {since}" if answer.since_ms else f"since {since}"
    tree = Tree(Text(f"{answer.book} {answer.symbol}, {minute(answer.at_ms)} UTC: {answer.state} {waiting}", "bold"))
    for obstacle in answer.obstacles:
        tree.add(Text(f"{FAILS} {obstacle}", style=STYLES[FAILS]))
    brief = any(entry.state_fits for entry in answer.entries)
    for entry in answer.entries:
        _add_entry(tree, entry, answer.state, brief=brief)
    if not answer.entries:
        tree.add("It has no entry rules.")
    return tree


def _add_entry(tree: Tree, entry: Entry, state: str, *, brief: bool) -> None:
    """Write a rule; of one that counts in other states only so much is told where others count in this one."""
    mark = HOLDS if entry.fires else UNKNOWN if entry.trace.value is None else FAILS
    title = Text(f"{mark} {entry.rule.id}", style=STYLES[mark])
    title.append(f"  {entry.rule.place.file}:{entry.rule.place.line}", style="not bold dim")
    branch = tree.add(title)
    for sentence in _obstacles(entry, state):
        branch.add(Text(sentence, style=STYLES[FAILS]))
    if brief and not entry.state_fits:
        return
    add(branch, entry.trace)
    _add_answers(branch, entry)


def _obstacles(entry: Entry, state: str) -> Iterator[str]:
    if not entry.state_fits:
        yield f"it counts in {' or '.join(entry.rule.states)}, not in {state}"
    if entry.expired:
        yield "its time is over"
    if entry.rule.mode != "live":
        yield f"its mode is {entry.rule.mode}: it moves nothing"
    if entry.trace.value is True and entry.held_ms < entry.needed_ms:
        held, needed = (prose(span, Unit.DURATION) for span in (entry.held_ms, entry.needed_ms))
        yield f"it has held for {held} and needs {needed}"
    if entry.missing:
        yield f"unknown, so that there is no order: {', '.join(entry.missing)}"


def _add_answers(branch: Tree, entry: Entry) -> None:
    if not entry.answers:
        return
    holds = mark_of(entry.trace) == HOLDS
    orders = branch.add("its order" if holds else "if it held, its order")
    for answer in entry.answers:
        if answer.check:
            line = orders.add(Text(f"{FAILS} would be refused by {answer.check}: {answer.text}", style=STYLES[FAILS]))
            if answer.trace is not None:
                add(line, answer.trace)
        else:
            line = orders.add(Text(f"{HOLDS} would be placed: {answer.text}", style=STYLES[HOLDS]))
            for limit in answer.limits:
                line.add(f"made smaller by {limit}")


def plain(answer: WhyNot) -> dict[str, Any]:
    """Give a book's answer as JSON-able data."""
    return {
        "at_ms": answer.at_ms,
        "book": answer.book,
        "symbol": answer.symbol,
        "state": answer.state,
        "since_ms": answer.since_ms,
        "obstacles": list(answer.obstacles),
        "entries": [_plain_entry(entry) for entry in answer.entries],
    }


def _plain_entry(entry: Entry) -> dict[str, Any]:
    return {
        "rule": entry.rule.id,
        "place": str(entry.rule.place),
        "why": entry.rule.why,
        "mode": entry.rule.mode.value,
        "states": list(entry.rule.states),
        "fires": entry.fires,
        "state_fits": entry.state_fits,
        "expired": entry.expired,
        "held_ms": entry.held_ms,
        "needed_ms": entry.needed_ms,
        "missing": list(entry.missing),
        "trace": trace_to_plain(entry.trace),
        "answers": [_plain_answer(one) for one in entry.answers],
    }


def _plain_answer(answer: Answer) -> dict[str, Any]:
    trace = None if answer.trace is None else trace_to_plain(answer.trace)
    return {"check": answer.check, "text": answer.text, "limits": list(answer.limits), "trace": trace}
