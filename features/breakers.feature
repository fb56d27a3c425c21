Feature: Circuit breakers take risk away when the portfolio falls, and give it back slowly

  Eight of ten parts of the portfolio are Bitcoin, so that it loses 10 % when Bitcoin loses 12.5 %.

  Background:
    Given a portfolio of 100,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the reserve already holds 8 BTC
    And BTCUSDT daily candles flat at 50,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    And the check daily_loss is off
    And the check weekly_loss is off
    And the check position_size is off

  @BRK-01 @BRK-02 @BRK-03 @BRK-04
  Scenario Outline: Each level begins at its drawdown, neither sooner nor later
    When the next hourly candle of BTCUSDT closes at <before> USDT
    Then the breaker is at <lower>
    When the next hourly candle of BTCUSDT closes at <at> USDT
    Then the drawdown is <drawdown>
    And the breaker is at <level>
    And the operator gets a <severity> alert saying "The breaker went from <lower> to <level>"

    Examples:
      | before | at     | drawdown | lower   | level     | severity |
      | 43,751 | 43,750 | 10%      | NORMAL  | CAUTION   | P1       |
      | 40,626 | 40,625 | 15%      | CAUTION | WARNING   | P1       |
      | 37,501 | 37,500 | 20%      | WARNING | ALERT     | P0       |
      | 34,376 | 34,375 | 25%      | ALERT   | EMERGENCY | P0       |

  # ── what the levels do ──

  @BRK-01
  Scenario: CAUTION makes new positions smaller and their stops wider
    When the price of BTCUSDT falls 12.5% within the hour
    Then the breaker is at CAUTION
    And entries are allowed
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book is IN_POSITION long ETHUSDT
    And the order of ETHUSDT is scaled by check breaker to 75%
    And the stop of ETHUSDT on the exchange is 3 ATR below the fill
    And the order of ETHUSDT is for 7.14 ETH

  @BRK-01
  Scenario: Without a breaker the same position is whole
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the breaker is at NORMAL
    And the order of ETHUSDT is made smaller by nothing
    And the stop of ETHUSDT on the exchange is 2 ATR below the fill
    And the order of ETHUSDT is for 14.29 ETH

  @BRK-01
  Scenario: The stop of a position that is open already stays where it is
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book is IN_POSITION long ETHUSDT
    When questions are about what follows
    And the price of BTCUSDT falls 12.5% within the hour
    Then the breaker is at CAUTION
    And the stop of ETHUSDT on the exchange is 2 ATR below the fill
    And the stop of ETHUSDT on the exchange has not moved
    And 0 orders were placed

  @BRK-01
  Scenario: CAUTION reports every hour
    When the price of BTCUSDT falls 12.5% within the hour
    And questions are about what follows
    And 3 hours pass
    Then the operator gets a P3 alert saying "10 % below its highest value" 3 times

  @BRK-01
  Scenario: CAUTION makes the purchases of CORE smaller too
    Given a portfolio of 110,000 USDT
    And the book core-hodl with a sub-account of 10,000 USDT
    When a day passes
    Then about 1,583.33 USDT of BTC was bought by core-hodl
    When questions are about what follows
    And the price of BTCUSDT falls 14% within the hour
    And 7 days pass
    Then the breaker is at CAUTION
    And the order of BTCUSDT is scaled by check breaker to 75%
    And about 1,187.5 USDT of BTC was bought by core-hodl

  @BRK-02
  Scenario: WARNING forbids new entries in every engine
    Given a portfolio of 110,000 USDT
    And the book core-hodl with a sub-account of 10,000 USDT
    When the price of BTCUSDT falls 22% within the hour
    Then the breaker is at WARNING
    And entries are forbidden
    When the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by entries_halted because "The breaker's level forbids new entries."
    And the entry of BTCUSDT is refused by entries_halted
    And the book trend-1 is NO_TRADE in ETHUSDT
    And nothing was bought
    And 0 orders were placed

  @BRK-02
  Scenario: WARNING would halve sizes if the file let entries pass
    Given the line "ladder.levels.WARNING.entries" of breakers.yaml is allowed
    When the price of BTCUSDT falls 20% within the hour
    And the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the breaker is at WARNING
    And the order of ETHUSDT is scaled by check breaker to 50%
    And the stop of ETHUSDT on the exchange is 2 ATR below the fill

  @BRK-03
  Scenario: ALERT closes directional positions and halts entries
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book is IN_POSITION long ETHUSDT
    When the price of BTCUSDT falls 26% within the hour
    Then the breaker is at ALERT
    And entries are forbidden
    And the operator gets a P0 alert saying "from NORMAL to ALERT"
    And no position is held
    And the journal says "trend-1 ETHUSDT close_now: IN_POSITION → EXITING: breaker ALERT"
    And the book is SCANNING in ETHUSDT
    When the next daily candle of ETHUSDT rises 0.5%
    Then the entry of ETHUSDT is refused by entries_halted

  @BRK-03
  Scenario: ALERT takes back an entry that is on its way
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And from here on ETHUSDT trades 10 ETH a day
    And the next candle opens
    Then the book is ENTERING in ETHUSDT
    When the price of BTCUSDT falls 26% within the hour
    Then the breaker is at ALERT
    And no position is held
    And the book is SCANNING in ETHUSDT

  @BRK-03
  Scenario: ALERT closes shorts as well, and leaves CORE its coins
    Given a portfolio of 110,000 USDT
    And the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1 ETH
    And the fact strength of trend-1 is 30
    And the fact sma_slow of trend-1 is 3100 USDT/ETH
    And the fact sma_fast of trend-1 is 3050 USDT/ETH
    When the next daily candle of ETHUSDT closes at 3,000 USDT
    Then the book trend-1 is IN_POSITION short ETHUSDT
    When questions are about what follows
    And the price of BTCUSDT falls 27% within the hour
    Then the breaker is at ALERT
    And ETHUSDT was bought once by trend-1
    And no position of trend-1 is held
    And nothing was sold by core-hodl
    And core-hodl holds 1 ETH
    And trading is not halted

  @BRK-03
  Scenario: A book whose file says that it is not directional keeps its position in ALERT
    Given the line "directional" of trend-1.yaml is no
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And the price of BTCUSDT falls 26% within the hour
    Then the breaker is at ALERT
    And the book is IN_POSITION long ETHUSDT
    And the stop of ETHUSDT on the exchange is 2 ATR below the fill

  @BRK-03
  Scenario Outline: ALERT sells spot of CORE only where the file says so
    Given the book core-hodl with a sub-account of 0 USDT
    And core-hodl already holds 4 BTC
    And the line "ladder.levels.ALERT.spot_to_cash" of breakers.yaml is <share>
    When the price of BTCUSDT falls 24% within the hour
    Then the breaker is at ALERT
    And core-hodl holds <left> BTC

    Examples:
      | share | left |
      | 0%    | 4    |
      | 50%   | 2    |

  @BRK-04
  Scenario: EMERGENCY sells what can be sold and halts until the operator acknowledges
    Given a portfolio of 150,000 USDT
    And the book core-hodl with a sub-account of 50,000 USDT
    And core-hodl already holds 1 BTC
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book trend-1 is IN_POSITION long ETHUSDT
    When the price of BTCUSDT falls 38% within the hour
    Then the breaker is at EMERGENCY
    And trading is halted
    And the operator gets a P0 alert saying "to EMERGENCY"
    And no position of trend-1 is held
    And core-hodl holds 0 BTC
    And 1 BTC was sold for about 31,000 USDT by core-hodl
    And the book trend-1 is EMERGENCY in ETHUSDT
    And the book core-hodl is EMERGENCY
    When questions are about what follows
    And 30 days pass
    Then 0 orders were placed
    And the breaker is at EMERGENCY

  @BRK-04
  Scenario: In EMERGENCY no rule decides, and why-not says so
    When the price of BTCUSDT falls 32% within the hour
    And the next daily candle of ETHUSDT rises 0.5%
    Then "entries.long" never fired
    And the book is EMERGENCY in ETHUSDT
    And why-not says Trading is halted until the operator acknowledges.

  @BRK-04
  Scenario: EMERGENCY takes back an entry that has bought nothing yet
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And from here on ETHUSDT trades 0 ETH a day
    And the next candle opens
    Then the book is ENTERING in ETHUSDT
    When the price of BTCUSDT falls 32% within the hour
    Then trading is halted
    When from here on ETHUSDT trades 100,000 ETH a day
    And 2 days pass
    Then nothing was bought
    And the book is EMERGENCY in ETHUSDT

  @BRK-04
  Scenario: A day that ends in EMERGENCY opens nothing, however good it looks
    When the next daily candles close at:
      | ETHUSDT | BTCUSDT |
      | 3,015   | 34,000  |
    Then trading is halted
    And no position is held
    And nothing was bought

  # ── up and down ──

  @BRK-05
  Scenario: Levels rise at once and by any number of steps
    When the price of BTCUSDT falls 26% within the hour
    Then the breaker went from NORMAL to ALERT
    And the journal says nothing of "CAUTION"
    And the journal says nothing of "WARNING"

  @BRK-05
  Scenario: From any level the breaker rises by as many as it takes
    When the price of BTCUSDT falls 12.5% within the hour
    And the next hourly candle of BTCUSDT closes at 34,000 USDT
    Then the breaker went from CAUTION to EMERGENCY

  @BRK-05
  Scenario Outline: Money that comes or goes moves no level
    When the price of BTCUSDT falls 17.5% within the hour
    Then the drawdown is 14%
    When <flow> the reserve
    And 12 hours pass
    Then the drawdown is 14%
    And the breaker is at CAUTION
    And the operator gets a P1 alert saying "The breaker went" once

    Examples:
      | flow                            |
      | 6 BTC are withdrawn from        |
      | 1,000,000 USDT are deposited to |

  @BRK-05
  Scenario Outline: A level is left when the drawdown has been two points under it for a day
    When the price of BTCUSDT falls 26% within the hour
    And the next hourly candle of BTCUSDT closes at <price> USDT
    Then the drawdown is <drawdown>
    And the breaker is at ALERT
    When 23 hours pass
    Then the breaker is at ALERT
    When an hour passes
    Then the breaker is at <level>
    When 23 hours pass
    Then the breaker is at <level>

    Examples:
      | price  | drawdown      | level   |
      | 38,750 | 18%           | WARNING |
      | 38,740 | more than 18% | ALERT   |

  @BRK-05
  Scenario: Levels fall one step at a time, each after a day of its own
    When the price of BTCUSDT falls 26% within the hour
    And the next hourly candle of BTCUSDT closes at 50,000 USDT
    Then the drawdown is 0%
    When 24 hours pass
    Then the breaker is at WARNING
    When 23 hours pass
    Then the breaker is at WARNING
    When an hour passes
    Then the breaker is at CAUTION
    When 23 hours pass
    Then the breaker is at CAUTION
    When an hour passes
    Then the breaker is at NORMAL

  @BRK-05
  Scenario: The day begins anew when the drawdown comes back
    When the price of BTCUSDT falls 26% within the hour
    And the next hourly candle of BTCUSDT closes at 39,000 USDT
    And 20 hours pass
    And the next hourly candle of BTCUSDT closes at 38,000 USDT
    And the next hourly candle of BTCUSDT closes at 39,000 USDT
    And 23 hours pass
    Then the breaker is at ALERT
    When an hour passes
    Then the breaker is at WARNING

  @BRK-05
  Scenario: EMERGENCY never falls by itself
    When the price of BTCUSDT falls 32% within the hour
    And the next hourly candle of BTCUSDT closes at 60,000 USDT
    And 60 days pass
    Then the drawdown is 0%
    And the breaker is at EMERGENCY
    And trading is halted

  @BRK-05
  Scenario Outline: After an acknowledgement sizes begin at a quarter and double each week
    When the price of BTCUSDT falls 32% within the hour
    And the operator acknowledges the emergency
    Then the breaker is at NORMAL
    And trading is not halted
    When the operator pauses trend-1
    And <days> days pass
    And the operator resumes trend-1
    And the next daily candle of ETHUSDT rises 0.5%
    Then the book is IN_POSITION long ETHUSDT
    And the order of ETHUSDT is scaled by check breaker to <size>

    Examples:
      | days | size |
      | 1    | 25%  |
      | 6    | 25%  |
      | 7    | 50%  |
      | 13   | 50%  |

  @BRK-05
  Scenario: Two weeks after an acknowledgement sizes are whole
    When the price of BTCUSDT falls 32% within the hour
    And the operator acknowledges the emergency
    And the operator pauses trend-1
    And 14 days pass
    And the operator resumes trend-1
    And the next daily candle of ETHUSDT rises 0.5%
    Then the book is IN_POSITION long ETHUSDT
    And the order of ETHUSDT is not scaled by check breaker

  @BRK-05
  Scenario: A new breach begins the recovery anew
    When the price of BTCUSDT falls 32% within the hour
    And the operator acknowledges the emergency
    And the operator pauses trend-1
    And 10 days pass
    And the price of BTCUSDT falls 14% within the hour
    Then the breaker is at CAUTION
    When the operator resumes trend-1
    And the next daily candle of ETHUSDT rises 0.5%
    Then the order of ETHUSDT is scaled by check breaker to 18.75%
    And the journal says "recovering at 25%"

  @BRK-05
  Scenario: Only a person leaves an emergency, and only once
    When the price of BTCUSDT falls 32% within the hour
    And the operator acknowledges
    And questions are about what follows
    And the operator acknowledges
    Then the operator gets a P2 alert saying "Nothing needs to be acknowledged"
    And the breaker is at NORMAL

  # ── what survives ──

  @BRK-06
  Scenario: The level and the highest value survive a restart
    When the next hourly candle of BTCUSDT closes at 60,000 USDT
    And the price of BTCUSDT falls 26% within the hour
    Then the breaker is at ALERT
    When the engine restarts
    Then the breaker is at ALERT
    And the drawdown is about 21.5%
    And entries are forbidden
    When the next hourly candle of BTCUSDT closes at 50,000 USDT
    Then the drawdown is about 13.79%

  @BRK-06
  Scenario: The calm that was waited for survives a restart
    When the price of BTCUSDT falls 26% within the hour
    And the next hourly candle of BTCUSDT closes at 39,000 USDT
    And 20 hours pass
    And the engine restarts
    And 3 hours pass
    Then the breaker is at ALERT
    When an hour passes
    Then the breaker is at WARNING

  @BRK-06
  Scenario: An emergency survives a restart, and so does its acknowledgement
    When the price of BTCUSDT falls 32% within the hour
    And the engine restarts
    And 2 days pass
    Then the breaker is at EMERGENCY
    And trading is halted
    When the operator acknowledges
    And the operator pauses trend-1
    And 7 days pass
    And the engine restarts
    Then trading is not halted
    When the operator resumes trend-1
    And the next daily candle of ETHUSDT rises 0.5%
    Then the order of ETHUSDT is scaled by check breaker to 50%

  @BRK-06
  Scenario Outline: A ladder that is out of order is refused
    Given the line "ladder.levels.<level>.at" of breakers.yaml is <at>
    Then the rule files are refused at "<line>" in breakers.yaml because "<words>"

    Examples:
      | level     | at  | line       | words                                                  |
      | WARNING   | 9%  | WARNING:   | `WARNING` begins at 9%, below `CAUTION` at 10%         |
      | WARNING   | 10% | WARNING:   | `CAUTION` and `WARNING` overlap: both begin at 10%     |
      | WARNING   | 21% | ALERT:     | `ALERT` begins at 20%, below `WARNING` at 21%          |
      | EMERGENCY | 20% | EMERGENCY: | `ALERT` and `EMERGENCY` overlap: both begin at 20%     |

  @BRK-06
  Scenario Outline: A ladder with a gap is refused
    Given breakers.yaml has no line "ladder.levels.<level>"
    Then the rule files are refused at "levels:" in breakers.yaml because "The ladder has a gap: `<level>` is missing"

    Examples:
      | level     |
      | WARNING   |
      | EMERGENCY |

  @BRK-06
  Scenario Outline: A ladder that makes no sense is refused
    Given the line "ladder.<line>" of breakers.yaml is <value>
    Then the rule files are refused at "<place>" in breakers.yaml because "<words>"

    Examples:
      | line                   | value   | place      | words                                                    |
      | levels.ALERT.entries   | allowed | ALERT:     | `ALERT` is milder than `WARNING`: it allows entries      |
      | levels.WARNING.at      | 0%      | WARNING:   | The level `WARNING` would always hold                    |
      | levels.EMERGENCY.at    | 120%    | EMERGENCY: | a ratio from 0% to 100%                                  |
      | levels.EMERGENCY.halt  | no      | EMERGENCY: | `EMERGENCY` halts until somebody acknowledges            |
      | clear_by               | 6%      | clear_by:  | `WARNING` would be left only below `CAUTION`             |

  # ── what always passes ──

  @BRK-07
  Scenario: While entries are forbidden, protection and exits go on
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    Then the book is IN_POSITION long ETHUSDT
    When the price of BTCUSDT falls 20% within the hour
    Then the breaker is at WARNING
    And entries are forbidden
    When the next daily candle of ETHUSDT closes at 3,200 USDT
    Then the book is TRAILING_STOP long ETHUSDT
    And the stop of ETHUSDT on the exchange is 3 ATR below 3,200 USDT
    When questions are about what follows
    And 29 days pass
    Then "exits.too_old" fired once
    And these orders were placed:
      | rule          | symbol  | side | amount    | kind               |
      | exits.too_old | ETHUSDT | sell | 14.29 ETH | market reduce-only |
    And no position is held
    And nothing is refused for ETHUSDT

  @BRK-07
  Scenario: While entries are forbidden, the stop on the exchange closes the position
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And the price of BTCUSDT falls 20% within the hour
    Then entries are forbidden
    When the price of ETHUSDT falls 5% within the hour
    Then the book is STOPPED_OUT in ETHUSDT
    And no position is held

  @BRK-07
  Scenario: While entries are forbidden, the operator may flatten
    When the next daily candle of ETHUSDT closes at 3,015 USDT
    And the price of BTCUSDT falls 20% within the hour
    And the operator flattens trend-1
    And an hour passes
    Then ETHUSDT was sold once
    And no position is held

  @BRK-07
  Scenario: While entries are forbidden, CORE sells what has outgrown its weight
    Given a portfolio of 102,000 USDT
    And the book core-hodl with a sub-account of 2,000 USDT
    And core-hodl already holds 0.6 BTC
    And core-hodl already holds 5 ETH
    And the param far of core-hodl is 5%
    And the param worthwhile of core-hodl is 1%
    When 9 days pass
    Then the book core-hodl is MAINTAINING
    When questions are about what follows
    And the price of BTCUSDT falls 20% within the hour
    And a day passes
    Then the breaker is at WARNING
    And "exits.sell_overweight" fired
    And ETHUSDT was sold once by core-hodl
    And nothing was bought by core-hodl
