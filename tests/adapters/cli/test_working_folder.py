"""`eternal init` and `eternal doctor`, and what keeps real money from moving."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.cli.configuration import working_folder
from adapters.cli.failure import Failure
from adapters.cli.main import app
from adapters.cli.real_money import allowed
from adapters.cli.trading import Trading, trading_of
from tests.adapters.cli import running

Eternal = Callable[..., Any]


@pytest.fixture(scope="module")
def served(market: Path) -> Iterator[Any]:
    with running.exchange(market, "2021-03-01") as served:
        yield served


@pytest.fixture
def ready(eternal: Eternal, tmp_path: Path, served: Any, store: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder for the exchange, as `init` makes it, with the keys filled in."""
    assert (
        eternal("init", "work", "--yes", "--mode", "local", "--book", "core-hodl", "--book", "tactical").exit_code == 0
    )
    monkeypatch.setenv("DATABASE_URL", store)
    folder = tmp_path / "work"
    configuration = (folder / "eternal.yaml").read_text()
    (folder / "eternal.yaml").write_text(configuration.replace("http://127.0.0.1:8080", served.http))
    served.application.exchange.members.write(folder / "exchange-keys.json")
    return folder


@pytest.mark.spec("CLI-03")
def test_a_new_folder_lacks_nothing_but_keys_that_nobody_else_can_read(eternal: Eternal, tmp_path: Path) -> None:
    assert eternal("init", "work", "--yes").exit_code == 0
    folder = tmp_path / "work"
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    opened = working_folder(folder)
    trading = trading_of(opened)
    with pytest.raises(Failure, match=r"CORE_HODL_KEY and CORE_HODL_SECRET.*\.env"):
        opened.keys(trading.accounts[0])


def test_the_questions_of_init_have_answers(eternal: Eternal, tmp_path: Path) -> None:
    asked = CliRunner().invoke(app, ["init", "work"], input="local\ncore-hodl\n")
    assert asked.exit_code == 0, asked.output
    assert working_folder(tmp_path / "work").configuration.books == ("core-hodl",)


def test_nothing_that_is_there_is_overwritten(eternal: Eternal, tmp_path: Path) -> None:
    (tmp_path / "work" / "rules").mkdir(parents=True)
    (tmp_path / "work" / "rules" / "mine.yaml").write_text("book: mine")
    refused = eternal("init", "work", "--yes")
    assert (refused.exit_code, "found rules in work already" in refused.output) == (2, True)
    assert (tmp_path / "work" / "rules" / "mine.yaml").exists()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("mode: local", "mode: moon", "eternal.yaml: mode: Input should be"),
        ("rules: rules", "rulez: rules", "eternal.yaml: rulez: Extra inputs"),
        ("books: [core-hodl", "books: [funding, core-hodl", "Expected the keys of FUNDING in exchange-keys.json"),
        ("books: [core-hodl", "books: [core-hoddle", "core-hodl"),
    ],
)
def test_a_mistake_in_the_configuration_is_a_sentence(
    eternal: Eternal, ready: Path, right: str, wrong: str, said: str
) -> None:
    file = ready / "eternal.yaml"
    file.write_text(file.read_text().replace(right, wrong))
    ended = eternal("run", "work")
    assert ended.exit_code == 2
    assert said in ended.output
    assert "Traceback" not in ended.output


@pytest.mark.spec("SEC-01")
def test_the_doctor_finds_everything_in_order_and_then_what_is_not(eternal: Eternal, ready: Path, served: Any) -> None:
    well = eternal("doctor", "work")
    assert well.exit_code == 0, well.output
    assert "✗" not in well.output
    withdrawing = {"permissions": {"Wallet": ("Withdraw",), "Spot": ("SpotTrade",)}}
    before = served.member("TACTICAL").permissions
    served.pull("key", account="TACTICAL", **withdrawing)
    ill = eternal("doctor", "work")
    served.pull("key", account="TACTICAL", permissions=before)
    assert ill.exit_code == 1
    assert "The key of TACTICAL may withdraw money" in ill.output
    assert served.member("TACTICAL").secret not in ill.output


@pytest.mark.spec("SEC-01")
def test_one_key_for_two_accounts_is_found(eternal: Eternal, ready: Path, served: Any) -> None:
    keys = ready / "exchange-keys.json"
    keys.write_text(keys.read_text().replace(served.member("CORE-HODL").key, served.member("TACTICAL").key))
    keys.write_text(keys.read_text().replace(served.member("CORE-HODL").secret, served.member("TACTICAL").secret))
    ended = eternal("run", "work")
    assert ended.exit_code == 1
    assert "The keys of CORE-HODL and TACTICAL belong to the same account." in ended.output


# ── real money ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def live(eternal: Eternal, tmp_path: Path) -> Trading:
    assert eternal("init", "work", "--yes", "--mode", "live", "--book", "core-hodl").exit_code == 0
    return trading_of(working_folder(tmp_path / "work"))


def overriding(trading: Trading, *names: str) -> Trading:
    configuration = trading.folder.configuration.model_copy(update={"overrides": names})
    return replace(trading, folder=replace(trading.folder, configuration=configuration))


@pytest.mark.spec("PHASE-5")
def test_more_real_money_than_the_phase_allows_has_to_be_overridden_by_name(live: Trading) -> None:
    assert allowed(live, Decimal(9_000)) == ()
    with pytest.raises(Failure, match=r"foundation allows 10,?000 USDT.*overrides: \[foundation.capital\]"):
        allowed(live, Decimal(11_000))
    (told,) = allowed(overriding(live, "foundation.capital"), Decimal(11_000))
    assert told.startswith("The configuration overrides foundation.capital.")


@pytest.mark.spec("PHASE-5")
def test_real_money_never_moves_unasked(eternal: Eternal, live: Trading) -> None:
    ended = eternal("run", "work")
    assert (ended.exit_code, "--yes-real-money" in ended.output) == (2, True)
