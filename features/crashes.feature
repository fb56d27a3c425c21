Feature: Crashes that have been

  Each crash is played with all default books and 100,000 USDT over candles as they were recorded, begun early enough that CORE
  holds its coins when it comes.

  @BT-07 @BRK-04
  Scenario: March 2020: half of Bitcoin's value in a day
    When the default books trade recorded candles from 2019-12-01 to 2020-03-24
    Then the breaker climbed to CAUTION, WARNING, ALERT and EMERGENCY
    And CAUTION was reached between 2020-02-24 and 2020-03-09
    And EMERGENCY was reached between 2020-03-12 and 2020-03-12
    And no entry was placed from WARNING on
    And weekly_loss has refused entries of core-hodl
    And entries_halted has refused entries of core-hodl
    And at EMERGENCY everything was sold, also what core-hodl held
    And at EMERGENCY the breaker closed "tactical"
    And core-hodl bought nothing between 2020-03-13 and 2020-03-18
    And "tactical" bought BTC between 2020-03-20 and 2020-03-23
    And after the acknowledgement core-hodl began with 25% of its sizes
    And the portfolio has fallen less than buying and holding
    And the portfolio ends with at least 85,000 USDT

  @BT-07 @BRK-03
  Scenario: May 2021: half of Bitcoin's value in a month
    When the default books trade recorded candles from 2021-02-15 to 2021-06-05
    Then the breaker climbed to CAUTION, WARNING, ALERT and EMERGENCY
    And ALERT was reached between 2021-05-19 and 2021-05-19
    And EMERGENCY was reached between 2021-05-19 and 2021-05-24
    And no entry was placed from WARNING on
    And daily_loss has refused entries of core-hodl
    And entries_halted has refused entries of trend-1
    And entries_halted has refused entries of "tactical"
    And "tactical" bought nothing between 2021-05-12 and 2021-05-29
    And at EMERGENCY everything was sold, also what core-hodl held
    And "tactical" bought BTC between 2021-05-30 and 2021-06-04 by "entries.shallow_fall"
    And the portfolio has fallen less than buying and holding
    And the portfolio ends with at least 85,000 USDT

  @BT-07 @BRK-02
  Scenario: November 2022: an exchange fails
    When the default books trade recorded candles from 2022-08-01 to 2022-12-01
    Then the breaker climbed to CAUTION and WARNING
    And CAUTION was reached between 2022-11-08 and 2022-11-09
    And WARNING was reached between 2022-11-09 and 2022-11-10
    And no entry was placed from WARNING on
    And entries_halted has refused entries of core-hodl
    And entries_halted has refused entries of trend-1
    And the breaker closed nothing of core-hodl
    And the breaker closed nothing of "tactical"
    And "tactical" bought BTC between 2022-08-15 and 2022-09-05 by "entries.deep_fall"
    And "tactical" bought nothing between 2022-11-08 and 2022-11-30
    And the portfolio has fallen less than buying and holding
    And the portfolio ends with at least 85,000 USDT

  @BT-07 @BRK-01
  Scenario: October 2025: a flash crash, and the weeks after it
    When the default books trade recorded candles from 2025-06-15 to 2025-11-25
    Then the breaker climbed to CAUTION, WARNING and ALERT
    And CAUTION was reached between 2025-10-10 and 2025-10-31
    And trend-1 was stopped out between 2025-10-10 and 2025-10-10
    And trend-2 was stopped out between 2025-10-10 and 2025-10-10
    And daily_loss has refused entries of trend-1
    And ALERT was reached between 2025-11-14 and 2025-11-24
    And at ALERT the breaker closed trend-2
    And the breaker closed nothing of core-hodl
    And no entry was placed from WARNING on
    And "tactical" bought nothing between 2025-06-15 and 2025-11-25
    And the portfolio has fallen less than buying and holding
    And the portfolio ends with at least 85,000 USDT
