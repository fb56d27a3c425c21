Feature: The real process, when messages come twice, late or not at all

  Background:
    Given the book trend-1 with a sub-account of 15,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days
    And the engine runs against the local exchange

  @EXEC-05 @EXEC-06 @EXEC-08
  Scenario: An order is filled in parts, and every part is told twice and in the wrong order
    Given the exchange fills the next order in parts of 40%
    And the exchange tells of every order and execution twice
    And the exchange tells of the next 3 executions only after what came later
    When the candle of the day closes
    And the next one opens
    Then the exchange holds about 0.004 BTCUSDT for trend-1
    And the books are what the exchange holds
    And every position at the exchange has its stop
    When the candle of the day closes
    And the next one opens
    And the candle of the day closes
    And the next one opens
    Then the exchange holds 0.012 BTCUSDT for trend-1
    And every execution of the exchange is in the journal
    And the books are what the exchange holds
    And 1 order has reached the exchange
    And every order at the exchange is capped at 0.5% of slippage, or only makes

  @DATA-01 @DATA-02 @EXEC-08
  Scenario: Every socket breaks while a candle closes, and again while an order is filled
    When the exchange breaks every socket and lets nobody in
    And the candle of the day closes
    And the exchange lets sockets in again
    Then 1 order has reached the exchange
    When the exchange breaks every socket and lets nobody in
    And the next one opens
    And the exchange lets sockets in again
    Then every execution of the exchange is in the journal
    And the books are what the exchange holds
    When the candle of the day closes
    And the exchange breaks every socket
    And the next one opens
    Then the journal has the candle of each day once
    And no order has reached the exchange twice
    And the operator is told of nothing at P0

  @EXEC-10
  Scenario: A stop that somebody takes away is placed again at once
    When the candle of the day closes
    And the next one opens
    Then every position at the exchange has its stop
    When somebody else takes the stop of BTCUSDT away with the key of trend-1
    Then the stop of BTCUSDT for trend-1 stands at about 58,644 USDT
    And the operator is told at P1 that "is gone from the exchange"

  @EXEC-10 @EXEC-12
  Scenario: A position whose stop can not be put back is closed
    When the candle of the day closes
    And the next one opens
    Then every position at the exchange has its stop
    When the exchange takes no stop any more
    And somebody else takes the stop of BTCUSDT away with the key of trend-1
    Then the operator is told at P0 that "has no confirmed stop"
    And the exchange holds 0 BTCUSDT for trend-1
    And the books are what the exchange holds

  @EXEC-09
  Scenario: What somebody buys by hand is told and left alone, until a person decides
    When somebody else buys 0.05 BTCUSDT with the key of trend-1
    Then the operator is told at P0 that "A fill belongs to no order of this engine"
    When the candle of the day closes
    And the next one opens
    Then the journal has the refusal "was traded by nobody here: adopt it, or close it."
    And the exchange holds 0.05 BTCUSDT for trend-1
    When the operator enters "close-orphan trend-1 --reason mine"
    Then the exchange holds 0 BTCUSDT for trend-1

  @DATA-03 @STATE-04
  Scenario: A candle that is corrected after it has closed is written down, and everything is worked out anew
    When the candle of the day closes
    And the next one opens
    Then the journal has a candle of BTCUSDT that closes at 60,000 USDT
    When the exchange corrects the last candle of BTCUSDT to a close of 59,900 USDT
    Then the operator is told at P2 that "The exchange corrects the 1d candle of BTCUSDT: close 60000.0 becomes 59900.0."
    And the journal has a candle of BTCUSDT that closes at 59,900 USDT
    And the exchange holds 0.012 BTCUSDT for trend-1
    When the exchange corrects the last candle of BTCUSDT to a close of 30,000 USDT
    Then the exchange holds 0 BTCUSDT for trend-1
    When the candle of the day closes
    And the next one opens
    Then "replay" at the terminal says "came out the same, byte for byte"
