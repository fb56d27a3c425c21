Feature: CORE-HODL accumulates coins by weight and keeps them

  Background:
    Given a portfolio of 200,000 USDT
    And BTCUSDT daily candles flat at 50,000 USDT for 60 days
    And ETHUSDT daily candles flat at 2,500 USDT for 60 days

  # ── weights ──

  @CORE-01
  Scenario: Two thirds Bitcoin, one third Ether
    Given the book core-hodl with a sub-account of 400 USDT
    When the next daily candle closes at 50,000 USDT
    Then 0.005066 BTC was bought for about 253.33 USDT
    And about 126.66 USDT of ETH was bought
    And "weight" of core-hodl for BTCUSDT is about 66.67%
    And "drift" of core-hodl for BTCUSDT is less than 0.01%

  @CORE-01
  Scenario: The second book holds ten coins
    Given the book core-hodl-ten with a sub-account of 100,000 USDT
    And every other symbol of core-hodl-ten has daily candles flat at 20 USDT for 60 days
    When a day passes
    Then these orders were placed:
      | symbol   | side | amount            | kind   |
      | BTCUSDT  | buy  | 2770.83 USDT | market |
      | ETHUSDT  | buy  | 1583.33 USDT | market |
      | SOLUSDT  | buy  | 791.67 USDT  | market |
      | XRPUSDT  | buy  | 633.33 USDT  | market |
      | BNBUSDT  | buy  | 633.33 USDT  | market |
      | DOGEUSDT | buy  | 316.67 USDT  | market |
      | ADAUSDT  | buy  | 316.67 USDT  | market |
      | TRXUSDT  | buy  | 316.67 USDT  | market |
      | AVAXUSDT | buy  | 237.5 USDT        | market |
      | LINKUSDT | buy  | 316.67 USDT  | market |

  @CORE-01
  Scenario Outline: Weights that do not add up are refused where they stand
    Given the line "weights.<coin>" of <file> is <weight>
    Then the rule files are refused at "<line>" in <file> because "<words>"

    Examples:
      | file               | coin    | weight | line          | words                                      |
      | core-hodl.yaml     | ETHUSDT | 1/4    | weights:      | The weights add up to 91.6667% (11/12)     |
      | core-hodl-ten.yaml | SOLUSDT | 10.01% | weights:      | The weights add up to 100.01%, not to 100% |
      | core-hodl.yaml     | BTCUSDT | 0.67   | BTCUSDT: 0.67 | a ratio such as `40%` or `2/3` is needed   |

  # ── deployment ──

  @CORE-02
  Scenario Outline: The gap decides over how many weeks it is spread
    Given the book core-hodl with a sub-account of <money> USDT
    And the param buffer of core-hodl is 0%
    When the next daily candle closes at 50,000 USDT
    Then "schedule.gap" of core-hodl is <money> USDT
    And "schedule.cycles" of core-hodl is <weeks>

    Examples:
      | money  | weeks |
      | 499.99 | 1     |
      | 500    | 4     |
      | 49,999 | 4     |
      | 50,000 | 12    |

  @CORE-02
  Scenario: A large gap is closed in even weekly parts, and no sooner
    Given the book core-hodl with a sub-account of 100,000 USDT
    When a day passes
    Then about 5,277.78 USDT of BTC was bought
    And about 2,638.89 USDT of ETH was bought
    When 6 days pass
    Then BTCUSDT was bought once
    When a day passes
    Then BTCUSDT was bought twice
    When 63 days pass
    Then BTCUSDT was bought 11 times
    And ETHUSDT was bought 11 times
    And about 58,055.56 USDT of BTC was bought
    And about 29,027.78 USDT of ETH was bought
    And "schedule.left" of core-hodl is 1

  @CORE-02
  Scenario: A moving market does not move the target
    Given the book core-hodl with a sub-account of 100,000 USDT
    When a day passes
    Then "schedule.target" of core-hodl is 95000 USDT
    And "schedule.gap" of core-hodl is 95000 USDT
    When questions are about what follows
    And the next daily candle of BTCUSDT rises 40%
    And 6 days pass
    Then "schedule.target" of core-hodl is 95000 USDT
    And "schedule.gap" of core-hodl is 95000 USDT
    And "account.equity" of core-hodl is more than 101,000 USDT
    And about 5,277.78 USDT of BTC was bought

  @CORE-02
  Scenario: The gap is what is missing, not the whole target
    Given the book core-hodl with a sub-account of 40,000 USDT
    And core-hodl already holds 0.4 BTC
    When a day passes
    Then "schedule.target" of core-hodl is 57000 USDT
    And "schedule.gap" of core-hodl is 37000 USDT
    And "schedule.cycles" of core-hodl is 4

  @CORE-02
  Scenario: The foundation phase deploys daily over two weeks
    Given the book core-hodl-phase-1 with a sub-account of 5,000 USDT
    When a day passes
    Then "schedule.cycles" of core-hodl-phase-1 is 14
    And BTCUSDT was bought once
    When 12 days pass
    Then BTCUSDT was bought 13 times
    And about 2,940.48 USDT of BTC was bought
    When a day passes
    Then the book is MAINTAINING

  @CORE-03
  Scenario: The schedule counts cycles, not coins
    Given the book core-hodl-ten with a sub-account of 100,000 USDT
    And every other symbol of core-hodl-ten has daily candles flat at 20 USDT for 60 days
    When 15 days pass
    Then 30 orders were placed by "entries.deploy"
    And "schedule.done" of core-hodl-ten is 3
    And "schedule.left" of core-hodl-ten is 9

  @CORE-04
  Scenario: Each purchase is a market order on spot for an amount of USDT
    Given the book core-hodl with a sub-account of 100,000 USDT
    When a day passes
    Then these orders were placed:
      | book      | rule           | symbol  | side | amount            | kind   |
      | core-hodl | entries.deploy | BTCUSDT | buy  | 5277.78 USDT | market |
      | core-hodl | entries.deploy | ETHUSDT | buy  | 2638.89 USDT | market |
    And equity equals cash plus positions

  @CORE-05
  Scenario Outline: At the target, weights that are off by more than five points are restored first
    Given the book core-hodl with a sub-account of 100,000 USDT
    When 71 days pass
    Then the book is DEPLOYING
    When the next daily candle of BTCUSDT rises <ratio>
    Then "drift" of core-hodl for BTCUSDT is <drift>
    And the book is <state>
    And "schedule.left" of core-hodl is 1

    Examples:
      | ratio | drift        | state       |
      | 1%    | less than 1% | MAINTAINING |
      | 26%   | at most 5%   | MAINTAINING |
      | 27%   | more than 5% | REBALANCING |

  @CORE-05
  Scenario Outline: More than nine tenths of the target is enough
    Given the book core-hodl with a sub-account of 100,000 USDT
    When 57 days pass
    Then the book is DEPLOYING
    And "schedule.done" of core-hodl is 9
    When the next daily candles close at:
      | BTCUSDT | ETHUSDT |
      | <btc>   | <eth>   |
    Then "holdings.value / schedule.target" of core-hodl is <part>
    And the book is <state>

    Examples:
      | btc    | eth   | part          | state       |
      | 59,500 | 2,975 | at most 90%   | DEPLOYING   |
      | 60,500 | 3,025 | more than 90% | MAINTAINING |

  @CORE-05
  Scenario Outline: A schedule that has run out ends the deployment, even far from the target
    Given the book core-hodl with a sub-account of 100,000 USDT
    When 71 days pass
    And the next daily candle of BTCUSDT falls 15%
    And the next daily candle of ETHUSDT falls <other>
    And 5 days pass
    Then "schedule.left" of core-hodl is 0
    And the book is DEPLOYING
    When a day passes
    Then "holdings.value / schedule.target" of core-hodl is less than 90%
    And the book is <state>

    Examples:
      | other | state       |
      | 15%   | MAINTAINING |
      | 45%   | REBALANCING |

  # ── rebalancing by purchases ──

  @CORE-06
  Scenario Outline: Four cycles of tilted purchases restore the weights, and nothing is sold
    Given the book core-hodl with a sub-account of 100,000 USDT
    When 71 days pass
    And the next daily candle of <over> rises <ratio>
    And 100,000 USDT are deposited to core-hodl
    And 5 days pass
    Then the book is REBALANCING
    And "drift" of core-hodl for <over> is more than 10%
    And "drift" of core-hodl for <under> is less than -10%
    And "normal" of core-hodl for <over> is about <a> USDT
    And "normal" of core-hodl for <under> is about <b> USDT
    When questions are about what follows
    And a day passes
    Then the order of <over> is for about <a75> USDT
    And the order of <under> is for about <b125> USDT
    And "rebalance.done" of core-hodl is 1
    When a week passes
    Then the order of <over> is for about <a50> USDT
    And the order of <under> is for about <b150> USDT
    When a week passes
    Then the order of <over> is for about <a25> USDT
    And the order of <under> is for about <b175> USDT
    And the book is REBALANCING
    When questions are about what follows
    And a week passes
    Then the order of <under> is for about <b200> USDT
    And 1 order was placed
    And nothing was sold
    When a day passes
    Then the book is MAINTAINING

    Examples:
      | over    | under   | ratio | a        | a75      | a50    | a25    | b        | b125     | b150     | b175     | b200     |
      | BTCUSDT | ETHUSDT | 80%   | 1,642.07 | 1,231.55 | 821.04 | 410.52 | 821.04   | 1,026.29 | 1,231.55 | 1,436.81 | 1,642.07 |
      | ETHUSDT | BTCUSDT | 150%  | 811.75   | 608.82   | 405.88 | 202.94 | 1,623.51 | 2,029.39 | 2,435.27 | 2,841.15 | 3,247.03 |

  @CORE-06
  Scenario: A coin whose weight is nearly right gets its normal purchase
    Given the book core-hodl-ten with a sub-account of 100,000 USDT
    And every other symbol of core-hodl-ten has daily candles flat at 20 USDT for 60 days
    When 71 days pass
    And the next daily candle of BTCUSDT rises 40%
    And 6 days pass
    Then "drift" of core-hodl-ten for BTCUSDT is more than 5%
    And "drift" of core-hodl-ten for ETHUSDT is more than -5%
    And "drift" of core-hodl-ten for SOLUSDT is more than -5%
    And the order of BTCUSDT is for about 294.24 USDT
    And the order of ETHUSDT is for about 224.18 USDT
    And the order of SOLUSDT is for about 112.09 USDT

  @CORE-06
  Scenario: A book without money counts its weeks all the same
    Given the book core-hodl with a sub-account of 3,000 USDT
    And core-hodl already holds 1.2 BTC
    When a day passes
    Then the book is REBALANCING
    When 27 days pass
    Then the book is REBALANCING
    And "rebalance.done" of core-hodl is 3
    When 2 days pass
    Then the book is MAINTAINING
    And 0 orders were placed

  # ── maintenance ──

  @CORE-07
  Scenario: A normal purchase of all coins every 168 hours
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    Then the book is MAINTAINING
    And nothing was bought
    When 6 days pass
    Then nothing was bought
    When a day passes
    Then these orders were placed:
      | rule                    | symbol  | side | amount   | kind   |
      | entries.weekly_purchase | BTCUSDT | buy  | 666.67 USDT | market |
      | entries.weekly_purchase | ETHUSDT | buy  | 333.33 USDT | market |
    When 6 days pass
    Then BTCUSDT was bought once
    When a day passes
    Then BTCUSDT was bought twice

  @CORE-07
  Scenario: 168 hours are neither more nor less
    Given the line "timeframe" of core-hodl.yaml is 1h
    And the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 168 hours pass
    Then nothing was bought
    When an hour passes
    Then BTCUSDT was bought once

  @CORE-07
  Scenario: A restart between an order and its fill buys nothing twice
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 8 days pass
    And the engine restarts
    Then BTCUSDT was bought once
    And ETHUSDT was bought once
    When 6 days pass
    Then BTCUSDT was bought once
    When a day passes
    Then BTCUSDT was bought twice
    And ETHUSDT was bought twice
    And "entries.catch_up" never fired

  @CORE-07
  Scenario: A restart after the purchase was filled buys nothing twice
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 8 days pass
    Then BTCUSDT was bought once
    When the engine restarts
    And 3 days pass
    And the engine restarts
    And 3 days pass
    And the engine restarts
    Then BTCUSDT was bought once
    When a day passes
    And the engine restarts
    Then BTCUSDT was bought twice

  @CORE-07
  Scenario: A purchase that fell due while the engine was down is made up for, and the journal shows it
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 8 days pass
    Then BTCUSDT was bought once
    When questions are about what follows
    And the engine is down for 10 days
    And a day passes
    Then BTCUSDT was bought once
    And ETHUSDT was bought once
    And "entries.weekly_purchase" fired once
    And "entries.catch_up" never fired

  @CORE-07
  Scenario: After three weeks of silence there is one purchase of each coin, and the journal says why
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 8 days pass
    Then BTCUSDT was bought once
    When questions are about what follows
    And the engine is down for 3 weeks
    And a day passes
    Then these orders were placed:
      | rule             | symbol  | side | amount      |
      | entries.catch_up | BTCUSDT | buy  | 666.66 USDT |
      | entries.catch_up | ETHUSDT | buy  | 333.33 USDT |
    And the journal says "More than one purchase fell due meanwhile; this one makes up for all of them."
    When 6 days pass
    Then 2 orders were placed
    When a day passes
    Then 4 orders were placed
    And "entries.weekly_purchase" fired once

  @CORE-08
  Scenario: The first start without holdings buys at once
    Given the book core-hodl with a sub-account of 100,000 USDT
    When a day passes
    Then BTCUSDT was bought once
    And ETHUSDT was bought once

  @CORE-08
  Scenario: The first start with holdings adopts them and waits a full interval
    Given the book core-hodl with a sub-account of 50,000 USDT
    And core-hodl already holds 0.5 BTC
    When a day passes
    Then "triggers.adopt_holdings" fired once
    And the journal says "it takes them over and waits a full interval"
    And "schedule.gap" of core-hodl is 46250 USDT
    And nothing was bought
    When 6 days pass
    And the engine restarts
    Then nothing was bought
    When a day passes
    Then BTCUSDT was bought once
    And ETHUSDT was bought once
    And "triggers.adopt_holdings" fired once

  @CORE-09
  Scenario: Less than one USDT of a coin is dust, neither a position nor an error
    Given the book core-hodl with a sub-account of 100,000 USDT
    And core-hodl already holds 0.000019 BTC
    When a day passes
    Then "triggers.adopt_holdings" never fired
    And BTCUSDT was bought once
    And the operator gets no alert
    And nothing is refused

  @CORE-09
  Scenario: One USDT and more is a holding
    Given the book core-hodl with a sub-account of 100,000 USDT
    And core-hodl already holds 0.00002 BTC
    When a day passes
    Then "triggers.adopt_holdings" fired once
    And nothing was bought

  # ── threshold rebalance ──

  @CORE-10
  Scenario Outline: More than ten points of drift sell what is over, as a maker
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    Then the book is MAINTAINING
    When the next daily candle of BTCUSDT rises <ratio>
    Then "drift" of core-hodl for BTCUSDT is <drift>
    And <count> orders were placed by "exits.sell_overweight"

    Examples:
      | ratio | drift         | count |
      | 64%   | at most 10%   | 0     |
      | 65%   | more than 10% | 1     |

  @CORE-10
  Scenario: What is over is sold and what is under is bought, post-only at the best price
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And the next daily candle of BTCUSDT rises 80%
    Then these orders were placed:
      | rule                  | symbol  | side | amount       | kind      | price |
      | exits.sell_overweight | BTCUSDT | sell | 0.177777 BTC | post-only | 90000 |
    When questions are about what follows
    And the next daily candle of BTCUSDT rises to 90,010 and closes at 90,000 USDT
    Then BTCUSDT was sold once
    And the last fill is at 90,000 USDT
    And "drift" of core-hodl for ETHUSDT is less than -5%
    And these orders were placed:
      | rule                    | symbol  | side | amount      | kind      | price |
      | entries.buy_underweight | ETHUSDT | buy  | 4.26667 ETH | post-only | 2500 |
    When the next daily candle of ETHUSDT falls to 2,490 and closes at 2,500 USDT
    Then "abs(drift)" of core-hodl for ETHUSDT is less than 5%
    And the operator gets no alert

  @CORE-10
  Scenario: A maker order that nobody takes goes to the market when its patience ends
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And the next daily candle of BTCUSDT rises 80%
    And 4 minutes pass
    Then nothing was sold
    When a minute passes
    Then 0.177777 BTC was sold for about 16,000 USDT
    And these orders were placed:
      | side | amount       | kind      |
      | sell | 0.177777 BTC | post-only |
      | sell | 0.177777 BTC | market    |

  @CORE-10
  Scenario: What is on its way is not sold a second time
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And the next daily candle of BTCUSDT rises 80%
    And a day passes
    Then 0.177777 BTC was sold for about 16,000 USDT
    And the journal says "The last order of this kind for BTCUSDT is not done yet."

  @CORE-10
  Scenario Outline: At a quarter's end five points of drift are enough, where the trade is worth its fees
    Given the date is 2024-03-28
    And the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    Then the book is MAINTAINING
    When the next daily candle of BTCUSDT rises <ratio>
    Then "drift" of core-hodl for BTCUSDT is <drift>
    And "surplus / account.equity" of core-hodl for BTCUSDT is <worth>
    And "exits.sell_overweight" never fired
    When a day passes
    Then "quarter_end" of core-hodl is true
    And "exits.sell_overweight" fired <times>

    Examples:
      | ratio | drift        | worth        | times   |
      | 25%   | less than 5% | less than 5% | 0 times |
      | 27%   | more than 5% | less than 5% | 0 times |
      | 30%   | more than 5% | more than 5% | once    |

  @CORE-10
  Scenario: A book may switch selling off
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    And the param sells of core-hodl is no
    When a day passes
    And the next daily candle of BTCUSDT rises 100%
    And 3 weeks pass
    Then "drift" of core-hodl for BTCUSDT is more than 10%
    And nothing was sold

  # ── limits of accumulation ──

  @CORE-11
  Scenario: No coin is above 45 % of the portfolio after a purchase
    Given a portfolio of 50,000 USDT
    And the book core-hodl with a sub-account of 50,000 USDT
    And core-hodl already holds 0.8 BTC
    When a day passes
    Then "schedule.gap / schedule.cycles * weight" of core-hodl for BTCUSDT is about 7,583.33 USDT
    When a week passes
    Then the order of BTCUSDT is scaled by check core_concentration
    And the order of BTCUSDT is for 500 USDT
    And "position.value / portfolio.equity" of core-hodl for BTCUSDT is less than 45.01%
    And "position.value / portfolio.equity" of core-hodl for BTCUSDT is more than 44.99%
    When questions are about what follows
    And 3 weeks pass
    Then the entry of BTCUSDT is refused by core_concentration because "No room is left under 45% of portfolio"
    And BTCUSDT was bought 0 times
    And ETHUSDT was bought 3 times

  @CORE-11
  Scenario: A twentieth of the engine stays in USDT
    Given the book core-hodl with a sub-account of 6,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 8 days pass
    Then core-hodl holds about 5,040 USDT
    When questions are about what follows
    And a week passes
    Then the order of BTCUSDT is scaled by check cash_buffer
    And "account.cash / account.equity" of core-hodl is at least 5%
    And "account.cash / account.equity" of core-hodl is less than 5.01%
    When 10 weeks pass
    Then core-hodl holds at least 4,798 USDT
    And "account.cash / account.equity" of core-hodl is at least 5%

  @CORE-12
  Scenario Outline: At the bottom nothing is sold to rebalance, and accumulation goes on
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    And BTCUSDT daily candles going from 50,000 to <high> USDT in 100 days
    And BTCUSDT daily candles going from <high> to 50,000 USDT in 100 days
    When a day passes
    And the next daily candle of ETHUSDT falls 60%
    Then "drift" of core-hodl for BTCUSDT is more than 10%
    And "below_high" of core-hodl for BTCUSDT is <depth>
    And "exits.sell_overweight" fired <times>
    When 6 days pass
    Then BTCUSDT was bought once

    Examples:
      | high    | depth         | times   |
      | 160,000 | less than 70% | once    |
      | 170,000 | more than 70% | 0 times |

  # ── trouble ──

  @CORE-13
  Scenario Outline: Trouble halts all activity and alerts the operator
    Given the book core-hodl with a sub-account of 100,000 USDT
    When a day passes
    And <trouble>
    And 13 days pass
    Then the book is PAUSED
    And BTCUSDT was bought once
    And the operator gets a P1 alert saying "Paused: the exchange is in trouble or withdrawals are stopped"
    When the engine restarts
    And a day passes
    Then the book is PAUSED
    When the exchange reports that all is well
    And a day passes
    Then the book is DEPLOYING
    And "schedule.cycles" of core-hodl is 12
    And BTCUSDT was bought twice

    Examples:
      | trouble                      |
      | the exchange reports trouble |
      | withdrawals are stopped      |

  @CORE-13
  Scenario: Trouble takes back what is open
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And the next daily candle of BTCUSDT rises 80%
    Then 1 order was placed by "exits.sell_overweight"
    When the exchange reports trouble
    And a day passes
    Then the book is PAUSED
    And nothing was sold

  # ── Earn ──

  @CORE-14
  Scenario: Idle Ether goes to Earn while the yield is high enough, in a quiet period
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    Then the book is MAINTAINING
    When earn.yield is observed as 1.9%
    And a day passes
    Then the book is MAINTAINING
    And nothing is lent out
    When earn.yield is observed as 2%
    And a day passes
    Then the book is EARN_OPTIMIZING
    And "triggers.earn" is explained with "earn.yield" 2 %
    And 12 ETH are lent out
    And "earn.lent" of core-hodl for ETHUSDT is 30,000 USDT
    And "earn.idle" of core-hodl for ETHUSDT is 0 USDT
    And "earn.lent" of core-hodl for BTCUSDT is 0 USDT
    And nothing was sold

  @CORE-14
  Scenario: What is lent out still counts as held
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 12 ETH are lent out
    And "holding.value" of core-hodl for ETHUSDT is 30,000 USDT
    And "holdings.value" of core-hodl is 90,000 USDT
    And "drift" of core-hodl for ETHUSDT is less than 0.01%
    And the equity of core-hodl is 100,000 USDT
    And equity equals cash plus positions
    When the next daily candle of ETHUSDT falls 10%
    Then the equity of core-hodl is about 97,000 USDT

  @CORE-14
  Scenario: Interest is profit, and not money from outside
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3.65%
    And 3 days pass
    Then 0.001225 ETH of interest were paid
    And "holding.value" of core-hodl for ETHUSDT is 30,003.0625 USDT
    And the equity of core-hodl is 100,003.0625 USDT
    And "portfolio.drawdown" of core-hodl is 0%
    And equity equals cash plus positions

  @CORE-14
  Scenario: A yield that nobody knows, or that nobody has told for long, lends nothing
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When 5 days pass
    Then "earn.yield" of core-hodl is unknown
    And the book is MAINTAINING
    And nothing is lent out
    When earn.yield is observed as 3%
    And a day passes
    Then the book is EARN_OPTIMIZING
    When 3 days pass
    Then the book is MAINTAINING
    And nothing is lent out

  @CORE-14
  Scenario Outline: Coins come home when the yield falls or the quiet period ends
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 12 ETH are lent out
    When <change>
    And a day passes
    Then the book is MAINTAINING
    When a day passes
    Then nothing is lent out
    And ETH came back once
    And nothing was sold
    And the book is MAINTAINING

    Examples:
      | change                                     |
      | earn.yield is observed as 1.99%            |
      | the next daily candle of ETHUSDT falls 21% |

  @CORE-14
  Scenario: What is bought later is lent out as well
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 12 ETH are lent out
    When earn.yield is observed as 3%
    And 2 days pass
    And earn.yield is observed as 3%
    And 2 days pass
    And earn.yield is observed as 3%
    And 2 days pass
    And earn.yield is observed as 3%
    And 2 days pass
    Then the book is EARN_OPTIMIZING
    And "triggers.earn_more" fired
    And ETH was lent out 3 times
    And "earn.idle" of core-hodl for ETHUSDT is less than 10 USDT
    And "earn.lent" of core-hodl for ETHUSDT is more than 30,000 USDT

  @CORE-14
  Scenario: Before a rebalance sells, lent coins come home, and nothing is sold that is not there
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 12 ETH are lent out
    When the next daily candle of ETHUSDT rises 80%
    Then "drift" of core-hodl for ETHUSDT is more than 10%
    And "exits.sell_overweight" fired once for ETHUSDT
    And 12 ETH are on the way back
    And nothing was sold
    And the book is MAINTAINING
    When a day passes
    Then nothing is lent out
    And ETHUSDT was sold once
    And the exchange refuses 0 orders

  @CORE-14
  Scenario: An emergency calls lent coins home at once, and sells them when they are there
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    And Earn takes 36 hours to give coins back
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 12 ETH are lent out
    When the operator halts everything
    Then trading is halted
    And 12 ETH are on the way back
    When a day passes
    Then BTCUSDT was sold once
    And ETHUSDT was sold 0 times
    And the halt is at its stage close
    When 2 days pass
    Then ETHUSDT was sold once
    And core-hodl holds 0 ETH
    And the exchange refuses 0 orders

  @CORE-14
  Scenario: An operator who flattens gets what is lent out sold as well
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 12 ETH are lent out
    When the operator flattens core-hodl
    Then 12 ETH are on the way back
    When a day passes
    Then BTCUSDT was sold once
    And ETHUSDT was sold once
    And nothing is lent out

  @CORE-14
  Scenario: A restart between call and return forgets nothing
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    And the operator flattens core-hodl
    And the engine restarts
    And a day passes
    Then ETHUSDT was sold once
    And nothing is lent out

  @CORE-14
  Scenario: Only coins that the book names are lent
    Given the book core-hodl with a sub-account of 10,000 USDT
    And the line "lends" of core-hodl.yaml is [BTCUSDT]
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    And earn.yield is observed as 3%
    And a day passes
    Then 1.2 BTC are lent out
    And "earn.lent" of core-hodl for ETHUSDT is 0 USDT

  @CORE-14
  Scenario: A coin that the book does not trade can't be lent
    Given the line "lends" of core-hodl.yaml is [SOLUSDT]
    Then the rule files are refused at "lends:" in core-hodl.yaml because "`SOLUSDT` is not one of the book's symbols"

  # ── what is reported ──

  @CORE-15
  Scenario: Drift, the time since the last rebalance and the staking yield are known
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    When a day passes
    Then "age(rebalance)" of core-hodl is unknown
    And "earn.yield" of core-hodl is unknown
    When the next daily candle of BTCUSDT rises 80%
    Then "drift" of core-hodl for BTCUSDT is about 11.59%
    And "drift" of core-hodl for ETHUSDT is about -11.59%
    When 20 days pass
    And earn.yield is observed as 2.5%
    Then "age(rebalance)" of core-hodl is at least 19d
    And "earn.yield" of core-hodl is 2.5%
    And "earn.yield >= earn_from" of core-hodl is true
