Feature: Scenarios need no Python

  What the sentences can say besides what the other features say with them.

  @RULE-07
  Scenario: The sketch of a trader
    Given the book "trend-1" with a sub-account of 100000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60000 USDT
    And the fact strength of BTCUSDT is 24
    When the next daily candle closes at 60600 USDT
    Then the book stays SCANNING
    And why-not says strength is 24, needs more than 25

  @RULE-07
  Scenario: A book of one's own on hourly candles
    Given this rule file:
      """
      book: quick
      extends: trend-1
      about: The trend of the last days, hour by hour.
      account: QUICK
      params: { fast: 10, slow: 40 }
      """
    And the line "timeframe" of trend-1.yaml is 1h
    And the line "alternatives" of shares.yaml is [[core-hodl, core-hodl-ten, core-hodl-phase-1], [trend-1, quick]]
    Then the rule files are accepted

  @RULE-07
  Scenario: Books on hourly candles decide every hour
    Given the line "timeframe" of trend-1.yaml is 1h
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT hourly candles rising 0.2% an hour for 260 hours to 60,000 USDT
    When the next hourly candle closes at 60,100 USDT
    Then the book is IN_POSITION long BTCUSDT
    And "age(position)" of trend-1 is 0h
    When 3 hours pass
    Then "age(position)" of trend-1 is 3h
    When the next daily candle closes at 60,200 USDT
    Then "time_of_day" of trend-1 is 00:00
    And "close" of trend-1 is 60,200 USDT/BTC

  @RULE-07
  Scenario: Past candles one by one
    Given the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles:
      | open  | high  | low   | close | volume |
      | 50000 | 51000 | 49500 | 50500 | 1000   |
      |       |       |       | 50600 |        |
    And BTCUSDT daily candles "+1% -100 0x2"
    When BTCUSDT goes on "+1% _ 52000x2" in daily candles
    Then "close" of trend-1 is 52000 USDT/BTC
    And "close[2]" of trend-1 is about 51,510 USDT/BTC
    And "highest(high, 5)" of trend-1 is 52000 USDT/BTC
    And "lowest(low, 9)" of trend-1 is 49500 USDT/BTC
    And "sma(close, 200)" of trend-1 is unknown

  @RULE-07
  Scenario: A market that goes nowhere
    Given the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles zig-zagging 2% around 50,000 USDT for 260 days
    When a day passes
    Then "adx(14)" of trend-1 is less than 20
    And "close" of trend-1 is 50000 USDT/BTC
    And the book is SCANNING

  @RULE-07
  Scenario: The shipped books share one portfolio
    Given a portfolio of 1,000,000 USDT
    And the line "change_after" of shares.yaml is 60d
    And the book core-hodl with its share of the portfolio
    And the book trend-1 with its share of the portfolio
    And the book trend-2 with its share of the portfolio
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles rising 0.4% a day for 260 days to 3,000 USDT
    When 2 weeks pass
    Then the equity is about 1,000,000 USDT
    And the equity of core-hodl is about 600,000 USDT
    And the equity of trend-1 is about 150,000 USDT
    And equity equals cash plus positions
    And "triggers.begin_over_many_weeks" is explained with "gap" 570000 USDT
    When the operator pauses everything
    And questions are about what follows
    And a week passes
    Then the entry of BTCUSDT is refused by paused because "The engine is not running."
    And nothing was bought
    When the operator resumes everything
    And a day passes
    Then BTCUSDT was bought once by core-hodl
