"""Whether an engine may trade with real money now: its phase, its capital, its books."""

from decimal import Decimal

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.phase import measurements, phase_named, phases_of
from adapters.cli.trading import Trading
from rules.language.phases import Account
from runtime.phases import StartAnswer, StartAsked, may_start


def start_answer(trading: Trading, capital: Decimal) -> StartAnswer:
    """Ask the phases whether trading may start with so much capital, in USDT."""
    configuration, phases = trading.folder.configuration, phases_of(trading.rulebook)
    measured = measurements(None if configuration.measured is None else trading.folder.place(configuration.measured))
    phase = phase_named(phases, configuration.phase or None, measured)
    asked = StartAsked(phase.name, Account.LIVE, capital, trading.names)
    return may_start(phases, asked, measured, configuration.overrides)


def allowed(trading: Trading, capital: Decimal) -> tuple[str, ...]:
    """Give what the journal has to say of what is overridden; fails with every objection that stands."""
    answer = start_answer(trading, capital)
    if not answer.allowed:
        named = [one.name for one in answer.refused if one.name]
        how = (
            f" To trade all the same, write `overrides: [{', '.join(named)}]` into the configuration." if named else ""
        )
        raise Failure("\n".join(one.sentence for one in answer.refused) + how, ExitCode.FINDINGS)
    return tuple(notice.text for notice in answer.notices)
