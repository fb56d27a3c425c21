Feature: The real process, and the person who looks after it

  Background:
    Given the book trend-1 with a sub-account of 15,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days

  @LIFE-06
  Scenario: It is paused, goes on, is halted and acknowledged, and the journal knows by whom
    Given the engine runs against the local exchange
    When the operator enters "pause --reason holiday"
    And the candle of the day closes
    And the next one opens
    Then no order has reached the exchange
    And "why-not live BTCUSDT --book trend-1" at the terminal says "The engine was paused by the operator."
    When the operator enters "resume --reason back"
    And the candle of the day closes
    And the next one opens
    Then 1 order has reached the exchange
    And the books are what the exchange holds
    When the operator enters "halt --reason alarm"
    Then the exchange holds 0 BTCUSDT for trend-1
    When the operator enters "ack --confirm --reason over"
    Then the journal names the person who entered "pause", and why
    And the journal names the person who entered "resume", and why
    And the journal names the person who entered "halt", and why
    And the journal names the person who entered "acknowledge", and why

  @EXEC-04 @ORCH-05
  Scenario: A key that is not valid any more shuts its own sub-account off, until a person lets it in again, and no other
    Given the book trend-2 with a sub-account of 15,000 USDT
    And the line "params.wants_volume" of trend-2.yaml is no
    And the engine runs against the local exchange
    And the exchange takes the key of trend-1 no more
    When the candle of the day closes
    Then the operator is told at P0 that "The account TREND-1 is fenced: API key is invalid"
    When the exchange takes every key again
    And the next one opens
    Then the exchange holds more than 0 BTCUSDT for trend-2
    When somebody else takes the stop of BTCUSDT away with the key of trend-2
    Then the stop of BTCUSDT for trend-2 stands at more than 50,000 USDT
    When the operator enters "unfence trend-1 --reason known"
    And the candle of the day closes
    Then the journal has the refusal "The exchange refuses the key of TREND-1."
    And no order of trend-1 has reached the exchange
    When the next one opens
    And the operator enters "unfence TREND-1 --reason renewed"
    And the candle of the day closes
    And the next one opens
    Then the exchange holds more than 0 BTCUSDT for trend-1
    And the books are what the exchange holds

  @SEC-01
  Scenario: A key that may withdraw money is refused at the start
    Given the key of trend-1 may withdraw money
    When the engine is started
    Then the engine ends, saying "The key of TREND-1 may withdraw money. Make one without that permission."
    And no order has reached the exchange

  @SEC-01
  Scenario: A key that may only read does not trade
    Given the key of trend-1 may only read
    When the engine is started
    Then the engine ends, saying "The key of TREND-1 may only read, and this account trades."

  @SEC-01
  Scenario: A key that works from anywhere and ends soon is warned of
    Given the key of trend-1 works from any address and expires in 10 days
    And the engine runs against the local exchange
    Then the operator is told at P2 that "The key of TREND-1 works from any address. Bind it to the address of this machine."
    And the operator is told at P2 that "The key of TREND-1 expires in 9 days"
