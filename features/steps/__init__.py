"""The sentences that features are made of, shipped so that users can write their own.

In the conftest.py of a project: `pytest_plugins = ["features.steps"]`.
"""

pytest_plugins = [
    "features.steps.books",
    "features.steps.edits",
    "features.steps.market",
    "features.steps.money",
    "features.steps.orders",
    "features.steps.outside",
    "features.steps.past",
    "features.steps.reasons",
    "features.steps.scene",
    "features.steps.states",
]
