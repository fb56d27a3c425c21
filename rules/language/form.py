"""The form of rule files: which keys a book may have and what stands under them.

This is the one source of it: files are checked with these models, and the schema for editors is made from them. Values
are texts here; what they mean is decided later, by the expression language.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

MOST_ENTRIES = 200
MOST_CONDITIONS = 50
NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]*$"
BOOK_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SYMBOL_PATTERN = r"^[A-Z0-9]{2,30}$"
SCALAR_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"]}


def one_or_more(value: object) -> object:
    """Refuse what is neither a single value nor a list of single values."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, str) and value:
        return (value,)
    raise PydanticCustomError("one_or_more", "One value or a list of them is needed here.")


def _one_or_more_schema(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(item), {"type": "array", "items": dict(item), "minItems": 1, "maxItems": MOST_CONDITIONS}]}


Value = Annotated[str, WithJsonSchema(SCALAR_SCHEMA)]
Expression = Annotated[str, WithJsonSchema(SCALAR_SCHEMA)]
Prose = Annotated[str, WithJsonSchema({"type": "string"})]
YesNo = Annotated[
    Literal["yes", "no", "true", "false"], WithJsonSchema({"enum": ["yes", "no", "true", "false", True, False]})
]
Conditions = Annotated[
    tuple[str, ...],
    BeforeValidator(one_or_more),
    Field(max_length=MOST_CONDITIONS),
    WithJsonSchema(_one_or_more_schema(SCALAR_SCHEMA)),
]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(one_or_more),
    Field(max_length=MOST_CONDITIONS),
    WithJsonSchema(_one_or_more_schema({"type": "string"})),
]
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=60)]
BookName = Annotated[str, Field(pattern=BOOK_PATTERN, max_length=60)]
Symbol = Annotated[str, Field(pattern=SYMBOL_PATTERN)]
Symbols = Annotated[list[Symbol], Field(min_length=1, max_length=MOST_CONDITIONS)]
ModeWord = Annotated[
    Literal["live", "shadow", "off"], Field(description="live; shadow: evaluated and recorded, moves nothing; off")
]


ADOPT = "whether what is open goes by a changed file at once; else it keeps its version until it is flat"


def market_or_both(value: object) -> object:
    """Let a book name one market, or spot and the perpetuals that hedge it, in this order."""
    if isinstance(value, list):
        if value == ["spot", "linear"]:
            return "spot"
        raise PydanticCustomError("markets", "One market is needed here, or [spot, linear].")
    return value


MarketWord = Annotated[
    Literal["spot", "linear"],
    BeforeValidator(market_or_both),
    WithJsonSchema({"anyOf": [{"enum": ["spot", "linear"], "type": "string"}, {"const": ["spot", "linear"]}]}),
]


