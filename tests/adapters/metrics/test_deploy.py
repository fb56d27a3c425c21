"""The dashboard and the alert rules speak of numbers that exist, and show all of them."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from adapters.metrics.instruments import Instruments
from rules.language.routes import SEVERITIES

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
ALERTS = YAML(typ="safe").load((DEPLOY / "prometheus-alerts.yaml").read_text(encoding="utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
NAME = re.compile(r"\beternal_\w+")
LABELS = re.compile(r"\bby \(([^)]*)\)|\{(\w+)=|\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
pytestmark = pytest.mark.spec("OBS-01")


def known() -> dict[str, set[str]]:
    """Give the names that Prometheus sees, by the instrument that they belong to."""
    families = Instruments().registry.collect()
    return {family.name: {f"{family.name}{suffix}" for suffix in SUFFIXES[family.type]} for family in families}


def expressions() -> list[str]:
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*shown, *(rule["expr"] for rule in RULES)]


def test_every_name_exists() -> None:
    names = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(names) > 15
    assert names <= set().union(*known().values())


def test_every_instrument_is_on_the_dashboard() -> None:
    shown = {name for panel in DASHBOARD["panels"] for t in panel["targets"] for name in NAME.findall(t["expr"])}
    assert not [name for name, all_names in known().items() if not all_names & shown]


def test_every_label_exists() -> None:
    texts = [t["expr"] + t["legendFormat"] for panel in DASHBOARD["panels"] for t in panel["targets"]]
    texts += [rule["expr"] + rule["annotations"]["summary"] for rule in RULES]
    found = {name.strip() for text in texts for match in LABELS.findall(text) for name in "".join(match).split(",")}
    instruments = [value for value in vars(Instruments()).values() if hasattr(value, "_labelnames")]
    assert found - {"le"} <= {label for instrument in instruments for label in instrument._labelnames}


def test_every_panel_and_every_alert_says_what_it_means() -> None:
    assert all(panel["title"] and panel["description"].endswith(".") for panel in DASHBOARD["panels"])
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES)
    assert {rule["labels"]["severity"] for rule in RULES} <= set(SEVERITIES)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
