"""Stories as trees in the terminal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.text import Text
from rich.tree import Tree

from adapters.cli.saved import trace_from_plain
from adapters.cli.story import Story
from adapters.cli.trees import add
from adapters.report.words import minute, money, price

Plain = Mapping[str, Any]


def tree_of(story: Story) -> Tree:
    """Write a story as a tree."""
    if story.order is not None:
        return _order_tree(story, story.order)
    assert story.decision is not None, "a story is about an order or a decision"
    tree = Tree(_title(story.decision))
    _add_decision(tree, story.decision)
    if story.orders:
        branch = tree.add("its orders")
        for order in story.orders:
            branch.add(f"{order['order_id']}: {order['asked']}; {ending(order)}")
    return tree


def ending(order: Plain) -> str:
    """Write how an order ended, with what it cost."""
    parts = [str(order["ended"])]
    if order["ended_ms"] is not None:
        parts[0] += f" at {minute(order['ended_ms'])}"
    if order["average_price"] is not None:
        parts.append(f"{order['filled']} at {price(Decimal(order['average_price']))} on average")
        parts.append(f"{money(Decimal(order['fees']))} USDT of fees")
    return ", ".join(parts)


def _order_tree(story: Story, order: Plain) -> Tree:
    tree = Tree(Text(f"{order['book']} wanted to {order['asked']}", style="bold"))
    tree.add(f"order {order['order_id']} of run {story.run}, {order['market']}, {minute(order['at_ms'])} UTC")
    tree.add(f"it ended: {ending(order)}")
    if order["limits"]:
        branch = tree.add("made smaller by")
        for limit in order["limits"]:
            branch.add(limit)
    if order["follows"]:
        tree.add(f"it is the rest of {order['follows']}, which waited as a maker longer than patience allows")
    if story.decision is None:
        tree.add(Text(f"no rule asked for it; caused by {story.caused_by}", style="yellow"))
    else:
        _add_decision(tree.add(_title(story.decision)), story.decision)
    _add_afterwards(tree, story)
    return tree


def _title(decision: Plain) -> Text:
    text = Text(f"decision {decision['number']}: ")
    text.append(str(decision["rule"]), style="bold")
    text.append(f" of {decision['book']} {decision['symbol']}, {minute(decision['at_ms'])} UTC")
    return text


def _add_decision(tree: Tree, decision: Plain) -> None:
    tree.add(f"it stands in {decision['place']}, version {decision['version']}")
    if decision["why"]:
        tree.add(f"why: {decision['why']}")
    if decision["trace"] is not None:
        add(tree.add("what it saw"), trace_from_plain(decision["trace"]))
    arguments = ", ".join(f"{name} = {value}" for name, value in decision["arguments"].items())
    tree.add(f"it asked for {decision['trigger']}({arguments})")
    before, after = decision["before"], decision["after"]
    tree.add(f"state: {before} → {after}" if before != after else f"state: stayed {before}")
    for outcome in decision["outcomes"]:
        tree.add(Text(f"outcome: {outcome}", style="red" if decision["refused"] else ""))
    if decision["repeated"]:
        tree.add(f"the same happened {decision['repeated']} more times")


def _add_afterwards(tree: Tree, story: Story) -> None:
    for fill in story.fills:
        if fill["kind"] != "trade":
            tree.add(
                f"its {fill['kind']} was filled: {fill['side']} {fill['quantity']} at {price(Decimal(fill['price']))}, "
                f"{minute(fill['at_ms'])} UTC"
            )
    trade = story.trade
    if trade is not None:
        result = money(Decimal(trade["net"]), signed=True)
        tree.add(
            f"the position: {trade['direction']} from {minute(trade['entry_ms'])} ({trade['entry_rule']}) "
            f"to {minute(trade['exit_ms'])} ({trade['exit_rule']}), {result} USDT after costs"
        )