class Form(BaseModel):
    """Every form: no keys but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class ParamForm(Form):
    """A named value with the range in which it may be changed."""

    value: Value
    from_: Value | None = Field(None, alias="from", description="the smallest value that makes sense")
    to: Value | None = Field(None, description="the largest value that makes sense")
    about: Prose | None = None


def _param(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


ParamEntry = Annotated[ParamForm, BeforeValidator(_param, json_schema_input_type=Value | ParamForm)]
Params = Annotated[dict[Name, ParamEntry], Field(max_length=MOST_ENTRIES, description="named values with units")]


class SearchedForm(Form):
    """What a search tries for one param, by the cluster of the coins that are traded."""

    any_: Names | None = Field(None, alias="any", description="for all coins that no other key is about")
    calm: Names | None = Field(None, description="for coins that move little")
    middle: Names | None = Field(None, description="for coins between the others")
    wild: Names | None = Field(None, description="for coins that move much")


def _searched(value: object) -> object:
    return value if isinstance(value, dict) else {"any": value}


SearchedEntry = Annotated[SearchedForm, BeforeValidator(_searched, json_schema_input_type=Names | SearchedForm)]
Search = Annotated[
    dict[Name, SearchedEntry],
    Field(max_length=MOST_ENTRIES, description="values of params that a search may try: `100..300 step 10` or a list"),
]
Facts = Annotated[dict[Name, Expression], Field(max_length=MOST_ENTRIES, description="named expressions")]
Weights = Annotated[
    dict[Symbol, Value], Field(max_length=MOST_ENTRIES, description="share of each symbol; they add up to 100%")
]


Lends = Annotated[
    list[Symbol],
    Field(max_length=MOST_ENTRIES, description="coins that may be lent out while they are idle; no other is"),
]


class RuleForm(Form):
    """When which trigger of the machine is fired."""

    in_: Names = Field(alias="in", description="the states of the machine in which the rule is looked at")
    each: Literal["symbol"] | None = Field(None, description="`when` is asked for each symbol on its own")
    when: Conditions = Field(description="a condition, or a list of which all have to hold")
    for_: Value | None = Field(None, alias="for", description="how long the condition must have held, such as 8h")
    then: Expression = Field(description="the trigger to fire, with its arguments by name: leave(urgency=normal)")
    why: Prose | None = Field(None, description="the reason, in words")
    mode: ModeWord | None = None
    expires: Value | None = Field(None, description="the first day on which the rule no longer counts: 2030-12-31")


Rules = Annotated[dict[Name, RuleForm], Field(max_length=MOST_ENTRIES)]


class EngineForm(Form):
    """A book of an engine: what one machine does on one account."""

    book: BookName = Field(description="the name of the book")
    about: Prose | None = Field(None, description="what the book does, in a sentence")
    machine: Prose = Field(description="the machine whose triggers the rules fire")
    account: Prose = Field(description="the sub-account it trades on")
    market: MarketWord = Field(
        description="spot, linear for USDT perpetuals, or [spot, linear] for coins that are hedged by their perpetual"
    )
    symbols: Symbols = Field(description="what it trades, in order of preference")
    timeframe: Prose = Field(description="the candles on whose close it decides: 1h, 1d")
    directional: YesNo | None = Field(None, description="whether it bets on a direction; breakers may close such books")
    adopt: YesNo | None = Field(None, description=ADOPT)
    mode: ModeWord | None = None
    params: Params | None = None
    search: Search | None = None
    facts: Facts | None = None
    weights: Weights | None = None
    lends: Lends | None = None
    exits: Rules | None = Field(None, description="rules that close")
    triggers: Rules | None = Field(None, description="rules that neither open nor close")
    entries: Rules | None = Field(None, description="rules that open")


class OverlayForm(Form):
    """A book that is another book with other values."""

    book: BookName = Field(description="the name of the book")
    extends: Prose = Field(description="the book that this one is like")
    about: Prose | None = Field(None, description="what the book does, in a sentence")
    account: Prose | None = Field(None, description="the sub-account it trades on")
    symbols: Symbols | None = None
    weights: Weights | None = None
    lends: Lends | None = None
    adopt: YesNo | None = Field(None, description=ADOPT)
    mode: ModeWord | None = None
    params: Params | None = None
    search: Search | None = None


class LevelForm(Form):
    """One level of the breaker ladder."""

    at: Value = Field(description="the ratio from which the level holds")
    new_size: Value | None = Field(None, description="what new sizes are multiplied with")
    new_stop_distance: Value | None = Field(
        None, description="what the stop distance of new positions is multiplied with"
    )
    entries: Literal["none", "allowed"] | None = None
    close: Literal["nothing", "directional", "everything"] | None = None
    spot_to_cash: Value | None = Field(None, description="how much of the spot holdings is sold")
    halt: Literal["until_acknowledged", "no"] | None = None
    report: Literal["hourly", "no"] | None = None
    alert: Literal["P0", "P1", "P2", "P3"] | None = None


Levels = Annotated[dict[Name, LevelForm], Field(min_length=1, max_length=20)]


class LadderForm(Form):
    """What is measured, and the levels in rising order."""

    on: Expression = Field(description="what is measured, a ratio")
    clear_by: Value = Field(description="a level is left when the measure is this far below it")
    keep_for: Value = Field(description="... for this long, one step at a time")
    levels: Levels


class AfterAcknowledgementForm(Form):
    """How trading resumes after an emergency."""

    size: Value = Field(description="the first size, as a part of the normal one")
    doubles_every: Value = Field(description="how long until the size doubles")
    back_to_start_on: Literal["any_level"] | None = None


class BreakersForm(Form):
    """What a falling portfolio switches off, and how it comes back."""

    book: BookName
    about: Prose | None = None
    params: Params | None = None
    facts: Facts | None = None
    ladder: LadderForm
    after_acknowledgement: AfterAcknowledgementForm | None = None


class CheckForm(Form):
    """A question asked before an order; one of refuse_if, scale and cap is its answer."""

    if_: Conditions | None = Field(None, alias="if", description="the orders it is about")
    for_: Conditions | None = Field(None, alias="for", description="the orders it is about")
    unless: Conditions | None = Field(None, description="the orders it is not about")
    refuse_if: Conditions | None = Field(None, description="the order is refused when this holds")
    scale: Expression | None = Field(None, description="what the size is multiplied with, at most 100%")
    cap: Expression | None = Field(None, description="the largest size: `5% of portfolio`, `45% of account`, 500 USDT")
    cap_by: Literal["position", "order"] | None = Field(
        None, description="what the cap bounds: the whole position or the order"
    )
    why: Prose | None = Field(None, description="the reason, in words")
    mode: ModeWord | None = None


class ChecksForm(Form):
    """Asked from top to bottom before every order that adds risk."""

    book: BookName
    about: Prose | None = None
    params: Params | None = None
    facts: Facts | None = None
    checks: Annotated[dict[Name, CheckForm], Field(max_length=MOST_ENTRIES)]


class LimitsForm(Form):
    """Hard limits that no reload can widen."""

    largest_order: Value = Field(description="of the portfolio: `25% of portfolio`")
    leverage: Value = Field(description="× the account, all symbols together")
    orders_per_hour: Value
    turnover_per_day: Value = Field(description="of the portfolio")
    slippage_cap: Value | None = Field(None, description="of a market order against the last price")
    patience: Value | None = Field(None, description="how long a maker order may wait")


class EnvelopeForm(Form):
    """Hard limits, read when the engine starts."""

    book: BookName
    about: Prose | None = None
    limits: LimitsForm


class OutageForm(Form):
    """What happens when the exchange can't be reached."""

    pause_after: Value = Field(description="without data or an answer for this long, no risk is opened")
    alert_after: Value = Field(description="away for this long, the operator is told what is open")


