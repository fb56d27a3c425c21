Feature: FUNDING holds coins against their perpetuals and collects the funding rate

  Background:
    Given a portfolio of 200,000 USDT
    And the book "funding" with a sub-account of 30,000 USDT
    And BTCUSDT hourly candles flat at 50,000 USDT for 48 hours
    And ETHUSDT hourly candles flat at 2,000 USDT for 48 hours
    And SOLUSDT hourly candles flat at 100 USDT for 48 hours

  # ── entries ──

  @FUND-01 @FUND-03 @FUND-08
  Scenario: Coin and perpetual in the same quantity, a third of the capital for each coin, Bitcoin first
    Given funding of BTCUSDT was settled at 0.03% twice
    And funding of ETHUSDT was settled at 0.03% twice
    And funding of SOLUSDT was settled at 0.03% twice
    When 1 hour passes
    Then the book "funding" is FUNDING_COLLECTING in BTCUSDT
    And the two orders of BTCUSDT are for the same quantity
    And both legs of BTCUSDT are 0.133 BTC
    And both legs of ETHUSDT are 3.33 ETH
    And both legs of SOLUSDT are 66.6 SOL
    And these orders were placed:
      | symbol  | side | amount    | kind   | stop |
      | BTCUSDT | buy  | 0.133 BTC | market |      |
      | BTCUSDT | sell | 0.133 BTC | market |      |
      | ETHUSDT | buy  | 3.33 ETH  | market |      |
      | ETHUSDT | sell | 3.33 ETH  | market |      |
      | SOLUSDT | buy  | 66.6 SOL  | market |      |
      | SOLUSDT | sell | 66.6 SOL  | market |      |
    And no order of "funding" has a stop
    And equity equals cash plus positions

  @FUND-01
  Scenario: When the money is short, Bitcoin and Ether have it
    Given the param per_coin of "funding" is 60%
    And the check hedged_pair is off
    And funding of BTCUSDT was settled at 0.03% twice
    And funding of ETHUSDT was settled at 0.03% twice
    And funding of SOLUSDT was settled at 0.03% twice
    When 1 hour passes
    Then both legs of BTCUSDT are 0.24 BTC
    And both legs of ETHUSDT are about 5.14 ETH
    And there is no leg of SOLUSDT

  @FUND-02
  Scenario Outline: What makes an opportunity
    Given funding of BTCUSDT was settled at <before_last> once
    When 8 hours pass
    And funding of BTCUSDT is settled at <last>
    And funding.expected of BTCUSDT is observed as <expected>
    And the next hourly candle of BTCUSDT closes at <perpetual> USDT on linear
    Then the book "funding" is <state> in BTCUSDT

    Examples:
      | before_last | last    | expected | perpetual | state              |
      | 0.01%       | 0.01%   | 0.011%   | 50,000    | FUNDING_COLLECTING |
      | 0.01%       | 0.01%   | 0.01%    | 50,000    | MONITORING         |
      | 0.01%       | 0.01%   | 0.02%    | 51,100    | MONITORING         |
      | 0.01%       | 0.01%   | 0.02%    | 48,900    | MONITORING         |
      | 0.01%       | 0.01%   | 0.02%    | 50,900    | FUNDING_COLLECTING |
      | -0.01%      | 0.01%   | 0.02%    | 50,000    | MONITORING         |
      | 0.01%       | -0.001% | 0.02%    | 50,000    | MONITORING         |

  @FUND-02
  Scenario: A higher threshold than the exchange's usual rate
    Given the param enter_rate of "funding" is 20%
    And funding of BTCUSDT was settled at 0.018% twice
    When 1 hour passes
    Then the book "funding" is MONITORING in BTCUSDT
    And "yearly" of "funding" for BTCUSDT is 19.71%

  @FUND-02
  Scenario: A settlement that nobody has heard of makes the rate unknown, and unknown opens nothing
    Given funding of BTCUSDT was settled at 0.03% twice
    And the operator pauses "funding"
    When 17 hours pass
    And the operator resumes "funding"
    And 1 hour passes
    Then "funding.last" of "funding" for BTCUSDT is unknown
    And there is no leg of BTCUSDT

  @FUND-08
  Scenario: Never more than a twentieth of what the order books hold
    Given funding of BTCUSDT was settled at 0.03% twice
    When depth of BTCUSDT is observed as 80000
    And perp.depth of BTCUSDT is observed as 60000
    And 1 hour passes
    Then both legs of BTCUSDT are 0.06 BTC

  @FUND-08
  Scenario: Where nobody has looked into the order books, a part of the turnover stands for them
    Given BTCUSDT trades 48 BTC a candle
    And funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    Then "thin" of "funding" for BTCUSDT is about 6000 USDT
    And both legs of BTCUSDT are 0.12 BTC

  # ── one leg without the other ──

  @FUND-04
  Scenario: The second leg is refused: the first is unwound at once and the operator hears of it
    Given funding of BTCUSDT was settled at 0.03% twice
    When 22,500 USDT leave "funding" without notice
    And 1 hour passes
    Then the exchange refuses 1 order because "ab not enough for new order"
    And the operator gets a P1 alert saying "one leg was not filled as the other was"
    And BTCUSDT was bought once by "funding"
    When 1 minute passes
    Then BTCUSDT was sold once by "funding"
    And there is no leg of BTCUSDT
    And the book "funding" is MONITORING in BTCUSDT
    And "entries.enter" fired once for BTCUSDT

  @FUND-04
  Scenario: Only a part of one leg is filled within ten seconds: the other is cut to it
    Given funding of BTCUSDT was settled at 0.03% twice
    When from here on BTCUSDT trades 0.5 BTC a day on linear
    And 1 hour passes
    Then the book "funding" is ENTERING in BTCUSDT
    And the position in BTCUSDT is -0.05 BTC
    When from here on BTCUSDT trades 0 BTC a day on linear
    And 5 seconds pass
    Then 1 order is still open on linear
    When 5 seconds pass
    Then 0 orders are still open on linear
    And 1 order is still open on spot
    And the operator gets a P1 alert saying "one leg was not filled as the other was"
    When 1 minute passes
    Then both legs of BTCUSDT are 0.05 BTC
    And the book "funding" is FUNDING_COLLECTING in BTCUSDT

  @FUND-04
  Scenario: What is filled of one leg is too little for a pair: everything is closed
    Given funding of BTCUSDT was settled at 0.03% twice
    When from here on BTCUSDT trades 0 BTC a day on linear
    And 1 hour passes
    Then the book "funding" is ENTERING in BTCUSDT
    When 10 seconds pass
    Then 0 orders are still open on linear
    When 1 minute passes
    Then there is no leg of BTCUSDT
    And the book "funding" is MONITORING in BTCUSDT

  @FUND-04
  Scenario: What can't be unwound at once is tried again, and the operator is woken
    Given funding of BTCUSDT was settled at 0.03% twice
    When from here on BTCUSDT trades 0 BTC a day on linear
    And 1 hour passes
    Then the book "funding" is ENTERING in BTCUSDT
    When from here on BTCUSDT trades 0 BTC a day on spot
    And 10 seconds pass
    And 10 seconds pass
    Then the operator gets a P0 alert saying "the legs could not be made even"
    When from here on BTCUSDT trades 5,000 BTC a day on spot
    And 1 minute passes
    Then there is no leg of BTCUSDT

  @FUND-02
  Scenario: An opportunity that nobody could take is let go when it is gone
    Given funding of BTCUSDT was settled at 0.03% twice
    When the operator pauses everything
    And 1 hour passes
    Then the book "funding" is OPPORTUNITY_DETECTED in BTCUSDT
    And the entry of BTCUSDT is refused by paused
    When funding.expected of BTCUSDT is observed as 0.01%
    And 1 hour passes
    Then the book "funding" is MONITORING in BTCUSDT

  @FUND-04
  Scenario: A restart in the middle of an entry forgets neither the leg nor the deadline
    Given funding of BTCUSDT was settled at 0.03% twice
    When from here on BTCUSDT trades 0 BTC a day on linear
    And 1 hour passes
    Then the book "funding" is ENTERING in BTCUSDT
    When the engine restarts
    And 10 seconds pass
    And 1 minute passes
    Then there is no leg of BTCUSDT

  @FUND-04
  Scenario: A paused book still ends what is half done, and begins nothing
    Given funding of BTCUSDT was settled at 0.03% twice
    When from here on BTCUSDT trades 0 BTC a day on linear
    And 1 hour passes
    Then the book "funding" is ENTERING in BTCUSDT
    When the operator pauses "funding"
    And 10 seconds pass
    And 3 hours pass
    Then there is no leg of BTCUSDT
    And the entry of BTCUSDT is refused by book_paused

  @FUND-05 @FUND-04
  Scenario: The rate turns negative while the pair is being opened
    Given funding of BTCUSDT was settled at 0.03% twice
    When from here on BTCUSDT trades 0.5 BTC a day on linear
    And 1 hour passes
    Then the book "funding" is ENTERING in BTCUSDT
    When funding.expected of BTCUSDT is observed as -0.01%
    And 5 seconds pass
    Then 1 order is still open on spot
    And there is no leg of BTCUSDT
    And the exit is labelled FUNDING_NEGATIVE
    And the book "funding" is MONITORING in BTCUSDT

  # ── exits ──

  @FUND-05
  Scenario Outline: What ends a pair
    Given funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    Then the book "funding" is FUNDING_COLLECTING in BTCUSDT
    When funding.expected of BTCUSDT is observed as <expected>
    And the next hourly candle of BTCUSDT closes at <perpetual> USDT on linear
    And 1 hour passes
    Then there is no leg of BTCUSDT
    And the exit is labelled <label>
    And equity equals cash plus positions

    Examples:
      | expected | perpetual | label            |
      | -0.001%  | 50,000    | FUNDING_NEGATIVE |
      | 0.0045%  | 50,000    | RATE_COMPRESSED  |
      | 0.03%    | 51,100    | BASIS_BLOWN      |
      | 0.03%    | 48,900    | BASIS_BLOWN      |

  @FUND-05
  Scenario: Half of the entry threshold is still enough
    Given funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    And funding.expected of BTCUSDT is observed as 0.0046%
    And 1 hour passes
    Then the book "funding" is FUNDING_COLLECTING in BTCUSDT

  @FUND-05
  Scenario: After two weeks it is over
    Given funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    And funding.expected of BTCUSDT is observed as 0.03%
    And 335 hours pass
    Then the book "funding" is FUNDING_COLLECTING in BTCUSDT
    When 1 hour passes
    Then the exit is labelled HOLDING_MAX_DAYS
    And there is no leg of BTCUSDT

  @FUND-05
  Scenario: An exit that is not filled is asked for again
    Given funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    Then both legs of BTCUSDT are 0.133 BTC
    When from here on BTCUSDT trades 0 BTC a day on linear
    And funding.expected of BTCUSDT is observed as -0.01%
    And 1 hour passes
    Then the book "funding" is EXITING in BTCUSDT
    And the position in BTCUSDT is -0.133 BTC
    When from here on BTCUSDT trades 5,000 BTC a day on linear
    And 1 minute passes
    And 1 minute passes
    Then there is no leg of BTCUSDT
    And the book "funding" is MONITORING in BTCUSDT

  # ── both legs stay even ──

  @FUND-06
  Scenario: More than a fiftieth without its other leg is sold
    Given funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    Then both legs of BTCUSDT are 0.133 BTC
    When 0.002 BTC are deposited to "funding"
    And 1 hour passes
    Then "exits.rehedge" never fired
    When 0.002 BTC are deposited to "funding"
    And 1 hour passes
    Then "exits.rehedge" fired once
    And the last order of BTCUSDT is for about 0.003867 BTC
    And both legs of BTCUSDT are 0.133 BTC
    And the book "funding" is FUNDING_COLLECTING in BTCUSDT

  # ── payments ──

  @FUND-07 @ORCH-04
  Scenario: Half of a payment makes the pair larger, half goes to TACTICAL
    Given the book "tactical" with a sub-account of 1,000 USDT
    And funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    Then both legs of BTCUSDT of "funding" are 0.133 BTC
    When 7 hours pass
    And funding of BTCUSDT is settled at 1.6%
    And 1 hour passes
    Then about 106.4 USDT of funding were booked by "funding"
    And the journal says "53.2 USDT went from FUNDING to TACTICAL"
    And "income.to_compound" of "funding" for BTCUSDT is 0 USDT
    And both legs of BTCUSDT of "funding" are 0.134 BTC

  @FUND-07
  Scenario: What is too little for an order is kept until it is enough
    Given funding of BTCUSDT was settled at 0.03% twice
    When 8 hours pass
    And funding of BTCUSDT is settled at 0.5%
    And 1 hour passes
    Then "income.to_compound" of "funding" for BTCUSDT is 16.625 USDT
    And "income.to_hand_over" of "funding" for BTCUSDT is 16.625 USDT
    When 7 hours pass
    And funding of BTCUSDT is settled at 1.2%
    And 1 hour passes
    Then "entries.compound" fired once
    And both legs of BTCUSDT are 0.134 BTC

  @FUND-07
  Scenario: A payment that is told twice counts once, after a restart as well
    Given funding of BTCUSDT was settled at 0.03% twice
    When 8 hours pass
    And funding of BTCUSDT is settled at 0.5%
    And the last funding payment is told again
    And the engine restarts
    And the last funding payment is told again
    And 1 hour passes
    Then 33.25 USDT of funding were booked by "funding"
    And "income.to_compound" of "funding" for BTCUSDT is 16.625 USDT
    And equity equals cash plus positions

  @FUND-07
  Scenario: A negative rate is paid by the short and shared by nobody
    Given funding of BTCUSDT was settled at 0.03% twice
    When 8 hours pass
    And funding of BTCUSDT is settled at -0.02%
    Then -1.33 USDT of funding were booked by "funding"
    And "income.unshared" of "funding" for BTCUSDT is 0 USDT
    And "income.to_compound" of "funding" for BTCUSDT is 0 USDT

  @FUND-07
  Scenario: A settlement while the pair is being closed is shared, and makes nothing larger
    Given the book "tactical" with a sub-account of 1,000 USDT
    And funding of BTCUSDT was settled at 0.03% twice
    When 7 hours pass
    Then both legs of BTCUSDT of "funding" are 0.133 BTC
    When from here on BTCUSDT trades 0 BTC a day on linear
    And funding.expected of BTCUSDT is observed as -0.01%
    And 1 hour passes
    Then the book "funding" is EXITING in BTCUSDT
    When funding of BTCUSDT is settled at 1.6%
    And from here on BTCUSDT trades 5,000 BTC a day on linear
    And funding.expected of BTCUSDT is observed as 0.003%
    And 2 hours pass
    Then there is no leg of BTCUSDT of "funding"
    And the journal says "53.2 USDT went from FUNDING to TACTICAL"
    And "entries.compound" never fired
    And "income.to_compound" of "funding" for BTCUSDT is 0 USDT

  # ── dangers ──

  @FUND-09
  Scenario: Three negative settlements in a row on one coin close the pairs of all
    Given funding of BTCUSDT was settled at 0.03% twice
    And funding of ETHUSDT was settled at 0.03% twice
    And funding of SOLUSDT was settled at -0.01% once
    When 8 hours pass
    Then both legs of BTCUSDT are 0.133 BTC
    And both legs of ETHUSDT are 3.33 ETH
    When funding of BTCUSDT is settled at 0.03%
    And funding of ETHUSDT is settled at 0.03%
    And funding of SOLUSDT is settled at -0.01%
    And 8 hours pass
    Then the book "funding" is FUNDING_COLLECTING in BTCUSDT
    When funding of BTCUSDT is settled at 0.03%
    And funding of ETHUSDT is settled at 0.03%
    And funding of SOLUSDT is settled at -0.01%
    And 2 hours pass
    Then there is no leg of BTCUSDT
    And there is no leg of ETHUSDT
    And the operator gets a P1 alert saying "FUNDING_NEGATIVE"
    When 4 hours pass
    Then the book "funding" is MONITORING in BTCUSDT

  @FUND-09
  Scenario: The insurance fund loses thirty percent in a day
    Given funding of BTCUSDT was settled at 0.03% twice
    When insurance.fund is observed as 1000000
    And 1 hour passes
    And insurance.fund is observed as 701000
    And 1 hour passes
    Then the book "funding" is FUNDING_COLLECTING in BTCUSDT
    And "insurance.fall" of "funding" for BTCUSDT is 29.9%
    When insurance.fund is observed as 700000
    And the engine restarts
    And 2 hours pass
    Then there is no leg of BTCUSDT
    And the exit is labelled INSURANCE_FUND
    And the operator gets a P0 alert saying "INSURANCE_FUND"
    And "entries.enter" fired once

  @FUND-10
  Scenario: The pair is reduced before the exchange closes its short
    Given funding of BTCUSDT was settled at 0.03% twice
    And funding of ETHUSDT was settled at 0.03% twice
    And funding of SOLUSDT was settled at 0.03% twice
    When 1 hour passes
    Then "liquidation.distance" of "funding" for BTCUSDT is about 49.9%
    When funding.expected of BTCUSDT is observed as 0.03%
    And funding.expected of ETHUSDT is observed as 0.03%
    And funding.expected of SOLUSDT is observed as 0.03%
    And the next hourly candles close at:
      | BTCUSDT | ETHUSDT | SOLUSDT |
      | 62,000  | 2,480   | 124     |
    Then both legs of BTCUSDT are 0.133 BTC
    When the next hourly candles close at:
      | BTCUSDT | ETHUSDT | SOLUSDT |
      | 66,000  | 2,640   | 132     |
    Then "exits.margin_thin" fired once for BTCUSDT
    And both legs of BTCUSDT are about 0.107 BTC
    And the operator gets a P1 alert saying "the liquidation is near"
    And "liquidation.distance" of "funding" for BTCUSDT is more than 30%
    And equity equals cash plus positions

  @FUND-10 @FUND-04
  Scenario: A liquidation leaves no coin without its short
    Given the param nearest of "funding" is 0%
    And the param margin of "funding" is 5%
    And the param leverage of "funding" is 20
    And the check hedged_pair is off
    And the param per_coin of "funding" is 95%
    And funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    And funding.expected of BTCUSDT is observed as 0.03%
    And the next hourly candle of BTCUSDT closes at 60,000 USDT
    Then the operator gets a P0 alert saying "liquidated"
    And "exits.rehedge" fired once
    And there is no leg of BTCUSDT

  # ── the operator and the breaker ──

  @LIFE-06 @BRK-04
  Scenario: What an operator flattens is closed on both markets
    Given funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    And the operator flattens "funding"
    And 1 minute passes
    Then there is no leg of BTCUSDT
    And the book "funding" is MONITORING in BTCUSDT

  @BRK-04
  Scenario: An emergency closes both legs, and nothing is opened until somebody has looked
    Given the book "core-hodl" with a sub-account of 1,000 USDT
    And "core-hodl" already holds 3 BTC
    And funding of ETHUSDT was settled at 0.03% twice
    When 1 hour passes
    Then both legs of ETHUSDT of "funding" are 3.33 ETH
    When the next hourly candle of BTCUSDT closes at 15,000 USDT
    Then the breaker is at EMERGENCY
    And there is no leg of ETHUSDT of "funding"
    And the book "funding" is EMERGENCY in ETHUSDT
    When the operator acknowledges
    And 1 hour passes
    Then the book "funding" is OPPORTUNITY_DETECTED in ETHUSDT
    And the entry of ETHUSDT is refused by daily_loss

  @RISK-01
  Scenario: A pair may be larger than a twentieth of the portfolio, never more than a third of the engine
    Given a portfolio of 60,000 USDT
    And the param per_coin of "funding" is 90%
    And funding of BTCUSDT was settled at 0.03% twice
    When 1 hour passes
    Then both legs of BTCUSDT are 0.199 BTC
    And the order of BTCUSDT is scaled by check hedged_pair
