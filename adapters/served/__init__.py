"""Bybit V5 on loopback: our own exchange, as real clients see it over real sockets.

It translates between Bybit's wire and the model in `adapters.simulated`, and has no trading logic of its own. A test
starts it in a thread, on a market that stands still until it is told to go on:

    setting = Setting(load_instruments(), data, (from_ms, to_ms), {"main": {"USDT": Decimal(10_000)}, "trend": {}})
    with serve(setting) as served:
        session = HTTP(api_key=served.member("main").key, api_secret=served.member("main").secret)
        session.endpoint = served.http                   # WebSockets: served.websocket + "/v5/private"
        served.advance(3)                                # three candles end; orders now wait for the next first price
        served.advance(1, until="open")                  # that price; orders now fill at once
        served.fault("lost", endpoint="/v5/order/create", after=True)
        served.pull("deposit", account="trend", coin="USDT", amount="500")

`Setting.data` is `runtime.market_data.MarketData`; `Setting.speed` lets the market run by itself. The same levers are
reached over HTTP as `POST /control/advance`, `/control/faults`, `/control/lift`, `/control/drop`, `/control/deposit`,
`/control/liquidate`, `/control/key` and `GET /control/state`. `adapters.served.fault` tells what can go wrong.
"""