class HaltForm(Form):
    """How patient an emergency halt is."""

    cancels_within: Value = Field(description="how long the end of open entries is waited for before closing begins")
    retry_after: Value = Field(description="how long after a closing order the next one is sent")
    remind_every: Value = Field(description="how often the operator is told what is still open")


class ReconciliationForm(Form):
    """How often what the exchange shows is compared with the books."""

    look_every: Value = Field(description="how long after one look at an account the next one is taken")


class LifecycleForm(Form):
    """What happens when the exchange can't be reached, and how an emergency halt is carried out."""

    book: BookName
    about: Prose | None = None
    outage: OutageForm
    halt: HaltForm
    reconciliation: ReconciliationForm | None = None


Alternatives = Annotated[list[Annotated[list[Prose], Field(min_length=2)]], Field(max_length=MOST_ENTRIES)]


Shares = Annotated[dict[BookName, Value], Field(min_length=1, max_length=MOST_ENTRIES)]


class ShareConditionForm(Form):
    """The shares of all engines while a condition holds."""

    when: Conditions = Field(description="a condition, or a list of which all have to hold")
    shares: Shares = Field(description="the share of every engine")


class CutForm(Form):
    """What becomes of one engine's excess."""

    sells: YesNo | None = Field(None, description="whether coins are sold when its cash is not enough")
    to: Shares = Field(description="who gets which part; together 100%")


class HarvestForm(Form):
    """When an engine that has outgrown its share is cut back to it."""

    when: Conditions = Field(description="asked for each engine: a condition, or a list of which all have to hold")
    at_least: Value | None = Field(None, description="of the portfolio; less is not moved")
    engines: Annotated[dict[BookName, CutForm], Field(min_length=1, max_length=MOST_ENTRIES)] = Field(
        description="the engines that are cut, with who gets what"
    )


