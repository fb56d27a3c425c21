Feature: The exchange does not always do what it is asked

  Background:
    Given a portfolio of 10,000,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles rising 0.5% a day for 260 days to 60,000 USDT
    And ETHUSDT daily candles flat at 3,000 USDT for 260 days

  @EXEC-06
  Scenario: An order that is too large for one candle is filled piece by piece
    When the next daily candle closes at 60,000 USDT
    And from here on BTCUSDT trades 3 BTC a day
    Then the book is ENTERING in BTCUSDT
    And the last order is filled in 1 part
    And the position is 0.3 BTC
    And the stop on the exchange is about 58,644 USDT
    When a day passes
    Then the position is 0.6 BTC
    And the book is ENTERING in BTCUSDT
    When a day passes
    Then the last order is filled in 3 parts
    And the position is 0.737 BTC
    And the book is IN_POSITION long BTCUSDT
    And "position.quantity" of trend-1 is 0.737 BTC
    And 1 order was placed

  @EXEC-06
  Scenario: The stop closes what was filled so far, and the rest of the entry is not wanted any more
    When the next daily candle closes at 60,000 USDT
    And from here on BTCUSDT trades 3 BTC a day
    Then the position is 0.3 BTC
    When the price falls 5% within the hour
    Then no position is held
    And the equity of trend-1 is more than 99,500 USDT
    And BTCUSDT was sold once
    When 2 hours pass
    Then no position is held
    And the book is STOPPED_OUT in BTCUSDT

  @EXEC-01
  Scenario: An order that the exchange cannot pay for is refused, and the operator hears of it
    When an hour passes
    And 90,000 USDT leave trend-1 without notice
    And the next daily candle closes at 60,000 USDT
    Then 1 order was placed
    And the exchange refuses 1 order because "ab not enough for new order"
    And the book is SCANNING in BTCUSDT
    And no position is held
    And the operator gets a P1 alert saying "The exchange refused the order of entries.long for BTCUSDT"

  @EXEC-05
  Scenario: A price that has run away is not followed
    When the next daily candle closes at 60,000 USDT
    And the next candle opens at 60,301 USDT
    Then no position is held
    And the book is SCANNING in BTCUSDT
    And the journal says "trend-1 BTCUSDT entry_failed: ENTERING → SCANNING"

  @EXEC-05
  Scenario: An exit that the price has run away from is tried again, and may then cost more
    When the next daily candle closes at 60,000 USDT
    Then the book is IN_POSITION long BTCUSDT
    When funding of BTCUSDT is settled at 0.2%
    And a day passes
    And the next candle opens at 59,500 USDT
    Then the position is 0.737 BTC
    And the book is IN_POSITION in BTCUSDT
    And the stop on the exchange is about 58,644 USDT
    When a day passes
    And the next candle opens at 59,050 USDT
    Then no position is held
    And the book is SCANNING in BTCUSDT
    And "exits.expensive_funding" fired twice

  Scenario: The books of the engine are those of the exchange, to the last coin
    Given market orders fill 0.1% worse than the price
    And the book core-hodl with a sub-account of 100,000 USDT
    When 8 days pass
    And the next daily candle rises 3%
    And 1 ETH is deposited to core-hodl
    And 500 USDT are withdrawn from core-hodl
    And funding of BTCUSDT is settled at 0.01%
    And the engine restarts
    And the price of every symbol falls 6% within the hour
    And 10 days pass
    Then equity equals cash plus positions
