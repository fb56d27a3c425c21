Feature: The real process, killed and started again

  Background:
    Given the book trend-1 with a sub-account of 15,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days
    And BTCUSDT goes on rising 0.5% a day
    And the engine runs against the local exchange

  @STATE-03 @EXEC-02 @EXEC-12 @LIFE-04
  Scenario: It dies before it could read the answer to its order, and nothing is sent twice
    Given the process dies as soon as the next order has reached the exchange
    When the candle of the day closes
    Then the process is dead
    When the process is started again
    And the next one opens
    Then every execution of the exchange is in the journal
    And the books are what the exchange holds
    And every position at the exchange has its stop
    And 1 order has reached the exchange
    And "replay" at the terminal says "came out the same, byte for byte"

  @STATE-03 @LIFE-04 @DATA-02 @EXEC-10
  Scenario: While it is dead its order is filled, its stop goes, and a day passes
    When the candle of the day closes
    Then 1 order has reached the exchange
    When the process is killed
    And the next one opens
    And somebody else takes the stop of BTCUSDT away with the key of trend-1
    And the candle of the day closes
    And the next one opens without it
    And the process is started again
    Then the stop of BTCUSDT for trend-1 stands at more than 50,000 USDT
    And every execution of the exchange is in the journal
    And the books are what the exchange holds
    And every position at the exchange has its stop
    And the journal has the candle of each day once
    And no order has reached the exchange twice

  @STATE-02 @STATE-04 @STATE-06 @LIFE-04
  Scenario: The database is lost after a backup; what happened since is learned from the exchange
    When the operator enters "backup kept.backup"
    Then the terminal says "The store is kept in"
    When the candle of the day closes
    And the next one opens
    Then the books are what the exchange holds
    When the process is killed
    And the backup kept.backup is restored into an empty database
    And the process is started again
    Then the books are what the exchange holds
    And every execution of the exchange is in the journal
    And every position at the exchange has its stop
    And the journal has the candle of each day once
    And the journal has the refusal "was traded by nobody here: adopt it, or close it."
    And no order has reached the exchange twice
    When the operator enters "store rebuild"
    Then the terminal says "The tables are built anew from the journal"
    And "store verify" at the terminal says "The journal is sound"
    And "replay" at the terminal says "came out the same, byte for byte"

  @LIFE-05
  Scenario: A second engine on the same database is refused, and told who has it
    When a second engine is started on the same database
    Then it ends, saying that the first one writes the store
    When the candle of the day closes
    And the next one opens
    Then 1 order has reached the exchange
    And the books are what the exchange holds
    When the process is stopped
    And the process is started again
    And the candle of the day closes
    And the next one opens
    Then the books are what the exchange holds
    And the journal has the candle of each day once
