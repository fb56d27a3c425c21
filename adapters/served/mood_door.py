"""How the crowd of a played market feels, as alternative.me tells it of the real one."""

from bisect import bisect_right

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.served.exchange import ServedExchange, Setting

FACT = "fear_greed"


class MoodDoor:
    """Tells the Fear & Greed index until the moment that the market has reached, the newest day first."""

    def __init__(self, exchange: ServedExchange, setting: Setting) -> None:
        self._exchange = exchange
        frame = setting.data.facts.get(FACT)
        self._days: list[tuple[int, float]] = [] if frame is None else frame.select("at_ms", "value").rows()

    async def answer(self, request: Request) -> Response:
        """Answer `/fng/?limit=1`; a limit of 0 asks for all there is."""
        limit = request.query_params.get("limit", "1")
        if not limit.isdecimal():
            return JSONResponse({"metadata": {"error": "limit: expected a number."}}, status_code=400)
        known = self._days[: bisect_right(self._days, (self._exchange.chart.reached_ms, float("inf")))]
        shown = known[-int(limit) :] if int(limit) else known
        data = [{"value": f"{value:g}", "timestamp": str(at_ms // 1000)} for at_ms, value in reversed(shown)]
        return JSONResponse({"name": "Fear and Greed Index", "data": data, "metadata": {"error": None}})
