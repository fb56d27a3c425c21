"""From the tree of the book of the life cycle to how long the engine waits."""

from dataclasses import replace
from typing import Any

from rules.language.document import Document, Scalar
from rules.language.findings import Finding, error
from rules.language.fingerprint import fingerprint
from rules.language.governance import Lifecycle
from rules.language.values import duration_in

WAITS = {
    "outage": ("pause_after", "alert_after"),
    "halt": ("cancels_within", "retry_after", "remind_every"),
    "reconciliation": ("look_every",),
}


def read_lifecycle(document: Document, findings: list[Finding]) -> Lifecycle:
    """Read how long the engine waits; what can't be read has been reported and keeps its default."""
    told: dict[str, Any] = {}
    for section, names in WAITS.items():
        for name in names:
            wait_ms = _wait(document.root.section(section).scalar(name), findings)
            if wait_ms is not None:
                told[f"{name}_ms"] = wait_ms
    lifecycle = Lifecycle(**told, file=document.file)
    _report_order(document, lifecycle, findings)
    return replace(lifecycle, version=fingerprint(lifecycle))


def _wait(scalar: Scalar | None, findings: list[Finding]) -> int | None:
    wait_ms = duration_in(scalar, findings)
    if scalar is not None and wait_ms is not None and wait_ms <= 0:
        sentence = f"`{scalar.value}` is out of range: more than zero is needed here."
        findings.append(error("R053", scalar.place, sentence))
        return None
    return wait_ms


def _report_order(document: Document, lifecycle: Lifecycle, findings: list[Finding]) -> None:
    """Nobody is told of an outage before it has paused anything."""
    scalar = document.root.section("outage").scalar("alert_after")
    if scalar is not None and lifecycle.alert_after_ms < lifecycle.pause_after_ms:
        sentence = "`alert_after` is shorter than `pause_after`, so the alert would come before the pause."
        findings.append(error("R053", scalar.place, sentence, "Make it at least as long."))
