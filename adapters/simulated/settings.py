"""How kind the simulated market is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.simulated.precision import ONE, ZERO
from adapters.simulated.slippage import BookDepthSlippage, FixedSlippage, Slippage


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """Costs of taking liquidity, as ratios.

    `slippage` worsens every taker's price. `depth` is added to it in proportion to the part of a candle's volume that
    is taken (zero: the same for every size). `volume_share` is the largest part of a candle's volume for one order.
    With `best_first` resting orders come before stops inside a candle, and a stop is not hit where one was filled.
    `earn_rates` are what coins that are lent out at Earn earn a year, `redeem_ms` is how long they take to come back.
    Raises ValueError for ratios that no market has.
    """

    slippage: Decimal = Decimal("0.0005")
    volume_share: Decimal = Decimal("0.10")
    depth: Decimal = ZERO
    best_first: bool = False
    earn_rates: Mapping[str, Decimal] = field(default_factory=dict)
    redeem_ms: int = 60_000

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not ZERO <= self.slippage + self.depth < ONE or min(self.slippage, self.depth) < ZERO:
            raise ValueError(
                f"Expected slippage and depth from 0 to less than 1 together, found {self.slippage} and {self.depth}; "
                "give them as ratios (0.0005 is 0.05 %)."
            )
        if not ZERO < self.volume_share <= ONE:
            raise ValueError(
                f"Expected a volume share over 0 and up to 1, found {self.volume_share}; give it as a ratio."
            )

    def model(self) -> Slippage:
        """Build the slippage model that these settings describe."""
        return BookDepthSlippage(self.slippage, self.depth) if self.depth else FixedSlippage(self.slippage)
