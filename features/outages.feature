Feature: The real process, when the exchange is silent, its clock is wrong, or the database is away

  Background:
    Given the book trend-1 with a sub-account of 15,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days

  @LIFE-03 @LIFE-04
  Scenario: Half a minute of silence pauses everything, and it goes on by itself
    Given the engine runs against the local exchange
    When the exchange falls silent
    Then the engine notices after at least 30 seconds of life
    And the operator is told at P1 that "No risk is opened until it is back"
    And "why-not live BTCUSDT --book trend-1" at the terminal says "can't be reached"
    When the exchange speaks again
    Then the operator is told at P2 that "Trading goes on."
    When the candle of the day closes
    And the next one opens
    Then 1 order has reached the exchange
    And the books are what the exchange holds

  @LIFE-03
  Scenario: After 35 minutes of silence the operator is woken with what is open and where it is protected
    Given the engine runs against the local exchange
    When the candle of the day closes
    And the next one opens
    Then every position at the exchange has its stop
    And the books are what the exchange holds
    When the exchange falls silent
    And 35 seconds go by
    Then the operator is told at P1 that "No risk is opened until it is back"
    And the operator is told of nothing at P0
    When 35 minutes go by
    Then the operator is told at P0 that "out of reach for 35 minutes. Open: TREND-1 BTCUSDT 0.012 long, stop at 58"
    When the exchange speaks again
    Then the operator is told at P2 that "Trading goes on."
    And the books are what the exchange holds

  @DATA-06
  Scenario: Two seconds that our clock is behind are told, and it trades on
    Given the line "outage.pause_after" of lifecycle.yaml is 5s
    And the exchange lives in the present
    And the engine runs against the local exchange
    When the clock of the exchange is 2.4 seconds ahead of this machine's
    Then the operator is told at P1 that "behind the exchange's. Set it by a time server."
    And "why-not live BTCUSDT --book trend-1" at the terminal says "needs"
    When the clock of the exchange is 5.4 seconds ahead of this machine's
    Then the operator is told at P1 that "this machine's clock is 5."
    And the operator is told at P1 that "behind the exchange's, which refuses orders. No risk is opened"
    And "why-not live BTCUSDT --book trend-1" at the terminal says "can't be reached"
    When the clock of the exchange is right again
    Then the operator is told at P2 that "Trading goes on."

  @DATA-06
  Scenario: Two seconds that our clock is ahead are more than the exchange takes, and pause everything
    Given the line "outage.pause_after" of lifecycle.yaml is 5s
    And the exchange lives in the present
    And the engine runs against the local exchange
    When the clock of the exchange is -2 seconds ahead of this machine's
    Then the operator is told at P1 that "ahead of the exchange's, which refuses orders. No risk is opened"
    And "why-not live BTCUSDT --book trend-1" at the terminal says "can't be reached"
    When the clock of the exchange is right again
    Then the operator is told at P2 that "Trading goes on."

  @STATE-05 @EXEC-10
  Scenario: While the database is away a position stays protected
    Given the engine runs against the local exchange
    When the candle of the day closes
    And the next one opens
    Then every position at the exchange has its stop
    When the database goes away
    And somebody else takes the stop of BTCUSDT away with the key of trend-1
    Then the stop of BTCUSDT for trend-1 stands at about 58,644 USDT
    When the database is back
    Then the operator is told at P1 that "is gone from the exchange"
    And the books are what the exchange holds

  @STATE-05
  Scenario: While the database is away no risk is taken, and it goes on by itself when the database is back
    Given the engine runs against the local exchange
    When the database goes away
    And the candle of the day closes
    Then the engine refuses the order by itself, because "the journal can't be written, and nothing that adds risk leaves"
    When the database is back
    Then the operator is told at P1 that "The database was away for"
    And the journal has the refusal "the journal can't be written, and nothing that adds risk leaves"
    And no order has reached the exchange
    When the next one opens
    And the candle of the day closes
    Then 1 order has reached the exchange
    When the next one opens
    Then the books are what the exchange holds
    And every position at the exchange has its stop
    And the journal has the candle of each day once

  @STATE-05
  Scenario: While the disk of the database is full no risk is taken, and what happened is written when there is room
    Given the database lies on a disk of 160 MB
    And BTCUSDT goes on rising 0.5% a day
    And ETHUSDT goes on rising 3% a day
    And the engine runs against the local exchange
    When the candle of the day closes
    And the next one opens
    Then every position at the exchange has its stop
    And the books are what the exchange holds
    When the disk of the database is full
    And 20 days go by that nobody can write down
    Then the stop of BTCUSDT for trend-1 stands at more than 64,000 USDT
    When the disk of the database has room again
    Then the journal has the refusal "the journal can't be written, and nothing that adds risk leaves before it is"
    And the journal has the candle of each day once
    And 1 order has reached the exchange
    And the books are what the exchange holds
    And "replay" at the terminal says "came out the same, byte for byte"
    And "store verify" at the terminal says "The journal is sound"
