"""The schema for editors is current, and takes what the shipped books say."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from rules.language.document import plain
from rules.language.form import FORMS
from rules.language.reading import read
from rules.language.rulebook import rule_files
from rules.language.schema import PATH, schema, written
from rules.language.shape import kind_of

RULES = Path(__file__).parents[3] / "rules"
SCHEMA = schema()
KINDS = {"string": str, "number": int | float, "boolean": bool, "array": list, "object": dict}
pytestmark = pytest.mark.spec("RULE-05")


def takes(part: dict[str, Any], value: Any) -> bool:
    """Say whether a schema takes a value; knows the words of JSON Schema that this schema uses, and no others."""
    return all(WORDS[word](said, value, part) for word, said in part.items())


def properties_fit(said: dict[str, Any], value: Any, _part: dict[str, Any]) -> bool:
    return not isinstance(value, dict) or all(takes(said[name], value[name]) for name in said if name in value)


def patterns_fit(said: dict[str, Any], value: Any, _part: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    return all(
        takes(inner, value[name]) for pattern, inner in said.items() for name in value if re.search(pattern, name)
    )


def no_others(_said: bool, value: Any, part: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    patterns = part.get("patternProperties", {})
    return all(name in part.get("properties", {}) or any(re.search(p, name) for p in patterns) for name in value)


def is_kind(said: str | list[str], value: Any, _part: dict[str, Any]) -> bool:
    kinds = [said] if isinstance(said, str) else said
    return any(isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds)


def definition(said: str, value: Any, _part: dict[str, Any]) -> bool:
    return takes(SCHEMA["$defs"][said.removeprefix("#/$defs/")], value)


WORDS: dict[str, Any] = {
    "$schema": lambda *_: True,
    "$defs": lambda *_: True,
    "title": lambda *_: True,
    "description": lambda *_: True,
    "$ref": definition,
    "type": is_kind,
    "properties": properties_fit,
    "patternProperties": patterns_fit,
    "additionalProperties": no_others,
    "propertyNames": lambda said, value, _: all(takes(said, name) for name in value),
    "required": lambda said, value, _: all(name in value for name in said),
    "items": lambda said, value, _: not isinstance(value, list) or all(takes(said, item) for item in value),
    "enum": lambda said, value, _: value in said,
    "const": lambda said, value, _: value == said,
    "pattern": lambda said, value, _: re.search(said, value) is not None,
    "anyOf": lambda said, value, _: any(takes(inner, value) for inner in said),
    "oneOf": lambda said, value, _: sum(takes(inner, value) for inner in said) == 1,
    "minLength": lambda said, value, _: len(value) >= said,
    "maxLength": lambda said, value, _: len(value) <= said,
    "minItems": lambda said, value, _: not isinstance(value, list) or len(value) >= said,
    "maxItems": lambda said, value, _: not isinstance(value, list) or len(value) <= said,
    "minProperties": lambda said, value, _: not isinstance(value, dict) or len(value) >= said,
    "maxProperties": lambda said, value, _: not isinstance(value, dict) or len(value) <= said,
}


def as_an_editor_reads(path: Path) -> Any:
    """Editors read YAML 1.2, in which a date is a text."""
    return as_texts(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))


def as_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_texts(inner) for inner in value]
    return str(value) if isinstance(value, date) else value


def test_the_file_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == written(), "renew it with `python -m rules.language.schema`"


@pytest.mark.parametrize("path", rule_files(RULES), ids=lambda path: path.name)
def test_the_shipped_books_fit(path: Path) -> None:
    assert takes(SCHEMA, as_an_editor_reads(path))


@pytest.mark.parametrize("path", rule_files(RULES), ids=lambda path: path.name)
def test_the_shipped_books_fit_the_forms_that_files_are_checked_with(path: Path) -> None:
    document, _ = read(path, str(path))
    assert document is not None
    kind = kind_of(document.root)
    assert kind is not None
    FORMS[kind].model_validate(plain(document.root))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("trend-1", "machine:", "machnie:"),
        ("trend-1", "market: linear", "market: liner"),
        ("trend-1", "    when: known(range)", "    whne: known(range)"),
        ("trend-1", "symbols: [BTCUSDT, ETHUSDT]", "symbols: BTCUSDT"),
        ("trend-1", "  fast: 50", "  fast: [50]"),
        ("trend-2", "params:", "facts: {a: 1}\nparams:"),
        ("breakers", "alert: P0", "alert: P9"),
        ("breakers", "clear_by: 2%", ""),
        ("pre-trade", "cap_by: position", "cap_by: positions"),
        ("shares", "shares:", "share:"),
        ("live", "environment:", "environmnet:"),
        ("live", "    params:", "    facts:"),
        ("live", "risk: 0.5%", "risk: [0.5%]"),
    ],
)
def test_a_mistake_of_form_does_not_fit(name: str, old: str, new: str) -> None:
    (path,) = RULES.rglob(f"{name}.yaml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    assert not takes(SCHEMA, YAML(typ="safe", pure=True).load(text.replace(old, new)))


def test_every_key_of_a_book_is_explained() -> None:
    engine = SCHEMA["$defs"]["EngineForm"]["properties"]
    assert [name for name, key in engine.items() if "description" not in key and "$ref" not in key] == ["mode"] or all(
        "description" in key for key in engine.values()
    )


def test_the_schema_is_plain_json() -> None:
    assert json.loads(written())["$schema"] == "https://json-schema.org/draft/2020-12/schema"
