Feature: Every order that takes risk is asked for its reasons first

  Eight of ten parts of the portfolio are Bitcoin, so that it loses 2 % when Bitcoin loses 2.5 %.

  Background:
    Given a portfolio of 100,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the reserve already holds 8 BTC
    And BTCUSDT daily candles flat at 50,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT

  # ── order of checks ──

  @RISK-01
  Scenario: The first refusal ends it
    When the price of BTCUSDT falls 6.25% within the hour
    Then "portfolio.loss_today" of trend-1 is 5%
    And "portfolio.loss_this_week" of trend-1 is 5%
    When the next hourly candle of BTCUSDT falls 1%
    And the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by daily_loss because "Two percent in a day is enough."
    And the book is NO_TRADE in ETHUSDT
    When questions are about what follows
    And the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by weekly_loss because "Five percent in a week is enough."
    And 0 orders were placed

  @RISK-01
  Scenario: The breaker is asked before the losses
    When the price of BTCUSDT falls 20% within the hour
    And the next daily candle of ETHUSDT rises 0.5%
    Then the breaker is at WARNING
    And "portfolio.loss_today" of trend-1 is more than 0%
    And the entry of ETHUSDT is refused by entries_halted

  @RISK-01
  Scenario: A week later the losses are forgotten and trading goes on
    When the price of BTCUSDT falls 7% within the hour
    And the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by daily_loss
    When 6 days pass
    Then the entry of ETHUSDT is refused by weekly_loss
    And the book is NO_TRADE in ETHUSDT
    When a day passes
    Then the book is IN_POSITION long ETHUSDT

  @RISK-01
  Scenario: One position has at most 5 % of the portfolio
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the order of ETHUSDT is scaled by check position_size
    And the journal says "position_size: at most 25000 USDT more"
    And the order of ETHUSDT is for at most 25,000 USDT
    And the order of ETHUSDT is for 8.29 ETH

  @RISK-01
  Scenario: The cap counts what is held already
    Given the book core-hodl-ten with a sub-account of 100,000 USDT
    And a portfolio of 200,000 USDT
    And core-hodl-ten already holds 1,550 SOL
    And SOLUSDT daily candles flat at 20 USDT for 60 days
    When 8 days pass
    Then the order of SOLUSDT is scaled by check position_size
    And the order of SOLUSDT is for about 548 USDT
    And "position.value / portfolio.equity" of core-hodl-ten for SOLUSDT is at most 5.01%
    And "position.value / portfolio.equity" of core-hodl-ten for BTCUSDT is more than 0%

  @RISK-01 @RISK-03
  Scenario: Where the cap leaves no room, nothing is added
    Given the book core-hodl-ten with a sub-account of 100,000 USDT
    And a portfolio of 200,000 USDT
    And core-hodl-ten already holds 1,700 SOL
    And SOLUSDT daily candles flat at 20 USDT for 60 days
    When 8 days pass
    Then the entry of SOLUSDT is refused by position_size because "No room is left under 5% of portfolio"
    And SOLUSDT was bought 0 times
    And BTCUSDT was bought once by core-hodl-ten

  @RISK-01
  Scenario: A check of one's own needs no code, and is asked last
    Given these lines under "checks" of pre-trade.yaml:
      """
      no_tuesdays:
        refuse_if: weekday == Tuesday
        why: Nothing good has ever begun on a Tuesday.
      half_at_first:
        scale: 50%
        if: order.asset in [ETH]
      """
    When the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by no_tuesdays because "Nothing good has ever begun on a Tuesday."
    When the next daily candle of ETHUSDT rises 0.5%
    Then the order of ETHUSDT is scaled by check half_at_first to 50%

  @RISK-01
  Scenario: Factors multiply
    Given the check position_size is off
    And these lines under "checks" of pre-trade.yaml:
      """
      half:
        scale: 50%
      four_fifths:
        scale: 80%
      """
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the order of ETHUSDT is scaled by check half to 50%
    And the order of ETHUSDT is scaled by check four_fifths to 80%
    And the order of ETHUSDT is for 5.71 ETH

  @RISK-01
  Scenario Outline: The smallest cap holds, wherever it stands
    Given these lines under "checks" of pre-trade.yaml:
      """
      one:
        cap: <one>
        cap_by: order
      other:
        cap: <other>
        cap_by: order
      """
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the order of ETHUSDT is for at most 9,000 USDT
    And the order of ETHUSDT is for more than 8,950 USDT

    Examples:
      | one        | other      |
      | 9000 USDT  | 20000 USDT |
      | 20000 USDT | 9000 USDT  |

  @RISK-01
  Scenario Outline: Of two checks that refuse, the one that stands first is heard
    Given these lines under "checks" of pre-trade.yaml:
      """
      <first>:
        refuse_if: order.direction == long
      <second>:
        refuse_if: order.direction == long
      """
    When the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by <first>
    And the journal says nothing of "<second>"

    Examples:
      | first | second |
      | this  | that   |
      | that  | this   |

  @RISK-01
  Scenario: The emergency stop is the first to refuse
    When the price of BTCUSDT falls 32% within the hour
    Then the breaker is at EMERGENCY
    And why-not says Trading has stopped until the operator acknowledges.
    And why-not says The breaker's level forbids new entries.
    And why-not says Two percent in a day is enough.

  @RISK-01
  Scenario: A check that sees nothing lets nothing pass
    Given these lines under "checks" of pre-trade.yaml:
      """
      fearful:
        refuse_if: fear_greed < 20
        why: Nobody buys into a panic.
      """
    When the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by fearful because "Nobody buys into a panic."
    When fear_greed is observed as 50
    And the next daily candle of ETHUSDT rises 0.5%
    Then the book is IN_POSITION long ETHUSDT

  @RISK-01
  Scenario: A check that is switched off is not asked
    Given these lines under "checks" of pre-trade.yaml:
      """
      never:
        refuse_if: order.notional > 0 USDT
        mode: off
      """
    When the next daily candle of ETHUSDT rises 0.5%
    Then the book is IN_POSITION long ETHUSDT

  @RISK-01
  Scenario: A refusal shows what the check saw
    When the price of BTCUSDT falls 3.75% within the hour
    And the next daily candle of ETHUSDT rises 0.5%
    Then the refusal by daily_loss is explained with "portfolio.loss_today" 3 %

  # ── losses ──

  @RISK-02
  Scenario Outline: A loss of 0.12 % trips nothing, one of 2 % does
    When the next hourly candle of BTCUSDT closes at <price> USDT
    And 22 hours pass
    Then "portfolio.loss_today" of trend-1 is <loss>
    When the next hourly candle of ETHUSDT rises 0.5%
    Then the book is <state> in ETHUSDT

    Examples:
      | price  | loss  | state       |
      | 49,925 | 0.12% | IN_POSITION |
      | 48,751 | 1.9984% | IN_POSITION |
      | 48,750 | 2%    | NO_TRADE    |

  @RISK-02
  Scenario Outline: A week may lose five percent
    Given the check daily_loss is off
    When the next hourly candle of BTCUSDT closes at <price> USDT
    And 22 hours pass
    Then "portfolio.loss_this_week" of trend-1 is <loss>
    When an hour passes
    Then the book is <state> in ETHUSDT

    Examples:
      | price  | loss    | state       |
      | 46,876 | 4.9984% | IN_POSITION |
      | 46,875 | 5%      | NO_TRADE    |

  @RISK-02
  Scenario Outline: A limit without its unit is refused when the file is read
    Given the line "checks.daily_loss.refuse_if" of pre-trade.yaml is portfolio.loss_today >= <limit>
    Then the rule files are refused at "portfolio.loss_today >= <limit>" in pre-trade.yaml because "<words>"

    Examples:
      | limit  | words                                                         |
      | 2      | is a ratio and `2` is a plain number; they can't be compared    |
      | 0.02   | is a ratio and `0.02` is a plain number; they can't be compared |
      | 2 USDT | is a ratio and `2 USDT` is an amount of money                   |

  @RISK-02
  Scenario: A deposit is no profit and a withdrawal no loss
    When the next hourly candle of BTCUSDT closes at 49,000 USDT
    And 100,000 USDT are deposited to the reserve
    And the next hourly candle of BTCUSDT closes at 48,500 USDT
    Then the drawdown is about 2.27%
    When 100,000 USDT are withdrawn from the reserve
    And an hour passes
    Then the drawdown is about 2.27%

  # ── direction ──

  @RISK-03
  Scenario: Adding to a long is accumulation and passes up to the size limit
    Given the book core-hodl with a sub-account of 10,000 USDT
    And a portfolio of 110,000 USDT
    When 3 weeks pass
    Then BTCUSDT was bought 3 times by core-hodl
    And the journal says nothing of "A short is never added to."

  @RISK-03
  Scenario: A second short of the same symbol is refused
    Given this rule file:
      """
      book: trend-again
      extends: trend-1
      about: The same once more in the same sub-account, only later.
      account: TREND-1
      params:
        strong: 40
      """
    And the line "alternatives" of shares.yaml is [[core-hodl, core-hodl-ten, core-hodl-phase-1], [trend-1, trend-again]]
    And the book trend-again with a sub-account of 100,000 USDT
    And the param most_positions of trend-1 is 5
    When BTCUSDT falls 1% a day for 15 days
    Then BTCUSDT was sold once
    And the position in BTCUSDT of trend-1 is less than 0 BTC
    And "strength" of trend-again for BTCUSDT is more than 40
    And the book trend-again is NO_TRADE in BTCUSDT
    And the entry of BTCUSDT is refused by second_short because "A short is never added to."

  # ── examples that are shipped ──

  @RISK-04
  Scenario Outline: At weekends entries are halved, where the example is switched on
    Given the date is <date>
    And the check position_size is off
    And the check weekend is <mode>
    When a day passes
    Then "weekday" of trend-1 is <weekday>
    And the order of ETHUSDT is for <size> ETH

    Examples:
      | date       | mode | weekday  | size  |
      | 2024-01-04 | live | Friday   | 14.74 |
      | 2024-01-05 | live | Saturday | 7.37  |
      | 2024-01-06 | live | Sunday   | 7.37  |
      | 2024-01-07 | live | Monday   | 14.74 |
      | 2024-01-05 | off  | Saturday | 14.74 |

  @RISK-04
  Scenario: The example is shipped switched off
    Given the date is 2024-01-05
    And the check position_size is off
    When a day passes
    Then "weekday" of trend-1 is Saturday
    And the order of ETHUSDT is made smaller by nothing

  @RISK-04
  Scenario: The example is switched on by deleting one line
    Given the date is 2024-01-05
    And the check position_size is off
    And pre-trade.yaml has no line "checks.weekend.mode"
    When a day passes
    Then "weekday" of trend-1 is Saturday
    And the order of ETHUSDT is scaled by check weekend to 50%

  @RISK-05
  Scenario: An eighth of the Kelly fraction bounds the size, once there are twenty trades
    Given the check kelly is live
    And the check position_size is off
    And the param longest of trend-1 is 1d
    When the next daily candle of ETHUSDT rises 0.5%
    Then "kelly" of trend-1 is unknown
    And the order of ETHUSDT is not scaled by check kelly
    And the book is IN_POSITION long ETHUSDT
    When ETHUSDT rises 0.5% a day for 46 days
    Then "kelly" of trend-1 is 100%
    And the order of ETHUSDT is scaled by check kelly
    And "position.value / account.equity" of trend-1 for ETHUSDT is at most 12.6%

  @RISK-05
  Scenario Outline: Nineteen trades say nothing yet
    Given the param longest of trend-1 is 1d
    When ETHUSDT rises 0.5% a day for <days> days
    Then ETHUSDT was sold <trades> times
    And "kelly" of trend-1 is <kelly>

    Examples:
      | days | trades | kelly   |
      | 39   | 19     | unknown |
      | 40   | 20     | 100%    |

  @RISK-05
  Scenario: A book that has only lost opens nothing more, where the example is switched on
    Given the check kelly is live
    And the check position_size is off
    And the param longest of trend-1 is 1d
    And market orders fill 0.4% worse than the price
    When ETHUSDT rises 0.5% a day for 42 days
    Then "kelly" of trend-1 is 0%
    And ETHUSDT was bought 20 times
    And the entry of ETHUSDT is refused by kelly because "No room is left under account.equity * kelly / 8"

  @RISK-05
  Scenario: The bound is shipped switched off
    Given the check position_size is off
    And the param longest of trend-1 is 1d
    When ETHUSDT rises 0.5% a day for 45 days
    Then "kelly" of trend-1 is 100%
    And the book is IN_POSITION long ETHUSDT
    And the order of ETHUSDT is not scaled by check kelly

  # ── prices that nobody should trade on ──

  @RISK-06
  Scenario: A price older than thirty seconds is not traded on
    Given a portfolio of 200,000 USDT
    And the book core-hodl with a sub-account of 100,000 USDT
    When the next daily candle of BTCUSDT never comes
    Then the entry of BTCUSDT is refused by stale_price because "Nobody knows what the coin costs now."
    And ETHUSDT was bought once by core-hodl
    And BTCUSDT was bought 0 times by core-hodl
    And the book core-hodl is DEPLOYING
    When a day passes
    Then BTCUSDT was bought 0 times by core-hodl
    When 6 days pass
    Then BTCUSDT was bought once by core-hodl

  @RISK-06
  Scenario: A price that is an hour old is not traded on
    Given a portfolio of 200,000 USDT
    And the book core-hodl with a sub-account of 100,000 USDT
    When 23 hours pass
    And the next hourly candle of BTCUSDT never comes
    Then "age(price)" of core-hodl for BTCUSDT is 1h
    And the entry of BTCUSDT is refused by stale_price
    And ETHUSDT was bought once by core-hodl

  @RISK-06
  Scenario Outline: A candle that can't be true is not traded on
    When this daily candle of ETHUSDT follows:
      | open   | high   | low   | close   |
      | <open> | <high> | <low> | <close> |
    Then the operator gets a P1 alert saying "The 1d candle of ETHUSDT (linear) is not traded on: <reason>"
    And the book is SCANNING in ETHUSDT
    And "close" of trend-1 for ETHUSDT is 3000 USDT/ETH
    And 0 orders were placed

    Examples:
      | open  | high  | low   | close | reason                                 |
      | 3,000 | 2,990 | 3,020 | 3,010 | the high 2990.0 is below the low 3020.0 |
      | 3,000 | 3,020 | 0     | 3,010 | the low is 0.0; a price is above zero   |
      | 3,000 | 3,020 | -1    | 3,010 | the low is -1.0; a price is above zero  |
      | 3,000 | 3,020 | 2,990 | 3,030 | open 3000.0 or close 3030.0 is outside  |

  @RISK-06
  Scenario Outline: A crossed order book is not traded on
    When quote.bid of ETHUSDT is observed as <bid>
    And quote.ask of ETHUSDT is observed as 3015 USDT/ETH
    And the next daily candle of ETHUSDT rises 0.5%
    Then the book is <state> in ETHUSDT

    Examples:
      | bid           | state       |
      | 3014 USDT/ETH | IN_POSITION |
      | 3015 USDT/ETH | NO_TRADE    |
      | 3016 USDT/ETH | NO_TRADE    |

  @RISK-06
  Scenario Outline: A jump of more than 20 % that no second source confirms is not traded on
    Given ETHUSDT spot daily candles "3000 0x300"
    When this daily candle of ETHUSDT follows on linear:
      | open   | close  |
      | <open> | <open> |
    Then "price.jump" of trend-1 for ETHUSDT is <jump>
    And the book is <state> in ETHUSDT

    Examples:
      | open  | jump          | state       |
      | 3,590 | less than 20% | IN_POSITION |
      | 3,610 | more than 20% | NO_TRADE    |

  @RISK-06
  Scenario: A jump that the other market confirms is traded on
    Given the spot market is watched as well
    When this daily candle of ETHUSDT follows:
      | open  | close |
      | 3,700 | 3,700 |
    Then "price.jump" of trend-1 for ETHUSDT is more than 20%
    And "price.confirmed" of trend-1 for ETHUSDT is true
    And the book is IN_POSITION long ETHUSDT

  @RISK-06
  Scenario: A second source that says something else confirms nothing
    Given the spot market is watched as well
    When this daily candle of ETHUSDT follows on linear:
      | open  | close |
      | 3,700 | 3,700 |
    Then "price.confirmed" of trend-1 for ETHUSDT is false
    And the entry of ETHUSDT is refused by price_jump because "no second source confirms it"
