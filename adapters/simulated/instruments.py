"""The instruments that the simulated exchange offers, read from a file beside this one."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from runtime.instrument import Instrument, Market

SHIPPED = Path(__file__).with_name("instruments.yaml")


class InstrumentFileError(ValueError):
    """The file of instruments lacks something that each instrument needs."""


def load_instruments(path: Path = SHIPPED) -> Mapping[tuple[Market, str], Instrument]:
    """Read the instruments by market and symbol.

    Raises InstrumentFileError where a market or an instrument is incomplete, OSError where there is no file.
    """
    # The base loader leaves every scalar as text: a number must never pass through a float on its way to Decimal.
    sections = YAML(typ="base").load(path.read_text(encoding="utf-8"))
    instruments = (
        _instrument(path, market, base, {**_shared(section), **own})
        for market, section in ((Market(name), section) for name, section in sections.items())
        for base, own in section["instruments"].items()
    )
    return {(instrument.market, instrument.symbol): instrument for instrument in instruments}


def _instrument(path: Path, market: Market, base: str, fields: Mapping[str, str]) -> Instrument:
    try:
        return Instrument(
            market=market,
            symbol=f"{base}{fields['quote']}",
            base=base,
            quote=fields["quote"],
            price_step=Decimal(fields["price_step"]),
            quantity_step=Decimal(fields["quantity_step"]),
            minimum_quantity=Decimal(fields.get("minimum_quantity", fields["quantity_step"])),
            minimum_notional=Decimal(fields["minimum_notional"]),
            maker_fee=Decimal(fields["maker_fee"]),
            taker_fee=Decimal(fields["taker_fee"]),
            maximum_leverage=Decimal(fields.get("maximum_leverage", "1")),
            maintenance_margin=Decimal(fields.get("maintenance_margin", "0")),
        )
    except KeyError as missing:
        sentence = f"{path}: {market} {base}: expected a value for {missing}, found none; add it."
        raise InstrumentFileError(sentence) from None


def _shared(section: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in section.items() if name != "instruments"}
