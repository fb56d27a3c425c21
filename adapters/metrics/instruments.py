"""Every number that is shown, with its name, its unit and its labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

NETWORK_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
COMPUTING_S = (0.00001, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)


class Instruments:
    """The instruments of one engine, in a registry of their own; money in USDT, times in seconds."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"eternal_{name}", about, labels, registry=registry)

        def gauge(name: str, about: str, *labels: str) -> Gauge:
            return Gauge(f"eternal_{name}", about, labels, registry=registry)

        def histogram(name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"eternal_{name}", about, labels, buckets=buckets, registry=registry)

        self.build = gauge("build_info", "Always 1; the labels tell what runs.", "version", "python", "rules")
        self.trades = counter("trades_total", "Trades closed since the start.", "strategy", "symbol", "side")
        self.value = gauge("portfolio_value_usdt", "What an engine's account is worth.", "engine")
        self.profit = gauge("position_profit_usdt", "Unrealised profit of a position.", "engine", "symbol")
        self.drawdown = gauge("drawdown_ratio", "How far the portfolio is below its highest value.")
        self.level = gauge("breaker_level", "The breaker's level, 0 for normal to 4 for emergency.")
        self.threshold = gauge("breaker_threshold_ratio", "From which drawdown on a level holds.", "level")
        self.open_orders = gauge("open_orders", "Orders under way.", "engine")
        self.order_latency = histogram("order_latency_seconds", "From an order to its answer.", NETWORK_S)
        self.exchange_latency = histogram("exchange_latency_seconds", "From a question to its answer.", NETWORK_S)
        self.api_errors = counter("api_errors_total", "Answers of the exchange that were no success.", "kind")
        self.loop_lag = gauge("loop_lag_seconds", "How late the last second of the loop began.")
        self.feed_age = gauge("feed_age_seconds", "Since the last candle closed.", "symbol", "timeframe")
        self.evaluations = counter("rule_evaluations_total", "Rules looked at.", "book")
        self.evaluation = histogram("rule_evaluation_seconds", "For one pass over a book's rules.", COMPUTING_S, "book")
        self.alerts = counter("alerts_total", "Sentences for the operator.", "severity")
        self.steps = counter("steps_total", "Events taken in.", "event")
        self.ready = gauge("ready", "1 while everything that trading needs is there.")