class DepositsForm(Form):
    """How money that comes from outside is split."""

    to: Literal["most_underweight_first"] = Field(description="who gets it")
    when: Conditions | None = Field(None, description="while this does not hold, it waits where it arrived")
    at_least: Value | None = Field(None, description="in USDT; less is not moved")


class WatchForm(Form):
    """When an engine's performance is looked into."""

    when: Conditions = Field(description="asked for each engine: when a review opens")
    until: Conditions = Field(description="when it ends")
    alert: Literal["P0", "P1", "P2", "P3"]
    halves_share: YesNo = Field(description="whether the engine has half of its share meanwhile")


class SharesForm(Form):
    """How much of the portfolio each engine may use."""

    book: BookName
    about: Prose | None = None
    params: Params | None = None
    dates: Annotated[dict[Name, Names], Field(max_length=MOST_ENTRIES)] | None = Field(
        None, description="facts that give the next of these dates"
    )
    facts: Facts | None = None
    shares: Shares = Field(description="the share of each engine while no condition holds")
    inside: Annotated[dict[BookName, Shares], Field(max_length=MOST_ENTRIES)] | None = Field(
        None, description="engines of several books, with each book's part of the engine"
    )
    alternatives: Alternatives | None = Field(None, description="groups of books of which one runs at a time")
    conditions: Annotated[dict[Name, ShareConditionForm], Field(max_length=MOST_ENTRIES)] | None = Field(
        None, description="other shares; the first condition that holds counts"
    )
    change_after: Value | None = Field(None, description="how long a condition must hold before the shares change")
    harvest: HarvestForm | None = Field(None, description="cuts engines that have outgrown their share")
    deposits: DepositsForm | None = Field(None, description="splits money that comes from outside")
    review: WatchForm | None = Field(None, description="watches the performance of each engine")


class RouteForm(Form):
    """Who is told of the alerts that fit, and how often."""

    to: Annotated[list[Prose], Field(max_length=MOST_CONDITIONS, description="the channels; none: the dashboard only")]
    severities: Annotated[
        list[Literal["P0", "P1", "P2", "P3"]] | None,
        Field(min_length=1, description="how urgent the alerts are; a route named P0 … P3 is about that one"),
    ] = None
    books: Names | None = Field(None, description="only alerts of these books")
    saying: Names | None = Field(None, description="only alerts that have one of these words in them")
    at_most: Prose | None = Field(None, description="how many messages: 6 per hour; the rest comes as one digest")
    group_for: Value | None = Field(None, description="how long an alert waits for others to go with it")
    same_again_after: Value | None = Field(None, description="how soon the same sentence is sent again, 1h if left out")
    repeat_every: Value | None = Field(None, description="how often a message comes again")
    until: Literal["acknowledged"] | None = Field(None, description="what ends the repeating")


class RoutesForm(Form):
    """Who is told what, and where."""

    book: BookName
    about: Prose | None = None
    channels: Annotated[
        dict[Name, Prose],
        Field(min_length=1, max_length=MOST_CONDITIONS, description="Apprise URLs, with secrets as ${NAME}"),
    ]
    routes: Annotated[
        dict[Name, RouteForm],
        Field(min_length=1, max_length=MOST_ENTRIES, description="the ways of alerts; the first that fits counts"),
    ]


class ChangesForm(Form):
    """What is different about one book."""

    params: Annotated[
        dict[Name, Value], Field(min_length=1, max_length=MOST_ENTRIES, description="new values of params that it has")
    ]


class EnvironmentForm(Form):
    """What is different about some books in one environment, and only there."""

    environment: BookName = Field(description="the name by which it is chosen, such as paper or live")
    about: Prose | None = Field(None, description="what is different, and why")
    books: Annotated[
        dict[BookName, ChangesForm],
        Field(min_length=1, max_length=MOST_ENTRIES, description="the books that are changed, by name"),
    ]


