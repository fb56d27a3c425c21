Feature: Rule files are changed while the engine trades, and what is open keeps the rules it was opened with

  Background:
    Given a portfolio of 300,000 USDT
    And the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 260 days
    And ETHUSDT daily candles rising 0.5% a day for 260 days to 3,000 USDT
    When the next daily candle of ETHUSDT rises 0.5%
    And the next candle opens
    Then the book trend-1 is IN_POSITION long in ETHUSDT
    When questions are about what follows

  @RULE-08
  Scenario: A changed file holds at once where nothing is held, and elsewhere when nothing is held any more
    When the line "params.longest" of trend-1.yaml becomes 3d while the engine trades
    Then trend-1 goes by its changed file in BTCUSDT
    And trend-1 still goes by its file as it was in ETHUSDT
    And the operator gets a P2 alert saying "trend-1 ETHUSDT keeps the version that it has until it holds nothing" once
    When ETHUSDT rises 0.5% a day for 5 days
    Then "exits.too_old" never fired
    When the price of ETHUSDT falls 20% within the hour
    Then no position of trend-1 is held
    And trend-1 took the changed file in ETHUSDT
    And trend-1 goes by its changed file in ETHUSDT
    When questions are about what follows
    And ETHUSDT rises 3% a day for 10 days
    Then "exits.too_old" fired for ETHUSDT
    And playing everything once more gives the same decisions

  @RULE-08
  Scenario: What is open follows a changed file at once when its book says so
    When trend-1 adopts changes, and the line "params.longest" becomes 3d while the engine trades
    Then trend-1 took the changed file in ETHUSDT
    When ETHUSDT rises 0.5% a day for 4 days
    Then "exits.too_old" fired for ETHUSDT
    And playing everything once more gives the same decisions

  @RULE-08
  Scenario: A file that can't be used leaves the rules as they were, and somebody is told where it is wrong
    When trend-1.yaml becomes unreadable while the engine trades
    Then the operator gets a P1 alert saying "engines/trend-1.yaml" once
    And trend-1 is not fenced off
    When ETHUSDT rises 0.5% a day for 31 days
    Then "exits.too_old" fired for ETHUSDT
    And "triggers.tighten" fired for ETHUSDT
    When the line "params.slow" of trend-1.yaml becomes slow while the engine trades
    Then the operator gets a P1 alert saying "engines/trend-1.yaml" twice

  @RULE-08
  Scenario: What a changed file may not change while the engine trades is refused in a sentence
    When the line "timeframe" of trend-1.yaml becomes 1h while the engine trades
    Then the operator gets a P1 alert saying "timeframe of trend-1 can't change while it trades" once
    When the line "account" of trend-1.yaml becomes TREND-9 while the engine trades
    Then the operator gets a P1 alert saying "trend-1 trades in TREND-1, where what it holds is" once

  @RULE-08
  Scenario: No reload widens the hard limits, and one may narrow them
    When the line "limits.leverage" of envelope.yaml becomes 10 while the engine trades
    Then the operator gets a P2 alert saying "leverage stays 3, because no reload widens the envelope" once
    And trend-1 goes by its changed file in ETHUSDT
    When the line "limits.largest_order" of envelope.yaml becomes 1% while the engine trades
    And BTCUSDT rises 2% a day for 20 days
    Then the entry of BTCUSDT is refused by envelope because "more than the largest order of 1 % of the portfolio"
    When the line "limits.largest_order" of envelope.yaml becomes 25% while the engine trades
    Then the operator gets a P2 alert saying "largest_order stays 1 %, because no reload widens the envelope" once
    When the engine restarts after the line "limits.largest_order" of envelope.yaml became 24%
    And questions are about what follows
    And BTCUSDT rises 2% a day for 5 days
    Then BTCUSDT was bought once by trend-1
    And playing everything once more gives the same decisions

  @RULE-08
  Scenario: Checks and the breaker follow a changed file at once
    When the line "ladder.clear_by" of breakers.yaml becomes 0.01% while the engine trades
    And the line "ladder.levels.CAUTION.at" of breakers.yaml becomes 0.05% while the engine trades
    And the next daily candle of ETHUSDT falls 2%
    Then the breaker is at CAUTION
    When the line "ladder.levels.CAUTION.at" of breakers.yaml becomes 12% while the engine trades
    Then trend-1 goes by its changed file in ETHUSDT
    And playing everything once more gives the same decisions

  @RULE-08
  Scenario: A restart after a reload goes on with every version that was in force
    When the line "params.longest" of trend-1.yaml becomes 3d while the engine trades
    And the line "params.longest" of trend-1.yaml becomes 4d while the engine trades
    And the engine restarts
    Then trend-1 still goes by its file as it was in ETHUSDT
    And trend-1 goes by its changed file in BTCUSDT
    When ETHUSDT rises 0.5% a day for 10 days
    Then "exits.too_old" never fired
    And playing everything once more gives the same decisions

  @RULE-08
  Scenario: A crash after every event changes nothing of a reload
    When from here on the engine restarts after every event
    And the line "params.longest" of trend-1.yaml becomes 3d while the engine trades
    And ETHUSDT rises 0.5% a day for 5 days
    Then "exits.too_old" never fired
    When the price of ETHUSDT falls 20% within the hour
    Then trend-1 took the changed file in ETHUSDT

  @RULE-08
  Scenario: A file that was changed while the engine was down is no other case
    When the engine restarts after the line "params.longest" of trend-1.yaml became 3d
    Then trend-1 goes by its changed file in BTCUSDT
    And trend-1 still goes by its file as it was in ETHUSDT
    When ETHUSDT rises 0.5% a day for 5 days
    Then "exits.too_old" never fired
    And playing everything once more gives the same decisions

  @RULE-08
  Scenario: A book with other coins changes when it holds nothing, and only a start can bring that
    When the line "symbols" of trend-1.yaml becomes [ETHUSDT] while the engine trades
    Then the operator gets a P1 alert saying "symbols of trend-1 can't change while it trades" once
    When the engine restarts after the line "symbols" of trend-1.yaml became [ETHUSDT]
    Then trend-1 still goes by its file as it was in ETHUSDT
    When the price of ETHUSDT falls 20% within the hour
    Then trend-1 goes by its changed file in ETHUSDT
    And playing everything once more gives the same decisions

  @RULE-08 @ORCH-05
  Scenario: A book that was fenced off for its file trades again when the file is put right, without another start
    When the engine restarts after the line "params.slow" of trend-1.yaml became slow
    Then trend-1 is fenced off
    When the line "params.slow" of trend-1.yaml becomes 190 while the engine trades
    Then trend-1 is not fenced off
    And trend-1 goes by its changed file in BTCUSDT
    And playing everything once more gives the same decisions
