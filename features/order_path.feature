Feature: Answers get lost, orders do not

  Background:
    Given a portfolio of 10,000,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days

  @EXEC-02 @EXEC-03 @EXEC-04
  Scenario: The answer to an order is lost, and the order is found
    Given the exchange tells nothing of orders and fills by itself
    And the answer to the next order will be lost
    When the next daily candle closes at 60,000 USDT
    Then the order is UNKNOWN
    When 1 second ticks by
    Then the exchange was asked 1 time what became of it
    And the order is FILLED
    And the book is IN_POSITION long BTCUSDT
    And 1 order has left
    And no order was sent twice

  @EXEC-03 @EXEC-04
  Scenario: An order that never arrived is looked up three times, and leaves under its next name
    Given the next order will never arrive
    When the next daily candle closes at 60,000 USDT
    And 14 seconds tick by
    Then the order is UNKNOWN
    And the exchange was asked 2 times what became of it
    And 1 order has left
    When 1 second ticks by
    And 1 second ticks by
    Then 2 orders have left
    When a day passes
    Then the book is IN_POSITION long BTCUSDT
    And 2 orders have left
    And no order was sent twice

  @EXEC-04
  Scenario: Nobody can say what became of an order, and somebody is woken
    Given the answer to the next order will be lost
    And the exchange tells nothing of orders and fills by itself
    And look-ups are not answered
    When the next daily candle closes at 60,000 USDT
    And 21 seconds tick by
    Then the operator gets a P0 alert saying "Three look-ups have not explained"
    And the order is UNKNOWN
    And 1 order has left
    When look-ups are answered again
    And 60 seconds tick by
    Then the order is FILLED
    And the book is IN_POSITION long BTCUSDT

  @EXEC-04
  Scenario: An exchange that is busy is asked again when it says so
    Given the exchange will be too busy for 2 orders
    When the next daily candle closes at 60,000 USDT
    And 5 seconds tick by
    Then 3 orders have left
    And no order was sent twice
    And the order is OPEN

  @EXEC-04
  Scenario: An exchange that stays busy is not asked for ever
    Given the exchange will be too busy for 9 orders
    When the next daily candle closes at 60,000 USDT
    And 60 seconds tick by
    Then 4 orders have left
    And the book is SCANNING in BTCUSDT
    And the operator gets a P1 alert saying "Too many visits!"

  @EXEC-04 @EXEC-11
  Scenario: An entry that could only leave late does not leave, and what closes a position leaves however late it is
    Given the exchange will be too busy for 1 order, and asks each to come again in 6 minutes
    When the next daily candle closes at 60,000 USDT
    And 400 seconds tick by
    Then 1 order has left
    And the book is SCANNING in BTCUSDT
    When the next daily candle closes at 60,300 USDT
    And a day passes
    Then 2 orders have left
    And the book is IN_POSITION long BTCUSDT
    Given the exchange will be too busy for 1 order, and asks each to come again in 6 minutes
    When the operator flattens trend-1
    Then 3 orders have left
    When 350 seconds tick by
    Then 3 orders have left
    When 50 seconds tick by
    Then 4 orders have left
    When a day passes
    Then no position is held
    And no order was sent twice

  @EXEC-04
  Scenario: A key that is not valid shuts its sub-account off
    Given the key of the exchange is not valid any more
    When the next daily candle closes at 60,000 USDT
    Then the sub-account of trend-1 is fenced
    And the operator gets a P0 alert saying "is fenced: API key is invalid"
    When a day passes
    Then 1 order was placed

  @EXEC-10
  Scenario: A stop that is gone is placed again at once
    When the next daily candle closes at 60,000 USDT
    Then the book is IN_POSITION long BTCUSDT
    And the stop on the exchange is about 58,644 USDT
    When the exchange loses the stop of BTCUSDT
    Then the stop on the exchange is about 58,644 USDT
    And the operator gets a P1 alert saying "is gone from the exchange"

  @EXEC-10 @EXEC-12
  Scenario: A position whose stop can not be put back is closed within seconds
    When the next daily candle closes at 60,000 USDT
    Then the book is IN_POSITION long BTCUSDT
    When the exchange takes no more stops
    And the exchange loses the stop of BTCUSDT
    And 4 seconds tick by
    Then the book is IN_POSITION long BTCUSDT
    When 2 seconds tick by
    Then the operator gets a P0 alert saying "has no confirmed stop"
    When a day passes
    Then no position is held

  @EXEC-09 @LIFE-04
  Scenario: A position that somebody opened by hand is told and left alone until a person decides
    When a new process begins
    And somebody buys 0.5 BTCUSDT by hand in the sub-account of trend-1
    And 70 seconds tick by
    Then the journal notes that the exchange has another position than trend-1
    And the operator gets a P0 alert saying "the books have 0, the exchange has 0.5"
    When the next daily candle closes at 60,000 USDT
    Then 0 orders were placed
    When the operator closes the orphans of trend-1
    Then 1 order was placed

  @LIFE-04
  Scenario: Nothing is decided before every account was seen
    Given the exchange does not show its accounts
    When a new process begins
    And the next daily candle closes at 60,000 USDT
    Then the engine waits for reconciliation
    And 0 orders were placed
    When the exchange shows its accounts again
    And 60 seconds tick by
    Then the engine is ready
    When a day passes
    Then 1 order was placed

  @LIFE-03 @LIFE-04
  Scenario: After an outage the engine goes on by itself, once it has looked
    When a new process begins
    And the exchange can not be reached
    And the next daily candle closes at 60,000 USDT
    Then 0 orders were placed
    When the connection to the exchange is back
    And a day passes
    And 2 days pass
    Then 1 order was placed
