import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli import saved
from adapters.cli.failure import ExitCode, Failure
from rules.language.explain import Explained


def traces(plain: dict) -> Iterator[dict]:
    yield plain
    for child in plain["children"]:
        yield from traces(child)


@pytest.fixture
def runs(kept: Path) -> Path:
    return kept / "runs"


@pytest.mark.spec("RULE-10")
def test_every_decision_is_kept_with_what_it_saw(runs: Path) -> None:
    decisions = saved.find("last", runs).document["decisions"]
    assert decisions
    assert all(one["trace"]["text"] for one in decisions if one["rule"].startswith(("entries.", "exits.", "triggers.")))


def test_a_trace_comes_back_as_it_was_kept(runs: Path) -> None:
    kept = [one["trace"] for one in saved.find("last", runs).document["decisions"] if one["trace"] is not None]
    assert kept
    assert [saved.trace_to_plain(saved.trace_from_plain(trace)) for trace in kept] == kept


def test_exact_numbers_come_back_exact() -> None:
    trace = Explained("a", Decimal("0.10"), "ratio", (Explained("b", 1.5, "number"), Explained("c", "long", "enum")))
    assert saved.trace_from_plain(json.loads(json.dumps(saved.trace_to_plain(trace)))) == trace


def test_a_run_is_found_by_id_by_its_start_by_path_and_as_the_last(runs: Path) -> None:
    run = saved.find("last", runs)
    for name in (run.id, run.id[:4], str(run.folder), str(run.folder / "run.json")):
        assert saved.find(name, runs).id == run.id


def test_the_last_run_is_the_one_kept_last(runs: Path, tmp_path: Path) -> None:
    run = saved.find("last", runs)
    for name, at_s in (("bbb", 3), ("aaa", 9), ("ccc", 6)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(json.dumps({**run.document, "id": name}), encoding="utf-8")
        os.utime(tmp_path / name / "run.json", (at_s, at_s))
    assert saved.find("last", tmp_path).id == "aaa"


def test_the_rules_that_a_run_used_are_kept_with_it(runs: Path) -> None:
    run = saved.find("last", runs)
    assert (run.rules / "engines/trend-1.yaml").is_file()
    assert run.plan.books == ("core-hodl", "trend-1", "trend-2", "tactical")


def test_an_unknown_run_is_refused_with_what_there_is(runs: Path) -> None:
    with pytest.raises(Failure, match="last") as refusal:
        saved.find("nothing", runs)
    assert refusal.value.code is ExitCode.USAGE


def test_without_any_run_the_way_to_make_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="eternal backtest"):
        saved.find("last", tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"id": 1', '{"settings": {}}', "\x00"])
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Failure, match="found something else"):
        saved.find(str(path), tmp_path)
