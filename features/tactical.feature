Feature: TACTICAL keeps cash for crashes, buys them in parts, and hands back what comes of it

  Background:
    Given a portfolio of 200,000 USDT
    And the book "tactical" with a sub-account of 10,000 USDT
    And BTCUSDT daily candles going from 60,000 to 100,000 USDT in 60 days

  # ── signals ──

  @TACT-01 @TACT-02 @TACT-03
  Scenario: A fall of 70 % is enough by itself, and takes half of the cash
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 1,000 USDT
    And the check daily_loss is live
    When the next daily candle closes at 29,000 USDT
    Then the book "tactical" is HOLDING
    And 2 orders were placed by "entries.deep_fall"
    And about 4,000 USDT of BTC were bought by "tactical"
    And about 1,000 USDT of ETH were bought by "tactical"
    And the order of BTCUSDT is for 4,000 USDT
    And the order of ETHUSDT is for 1,000 USDT
    And "entries.deep_fall" is explained with "points" 3
    And "cycle.cash" of "tactical" for BTCUSDT is 10000 USDT
    And the journal says "entries.deep_fall"

  @TACT-01
  Scenario Outline: Signals add up, and three points are needed
    Given BTCUSDT daily candles then falling <fall> a day for 40 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 2,000 USDT
    And the fact rough of "tactical" is <volatility>
    And the line "facts.highest_funding" of tactical.yaml is <funding>
    When fear_greed is observed as <index>
    And the next daily candle rises 0.1%
    Then "points" of "tactical" for BTCUSDT is <points>
    And the book "tactical" is <state>
    And <orders> were placed by "<rule>"

    Examples:
      | fall | volatility | funding | index | points | state              | orders   | rule                 |
      | 1.9% | 60%        | 0.01%   | 19    | 4      | HOLDING            | 2 orders | entries.middle_fall  |
      | 1.9% | 60%        | 0.01%   | 20    | 2      | MONITORING_MARKETS | 0 orders | entries.middle_fall  |
      | 1.9% | 81%        | 0.01%   | 20    | 3      | HOLDING            | 2 orders | entries.middle_fall  |
      | 1.9% | 80%        | 0.01%   | 20    | 2      | MONITORING_MARKETS | 0 orders | entries.middle_fall  |
      | 1.9% | 60%        | -0.06%  | 50    | 3      | HOLDING            | 2 orders | entries.middle_fall  |
      | 1.9% | 60%        | -0.05%  | 50    | 2      | MONITORING_MARKETS | 0 orders | entries.middle_fall  |
      | 1%   | 60%        | 0.01%   | 5     | 2      | MONITORING_MARKETS | 0 orders | entries.shallow_fall |
      | 1%   | 81%        | 0.01%   | 5     | 3      | HOLDING            | 2 orders | entries.shallow_fall |
      | 1%   | 81%        | -0.06%  | 50    | 2      | MONITORING_MARKETS | 0 orders | entries.shallow_fall |

  @TACT-01
  Scenario: An index of last week is no fear
    Given BTCUSDT daily candles then falling 1.9% a day for 40 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 2,000 USDT
    When fear_greed is observed as 10
    And 2 days pass
    Then "points" of "tactical" for BTCUSDT is 4
    When 1 day passes
    Then "points" of "tactical" for BTCUSDT is 2

  @TACT-01
  Scenario: Funding counts on the third day running, and only if every settlement is known
    Given BTCUSDT daily candles then falling 1.9% a day for 40 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 2,000 USDT
    And BTCUSDT hourly candles flat at 46,500 USDT for 48 hours
    When funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    Then "highest_funding" of "tactical" for BTCUSDT is unknown
    And the book "tactical" is MONITORING_MARKETS
    When funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    And 8 hours pass
    And funding of BTCUSDT is settled at -0.06%
    Then "highest_funding" of "tactical" for BTCUSDT is -0.06%
    And "points" of "tactical" for BTCUSDT is 3

  # ── levels ──

  @TACT-02 @TACT-04
  Scenario: The deepest level is reached after the one before has fired, and each fires once
    Given BTCUSDT daily candles then falling 1.9% a day for 40 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 2,000 USDT
    When fear_greed is observed as 10
    And the next daily candle falls 0.1%
    Then the book "tactical" is HOLDING
    And 2 orders were placed by "entries.middle_fall"
    When BTCUSDT falls 2% a day for 28 days
    Then 0 orders were placed by "entries.deep_fall"
    And the book "tactical" is HOLDING
    When 2 days pass
    Then 2 orders were placed by "entries.deep_fall"
    And the last order of BTCUSDT is for 4,000 USDT
    And "tactical" holds less than 10 USDT
    When 60 days pass
    Then 2 orders were placed by "entries.deep_fall"
    And 2 orders were placed by "entries.middle_fall"

  @TACT-02
  Scenario: Money that comes in the middle of a cycle changes no part of it
    Given BTCUSDT daily candles then falling 1.9% a day for 40 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 2,000 USDT
    When fear_greed is observed as 10
    And the next daily candle falls 0.1%
    And 20,000 USDT are deposited to "tactical"
    And BTCUSDT falls 2% a day for 31 days
    Then 2 orders were placed by "entries.deep_fall"
    And the last order of BTCUSDT is for 4,000 USDT
    And "cycle.cash" of "tactical" for BTCUSDT is 10000 USDT
    And "tactical" holds about 20,000 USDT

  @TACT-04
  Scenario: A new high between two crashes arms every level again
    Given the fact afraid of "tactical" is true
    And the fact rough of "tactical" is 90%
    And BTCUSDT daily candles then falling 1% a day for 20 days
    And ETHUSDT daily candles flat at 2,000 USDT for 80 days
    When the next daily candle of BTCUSDT falls 0.1%
    Then 2 orders were placed by "entries.shallow_fall"
    And the order of BTCUSDT is for 2,000 USDT
    When 40 days pass
    Then 2 orders were placed by "entries.shallow_fall"
    When BTCUSDT rises 1% a day for 23 days
    Then 4 orders were placed by "entries.shallow_fall"
    And "armed.high" of "tactical" for BTCUSDT is more than 100500 USDT/BTC
    And the last order of BTCUSDT is for 2,000 USDT

  @TACT-04
  Scenario: A restart forgets neither the level, nor the high, nor the last deployment
    Given BTCUSDT daily candles then falling 1.9% a day for 40 days
    And ETHUSDT daily candles like those of BTCUSDT, ending at 2,000 USDT
    When fear_greed is observed as 10
    And the next daily candle falls 0.1%
    And the engine restarts
    Then "fired.middle" of "tactical" for BTCUSDT is true
    And "armed.high" of "tactical" for BTCUSDT is more than 100000 USDT/BTC
    When the engine is down for 25 days
    And the engine restarts
    And fear_greed is observed as 10
    And the next daily candle falls 0.1%
    Then 2 orders were placed by "entries.middle_fall"
    When BTCUSDT falls 5% a day for 14 days
    Then 2 orders were placed by "entries.deep_fall"
    And 2 orders were placed by "entries.middle_fall"

  # ── profits ──

  @TACT-05 @TACT-08 @ORCH-04
  Scenario: Half is sold at half as much again, the rest when the money has doubled, and CORE-HODL gets the profit
    Given the book "core-hodl" with a sub-account of 1,000 USDT
    And the param smallest of core-hodl is 100000 USDT
    And BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    Then the book "tactical" is HOLDING
    When BTCUSDT rises 10% a day for 5 days
    Then "holdings.gain" of "tactical" for BTCUSDT is more than 45%
    And "holdings.gain" of "tactical" for BTCUSDT is less than 50%
    And nothing was sold by "tactical"
    When the next daily candle of BTCUSDT rises 3%
    Then BTCUSDT was sold once by "tactical"
    And ETHUSDT was sold once by "tactical"
    And "position.quantity" of "tactical" for BTCUSDT is about 0.0689 BTC
    And 2 orders were placed by "exits.first_target"
    And the book "tactical" is RETURNING_TO_CORE
    When the next daily candle of BTCUSDT rises 0.1%
    Then the book "tactical" is HOLDING
    When BTCUSDT rises 4% a day for 7 days
    Then 0 orders were placed by "exits.second_target"
    When the next daily candle of BTCUSDT rises 15%
    Then 2 orders were placed by "exits.second_target"
    And 2 orders were placed by "exits.first_target"
    When 2 days pass
    Then the book "tactical" is MONITORING_MARKETS
    And the journal says "from TACTICAL to CORE-HODL"
    And "account.cash" of "tactical" for BTCUSDT is at least 10000 USDT
    And "tactical" holds less than 10,300 USDT
    And "cycle" of "tactical" for BTCUSDT is false

  @TACT-05
  Scenario: Half as much again after a quarter of a year is too late for the first half
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    And BTCUSDT rises 10% a day for 2 days
    And 89 days pass
    And BTCUSDT rises 2% a day for 20 days
    Then the book "tactical" is HOLDING
    And "holdings.gain" of "tactical" for BTCUSDT is more than 60%
    And nothing was sold by "tactical"

  @TACT-05
  Scenario: After a year everything is sold, at a loss as well
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    And BTCUSDT rises 10% a day for 1 day
    And ETHUSDT falls 2% a day for 60 days
    And 303 days pass
    Then nothing was sold by "tactical"
    When 2 days pass
    Then BTCUSDT was sold once by "tactical"
    And ETHUSDT was sold once by "tactical"
    And the journal says nothing of "from TACTICAL to CORE-HODL"

  @TACT-06
  Scenario: A further fall of 30 % changes nothing
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    And BTCUSDT falls 3% a day for 12 days
    Then the book "tactical" is HOLDING
    And nothing was sold by "tactical"
    And 2 orders were placed by "entries.deep_fall"

  # ── trouble ──

  @TACT-07
  Scenario: Trouble in the middle of a deployment: what is open is taken back, and only the rest is bought later
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    And from here on BTCUSDT trades 0.5 BTC a day
    Then the book "tactical" is DEPLOYING
    And less than 2,000 USDT of BTC were bought by "tactical"
    When the exchange reports trouble
    And 2 days pass
    Then the book "tactical" is DEPLOYING
    And "orders.waiting" of "tactical" for BTCUSDT is 0
    And less than 3,500 USDT of BTC were bought by "tactical"
    When from here on BTCUSDT trades 5,000 BTC a day
    And the engine restarts
    And the exchange reports that all is well
    And 1 day passes
    Then the book "tactical" is HOLDING
    And about 4,000 USDT of BTC were bought by "tactical"
    And at most 4,000 USDT of BTC were bought by "tactical"
    When 10 days pass
    Then at most 4,000 USDT of BTC were bought by "tactical"

  @TACT-07
  Scenario: Nothing is bought while the exchange is in trouble
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the exchange reports trouble
    And the next daily candle of BTCUSDT closes at 29,000 USDT
    Then the book "tactical" is TRIGGER_DETECTED
    And nothing was bought by "tactical"
    When the exchange reports that all is well
    And 1 day passes
    Then the book "tactical" is HOLDING

  # ── the operator ──

  @TACT-08
  Scenario: What an operator sells ends the cycle
    Given BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    And the operator flattens "tactical"
    And 1 day passes
    Then BTCUSDT was sold once by "tactical"
    When 3 days pass
    Then the book "tactical" is MONITORING_MARKETS
    And equity equals cash plus positions

  @ORCH-04 @TACT-08
  Scenario: Without the other sub-account the money stays, and nothing is stuck
    Given the param first_target of "tactical" is 10%
    And the line "triggers.hand_back.then" of tactical.yaml is 'give_back(to="NOBODY", amount=proceeds)'
    And the param reserve of "tactical" is 1%
    And BTCUSDT daily candles then falling 2% a day for 59 days
    And ETHUSDT daily candles flat at 1,000 USDT for 119 days
    When the next daily candle of BTCUSDT closes at 29,000 USDT
    And BTCUSDT rises 5% a day for 4 days
    Then the book "tactical" is RETURNING_TO_CORE
    And the drawdown is less than 1%
    When 8 days pass
    Then the book "tactical" is HOLDING
    And the journal says nothing of "from TACTICAL to"
