"""An account is brought to nothing with keys alone: no engine, no store."""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.bybit.client import Client
from adapters.cli.main import app
from runtime.events import Fill, OrderAccepted, StopPlaced
from runtime.instrument import Market
from runtime.requests import EarnOrder, EarnSide, OrderType, PlaceOrder, Side, TimeInForce

pytestmark = pytest.mark.spec("LIFE-06")
BREAK = ("break-glass", "--mode", "local", "--key-from", "GLASS_KEY", "--secret-from", "GLASS_SECRET")
ENTRY = PlaceOrder(
    "trend-a-1",
    "trend",
    Market.LINEAR,
    "BTCUSDT",
    Side.BUY,
    OrderType.MARKET,
    TimeInForce.IOC,
    quantity=Decimal("0.01"),
    stop_loss=Decimal(25000),
)
Break = Callable[..., Result]
PAGE = Path(__file__).resolve().parents[3] / "docs" / "operating.md"


@pytest.fixture
def break_glass(life: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Run the command with the keys of the trend account, in a folder where nothing is."""
    monkeypatch.chdir(tmp_path)
    use(life, "trend", monkeypatch)
    return lambda *words: CliRunner().invoke(app, [*BREAK, "--exchange", life.served.http, *words])


def use(life: Any, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = life.keys(account)
    monkeypatch.setenv("GLASS_KEY", keys.key)
    monkeypatch.setenv("GLASS_SECRET", keys.secret)


def resting(order_id: str, **changes: Any) -> PlaceOrder:
    changes = {"order_type": OrderType.LIMIT, "time_in_force": TimeInForce.GTC, "stop_loss": None, **changes}
    return replace(ENTRY, order_id=order_id, **changes)


def size(life: Any) -> Decimal:
    """The size that the exchange shows of the trend account's position."""
    client = Client(life.hosts, life.keys("trend"))
    try:
        found = client.call("get_positions", category="linear", symbol="BTCUSDT").result["list"]
        return Decimal(found[0]["size"])
    finally:
        client.close()


def orders(life: Any, account: str = "trend") -> list[str]:
    client = Client(life.hosts, life.keys(account))
    try:
        found = client.call("get_open_orders", category="linear", settleCoin="USDT").result["list"]
        return sorted(order["orderLinkId"] for order in found if order["orderLinkId"])
    finally:
        client.close()


@pytest.fixture
def exposed(life: Any, heard: Any) -> None:
    """A position with a stop, an entry that waits, and an exit that waits; nothing of it is anybody's any more."""
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    bybit.send(ENTRY)
    heard.one(Fill)
    heard.one(StopPlaced)
    bybit.send(resting("trend-b-1", price=Decimal(20000)))
    bybit.send(resting("trend-c-1", price=Decimal(90000), side=Side.SELL, reduce_only=True))
    heard.until(lambda event: isinstance(event, OrderAccepted) and event.order_id in {"trend-b-1", "trend-c-1"}, 2)


@pytest.mark.usefixtures("exposed")
def test_without_a_word_more_it_only_tells(life: Any, break_glass: Break) -> None:
    ended = break_glass()
    assert ended.exit_code == 1
    assert "position: long 0.01 BTCUSDT, stop 25000" in ended.stdout
    assert "order trend-b-1: buy 0.01 BTCUSDT at 20000 (linear)" in ended.stdout
    assert "order trend-c-1: sell 0.01 BTCUSDT at 90000 (linear, only reduces)" in ended.stdout
    assert "Nothing was done. Do it with --confirm." in ended.stderr
    assert size(life) == Decimal("0.01")
    assert orders(life) == ["trend-b-1", "trend-c-1"]


@pytest.mark.usefixtures("exposed")
def test_confirmed_everything_is_cancelled_and_closed_and_the_exchange_says_zero(life: Any, break_glass: Break) -> None:
    ended = break_glass("--confirm")
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.splitlines()[-1] == "Nothing is left: the exchange says zero."
    assert size(life) == 0
    assert orders(life) == []
    assert break_glass().exit_code == 0


@pytest.mark.usefixtures("exposed")
def test_the_commands_of_the_page_about_operating_run(
    life: Any, break_glass: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREND_KEY", life.keys("trend").key)
    monkeypatch.setenv("TREND_SECRET", life.keys("trend").secret)
    lines = re.findall(r"^\$ eternal (break-glass .+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    here = [["local" if word == "demo" else word for word in shlex.split(line)] for line in lines]
    codes = [CliRunner().invoke(app, [*words, "--exchange", life.served.http]).exit_code for words in here]
    assert codes == [1, 0]
    assert size(life) == 0


@pytest.mark.usefixtures("exposed")
def test_a_lost_answer_closes_no_more_than_there_is(life: Any, break_glass: Break) -> None:
    life.served.fault("lost", endpoint="/v5/order/create", after=True)
    ended = break_glass("--confirm")
    assert ended.exit_code == 0, ended.output
    assert "no answer" in ended.stdout or "says nothing of the request" in ended.stdout
    assert size(life) == 0


@pytest.mark.spec("CORE-14")
def test_coins_that_are_lent_out_are_called_home_and_sold_when_they_are_there(
    life: Any, heard: Any, break_glass: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    life.served.pull("offer", rate="0.03")
    life.served.pull("deposit", account="core", coin="BTC", amount="0.5")
    bybit = life.begin(lends={"core": ("BTC",)})
    life.until_whole()
    bybit.send(EarnOrder("loan-1", "core", "BTC", Decimal("0.4"), EarnSide.STAKE))
    heard.until(lambda event: isinstance(event, OrderAccepted) and event.order_id == "loan-1")
    use(life, "core", monkeypatch)
    assert "at Earn: 0.4 BTC" in break_glass("--coins").stdout
    waiting = break_glass("--coins", "--confirm", "--wait", "1")
    assert waiting.exit_code == 1
    assert waiting.stdout.count("take 0.4 BTC back from Earn") == 1
    assert "on its way back from Earn: 0.4 BTC" in waiting.stdout
    life.served.advance(1, until="open")
    ended = break_glass("--coins", "--confirm")
    assert ended.exit_code == 0, ended.output
    assert life.served.application.exchange.live.model.owned("core")["BTC"] < Decimal("0.000001")


def test_coins_are_sold_only_when_asked_for(
    life: Any, heard: Any, break_glass: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    bybit = life.begin()
    life.until_whole()
    life.served.advance(1, until="open")
    spot = {"account": "core", "market": Market.SPOT, "stop_loss": None, "quantity": None}
    bybit.send(replace(ENTRY, order_id="core-a-1", quote_amount=Decimal(1000), **spot))
    heard.one(Fill)
    use(life, "core", monkeypatch)
    assert break_glass("--confirm").exit_code == 0
    told = break_glass("--coins")
    assert told.exit_code == 1
    assert " BTC" in told.stdout
    ended = break_glass("--coins", "--confirm")
    assert ended.exit_code == 0, ended.output
    assert "sell 0.0" in ended.stdout
    client = Client(life.hosts, life.keys("core"))
    wallet = client.call("get_wallet_balance", accountType="UNIFIED").result["list"][0]["coin"]
    client.close()
    assert {coin["coin"]: Decimal(coin["walletBalance"]) for coin in wallet}.get("BTC", Decimal(0)) < Decimal("0.0001")


# ── an exchange that answers as it likes ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def strange(exchange: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Run the command against an exchange that a test lets speak."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLASS_KEY", "key")
    monkeypatch.setenv("GLASS_SECRET", "secret")
    exchange.good("/v5/market/time", {"timeNano": "1750000000000000000"})
    exchange.good("/v5/user/query-api", {"userID": 7, "readOnly": 0})
    exchange.good("/v5/order/realtime", {"list": []})
    exchange.good("/v5/account/wallet-balance", {"list": [{"coin": []}]})
    sizes = {"qtyStep": "0.001", "minOrderQty": "0.001", "maxMktOrderQty": "0.004"}
    exchange.good("/v5/market/instruments-info", {"list": [{"lotSizeFilter": sizes}]})
    exchange.good("/v5/order/create", {"orderId": "1"})
    return lambda *words: CliRunner().invoke(app, [*BREAK, "--exchange", exchange.hosts.rest, *words])


def shown(quantity: str, side: str = "Sell") -> dict[str, Any]:
    row = {"symbol": "BTCUSDT", "side": side, "size": quantity, "avgPrice": "1", "stopLoss": "2", "leverage": "1"}
    return {"list": [{**row, "liqPrice": ""}]}


def test_a_position_that_is_not_shown_any_more_is_not_taken_for_closed(exchange: Any, strange: Break) -> None:
    exchange.good("/v5/position/list", shown("0.003"), shown("0.003"), {"list": []})
    ended = strange("--confirm", "--wait", "1")
    assert ended.exit_code == 3
    assert "nobody knows what is left" in ended.stderr


def test_a_short_is_bought_back_in_parts_that_the_exchange_takes_and_never_otherwise_than_reducing(
    exchange: Any, strange: Break
) -> None:
    exchange.good("/v5/position/list", *(shown(left) for left in ("0.006", "0.006", "0.002", "0")))
    ended = strange("--confirm")
    assert ended.exit_code == 0, ended.output
    sent = exchange.asked_of("/v5/order/create")
    assert [(one["side"], one["qty"], one["reduceOnly"]) for one in sent] == [
        ("Buy", "0.004", True),
        ("Buy", "0.002", True),
    ]
    assert len({one["orderLinkId"] for one in sent}) == 2


def test_what_can_not_be_closed_in_time_is_told_with_its_stop(exchange: Any, strange: Break) -> None:
    exchange.good("/v5/position/list", shown("0.003"))
    ended = strange("--confirm", "--wait", "1")
    assert ended.exit_code == 1
    assert "position: short 0.003 BTCUSDT, stop 2" in ended.stdout
    assert "This is left after 1 s" in ended.stderr


def test_keys_and_address_have_to_be_right_before_anything_is_asked(
    exchange: Any, strange: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = CliRunner().invoke(app, [*BREAK, "--exchange", "http://example.com:80", "--confirm"])
    assert elsewhere.exit_code == 2
    monkeypatch.delenv("GLASS_SECRET")
    lacking = strange("--confirm")
    assert lacking.exit_code == 2
    assert "found nothing in GLASS_SECRET" in lacking.stderr
    assert exchange.asked == []
    monkeypatch.setenv("GLASS_SECRET", "secret")
    exchange.good("/v5/user/query-api", {"userID": 7, "readOnly": 1})
    assert "may only read" in strange("--confirm").stderr
    assert exchange.asked_of("/v5/order/create") == []
