"""The JSON Schema that gives editors completion and checks; `python -m rules.language.schema` renews the file."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from rules.language.form import FORMS

PATH = Path(__file__).parent.parent / "schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Give the schema of all rule files: each has the form of exactly one kind of book."""
    forms = list(FORMS.values())
    _, made = TypeAdapter.json_schemas([(form.__name__, "validation", TypeAdapter(form)) for form in forms])
    return {
        "$schema": DIALECT,
        "title": "Rule file of the Eternal Engine",
        "oneOf": [{"$ref": f"#/$defs/{form.__name__}"} for form in forms],
        "$defs": {name: _tidied(definition) for name, definition in sorted(made["$defs"].items())},
    }


def written() -> str:
    """Give the schema as it stands in its file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidied(part: Any) -> Any:
    """Leave out what says nothing to an author: made-up titles, and null for what is simply not there."""
    if isinstance(part, list):
        return [_tidied(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _tidied(value) for key, value in part.items() if not _says_nothing(key, value)}
    options = [option for option in kept.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return {**options[0], **{key: value for key, value in kept.items() if key != "anyOf"}}
    if options:
        kept["anyOf"] = options
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


def _says_nothing(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
