"""A mistake in one book's file is that book's alone; one that concerns others keeps everything from being in force."""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from rules.language.findings import Finding
from rules.language.rulebook import Rulebook, load, rule_files
from rules.language.sparing import Spared, spare
from runtime.facts import vocabulary_for

pytestmark = pytest.mark.spec("ORCH-05")
RULES = Path(__file__).parents[3] / "rules"
FILES = ("engines/trend-1.yaml", "engines/trend-2.yaml", "engines/tactical.yaml", "governance/breakers.yaml")
LIVE = "environment: live\nabout: Less risk.\nbooks:\n  trend-1:\n    params: {risk: 0.5%}\n"
BAD = ("slow: 200", "slow: slow")
Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(RULES / name, tmp_path / name)
    (tmp_path / "live.yaml").write_text(LIVE)
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Edit:
    def change(file: str, right: str, wrong: str) -> None:
        text = (folder / file).read_text()
        assert right in text
        (folder / file).write_text(text.replace(right, wrong))

    return change


@pytest.fixture
def kept(folder: Path, edit: Edit) -> dict[str, str]:
    """What was last in force: everything before it was edited."""
    return {str(path): path.read_text() for path in rule_files(folder)}


def again(
    paths: Sequence[Path], instead: Mapping[str, str] | None = None, left_out: Collection[str] = ()
) -> tuple[Rulebook | None, list[Finding]]:
    return load(paths, MACHINES, vocabulary_for, "live", instead or {}, left_out)


def spared(folder: Path, kept: Mapping[str, str]) -> Spared | None:
    paths = rule_files(folder)
    rulebook, findings = again(paths)
    assert rulebook is None
    return spare(paths, findings, kept, (), again)


def test_a_book_with_a_bad_file_is_in_force_as_it_last_was(folder: Path, edit: Edit, kept: Mapping[str, str]) -> None:
    before, _ = again(rule_files(folder))
    edit("engines/tactical.yaml", "machine: tactical", "machine: tactcal")
    found = spared(folder, kept)
    assert before is not None
    assert found is not None
    assert found.rulebook == before
    assert found.texts == kept
    (fault,) = found.faults
    assert (fault.book, fault.account, fault.runs) == ("tactical", "TACTICAL", True)
    assert fault.reason.startswith(f"{folder}/engines/tactical.yaml:3:10: R031 There is no machine `tactcal`.")


def test_what_others_were_changed_to_is_in_force(folder: Path, edit: Edit, kept: Mapping[str, str]) -> None:
    edit("engines/tactical.yaml", "machine: tactical", "machine: tactcal")
    edit("engines/trend-1.yaml", "about: Follow", "about: Run after")
    edit("live.yaml", "0.5%", "0.7%")
    found = spared(folder, kept)
    assert found is not None
    assert [fault.book for fault in found.faults] == ["tactical"]
    risks = {found.rulebook.books[name].params["risk"].value for name in ("trend-1", "trend-2")}
    assert risks == {Decimal("0.007")}


def test_without_a_former_version_it_is_left_out_though_others_speak_of_it(folder: Path, edit: Edit) -> None:
    edit("engines/trend-1.yaml", *BAD)
    found = spared(folder, {})
    assert found is not None
    assert set(found.rulebook.books) == {"tactical"}
    assert {(fault.book, fault.account, fault.runs) for fault in found.faults} == {
        ("trend-1", "TREND-1", False),
        ("trend-2", "TREND-2", False),
    }
    assert not any("trend" in name for name in found.texts)


def test_a_book_whose_file_is_gone_runs_as_it_was_where_somebody_wants_it(
    folder: Path, kept: Mapping[str, str]
) -> None:
    (folder / "engines" / "tactical.yaml").unlink()
    paths = rule_files(folder)
    found = spare(paths, [], kept, ("tactical", "trend-1"), again)
    assert found is not None
    assert found.texts == kept
    assert [fault.reason for fault in found.faults] == [f"{folder}/engines/tactical.yaml: The file is gone."]
    assert spare(paths, [], kept, ("trend-1",), again) is None
    assert spare(paths, [], {}, ("tactical", "trend-1"), again) is None


def test_a_file_that_was_moved_is_known_by_the_name_of_its_book(
    folder: Path, edit: Edit, kept: Mapping[str, str]
) -> None:
    edit("engines/tactical.yaml", "machine: tactical", "machine: tactcal")
    (folder / "engines" / "tactical.yaml").rename(folder / "dips.yaml")
    found = spared(folder, kept)
    assert found is not None
    assert [(fault.book, fault.runs) for fault in found.faults] == [("tactical", True)]


@pytest.mark.parametrize("content", ["", "\x00", "book: [", "machine: trend\n"])
def test_whatever_became_of_a_file_its_book_runs_as_it_was(folder: Path, kept: Mapping[str, str], content: str) -> None:
    (folder / "engines" / "tactical.yaml").write_text(content)
    found = spared(folder, kept)
    assert found is not None
    assert [(fault.book, fault.runs) for fault in found.faults] == [("tactical", True)]


@pytest.mark.parametrize("before", [True, False])
def test_an_heir_alone_is_to_blame_for_what_only_it_makes_wrong(
    folder: Path, edit: Edit, kept: Mapping[str, str], before: bool
) -> None:
    edit("engines/trend-2.yaml", "slow: 100", "slow: 10%")
    found = spared(folder, kept if before else {})
    assert found is not None
    assert [(fault.book, fault.runs) for fault in found.faults] == [("trend-2", before)]


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("governance/breakers.yaml", "ladder:", "laddr:"),
        ("governance/breakers.yaml", "ladder:", "extends:"),
        ("governance/breakers.yaml", "book: breakers", "machine: trend"),
        ("live.yaml", "trend-1:", "trend-9:"),
        ("engines/tactical.yaml", "machine: tactical", "shares: tactical"),
    ],
)
def test_what_concerns_others_is_nobodys_alone(
    folder: Path, edit: Edit, kept: Mapping[str, str], file: str, right: str, wrong: str
) -> None:
    edit(file, right, wrong)
    assert spared(folder, kept) is None
    assert spared(folder, {}) is None


def test_two_mistakes_of_which_one_concerns_all_keep_everything_from_being_in_force(
    folder: Path, edit: Edit, kept: Mapping[str, str]
) -> None:
    edit("engines/trend-1.yaml", *BAD)
    edit("governance/breakers.yaml", "at: 10%", "at: 10")
    assert spared(folder, kept) is None
