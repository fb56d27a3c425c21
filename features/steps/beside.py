"""Runs features that stand beside rule files, without any Python: `pytest -p features.steps.beside rules/`."""

from collections.abc import Generator, Iterator
from pathlib import Path
from textwrap import indent
from types import ModuleType

import pytest
from pytest_bdd.parser import Feature, Scenario, Step

import features.steps
from features.steps.fired import FIRED, Fired, never_fired

pytest_plugins = features.steps.pytest_plugins
FAILED = pytest.StashKey[str]()


class FeatureFile(pytest.Module):
    """A feature file as if it were a test module in which nothing but its scenarios stands."""

    def _getobj(self) -> ModuleType:
        module = ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        module.__dict__["path"] = str(self.path)
        exec("from pytest_bdd import scenarios\nscenarios(path)", module.__dict__)
        return module


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the folder of rule files be named."""
    parser.addoption(
        "--rules", type=Path, help="the folder of rule files that scenarios copy; the shipped one otherwise"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FeatureFile | None:
    """Take every feature file."""
    return FeatureFile.from_parent(parent, path=file_path) if file_path.suffix == ".feature" else None


def pytest_bdd_step_error(
    request: pytest.FixtureRequest, feature: Feature, scenario: Scenario, step: Step, exception: Exception
) -> None:
    """Remember where a scenario has failed."""
    sentence = str(exception).split("\nassert ", 1)[0]
    place = f"{feature.rel_filename}:{step.line_number}: {scenario.name}"
    request.node.stash[FAILED] = f"{place}\n    {step.keyword} {step.name}\n{indent(sentence, '    ')}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what failed in the words of the scenario: nobody who writes rules wants to read Python."""
    report = yield
    if report.failed and FAILED in item.stash:
        report.longrepr = item.stash[FAILED]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the rules that no scenario has fired, of the books that scenarios have used."""
    lines = list(_lines(config.stash.get(FIRED, {})))
    if lines:
        terminalreporter.section("rules that no scenario has fired")
        for line in lines:
            terminalreporter.write_line(line)


def _lines(fired: Fired) -> Iterator[str]:
    for book, rules in sorted(never_fired(fired).items()):
        yield f"{book}: {', '.join(rules) or 'every rule was fired'}"
