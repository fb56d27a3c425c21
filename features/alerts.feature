Feature: Alerts reach those who have to know, as loudly as they have to

  Eight of ten parts of the portfolio are Bitcoin, so that it loses 10 % when Bitcoin loses 12.5 %.

  Background:
    Given a portfolio of 100,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And the reserve already holds 8 BTC
    And BTCUSDT daily candles flat at 50,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT

  @ALERT-01
  Scenario: The milder levels of the breaker are told by chat and mail
    When the price of BTCUSDT falls 12.5% within the hour
    Then the breaker is at CAUTION
    And the P1 alert saying "The breaker went from NORMAL to CAUTION" goes to chat and mail

  @ALERT-01
  Scenario: An emergency wakes people up until one of them answers
    When the price of BTCUSDT falls 32% within the hour
    Then the breaker is at EMERGENCY
    And the P0 alert goes to chat, mail and phone
    And the P0 alert comes again every 10m until it is acknowledged

  @ALERT-01
  Scenario: The hourly report of a level is for the dashboard
    When the price of BTCUSDT falls 12.5% within the hour
    And the next hourly candle of BTCUSDT closes at 43,750 USDT
    Then the P3 alert saying "below its highest value" goes to the dashboard only

  @ALERT-01
  Scenario: Who is told is a line in the rules
    Given routes.yaml has no line "routes.P1"
    And these lines under "routes" of routes.yaml:
      """
      P1: { to: [phone] }
      """
    When the price of BTCUSDT falls 12.5% within the hour
    Then the P1 alert saying "The breaker went" goes to phone
