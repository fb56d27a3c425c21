"""Findings for people, for programs, and for tools that review code."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from rules.language.codes import ALL_CODES
from rules.language.findings import Finding, Severity
from rules.language.source import Place

JSON_VERSION = 1
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
TOOL = "eternal rules check"
_INDENT = "    "
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9/._~-]")


def as_text(findings: Sequence[Finding]) -> str:
    """Write each finding with its line, the place underlined and what to write instead; then how many there are."""
    return "\n".join([*(_paragraph(finding) for finding in findings), summary(findings)])


def summary(findings: Iterable[Finding]) -> str:
    """Say how many errors and warnings there are."""
    severities = [finding.severity for finding in findings]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    if not severities:
        return "No mistakes were found."
    parts = [_counted(errors, "error"), _counted(warnings, "warning")]
    return ", ".join(part for part in parts if part) + "."


def as_json(findings: Sequence[Finding]) -> str:
    """Write findings as JSON: `version` says which form this is, lines and columns count from 1."""
    content = {
        "version": JSON_VERSION,
        "errors": sum(finding.severity is Severity.ERROR for finding in findings),
        "warnings": sum(finding.severity is Severity.WARNING for finding in findings),
        "findings": [_object(finding) for finding in findings],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def as_sarif(findings: Sequence[Finding]) -> str:
    """Write findings as SARIF 2.1.0, with the other places as related locations."""
    codes = sorted({finding.code for finding in findings})
    rules = [{"id": code, "shortDescription": {"text": ALL_CODES.get(code, code)}} for code in codes]
    run = {
        "tool": {"driver": {"name": TOOL, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.code)) for finding in findings],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _paragraph(finding: Finding) -> str:
    kind = "warning: " if finding.severity is Severity.WARNING else ""
    lines = [f"{finding.place}  {finding.code}  {kind}{finding.sentence}"]
    lines += [_INDENT + line for line in finding.marked.split("\n") if finding.marked]
    lines += [_INDENT + finding.suggestion] if finding.suggestion else []
    lines += [f"{_INDENT}See also {place}." for place in finding.also]
    return "\n".join(lines) + "\n"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def _object(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        **_location(finding.place),
        "sentence": finding.sentence,
        "suggestion": finding.suggestion,
        "marked": finding.marked,
        "also": [_location(place) for place in finding.also],
    }


def _location(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "length": place.length}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    text = f"{finding.sentence} {finding.suggestion}".strip()
    result = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": _physical(finding.place)}],
    }
    if finding.also:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(place), "message": {"text": "This has to do with it."}}
            for number, place in enumerate(finding.also, 1)
        ]
    return result


def _physical(place: Place) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    return {"artifactLocation": {"uri": _uri(place.file)}, "region": region}


def _uri(file: str) -> str:
    """Write a file name as part of an address: other signs than plain ones as their bytes."""
    return _NOT_PLAIN.sub(
        lambda sign: "".join(f"%{byte:02X}" for byte in sign.group().encode()), file.replace("\\", "/")
    )
