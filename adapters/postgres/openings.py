"""From where on an engine went on, with which rules, candles and memory: what a replay needs besides the journal."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from adapters.postgres.connection import Connection
from rules.language.rulebook import Rulebook
from runtime.codec import from_plain, to_plain
from runtime.engine import Engine
from runtime.events import Candle
from runtime.instrument import Instrument, Market
from runtime.market_data import CANDLE_SCHEMA, Key

Instruments = Mapping[tuple[Market, str], Instrument]
KEY_COLUMNS = ("market", "symbol", "timeframe")
KEPT_CANDLES = 4_000
"""As many as a start asks for: an engine that runs for years must not remember more than one that has just begun."""
READ = "SELECT seq, rules, books, instruments, state, candles FROM openings ORDER BY number"
STATES = "SELECT seq, rules, books, instruments, state FROM openings WHERE seq >= %s ORDER BY number"
WRITE = """
INSERT INTO openings (seq, rules, books, instruments, state, candles) VALUES (%s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """The rule files of one version: their text by the path that decisions name them with."""

    version: str
    environment: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Opening:
    """The engine as it was before the entry after `seq`.

    `state` is what `Engine.to_plain` gave; `candles` are the finished ones that it had seen until then, `later` those
    of them that came one by one, in their order.
    """

    seq: int
    rules: str
    books: Sequence[str]
    instruments: Instruments
    state: Mapping[str, Any]
    candles: Mapping[Key, pl.DataFrame]
    later: Sequence[Candle] = ()

    def engine(self, rulebook: Rulebook) -> Engine:
        """Make the engine that stands where this one stood."""
        engine = Engine.from_plain(rulebook, self.books, self.instruments, self.state)
        engine.world.histories.bound(KEPT_CANDLES)
        for key, frame in self.candles.items():
            history = engine.world.histories.history(*key)
            history.preload(frame)
            history.advance_to(frame.item(-1, "close_ms") if frame.height else 0)
        for candle in self.later:
            engine.world.histories.append(candle)
        return engine


def write_opening(connection: Connection, opening: Opening, rules: RuleFiles) -> None:
    """Keep an opening and, unless they are kept already, the rule files in force."""
    files = json.dumps(dict(rules.texts))
    with connection.transaction():
        connection.execute(
            "INSERT INTO rulebooks (version, environment, files) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (rules.version, rules.environment, files),
        )
        instruments = json.dumps([to_plain(instrument) for instrument in opening.instruments.values()])
        # The order of names is part of what an engine remembers, so the text is kept as it is.
        state = json.dumps(opening.state, allow_nan=False)
        books = json.dumps(list(opening.books))
        values = (opening.seq, opening.rules, books, instruments, state, packed(opening.candles))
        connection.execute(WRITE, values)


def openings(connection: Connection) -> Iterator[Opening]:
    """Yield the openings in the order in which they were written."""
    for seq, rules, books, instruments, state, candles in connection.execute(READ):
        yield Opening(seq, rules, books, _by_key(instruments), state, unpacked(candles))


def states_since(connection: Connection, seq: int) -> Iterator[Opening]:
    """Yield the openings from an entry on without their candles, which only an engine needs."""
    for at, rules, books, instruments, state in connection.execute(STATES, (seq,)):
        yield Opening(at, rules, books, _by_key(instruments), state, {})


def _by_key(instruments: Sequence[Any]) -> Instruments:
    known = [from_plain(Instrument, one) for one in instruments]
    return {(one.market, one.symbol): one for one in known}


def rule_files(connection: Connection, version: str) -> RuleFiles | None:
    """Return the rule files of a version, or None where they were never in force."""
    row = connection.execute("SELECT environment, files FROM rulebooks WHERE version = %s", (version,)).fetchone()
    return None if row is None else RuleFiles(version, row[0], row[1])


def packed(candles: Mapping[Key, pl.DataFrame]) -> bytes:
    """Write all candles as one Parquet file."""
    frames = [
        frame.select(
            *(pl.lit(str(part)).alias(name) for name, part in zip(KEY_COLUMNS, key, strict=True)),
            *(pl.col(name).cast(kind) for name, kind in CANDLE_SCHEMA.items()),
        )
        for key, frame in candles.items()
    ]
    file = io.BytesIO()
    pl.concat(frames or [pl.DataFrame()]).write_parquet(file)
    return file.getvalue()


def unpacked(packed: bytes) -> dict[Key, pl.DataFrame]:
    """Read what `packed` wrote."""
    frame = pl.read_parquet(io.BytesIO(packed))
    if not frame.width:
        return {}
    parts = frame.partition_by(KEY_COLUMNS, as_dict=True, include_key=False, maintain_order=True)
    return {(Market(str(m)), str(s), str(t)): part for (m, s, t), part in parts.items()}
