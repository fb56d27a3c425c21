Feature: The real process, when an answer of the exchange is missing or a no

  A process of `eternal run` trades on the local exchange through real sockets, and keeps its journal in a real PostgreSQL.

  Background:
    Given the book trend-1 with a sub-account of 15,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days
    And the engine runs against the local exchange

  @EXEC-02 @EXEC-03 @EXEC-04
  Scenario: The answer to an order is lost: it is looked up, and never sent again
    Given the exchange takes the next order and its answer is lost
    When the candle of the day closes
    Then the journal says that nobody knows what became of the order
    When the next one opens
    Then every execution of the exchange is in the journal
    And the order is looked up at most 1 time
    And the books are what the exchange holds
    And 1 order has reached the exchange
    And every position at the exchange has its stop

  @EXEC-03 @EXEC-04
  Scenario: An order that never arrived is looked up three times, and leaves under its next name
    Given the next order is lost on its way to the exchange
    When the candle of the day closes
    Then the journal says that nobody knows what became of the order
    When the next one opens
    And 15 seconds go by
    Then the operator is told at P1 that "was never placed"
    And the order is looked up at most 3 times
    And 1 order has reached the exchange
    And 2 orders have left, each under a name of its own
    And the books are what the exchange holds

  @EXEC-01 @EXEC-04
  Scenario: Nobody says what became of an order: somebody is woken, and it is not sent again
    Given the exchange takes the next order and its answer is lost
    And the exchange tells of no order and no execution
    And the exchange answers no look-ups
    When the candle of the day closes
    Then the journal says that nobody knows what became of the order
    When the next one opens
    And 30 seconds go by
    Then the operator is told at P0 that "Three look-ups have not explained"
    And the last order is UNKNOWN by its own account
    And 1 order has reached the exchange
    When the exchange answers look-ups again
    And 60 seconds go by
    Then the books are what the exchange holds
    And every execution of the exchange is in the journal
    And 1 order has reached the exchange

  @EXEC-04
  Scenario: An exchange that is busy is asked again when it says so, under another name
    Given the exchange is too busy for the next 2 orders, and asks each to come again in 4 seconds
    When the candle of the day closes
    Then 1 order has reached the exchange
    And the journal has the refusal "Too many visits"
    And 3 orders have left, each under a name of its own
    And the second order has left at least 4 seconds after the first

  @EXEC-04
  Scenario: What the exchange refuses for good is not tried again
    Given the exchange refuses the next order with 110007 "ab not enough for new order"
    When the candle of the day closes
    Then the operator is told at P1 that "ab not enough for new order"
    When the next one opens
    And 30 seconds go by
    Then the book of BTCUSDT is SCANNING by its own account
    And no order has reached the exchange
