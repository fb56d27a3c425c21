"""Searches kept on disk: one folder each, with what was asked for, the rules, and every trial."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.places import shortened
from adapters.cli.plan import Plan
from adapters.cli.workbench import WorkOrder
from adapters.search.choosers import Method
from adapters.search.missing import SearchError
from adapters.search.search import Asked, Leg
from adapters.search.trial_file import trials_in
from runtime.aim import Aim
from runtime.search_space import Space
from runtime.trial import Tried

DOCUMENT = "search.json"
TRIALS = "trials.jsonl"
LAST = "last"
ID_LENGTH = 10


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """A search as it is kept: what was asked for, what all trials have in common, and when it began."""

    id: str
    folder: Path
    asked: Asked
    order: WorkOrder
    begun_ms: int

    @property
    def file(self) -> Path:
        """The file of its trials."""
        return self.folder / TRIALS

    @property
    def tried(self) -> list[Tried]:
        """The trials that have ended; fails where the file of them was changed into something else."""
        try:
            return trials_in(self.file)
        except SearchError as error:
            raise Failure(str(error)) from None

    def write(self) -> None:
        """Write what was asked for; a reader sees the old document or the new one, never half of one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{DOCUMENT}.new"
        draft.write_text(json.dumps(self._plain(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(draft, self.folder / DOCUMENT)

    def _plain(self) -> dict[str, Any]:
        asked = asdict(self.asked)
        return {
            "id": self.id,
            "begun_ms": self.begun_ms,
            "asked": {**asked, "space": {name: list(values) for name, values in self.asked.space.values.items()}},
            "order": {
                "plan": self.order.plan.to_plain(),
                "base": self.order.base,
                "name": self.order.name,
                "symbols": list(self.order.symbols),
                "rules": dict(self.order.rules),
            },
        }


def id_of(asked: Asked, order: WorkOrder, rules_version: str, data: str) -> str:
    """Name a search so that only the same question about the same rules and data has the name again.

    How many trials were asked for is no part of it: more of them go on where fewer have ended.
    """
    plan = {**order.plan.to_plain(), "rules": "", "data": ""}
    question = (replace(asked, most=0), plan, order.base, order.name, order.symbols, rules_version, data)
    return sha256(repr(question).encode()).hexdigest()[:ID_LENGTH]


def kept_searches(searches: Path) -> list[KeptSearch]:
    """Return all searches of a folder, the oldest first."""
    found = [kept_search(path.parent) for path in searches.glob(f"*/{DOCUMENT}")]
    return sorted(found, key=lambda one: (one.begun_ms, one.id))


def find(name: str, searches: Path) -> KeptSearch:
    """Return a search by its id, the start of its id, or `last`; fails with what is near for anything else."""
    kept = kept_searches(searches)
    if not kept:
        raise Failure(f"Expected a search in {searches}, found none. Make one with `eternal search BOOK`.")
    starting = [one for one in kept if one.id.startswith(name)]
    if name == LAST or len(starting) == 1:
        return kept[-1] if name == LAST else starting[0]
    names = [*(one.id for one in kept), LAST]
    raise Failure(f'Expected the id of a search, found "{name}". {near(name, names)}', ExitCode.USAGE)


def rules_in(folder: Path, without: str) -> tuple[tuple[str, str], ...]:
    """Read the rule files of a folder, except for one, by their paths below it."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in (".yaml", ".yml")]
    return tuple(
        (str(path.relative_to(folder)), path.read_text(encoding="utf-8"))
        for path in files
        if shortened(path) != without
    )


def kept_search(folder: Path) -> KeptSearch:
    """Read the search of a folder; fails where it holds something else."""
    try:
        plain = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        return KeptSearch(plain["id"], folder, _asked(plain["asked"]), _order(plain["order"]), plain["begun_ms"])
    except (ValueError, KeyError, TypeError):
        raise Failure(f"Expected a search in {folder}, found something else. Remove the folder.") from None


def _asked(plain: Mapping[str, Any]) -> Asked:
    return Asked(
        Space({name: tuple(values) for name, values in plain["space"].items()}),
        Method(plain["method"]),
        Aim(plain["aim"]),
        plain["seed"],
        plain["most"],
        tuple(Leg(**leg) for leg in plain["legs"]),
    )


def _order(plain: Mapping[str, Any]) -> WorkOrder:
    return WorkOrder(
        Plan.from_plain(plain["plan"]),
        plain["base"],
        plain["name"],
        tuple(plain["symbols"]),
        tuple(plain["rules"].items()),
    )