class EngineOfBooksForm(Form):
    """The books of one engine, as the phases speak of it."""

    books: Names = Field(description="the books whose results count together")
    result: Literal["trade", "coin", "deployment"] | None = Field(
        None, description="what is one result: a trade; all legs in one coin; all trades that are open together"
    )


class CapitalForm(Form):
    """How much money a phase trades with."""

    from_: Value | None = Field(None, alias="from", description="what the phase is meant to begin with")
    to: Value | None = Field(None, description="the most that it may trade with")


class PhaseForm(Form):
    """One phase and the gates to leave it."""

    about: Prose | None = None
    account: Literal["demo", "live"] = Field(description="whose money is traded with")
    engines: Names = Field(description="the engines that may trade")
    capital: CapitalForm | None = Field(None, description="how much money is traded with; without it, any amount")
    gates: Annotated[dict[Name, Expression], Field(min_length=1, max_length=MOST_ENTRIES)] = Field(
        description="conditions over measured facts; all have to hold"
    )


class PhasesForm(Form):
    """How an account grows, and what has to be measured before each step."""

    book: BookName
    about: Prose | None = None
    params: Params | None = None
    facts: Facts | None = None
    engines: Annotated[dict[Name, EngineOfBooksForm], Field(min_length=1, max_length=MOST_ENTRIES)]
    phases: Annotated[dict[Name, PhaseForm], Field(min_length=1, max_length=MOST_CONDITIONS)]


class DoubtForm(Form):
    """One reason to doubt a result."""

    of: Literal["portfolio", "book", "directional"] | None = Field(
        None, description="whose result: that of the portfolio, of each book, or of each directional book by itself"
    )
    when: Expression = Field(description="the condition over the result, under which it is doubtful")
    says: Prose = Field(description="what that means, in a sentence")


class DoubtsForm(Form):
    """What makes the result of a back-test worth less than it looks."""

    book: BookName
    about: Prose | None = None
    params: Params | None = None
    facts: Facts | None = None
    doubts: Annotated[dict[Name, DoubtForm], Field(min_length=1, max_length=MOST_ENTRIES)]


class BookKind(StrEnum):
    """What a file decides about, known by its sections."""

    ENGINE = "engine"
    OVERLAY = "overlay"
    BREAKERS = "breakers"
    CHECKS = "checks"
    ENVELOPE = "envelope"
    LIFECYCLE = "lifecycle"
    SHARES = "shares"
    PHASES = "phases"
    ROUTES = "routes"
    DOUBTS = "doubts"
    ENVIRONMENT = "environment"


FORMS: Mapping[BookKind, type[Form]] = {
    BookKind.ENGINE: EngineForm,
    BookKind.OVERLAY: OverlayForm,
    BookKind.BREAKERS: BreakersForm,
    BookKind.CHECKS: ChecksForm,
    BookKind.ENVELOPE: EnvelopeForm,
    BookKind.LIFECYCLE: LifecycleForm,
    BookKind.SHARES: SharesForm,
    BookKind.PHASES: PhasesForm,
    BookKind.ROUTES: RoutesForm,
    BookKind.DOUBTS: DoubtsForm,
    BookKind.ENVIRONMENT: EnvironmentForm,
}
TELLING_SECTIONS: Mapping[str, BookKind] = {
    "extends": BookKind.OVERLAY,
    "ladder": BookKind.BREAKERS,
    "checks": BookKind.CHECKS,
    "limits": BookKind.ENVELOPE,
    "outage": BookKind.LIFECYCLE,
    "halt": BookKind.LIFECYCLE,
    "shares": BookKind.SHARES,
    "phases": BookKind.PHASES,
    "routes": BookKind.ROUTES,
    "channels": BookKind.ROUTES,
    "doubts": BookKind.DOUBTS,
    "machine": BookKind.ENGINE,
    "entries": BookKind.ENGINE,
    "exits": BookKind.ENGINE,
    "triggers": BookKind.ENGINE,
    "environment": BookKind.ENVIRONMENT,
    "books": BookKind.ENVIRONMENT,
}
