import pytest

from adapters.bybit.hosts import HostRefusedError, Mode, hosts_of

ELSEWHERE = [
    None,
    "https://api.bybit.com",
    "http://api.bybit.com:80",
    "http://10.0.0.7:8080",
    "http://127.0.0.1",
    "http://127.0.0.1:8080@evil.example:80",
    "http://user:password@127.0.0.1:8080",
    "http://127.0.0.1:8080/path",
    "http://127.0.0.1:99999",
    "https://127.0.0.1:8080",
    "http://localhost.evil.example:8080",
    "127.0.0.1:8080",
    "http://[::ffff:10.0.0.7]:8080",
]


@pytest.mark.spec("SEC-01")
@pytest.mark.parametrize("address", ELSEWHERE)
def test_the_local_mode_stays_on_this_machine(address: str | None) -> None:
    with pytest.raises(HostRefusedError, match="this machine only"):
        hosts_of(Mode.LOCAL, address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://[::1]:8080"])
def test_an_exchange_on_this_machine_is_taken(address: str) -> None:
    place = address.removeprefix("http://").rstrip("/")
    assert hosts_of(Mode.LOCAL, address).private == f"ws://{place}/v5/private"


@pytest.mark.parametrize("mode", [Mode.MAINNET, Mode.TESTNET, Mode.DEMO])
def test_real_keys_go_to_the_exchange_and_nowhere_else(mode: Mode) -> None:
    hosts = hosts_of(mode)
    assert all("bybit.com" in address for address in (hosts.rest, hosts.public, hosts.private))
    assert hosts_of(mode, hosts.rest) == hosts
    with pytest.raises(HostRefusedError, match="nobody else"):
        hosts_of(mode, "https://api.bybit.com.evil.example")
    with pytest.raises(HostRefusedError):
        hosts_of(mode, "http://127.0.0.1:8080")


def test_demo_accounts_trade_on_real_prices() -> None:
    assert hosts_of(Mode.DEMO).public == hosts_of(Mode.MAINNET).public
    assert hosts_of(Mode.DEMO).private != hosts_of(Mode.MAINNET).private
