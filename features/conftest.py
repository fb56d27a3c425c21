"""Makes the shipped sentences known to the features in this folder."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Load the sentences here only: tests of other folders don't need what they import."""
    config.pluginmanager.import_plugin("features.steps")
