"""The sentences that features are made of, shipped so that users can write their own.

In the conftest.py of a project: `pytest_plugins = ["features.steps"]`. README.md beside this file lists them.
"""

# In an order in which each is loaded before another one needs it.
pytest_plugins = [
    "features.steps.scene",
    "features.steps.books",
    "features.steps.edits",
    "features.steps.past",
    "features.steps.rule_changes",
    "features.steps.market",
    "features.steps.outside",
    "features.steps.states",
    "features.steps.orders",
    "features.steps.pairs",
    "features.steps.connection",
    "features.steps.reasons",
    "features.steps.alerts",
    "features.steps.money",
    "features.steps.loans",
    "features.steps.operating",
    "features.steps.growth",
    "features.steps.doubts",
    "features.steps.searching",
    "features.steps.recorded",
    "features.steps.engines",
    "features.steps.live",
    "features.steps.live_faults",
    "features.steps.live_database",
    "features.steps.live_seen",
    "features.steps.live_loans",
]
