"""From where on an engine went on, with which rules, candles and memory: what a replay needs besides the journal."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import polars as pl

from adapters.postgres.connection import Connection
from adapters.postgres.failure import StoreError
from rules.language.rulebook import Rulebook
from runtime.codec import from_plain, to_plain
from runtime.engine import Engine
from runtime.events import CandleClose, RulesReloaded
from runtime.instrument import Instrument, Market
from runtime.library import NO_LIBRARY, Library
from runtime.market_data import CANDLE_SCHEMA, Key

Instruments = Mapping[tuple[Market, str], Instrument]
KEY_COLUMNS = ("market", "symbol", "timeframe")
KEPT_CANDLES = 4_000
"""As many as a start asks for: an engine that runs for years must not remember more than one that has just begun."""
READ = "SELECT seq, rules, books, instruments, state, candles FROM openings ORDER BY number"
KEEP_RULES = "INSERT INTO rulebooks (name, environment, files) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
KEEP_CANDLES = "INSERT INTO rule_candles (name, candles) VALUES (%s, %s) ON CONFLICT DO NOTHING"
NAME_LENGTH = 12
STATES = "SELECT seq, rules, books, instruments, state FROM openings WHERE seq >= %s ORDER BY number"
WRITE = """
INSERT INTO openings (seq, rules, books, instruments, state, candles) VALUES (%s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """Rule files as they were read: their text by the path that decisions name them with.

    `version` is that of what they say; `name` tells apart also those that say the same in other words or places.
    """

    version: str
    environment: str
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The version, and 12 hexadecimal characters over the texts and their paths."""
        content = json.dumps([self.environment, sorted(self.texts.items())])
        return f"{self.version}.{sha256(content.encode()).hexdigest()[:NAME_LENGTH]}"


@dataclass(frozen=True)
class Opening:
    """The engine as it was before the entry after `seq`.

    `rules` names the rule files in force. `state` is what `Engine.to_plain` gave; `candles` are the finished ones that
    it had seen until then, `later` what came of candles since then, in its order.
    """

    seq: int
    rules: str
    books: Sequence[str]
    instruments: Instruments
    state: Mapping[str, Any]
    candles: Mapping[Key, pl.DataFrame]
    later: Sequence[CandleClose | RulesReloaded] = ()

    def engine(self, rulebook: Rulebook, library: Library = NO_LIBRARY) -> Engine:
        """Make the engine that stands where this one stood; `library` has what reloads have named."""
        engine = Engine.from_plain(rulebook, self.books, self.instruments, self.state, library)
        engine.versions.name = self.rules
        engine.world.histories.bound(KEPT_CANDLES)
        for key, frame in self.candles.items():
            history = engine.world.histories.history(*key)
            history.preload(frame)
            history.advance_to(frame.item(-1, "close_ms") if frame.height else 0)
        for event in self.later:
            if isinstance(event, RulesReloaded):
                engine.world.histories.begin(library.candles(event.candles))
            else:
                for candle in event.candles:
                    engine.world.histories.append(candle)
        return engine


def write_opening(connection: Connection, opening: Opening, rules: RuleFiles) -> None:
    """Keep an opening and, unless they are kept already, the rule files in force."""
    with connection.transaction():
        keep_rules(connection, opening.rules, rules)
        instruments = json.dumps([to_plain(instrument) for instrument in opening.instruments.values()])
        # The order of names is part of what an engine remembers, so the text is kept as it is.
        state = json.dumps(opening.state, allow_nan=False)
        books = json.dumps(list(opening.books))
        values = (opening.seq, opening.rules, books, instruments, state, packed(opening.candles))
        connection.execute(WRITE, values)


def keep_rules(connection: Connection, name: str, rules: RuleFiles) -> None:
    """Keep rule files under a name, unless they are kept already."""
    connection.execute(KEEP_RULES, (name, rules.environment, json.dumps(dict(rules.texts))))


def keep_candles(connection: Connection, candles: Mapping[Key, pl.DataFrame]) -> str:
    """Keep candles that were fetched for rules which look at a series for the first time, and give their name."""
    content = packed(candles)
    name = sha256(content).hexdigest()[:NAME_LENGTH]
    connection.execute(KEEP_CANDLES, (name, content))
    return name


def kept_candles(connection: Connection, name: str) -> dict[Key, pl.DataFrame]:
    """Give candles that were kept under a name; raises StoreError where there are none."""
    row = connection.execute("SELECT candles FROM rule_candles WHERE name = %s", (name,)).fetchone()
    if row is None:
        raise StoreError(f"Expected the candles {name} in the store, found none.")
    return unpacked(row[0])


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


def rule_files(connection: Connection, name: str) -> RuleFiles | None:
    """Return the rule files of a name, or None where they were never in force."""
    row = connection.execute("SELECT environment, files FROM rulebooks WHERE name = %s", (name,)).fetchone()
    return None if row is None else RuleFiles(name.partition(".")[0], row[0], row[1])


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
