Feature: The real process lends coins out and has them home before they are sold

  A process of `eternal run` trades on the local exchange through real sockets, and keeps its journal in a real PostgreSQL.

  @CORE-14 @EXEC-02 @EXEC-03
  Scenario: A loan whose answer is lost is looked up, counts once, and comes home when everything is sold
    Given the book core-hodl with a sub-account of 10,000 USDT
    And core-hodl already holds 1.2 BTC
    And core-hodl already holds 12 ETH
    And BTCUSDT daily candles flat at 50,000 USDT for 60 days
    And ETHUSDT daily candles flat at 2,500 USDT for 60 days
    And the exchange pays 3% a year for coins that are lent out
    And the exchange takes the next loan and its answer is lost
    And the engine runs against the local exchange
    When the candle of the day closes
    And the next one opens
    Then 1 loan has reached the exchange
    And the loan was looked up
    And 12 ETH of core-hodl are at Earn
    And the exchange has less than 0.0001 ETH in the wallet of core-hodl
    When the process is killed
    And the process is started again
    And the operator enters "halt --reason alarm"
    Then 2 loans have reached the exchange
    When the candle of the day closes
    And 60 seconds go by
    And the next one opens
    Then the exchange has less than 0.001 ETH in the wallet of core-hodl
    And the exchange has less than 0.001 BTC in the wallet of core-hodl
    And the exchange has more than 98,000 USDT in the wallet of core-hodl
    And the operator is told at P0 that "Still held: nothing"
